package app_test

import (
	"strings"

	"hls/internal/hls"
	"hls/internal/simulate"
)

// ciSteps put runs of continuous integration on GitHub.
var ciSteps = map[string]func(*journey, []string){
	"run":          (*journey).addRun,
	"job":          (*journey).addJob,
	"check":        (*journey).addCheck,
	"start":        func(j *journey, w []string) { j.github.StartAgain(widgets, int64(number(j.t, w[0]))) },
	"end":          func(j *journey, w []string) { j.github.EndRun(widgets, int64(number(j.t, w[0])), w[1]) },
	"hide-actions": func(j *journey, _ []string) { j.github.HideActions(widgets) },
}

var ciPayloads = map[string]func(*journey, about) []byte{
	"workflow_run": func(j *journey, a about) []byte {
		return j.github.RunPayload(widgets, int64(a.number), a.action, a.sender)
	},
	"workflow_job": func(j *journey, a about) []byte {
		return j.github.JobPayload(widgets, int64(a.number), a.action, a.sender)
	},
	"check_run": func(j *journey, a about) []byte {
		return j.github.CheckPayload(widgets, int64(a.number), a.action, a.sender)
	},
}

// addRun #ID WORKFLOW CONCLUSION of #N, or of #N from FORK, or on BRANCH: a run at the present head.
func (j *journey) addRun(w []string) {
	seed := simulate.RunSeed{ID: int64(number(j.t, w[0])), Name: w[1], Conclusion: w[2], Event: "pull_request"}
	if w[2] == "running" {
		seed.Status, seed.Conclusion = "in_progress", ""
	}
	if w[3] == "on" {
		seed.Event, seed.Branch, seed.SHA = "push", w[4], strings.Repeat("ab", 20)
		j.github.AddRun(widgets, seed)
		return
	}
	n := number(j.t, w[4])
	head := j.github.PullRequest(widgets, n).Head
	seed.Branch, seed.SHA, seed.PullRequests = head.Ref, head.SHA, []int{n}
	if len(w) > 6 {
		seed.HeadOwner, seed.PullRequests = w[6], nil
	}
	j.github.AddRun(widgets, seed)
}

// addJob #ID NAME of #RUN FILE [silent]: a job that failed, with its log, and unless it is silent with annotations.
func (j *journey) addJob(w []string) {
	notes := []hls.Annotation{
		{Path: ".github", Line: 1, Level: "failure", Message: "Process completed with exit code 1."},
		{Path: "shelf_test.go", Line: 31, Level: "failure", Message: "the shelf is empty"},
	}
	if len(w) > 5 {
		notes = nil
	}
	j.github.AddJob(widgets, int64(number(j.t, w[3])), simulate.JobSeed{
		ID: int64(number(j.t, w[0])), Name: w[1], Log: j.file(w[4]),
		Steps:       []hls.JobStep{{Name: "Check out", Number: 1}, {Name: "Run tests", Number: 2, Conclusion: "failure"}},
		Annotations: notes,
	})
}

// addCheck #ID NAME by APP of #N FILE: a check that failed, with what it says.
func (j *journey) addCheck(w []string) {
	n := number(j.t, w[5])
	j.github.AddCheckRun(widgets, simulate.CheckSeed{
		ID: int64(number(j.t, w[0])), Name: w[1], App: w[3], SHA: j.github.PullRequest(widgets, n).Head.SHA,
		Title: "1 of 12 checks failed", Text: j.file(w[6]),
	})
}
