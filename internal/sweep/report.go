package sweep

import (
	"time"

	"hls/internal/hls"
)

// Report is what a pass found and did.
type Report struct {
	Applied      bool         `json:"applied"`
	Comment      bool         `json:"comment"`    // more than labels may follow
	Unfinished   bool         `json:"unfinished"` // there may be more
	Repositories []Repository `json:"repositories"`
	Found        []Found      `json:"found"`
	Problems     []Problem    `json:"problems"`

	cut bool // by a limit or a failure, and not by what one pass may take in
}

// Repository is one that was looked through.
type Repository struct {
	Name   string         `json:"name"`
	Open   int            `json:"open"`        // issues and pull requests that were looked at
	Passed map[string]int `json:"passed_over"` // by the reason
}

// Found is an open issue or pull request that no event has told of.
type Found struct {
	Repository string    `json:"repository"`
	Number     int       `json:"number"`
	Kind       hls.Kind  `json:"kind"`
	Title      string    `json:"title"`
	Opened     time.Time `json:"opened_at"`
	Outcome    string    `json:"outcome"` // "found" while nothing is done, else the door's class, or "put_off"
	Reason     string    `json:"reason,omitempty"`
	TaskID     int64     `json:"task_id,omitempty"`
}

// The outcomes besides the door's classes.
const (
	missed = "found"
	putOff = "put_off" // to the next pass
)

// Problem is why a repository could not be looked through.
type Problem struct {
	Repository string `json:"repository"`
	Text       string `json:"text"`
}

func (p Problem) String() string { return p.Repository + ": " + p.Text }

// tell logs what a pass did. One that found nothing wrong and nothing new is told of for debugging alone.
func (p *pass) tell() {
	for _, problem := range p.report.Problems {
		p.deps.Log.Warn("a repository was not looked through", hls.KeyRepo, problem.Repository, hls.KeyError, problem.Text)
	}
	outcomes := map[string]int{}
	for _, f := range p.report.Found {
		outcomes[f.Outcome]++
	}
	args := []any{"repositories", len(p.report.Repositories), "pages", p.pages, "unfinished", p.report.Unfinished}
	for _, outcome := range []string{missed, string(hls.Accepted), string(hls.Duplicate), string(hls.Ignored), string(hls.Rejected), putOff} {
		if outcomes[outcome] > 0 {
			args = append(args, outcome, outcomes[outcome])
		}
	}
	if len(p.report.Found) == 0 {
		p.deps.Log.Debug("sweep", args...)
		return
	}
	p.deps.Log.Info("sweep", args...)
}
