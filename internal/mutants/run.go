package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// verdict is what became of a test.
type verdict string

const (
	noticed  verdict = "noticed"         // the test failed, as it must
	survived verdict = "SURVIVED"        // the test passed: nothing minds that the defense is gone
	broken   verdict = "DOES NOT BUILD"  // the change leaves no program
	late     verdict = "TIMED OUT"       // nobody knows
	missing  verdict = "DID NOT RUN"     // there is none of that name
	skipped  verdict = "skipped"         // for want of something on this machine
	stale    verdict = "NOT IN THE CODE" // the lines are elsewhere now
	fails    verdict = "FAILS ANYWAY"    // with the defense in place
)

// result is one row of the report.
type result struct {
	defense
	verdict verdict
	took    time.Duration
	why     []string // what the failed tests said
	output  string
}

// bench runs tests of the module at root.
type bench struct {
	root    string
	scratch string
	timeout time.Duration // of the tests of one command, without their building
}

// control runs the named tests with all defenses in place, and returns the rows whose test does not pass. Results of
// an earlier run count as long as the code is the same.
func (b *bench) control(ctx context.Context, rows []defense) []result {
	byPackage := map[string][]defense{}
	for _, d := range rows {
		byPackage[d.pkg] = append(byPackage[d.pkg], d)
	}
	var bad []result
	for pkg, rows := range byPackage {
		var tests []string
		for _, d := range rows {
			top, _, _ := strings.Cut(d.test, "/")
			tests = append(tests, regexp.QuoteMeta(top))
		}
		slices.Sort(tests)
		pattern := "^(" + strings.Join(slices.Compact(tests), "|") + ")$"
		start := time.Now()
		seen := b.goTest(ctx, "./"+pkg, "-run", pattern)
		for _, d := range rows {
			if got := seen.of(d.test); got != survived {
				if got == noticed {
					got = fails
				}
				bad = append(bad, result{d, got, time.Since(start), seen.why(), seen.output})
			}
		}
	}
	return bad
}

// try takes a defense out and runs its test.
func (b *bench) try(ctx context.Context, d defense) result {
	start := time.Now()
	overlay, err := b.overlay(d)
	if err != nil {
		return result{d, stale, time.Since(start), nil, err.Error()}
	}
	steps := strings.Split(d.test, "/")
	for i, step := range steps {
		steps[i] = "^" + regexp.QuoteMeta(step) + "$"
	}
	seen := b.goTest(ctx, "./"+d.pkg, "-overlay", overlay, "-count=1", "-run", strings.Join(steps, "/"))
	return result{d, seen.of(d.test), time.Since(start), seen.why(), seen.output}
}

// overlay writes the changed files and the list of them that go test takes.
func (b *bench) overlay(d defense) (string, error) {
	changed, err := d.apply(b.root)
	if err != nil {
		return "", err
	}
	replace := map[string]string{}
	for file, text := range changed {
		to := filepath.Join(b.scratch, d.name+"-"+strings.ReplaceAll(file, "/", "-"))
		if err := os.WriteFile(to, []byte(text), 0o600); err != nil {
			return "", err
		}
		replace[filepath.Join(b.root, filepath.FromSlash(file))] = to
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	at := filepath.Join(b.scratch, d.name+".json")
	return at, os.WriteFile(at, list, 0o600)
}

// seen is what a run of go test told.
type seen struct {
	ends   map[string]string // the last action of each test
	said   map[string]string // the output of each
	ran    bool
	failed bool
	output string
}

// goTest runs go test and reads what it tells, which is all in its output: a failure is none of the command.
func (b *bench) goTest(ctx context.Context, pkg string, args ...string) seen {
	ctx, cancel := context.WithTimeout(ctx, b.timeout+5*time.Minute)
	defer cancel()
	args = append([]string{"test", "-json", "-vet=off", "-timeout", b.timeout.String()}, append(args, pkg)...)
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.WaitDelay = b.root, 10*time.Second
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	s := seen{ends: map[string]string{}, said: map[string]string{}, failed: err != nil}
	s.read(out)
	s.output += errs.String()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		s.output += fmt.Sprintf("%v\n", err)
	}
	return s
}

func (s *seen) read(out []byte) {
	var text strings.Builder
	for line := range bytes.Lines(out) {
		var e struct{ Action, Test, Output string }
		if json.Unmarshal(line, &e) != nil {
			text.Write(line)
			continue
		}
		switch e.Action {
		case "output", "build-output":
			text.WriteString(e.Output)
			s.said[e.Test] += e.Output
		case "run":
			s.ran = true
		}
		if e.Test != "" && e.Action != "output" {
			s.ends[e.Test] = e.Action
		}
	}
	s.output = text.String()
}

// of judges a test. One that took the process with it has no end of its own.
func (s *seen) of(test string) verdict {
	switch end := s.ends[test]; {
	case strings.Contains(s.output, "panic: test timed out"):
		return late
	case end == "fail":
		return noticed
	case end == "pass":
		return survived
	case end == "skip":
		return skipped
	case end != "" && s.failed && strings.Contains(s.output, "\npanic: "):
		return noticed
	case s.failed && !s.ran:
		return broken
	}
	return missing
}

var complaint = regexp.MustCompile(`(?m)^(?: +\w+\.go:\d+: |panic: ).*$`)

// why is what the failed tests said, a line for each.
func (s *seen) why() []string {
	var lines []string
	for _, test := range slices.Sorted(maps.Keys(s.ends)) {
		if s.ends[test] == "pass" || s.ends[test] == "skip" {
			continue
		}
		if said := complaint.FindString(s.said[test]); said != "" {
			lines = append(lines, test+": "+strings.TrimSpace(said))
		}
	}
	return lines
}
