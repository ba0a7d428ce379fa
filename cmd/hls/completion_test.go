package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestCompletion(t *testing.T) {
	t.Parallel()
	path := settingsFile(t, "repositories: [{name: acme/widget}, {name: 'acme/*'}, {name: other/shop}]\n")
	for _, c := range []struct{ words, want, not string }{
		{"de", "demo deliveries", "doctor"},
		{"", "init serve", "complete"},
		{"deliveries ", "list show replay", "serve"},
		{"deliveries list --st", "--state", "--repo"},
		{"deliveries list --output ", "text json", "--output"},
		{"deliveries list --output=j", "--output=json", "--output=text"},
		{"deliveries list --output = j", "--output=json", "--output=text"},
		{"hooks install ", "acme/widget other/shop", "acme/*"},
		{"hooks install acme/widget --a", "--apply", "acme"},
		{"deliveries list --repo oth", "other/shop", "acme/widget"},
		{"completion ", "bash zsh fish", "serve"},
		{"--config x.yaml deliveries l", "list", "show"},
		{"nonsense ", "", "serve"},
	} {
		code, out, errs := command(t, append([]string{"complete", "--config", path, "--"}, strings.Split(c.words, " ")...)...)
		got := map[string]bool{}
		for line := range strings.Lines(out) {
			word, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
			got[word] = true
		}
		for _, want := range strings.Fields(c.want) {
			if !got[want] {
				t.Errorf("%q: no %s in %v", c.words, want, got)
			}
		}
		if code != exitDone || errs != "" || got[c.not] || c.want == "" && len(got) > 0 {
			t.Errorf("%q: %d %s\n%s", c.words, code, errs, out)
		}
	}
}

// The scripts are what their shells take, as far as those are on this machine; bash is asked to complete.
func TestCompletionInShells(t *testing.T) {
	t.Parallel()
	bin := t.TempDir()
	if err := os.Symlink(os.Args[0], filepath.Join(bin, "hls")); err != nil {
		t.Fatal(err)
	}
	for shell := range scripts {
		_, text, _ := command(t, "completion", shell)
		if _, err := exec.LookPath(shell); err != nil {
			continue
		}
		check := exec.Command(shell, "-n")
		check.Stdin = strings.NewReader(text)
		if out, err := check.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", shell, err, out)
		}
	}
	bash := exec.Command("bash", "-c", `source <(hls completion bash)
		COMP_WORDS=(hls deliveries li); COMP_CWORD=2; _hls; echo "${COMPREPLY[@]}"
		COMP_WORDS=(hls deliveries list --output = j); COMP_CWORD=5; _hls; echo "${COMPREPLY[@]}"`)
	bash.Env = append(os.Environ(), "HLS_TEST_AS_COMMAND=1", "PATH="+bin+":"+os.Getenv("PATH"))
	if out, err := bash.CombinedOutput(); err != nil || string(out) != "list\njson\n" {
		t.Errorf("bash: %v\n%s", err, out)
	}
}

func TestProgressTellsTheTimeLeft(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 1, 15, 9, 30, 0, 0, time.UTC)
	p := &progress{what: "attacking", total: 40, began: began}
	for done, want := range map[int]string{0: "attacking … 0 of 40", 10: "attacking … 10 of 40, about 1m30s left", 40: "attacking … 40 of 40, about 0s left"} {
		p.at(done)
		if got := p.line(began.Add(30 * time.Second)); got != want {
			t.Errorf("%d: %q", done, got)
		}
	}
	if got := (&progress{what: "copying", began: began}).line(began.Add(90 * time.Second)); got != "copying … 1m30s" {
		t.Errorf("%q", got)
	}
	var out bytes.Buffer
	shown := &progress{what: "attacking", total: 2, began: began, every: time.Millisecond, out: &out, stop: make(chan struct{})}
	shown.begin()
	eventually(t, func() bool {
		shown.mu.Lock()
		defer shown.mu.Unlock()
		return strings.Contains(out.String(), "attacking … 0 of 2")
	})
	shown.say(&out, "a field is through")
	shown.end()
	if text := out.String(); !strings.Contains(text, "\r\x1b[Ka field is through\n") || !strings.HasSuffix(text, "\r\x1b[K") {
		t.Errorf("%q", text)
	}
	nowhere := (&call{io: streams{err: &out}}).progress("copying", 0)
	nowhere.step()
	nowhere.end()
	if nowhere.out != nil {
		t.Error("progress is shown where there is no terminal")
	}
}

// Without a terminal, and with NO_COLOR, nothing is colored.
func TestColorsAreForTerminals(t *testing.T) {
	t.Parallel()
	if got := ink(false).bad("FAIL"); got != "FAIL" {
		t.Errorf("%q", got)
	}
	if got := ink(true).good("ok"); got != "\x1b[32mok\x1b[0m" {
		t.Errorf("%q", got)
	}
	var out bytes.Buffer
	if (&call{io: streams{out: &out}}).ink() {
		t.Error("a buffer is taken for a terminal")
	}
}
