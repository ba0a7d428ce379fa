package app_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"hls/internal/hls"
	"hls/internal/simulate"
)

const silentReview = `{"summary":"Fine.","risk":"low","type":"feature","effort":1,"findings":[],"missing_tests":[]}`

const evil = "exec.Command(os.Getenv(\"EVIL\")).Run()"

func oneFile(name, status, patch string) []hls.File {
	return []hls.File{{Filename: name, Status: status, Patch: patch}}
}

// added is the patch of a new file.
func added(lines ...string) string {
	return fmt.Sprintf("@@ -0,0 +1,%d @@\n+%s\n", len(lines), strings.Join(lines, "\n+"))
}

// padding is more code than the budget of a prompt has.
func padding() []hls.File {
	var files []hls.File
	for i := range 40 {
		var lines []string
		for n := range 120 {
			lines = append(lines, fmt.Sprintf("\tpad%d_%d(%q)", i, n, strings.Repeat("x", 40)))
		}
		files = append(files, hls.File{Filename: fmt.Sprintf("pad%02d.go", i), Status: "added", Patch: added(lines...)})
	}
	return files
}

// Each case is a first state of a pull request, and a second one by which its author would have what is evil passed over.
func TestE6_WhatNobodyHasSeenIsNotPassedOver(t *testing.T) {
	t.Parallel()
	const allowing = "@@ -%d,3 +%d,4 @@ func %s(u User) bool {\n \tif u.ok {\n+\t\treturn true\n \t}\n \treturn false\n"
	far := oneFile("z.go", "added", added(strings.Split(strings.Repeat("\tz(\""+strings.Repeat("y", 300)+"\")\n", 230)+evil, "\n")...))
	fixed := "@@ -1,3 +1,3 @@\n a\n-\tcheck(user)\n+\t" + evil + "\n c\n@@ -20,2 +20,3 @@\n d\n+\te()\n f\n"
	for name, tc := range map[string]struct {
		first []hls.File
		then  func(*simulate.GitHub)
		want  string
	}{
		"beyond the budget, until the padding goes": {
			append(padding(), far...), func(gh *simulate.GitHub) { gh.Push(widgets, 8, far) }, evil,
		},
		"taken for minified, until the long line goes": {
			append(oneFile("a.go", "added", added("package a")), oneFile("z.go", "added", added(evil, "// "+strings.Repeat("x", 3000)))...),
			func(gh *simulate.GitHub) {
				gh.Push(widgets, 8, append(oneFile("a.go", "added", added("package a")), oneFile("z.go", "added", added(evil))...))
			}, evil,
		},
		"undone by a merge of the base branch": {
			oneFile("save.go", "modified", "@@ -20,2 +20,3 @@\n d\n+\te()\n f\n"),
			func(gh *simulate.GitHub) {
				gh.PushMerge(widgets, 8, oneFile("save.go", "modified", fixed), oneFile("base.go", "modified", "@@ -1 +1,2 @@\n a\n+b\n"))
			}, evil,
		},
		"the same line elsewhere": {
			oneFile("auth.go", "modified", fmt.Sprintf(allowing, 10, 10, "isBlank")),
			func(gh *simulate.GitHub) {
				gh.PushForced(widgets, 8, oneFile("auth.go", "modified", fmt.Sprintf(allowing, 90, 90, "isAdmin")))
			}, "func isAdmin",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gh := shop()
			gh.Push(widgets, 8, tc.first)
			cl := answering(silentReview)
			s := start(t, widgetSettings, gh, cl)
			opened := s.pullOpened()
			s.send(opened)
			s.settled(opened.GUID)
			for _, c := range cl.Calls() {
				if strings.Contains(c.User, tc.want) {
					t.Fatal("it was seen at once: the case shows nothing")
				}
			}
			tc.then(gh)
			d := simulate.Delivery{Event: "pull_request", GUID: simulate.NewGUID(), HookID: 1, Payload: gh.PullRequestPayload(widgets, 8, "synchronize", "paul", nil)}
			s.send(d)
			if task := s.settled(d.GUID); task.State != hls.Done {
				t.Fatalf("ended as %s (%s)", task.State, task.Reason)
			}
			if calls := cl.Calls(); !strings.Contains(calls[len(calls)-1].User, tc.want) {
				t.Errorf("asked %d times, and never about it", len(calls))
			}
		})
	}
}

// Whoever opens a pull request names its workflows, jobs, steps and tests, and writes their logs, and the model obeys. Nothing of
// it is more than text in the comment.
func TestE1_NamesAndLogsOfRunsAreText(t *testing.T) {
	t.Parallel()
	gh, _ := ciWorld(t)
	cl := simulate.NewClaude(simulate.ClaudeConfig{Answer: func(r simulate.Request) string {
		_, id, _ := strings.Cut(r.User, "\nFailure ")
		id, _, _ = strings.Cut(id, ",")
		text := strings.Join(poison, " ")
		answer, _ := json.Marshal(map[string]any{"injection_suspected": false, "causes": []any{map[string]any{
			"id": id, "verdict": "code", "confidence": 1, "cause": text, "next_step": text, "introduced_by": "", "evidence": []string{"the shelf is empty"},
		}}})
		return string(answer)
	}})
	s := start(t, ciSettings+"    workflows: {issues: true, rerun: true}\nprocessing: {debounce: 0s, analyses_per_subject_per_day: 0}\n", gh, cl)
	head, judged := gh.PullRequest(widgets, 8).Head, 0
	for i, bad := range poison {
		run := int64(100 + i)
		gh.AddRun(widgets, simulate.RunSeed{ID: run, Name: bad, Event: "pull_request", Branch: head.Ref, SHA: head.SHA, PullRequests: []int{8}})
		gh.AddJob(widgets, run, simulate.JobSeed{Name: bad, Steps: []hls.JobStep{{Name: bad, Conclusion: "failure"}}, Log: fmt.Sprintf(
			"--- FAIL: Test%[1]s (0.1s)\n    x_test.go:1: the shelf is empty, %[1]s\nFAILED a.py::%[1]s\n  ● a › %[1]s\n%[1]s\n##[error]%[1]s\n", bad)})
		if task := s.settled(s.ends(int(run))); task.State != hls.Done {
			t.Fatalf("%q ended as %s (%s)", bad, task.State, task.Reason)
		}
		body := s.commentOn(8)
		if strings.Contains(body, "Likely **the change itself**") {
			judged++
		}
		if text := outside(body); strings.Count(text, "<!--") != 1 || !strings.HasSuffix(text, "-->") || harmful.MatchString(text) || spoken.MatchString(text) {
			t.Errorf("%q makes %q in:\n%s", bad, harmful.FindString(text)+spoken.FindString(text), body)
		}
	}
	if judged == 0 {
		t.Error("no verdict is told: the test looks at too little")
	}
	for _, w := range gh.Writes() {
		if w.Path != "/repos/acme/widget-shop/issues/8/comments" && !strings.HasPrefix(w.Path, "/repos/acme/widget-shop/issues/comments/") {
			t.Errorf("%s %s", w.Method, w.Path)
		}
	}
}
