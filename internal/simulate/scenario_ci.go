package simulate

import (
	"fmt"
	"strings"

	"hls/internal/hls"
)

const failedPull, passedPull = 231, 232

const stockPatch = `@@ -14,4 +14,5 @@ func (s *Stock) Take(n int) error {
 	if n > s.left {
 		return ErrSoldOut
 	}
+	s.left -= 2 * n
 	return nil
`

// stockLog is what a runner writes of a test that fails after some that do not. The password is made up.
func stockLog() string {
	var b strings.Builder
	for i, line := range []string{"##[group]Run go test ./...", "go test ./...", "env:", "  DB_PASSWORD: ***", "##[endgroup]"} {
		fmt.Fprintf(&b, "2026-01-15T09:30:%02d.1000000Z %s\n", i, line)
	}
	for i := range 400 {
		fmt.Fprintf(&b, "2026-01-15T09:31:%02d.1000000Z ok  \tacme/widget-shop/part%d\t0.0%ds\n", i%60, i, i%10)
	}
	for i, line := range []string{
		"--- FAIL: TestTake (0.02s)", "    stock_test.go:31: 10 widgets less 3 are 4, want 7", "FAIL", "FAIL\tacme/widget-shop/stock\t0.04s",
		"##[error]Process completed with exit code 1.",
	} {
		fmt.Fprintf(&b, "2026-01-15T09:32:%02d.1000000Z %s\n", i, line)
	}
	return b.String()
}

// runSteps are the ends of two runs: one fails and is told of on its pull request, one passes and is not.
func (s *Scenario) runSteps() []Step {
	return []Step{
		{
			Title: "A run of the tests that fails", Expect: "one comment with the lines of the log that tell why",
			Number: failedPull, Want: taken().says(Comments), prepare: s.ran(failedPull, 91_001, "failure"),
		},
		{
			Title: "A run that passes", Expect: "nothing: nobody was told that it failed before",
			Number: passedPull, Want: taken().ends(hls.Skipped).says(Quiet), prepare: s.ran(passedPull, 91_002, "success"),
		},
	}
}

func (s *Scenario) ran(number int, id int64, conclusion string) func() Delivery {
	return func() Delivery {
		pull := s.Hub.AddPullRequest(s.Repo, PullRequestSeed{
			IssueSeed: IssueSeed{Number: number, Title: "Take widgets out of the stock", Author: "paul", Body: "Counts what is left."},
			Files:     []hls.File{{Filename: "stock/stock.go", Status: "modified", Patch: stockPatch}},
		})
		s.Hub.AddRun(s.Repo, RunSeed{
			ID: id, Name: "CI", Event: "pull_request", Branch: pull.Head.Ref, SHA: pull.Head.SHA, Conclusion: conclusion, PullRequests: []int{number},
		})
		if conclusion == "failure" {
			s.Hub.AddJob(s.Repo, id, JobSeed{
				Name: "test", Log: stockLog(),
				Steps: []hls.JobStep{{Name: "Check out", Number: 1}, {Name: "Run go test", Number: 2, Conclusion: "failure"}},
			})
		}
		return Delivery{Event: "workflow_run", GUID: guid(int(id)), Payload: s.Hub.RunPayload(s.Repo, id, "completed", "paul")}
	}
}
