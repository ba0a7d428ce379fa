package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"hls/internal/hls"
	"hls/internal/simulate"
)

// A pull request of 300 files and 20,000 changed lines is reviewed within the budget of tokens, and what was not looked at
// is named.
func TestMainJob_ALargePullRequestKeepsToTheBudget(t *testing.T) {
	t.Parallel()
	const files, lines, diffBytes, promptBytes = 300, 67, 96_000, 180_000
	gh := shop()
	var changed []hls.File
	for i := range files {
		var patch strings.Builder
		fmt.Fprintf(&patch, "@@ -0,0 +1,%d @@\n", lines)
		for n := range lines {
			fmt.Fprintf(&patch, "+\tstep%d(%q)\n", n, fmt.Sprintf("a line of ordinary code in file %d", i))
		}
		changed = append(changed, hls.File{Filename: fmt.Sprintf("internal/part%02d/file%03d.go", i%20, i), Status: "added", Patch: patch.String()})
	}
	gh.AddPullRequest(widgets, simulate.PullRequestSeed{IssueSeed: simulate.IssueSeed{Number: 9, Title: "Rewrite it all", Author: "paul"}, Files: changed})
	cl := answering(`{"summary":"Rewrites it all.","risk":"high","type":"refactoring","effort":5,"findings":[
		{"severity":"major","category":"correctness","file":"internal/part00/file000.go","line":3,"end_line":3,"quote":"step2(\"a line of ordinary code in file 0\")","problem":"It goes wrong.","suggestion":"Mend it."}],
		"missing_tests":[]}`)
	s := start(t, widgetSettings, gh, cl)
	d := simulate.Delivery{Event: "pull_request", GUID: simulate.NewGUID(), HookID: 1, Payload: gh.PullRequestPayload(widgets, 9, "opened", "paul", nil)}
	if code, _ := s.send(d); code != http.StatusAccepted {
		t.Fatal(code)
	}
	if task := s.settled(d.GUID); task.State != hls.Done {
		t.Fatalf("task ended as %s (%s)", task.State, task.Reason)
	}
	calls, reviews := cl.Calls(), gh.Reviews(widgets, 9)
	if len(calls) != 1 || len(reviews) != 1 || len(reviews[0].Remarks) != 1 {
		t.Fatalf("%d calls, reviews %+v", len(calls), reviews)
	}
	asked := calls[0].User
	_, diff, _ := strings.Cut(asked, " diff\n=== ")
	diff, _, _ = strings.Cut(diff, "\nDATA ")
	if len(asked) > promptBytes || len(diff) > diffBytes || len(diff) < diffBytes/2 {
		t.Errorf("a prompt of %d bytes, %d of them diff", len(asked), len(diff))
	}
	shown := 0
	for _, f := range changed {
		named := strings.Contains(reviews[0].Body, "`"+f.Filename+"`")
		if strings.Contains(asked, "=== "+f.Filename+" ") {
			shown++
			named = !named
		}
		if !named {
			t.Errorf("%s is neither shown nor named as left out, or both", f.Filename)
		}
	}
	t.Logf("%d files are shown in a prompt of %d bytes; the review has %d", shown, len(asked), len(reviews[0].Body))
}
