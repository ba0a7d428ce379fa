package web

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

// Deliveries is the log of deliveries as people read it: the API answers it, and hls deliveries prints it.
type Deliveries struct {
	Store    record.Store
	Redactor *hls.Redactor
	// Again has a stored delivery worked on again. What cannot be is hls.ErrNotFound or an *hls.Permanent.
	Again func(ctx context.Context, deliveryID string) (hls.Replay, error)
	// Trace holds a stored delivery against the rules in force. One that is not stored is hls.ErrNotFound.
	Trace func(ctx context.Context, deliveryID string) (hls.Traced, error)
	// Try thinks a stored delivery through with changes and does nothing. Its errors are those of the stages.
	Try func(ctx context.Context, deliveryID string, c Changes) (Tried, error)
	// Unmake takes back what was done, or tells what would be. What cannot be is hls.ErrNotFound or an *hls.Permanent.
	Unmake func(ctx context.Context, what Undo) (Undone, error)

	within int // tasks that are looked through for a page of the list; 0 for mostSearched
}

// Refused is what cannot be done as it was asked for. Code is its HTTP status.
type Refused struct {
	Code   int
	Reason string
}

func (r *Refused) Error() string { return r.Reason }

// Page is one page of the list, newest first.
type Page struct {
	Deliveries []Listed `json:"deliveries"`
	NextBefore int64    `json:"next_before,omitempty"` // the parameter before of the next page; 0 when this is the last
	Cut        bool     `json:"cut,omitempty"`         // so many tasks were looked through that the page ends before it is full: the next goes on
	searched   bool     // no index leads to what it lists
}

// mostSearched is how many tasks are looked through for a page.
const mostSearched = 10_000

// Listed is a task of a delivery.
type Listed struct {
	TaskID          int64      `json:"task_id"`
	DeliveryID      string     `json:"delivery_id"`
	RequestID       string     `json:"request_id"`
	Event           string     `json:"event"`
	Action          string     `json:"action"`
	Actor           string     `json:"actor"`
	Repository      string     `json:"repository"`
	Subject         string     `json:"subject"`
	Title           string     `json:"title"` // of the issue, the pull request or the like; "" once it is no longer kept
	Purpose         string     `json:"purpose"`
	Origin          hls.Origin `json:"origin"`
	State           hls.State  `json:"state"`
	Reason          string     `json:"reason"`
	Attempt         int        `json:"attempt"`
	QueuedAt        time.Time  `json:"queued_at"`
	RunAt           time.Time  `json:"run_at"`
	DurationSeconds float64    `json:"duration_seconds"` // spent processing, over all attempts
	EffectsDone     int        `json:"effects_done"`
}

// Shown is the newest task of a delivery with all that came of it. Tasks that carry out what was approved of it are beside it.
type Shown struct {
	Listed
	Approvals []Listed  `json:"approvals,omitempty"`
	Analysis  *Analysis `json:"analysis,omitempty"`
	Plan      *hls.Plan `json:"plan,omitempty"`
	Effects   []Effect  `json:"effects"`
}

// Analysis is what Claude was sent and answered. Retention empties its texts.
type Analysis struct {
	Answer     json.RawMessage `json:"answer"` // null once it is no longer kept
	Model      string          `json:"model"`
	Template   string          `json:"template"`
	PromptHash string          `json:"prompt_hash"`
	Revision   string          `json:"revision"`
	Usage      hls.Usage       `json:"usage"`
	System     string          `json:"system"`
	User       string          `json:"user"`
	LeftOut    bool            `json:"texts_left_out,omitempty"` // system, user and answer, for there is too much of them
	At         time.Time       `json:"at"`

	// MaskedSecrets is how many secrets were taken out of what Claude was sent, by kind.
	MaskedSecrets hls.Masked `json:"masked_secrets,omitempty"`
	// HiddenCharacters is how many characters that readers do not see the event had, by field.
	HiddenCharacters map[string]int `json:"hidden_characters,omitempty"`
}

// Effect is a row of the ledger.
type Effect struct {
	ID        int64  `json:"id"`
	DecidedBy string `json:"decided_by,omitempty"`

	Kind    hls.EffectKind  `json:"kind"`
	Subject string          `json:"subject"`
	State   hls.EffectState `json:"state"`
	URL     string          `json:"url"`
	Error   string          `json:"error"`
	At      time.Time       `json:"at"` // of the last move
}

// Replayed is what became of a replay.
type Replayed struct {
	Status     hls.State `json:"status"`
	DeliveryID string    `json:"delivery_id"`
	TaskID     int64     `json:"task_id"`
	Resumed    bool      `json:"resumed"` // the parked task goes on; otherwise it is a new one
}

// List reads a page. The query is that of the API's address.
func (d Deliveries) List(ctx context.Context, query string) (Page, error) {
	q, err := readQuery(query)
	if err != nil {
		return Page{}, &Refused{http.StatusBadRequest, err.Error()}
	}
	if !q.Bounded() {
		if q.After, err = d.Store.Reach(ctx, q, cmp.Or(d.within, mostSearched)); err != nil {
			return Page{}, err
		}
	}
	rows, err := d.Store.List(ctx, q)
	if err != nil {
		return Page{}, err
	}
	page := Page{Deliveries: make([]Listed, 0, len(rows)), searched: !q.Bounded()}
	for _, row := range rows {
		page.Deliveries = append(page.Deliveries, d.listed(row))
	}
	if len(rows) == q.Rows() {
		q.Before, q.Limit = rows[len(rows)-1].Task.ID, 1
		if rows, err = d.Store.List(ctx, q); len(rows) > 0 || err != nil {
			page.NextBefore = q.Before
			return page, err
		}
	} else if q.After > 0 {
		page.Cut = true
	}
	if q.After > 0 {
		page.NextBefore = q.After + 1 // What is newer was looked at.
	}
	return page, nil
}

func (d Deliveries) listed(row record.Summary) Listed {
	t := row.Task
	return Listed{
		TaskID: t.ID, DeliveryID: t.DeliveryID, RequestID: t.RequestID, Event: t.Event, Action: t.Action, Actor: t.Actor,
		Repository: t.Subject.Repo, Subject: t.Subject.String(), Title: d.Redactor.Redact(row.Title), Purpose: t.Purpose, Origin: t.Origin, State: t.State,
		Reason: d.Redactor.Redact(t.Reason), Attempt: t.Attempt, QueuedAt: t.QueuedAt, RunAt: t.RunAt,
		DurationSeconds: row.Duration.Seconds(), EffectsDone: row.Effects,
	}
}

// Show reads the newest task of a delivery, with its analysis, plan and effects.
func (d Deliveries) Show(ctx context.Context, id string) (Shown, error) {
	rows, err := d.Store.List(ctx, record.Query{Delivery: id})
	if err != nil {
		return Shown{}, err
	}
	if id == "" || len(rows) == 0 {
		return Shown{}, &Refused{http.StatusNotFound, "no delivery with this id has a task"}
	}
	own := slices.IndexFunc(rows, func(row record.Summary) bool { return !row.Task.Origin.Carries() })
	if own < 0 {
		own = len(rows) - 1
	}
	shown, err := d.shown(ctx, rows[own])
	for _, row := range rows[:own] {
		shown.Approvals = append(shown.Approvals, d.listed(row))
	}
	return shown, err
}

// shown is a task with its analysis, plan and effects.
func (d Deliveries) shown(ctx context.Context, row record.Summary) (Shown, error) {
	shown := Shown{Listed: d.listed(row), Effects: []Effect{}}
	analysis, err := d.Store.Analysis(ctx, shown.TaskID)
	switch {
	case err == nil:
		shown.Analysis = analysisOf(analysis)
	case !errors.Is(err, hls.ErrNotFound):
		return Shown{}, err
	}
	plan, err := d.Store.Plan(ctx, shown.TaskID)
	switch {
	case err == nil:
		shown.Plan = &plan
	case !errors.Is(err, hls.ErrNotFound):
		return Shown{}, err
	}
	entries, err := d.Store.Effects(ctx, shown.TaskID)
	for _, e := range entries {
		shown.Effects = append(shown.Effects, Effect{
			ID: e.ID, DecidedBy: e.DecidedBy,
			Kind: e.Effect.Kind, Subject: e.Effect.Subject.String(), State: e.State, URL: e.URL, Error: d.Redactor.Redact(e.Error), At: e.At,
		})
	}
	return shown, err
}

func analysisOf(a hls.Analysis) *Analysis {
	out := &Analysis{
		Model: a.Model, Template: a.Template, PromptHash: a.PromptHash, Revision: a.Revision, Usage: a.Usage,
		System: a.Prompt.System, User: a.Prompt.User, At: a.At,
		MaskedSecrets: a.Prompt.Masked, HiddenCharacters: a.Prompt.Hidden,
	}
	if len(a.Answer) > 0 {
		out.Answer = a.Answer
	}
	return out
}

// Replay has a delivery worked on again: see Again.
func (d Deliveries) Replay(ctx context.Context, id string) (Replayed, error) {
	again, err := d.Again(ctx, id)
	var final *hls.Permanent
	switch {
	case errors.Is(err, hls.ErrNotFound):
		return Replayed{}, &Refused{http.StatusNotFound, "no delivery with this id is stored"}
	case errors.As(err, &final):
		return Replayed{}, &Refused{http.StatusConflict, d.Redactor.Redact(final.Err.Error())}
	}
	return Replayed{Status: again.State, DeliveryID: id, TaskID: again.TaskID, Resumed: again.Resumed}, err
}
