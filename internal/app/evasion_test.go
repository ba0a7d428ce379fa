package app_test

import (
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
