package app_test

import (
	"encoding/json"
	"strings"
	"testing"

	"hls/internal/simulate"
)

// happeningSeeds are the members of github.json about what is neither an issue nor a pull request.
var happeningSeeds = map[string]func(*testing.T, *simulate.GitHub, json.RawMessage){
	"Commits": eachSeed(func(gh *simulate.GitHub, c simulate.CommitSeed) { gh.AddCommit(widgets, c) }),
	"Releases": eachSeed(func(gh *simulate.GitHub, r simulate.ReleaseSeed) {
		gh.AddRelease(widgets, r)
	}),
	"Milestones": eachSeed(func(gh *simulate.GitHub, m simulate.MilestoneSeed) { gh.AddMilestone(widgets, m) }),
	"Deployments": eachSeed(func(gh *simulate.GitHub, d simulate.DeploymentSeed) {
		gh.AddDeployment(widgets, d)
	}),
}

func eachSeed[T any](put func(*simulate.GitHub, T)) func(*testing.T, *simulate.GitHub, json.RawMessage) {
	return func(t *testing.T, gh *simulate.GitHub, raw json.RawMessage) {
		t.Helper()
		var list []T
		if err := json.Unmarshal(raw, &list); err != nil {
			t.Fatalf("github.json: %v", err)
		}
		for _, one := range list {
			put(gh, one)
		}
	}
}

var happeningSteps = map[string]func(*journey, []string){
	"deploys": func(j *journey, w []string) {
		j.github.AddDeploymentStatus(widgets, int64(number(j.t, w[0])), w[1], strings.Join(w[2:], " "))
	},
	"notes":      func(j *journey, w []string) { j.github.EditRelease(widgets, int64(number(j.t, w[0])), j.file(w[1])) },
	"drop_label": func(j *journey, w []string) { j.github.DeleteLabel(widgets, w[0]) },
}

var happeningPayloads = map[string]func(*journey, about) []byte{
	"release": func(j *journey, a about) []byte {
		return j.github.ReleasePayload(widgets, int64(a.number), a.action, a.sender, a.changes)
	},
	"push": func(j *journey, a about) []byte { return j.github.PushPayload(widgets, a.sender, a.number) },
	"deployment_status": func(j *journey, a about) []byte {
		return j.github.DeploymentPayload(widgets, int64(a.number), a.sender)
	},
}
