package recovery

import (
	"fmt"
	"strings"
	"time"

	"hls/internal/hls"
)

// Report is what a pass found and did.
type Report struct {
	Applied    bool      `json:"applied"`
	Unfinished bool      `json:"unfinished"` // a limit cut it short: there may be more
	Logs       []Log     `json:"logs"`
	Deliveries []Missed  `json:"deliveries"`
	Gaps       []Gap     `json:"gaps"`
	Problems   []Problem `json:"problems"`
}

// Log is a webhook's log that was looked through.
type Log struct {
	Place    string         `json:"place"`
	HookID   int64          `json:"hook_id"`
	URL      string         `json:"url"`
	From     time.Time      `json:"from,omitzero"` // of the oldest entry that was read
	To       time.Time      `json:"to,omitzero"`   // of the newest
	Attempts int            `json:"attempts"`
	Passed   map[string]int `json:"passed_over"` // entries that were not fetched, by the reason
}

// Missed is a delivery that the record does not have and should.
type Missed struct {
	DeliveryID string    `json:"delivery_id"`
	Place      string    `json:"place"`
	HookID     int64     `json:"hook_id"`
	Event      string    `json:"event"`
	Action     string    `json:"action,omitempty"`
	Repository string    `json:"repository,omitempty"`
	At         time.Time `json:"delivered_at"`
	Code       int       `json:"status_code"` // of the newest attempt; 0 when nobody answered
	Outcome    string    `json:"outcome"`     // "missed" while nothing is done, else the door's class, "gone" or "put_off"
	Reason     string    `json:"reason,omitempty"`
	TaskID     int64     `json:"task_id,omitempty"`
}

// The outcomes besides the door's classes.
const (
	missed = "missed"
	gone   = "gone"    // no longer in the log
	putOff = "put_off" // to the next pass
)

// Gap is a time in which deliveries may have been missed that can no longer be found.
type Gap struct {
	Place  string    `json:"place"`
	HookID int64     `json:"hook_id"`
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Why    string    `json:"why"`
	Found  time.Time `json:"found"`
}

func (g Gap) String() string {
	return fmt.Sprintf("deliveries of webhook %d of %s from %s to %s may be lost: %s",
		g.HookID, g.Place, g.From.UTC().Format(time.RFC3339), g.To.UTC().Format(time.RFC3339), g.Why)
}

// Problem is why a place could not be looked through.
type Problem struct {
	Place string    `json:"place"`
	Text  string    `json:"text"`
	Right string    `json:"needs,omitempty"` // what the token or App must be allowed
	Since time.Time `json:"since,omitzero"`  // all that came before was looked through
}

func (p Problem) String() string {
	text := p.Place + ": " + p.Text
	if p.Right != "" {
		text += "; it takes " + p.Right
	}
	if !p.Since.IsZero() {
		text += "; what came since " + p.Since.UTC().Format(time.RFC3339) + " was not looked through"
	}
	return text
}

// State is how recovery fares, for /health.
type State struct {
	LastPass time.Time // the last that went through everything
	Troubled bool      // something was not looked through, or a gap was found within a day
	Detail   string
}

// State tells how the last pass of the service's own went.
func (r *Recoverer) State() State {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state
}

// shown is how long a gap stays in the state.
const shown = 24 * time.Hour

// remember keeps the outcome of a pass.
func (r *Recoverer) remember(p *pass) {
	var lines []string
	for _, g := range p.report.Gaps {
		if p.began.Sub(g.Found) < shown {
			lines = append(lines, g.String())
		}
	}
	for _, problem := range p.report.Problems {
		lines = append(lines, problem.String())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state.Detail, r.state.Troubled = strings.Join(lines, "\n"), len(lines) > 0
	if len(p.report.Problems) == 0 && !p.report.Unfinished {
		r.state.LastPass = p.began
	}
}

// tell logs what a pass found: gaps and problems once, until they pass and come again.
func (p *pass) tell() {
	told := map[string]bool{}
	once := func(text string) {
		told[text] = true
		if !p.told[text] {
			p.deps.Log.Warn("deliveries may be missing", "what", text)
		}
	}
	for _, g := range p.report.Gaps {
		if g.Found.Equal(p.began) {
			once(g.String())
		}
	}
	for _, problem := range p.report.Problems {
		once(problem.Place + ": " + problem.Text + " " + problem.Right)
	}
	if !p.ask.ByHand {
		p.told = told
	}
	outcomes := map[string]int{}
	for _, d := range p.report.Deliveries {
		outcomes[d.Outcome]++
	}
	if len(outcomes) == 0 {
		return
	}
	args := []any{"pages", p.pages, "fetched", p.fetched, "unfinished", p.report.Unfinished}
	for _, outcome := range []string{
		missed, string(hls.Accepted), string(hls.Duplicate), string(hls.Ignored), string(hls.Rejected), string(hls.Conflict), gone, putOff,
	} {
		if outcomes[outcome] > 0 {
			args = append(args, outcome, outcomes[outcome])
		}
	}
	p.deps.Log.Info("deliveries that never came", args...)
}
