package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

// EffectsPage is one page of the ledger, newest first.
type EffectsPage struct {
	Effects    []LedgerRow `json:"effects"`
	NextBefore int64       `json:"next_before,omitempty"` // the parameter before of the next page; 0 when this is the last
}

// LedgerRow is a row of the ledger with what it writes.
type LedgerRow struct {
	ID         int64           `json:"id"`
	TaskID     int64           `json:"task_id"`
	DeliveryID string          `json:"delivery_id"`
	Kind       hls.EffectKind  `json:"kind"`
	Subject    string          `json:"subject"`
	Purpose    string          `json:"purpose"`
	State      hls.EffectState `json:"state"`
	Effect     hls.Effect      `json:"effect"` // exactly what is written
	DecidedBy  string          `json:"decided_by,omitempty"`
	URL        string          `json:"url"`
	Error      string          `json:"error"`
	At         time.Time       `json:"at"` // of the last move
}

// Decision is what a person decides about proposals.
type Decision struct {
	IDs     []int64 `json:"ids"`
	Approve bool    `json:"approve"` // otherwise they are rejected
	By      string  `json:"-"`
}

// Decided is what came of it.
type Decided struct {
	IDs     []int64 `json:"ids"`
	TaskIDs []int64 `json:"task_ids"` // that carry them out
}

// mostDecided is how many proposals are decided about at once.
const mostDecided = 200

var effectStates = []string{
	string(hls.Intent), string(hls.Sending), string(hls.EffectDone), string(hls.EffectFailed), string(hls.EffectUnknown),
	string(hls.EffectStale), string(hls.EffectShadow), string(hls.EffectProposed), string(hls.EffectRejected), string(hls.EffectUndone),
}

func readLedgerQuery(raw string) (q record.LedgerQuery, err error) {
	form, err := url.ParseQuery(raw)
	if err != nil {
		return q, fmt.Errorf("the query cannot be read: %w", err)
	}
	for name, values := range form {
		if err := oneOf("parameter", name, []string{"state", "kind", "repo", "delivery", "before", "limit"}); err != nil {
			return q, err
		}
		if len(values) > 1 {
			return q, fmt.Errorf("%s is given %d times", name, len(values))
		}
	}
	var kinds []string
	for _, k := range slices.Concat(hls.EffectKinds(), hls.UndoKinds()) {
		kinds = append(kinds, string(k))
	}
	q = record.LedgerQuery{
		State: hls.EffectState(form.Get("state")), Kind: hls.EffectKind(form.Get("kind")), Repo: form.Get("repo"), Delivery: form.Get("delivery"),
	}
	if err := errors.Join(oneOf("state", string(q.State), effectStates), oneOf("kind", string(q.Kind), kinds)); err != nil {
		return q, err
	}
	if q.Before, err = number("before", form.Get("before")); err != nil {
		return q, err
	}
	limit, err := number("limit", form.Get("limit"))
	q.Limit = int(min(limit, math.MaxInt32))
	return q, err
}

// Effects reads a page of the ledger. The query is that of the API's address.
func (d Deliveries) Effects(ctx context.Context, query string) (EffectsPage, error) {
	q, err := readLedgerQuery(query)
	if err != nil {
		return EffectsPage{}, &Refused{http.StatusBadRequest, err.Error()}
	}
	rows, err := d.Store.Ledger(ctx, q)
	if err != nil {
		return EffectsPage{}, err
	}
	page := EffectsPage{Effects: make([]LedgerRow, 0, len(rows))}
	deliveries := map[int64]string{}
	for _, e := range rows {
		if _, known := deliveries[e.TaskID]; !known {
			task, err := d.Store.Task(ctx, e.TaskID)
			if err != nil {
				return EffectsPage{}, err
			}
			deliveries[e.TaskID] = task.DeliveryID
		}
		page.Effects = append(page.Effects, LedgerRow{
			ID: e.ID, TaskID: e.TaskID, DeliveryID: deliveries[e.TaskID], Kind: e.Effect.Kind, Subject: e.Effect.Subject.String(),
			Purpose: e.Effect.Purpose, State: e.State, Effect: e.Effect, DecidedBy: e.DecidedBy, URL: e.URL,
			Error: d.Redactor.Redact(e.Error), At: e.At,
		})
	}
	if len(rows) == q.Rows() {
		page.NextBefore = rows[len(rows)-1].ID
	}
	return page, nil
}

// Decide approves proposals, which are carried out soon, or rejects them: all or none.
func (d Deliveries) Decide(ctx context.Context, what Decision) (Decided, error) {
	if len(what.IDs) == 0 || len(what.IDs) > mostDecided {
		return Decided{}, &Refused{http.StatusBadRequest, fmt.Sprintf("want 1 to %d ids of effects", mostDecided)}
	}
	out := Decided{IDs: what.IDs, TaskIDs: []int64{}}
	var err error
	if what.Approve {
		out.TaskIDs, err = d.Store.Approve(ctx, what.IDs, what.By)
	} else {
		err = d.Store.Reject(ctx, what.IDs, what.By)
	}
	var decided *record.NotProposed
	switch {
	case errors.Is(err, hls.ErrNotFound):
		return Decided{}, &Refused{http.StatusNotFound, "no effect has one of these ids"}
	case errors.As(err, &decided):
		return Decided{}, &Refused{http.StatusConflict, decided.Error()}
	}
	return out, err
}

// Operator is who decides by the API and the command line.
const Operator = "operator"

// effects lists the ledger.
func (s *Server) effects(w http.ResponseWriter, r *http.Request) {
	page, err := s.log().Effects(r.Context(), r.URL.RawQuery)
	s.reply(w, r, page, err)
}

// decide approves or rejects proposals.
func (s *Server) decide(w http.ResponseWriter, r *http.Request) {
	what := Decision{By: Operator}
	in := json.NewDecoder(r.Body)
	in.DisallowUnknownFields()
	if err := in.Decode(&what); err != nil {
		answer(w, http.StatusBadRequest, map[string]string{"status": "error", "reason": "want a JSON object with ids and approve"})
		return
	}
	decided, err := s.log().Decide(r.Context(), what)
	s.reply(w, r, decided, err)
}
