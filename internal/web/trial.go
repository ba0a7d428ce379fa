package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"hls/internal/compare"
	"hls/internal/hls"
	"hls/internal/record"
)

// Changes are what a dry replay is made with in place of what is in force.
type Changes struct {
	Model    string            `json:"model,omitempty"`    // for everything
	Prompts  map[string]string `json:"prompts,omitempty"`  // templates, by their path, that stand before all others
	Settings json.RawMessage   `json:"settings,omitempty"` // a policy, as hls makes it of a settings file
	Estimate bool              `json:"estimate,omitempty"` // tell what it would cost, and ask nobody
}

// ReplayRequest is the body of a request for a replay; none asks for one that acts.
type ReplayRequest struct {
	DryRun bool `json:"dry_run"`
	Changes
}

func (c Changes) empty() bool {
	return c.Model == "" && len(c.Prompts) == 0 && len(c.Settings) == 0 && !c.Estimate
}

// Tried is a dry replay: what came of a delivery, what would come of it, and what differs.
type Tried struct {
	DeliveryID string              `json:"delivery_id"`
	TaskID     int64               `json:"task_id"` // of the old side
	Event      string              `json:"event"`
	Action     string              `json:"action"`
	Subject    string              `json:"subject"`
	Purpose    string              `json:"purpose"`
	Notes      []string            `json:"notes,omitempty"` // in which ways the sides cannot be held against one another
	Old        Side                `json:"old"`
	New        Side                `json:"new"`
	Trace      []hls.RuleStep      `json:"trace,omitempty"` // of the new side
	Difference *compare.Difference `json:"difference,omitempty"`

	EstimateMicroUSD int64 `json:"estimate_micro_usd"` // what the question cost the last time, by the model that is asked now
}

// Side is one of the two.
type Side struct {
	Ended      string          `json:"ended,omitempty"` // why it ended before there was a plan
	Settings   string          `json:"settings,omitempty"`
	Revision   string          `json:"revision"`
	Model      string          `json:"model"`
	Template   string          `json:"template"`
	PromptHash string          `json:"prompt_hash"`
	Usage      hls.Usage       `json:"usage"`
	Answer     json.RawMessage `json:"answer,omitempty"`
	Plan       hls.Plan        `json:"plan"`
}

// mostChanges is how many bytes the changes of a dry replay may have.
const mostChanges = 8 << 20

// replay has a delivery worked on again, which happens later; or thought through and compared, which is answered.
func (s *Server) replay(w http.ResponseWriter, r *http.Request) {
	q, err := readReplay(r)
	if err != nil {
		answer(w, http.StatusBadRequest, map[string]string{"status": "error", "reason": err.Error()})
		return
	}
	if q.DryRun {
		s.tryReplay(w, r, q.Changes)
		return
	}
	replayed, err := s.log().Replay(r.Context(), r.PathValue("id"))
	if err != nil {
		s.reply(w, r, nil, err)
		return
	}
	answer(w, http.StatusAccepted, replayed)
}

func readReplay(r *http.Request) (q ReplayRequest, err error) {
	in := json.NewDecoder(r.Body)
	in.DisallowUnknownFields()
	switch err := in.Decode(&q); {
	case errors.Is(err, io.EOF):
		return q, nil
	case err != nil:
		return q, fmt.Errorf("want a JSON object with dry_run, model, prompts, settings and estimate, of at most %d bytes", mostChanges)
	case !q.DryRun && !q.empty():
		return q, errors.New("model, prompts, settings and estimate are for dry_run alone")
	}
	return q, nil
}

// tryReplay takes as long as Claude does.
func (s *Server) tryReplay(w http.ResponseWriter, r *http.Request, c Changes) {
	deadline := http.NewResponseController(w)
	if err := errors.Join(deadline.SetReadDeadline(time.Time{}), deadline.SetWriteDeadline(time.Now().Add(longByHand))); err != nil {
		s.unavailable(w, r, err)
		return
	}
	tried, err := s.log().DryReplay(r.Context(), r.PathValue("id"), c)
	s.reply(w, r, tried, err)
}

// DryReplay thinks a delivery through once more: see Try.
func (d Deliveries) DryReplay(ctx context.Context, id string, c Changes) (Tried, error) {
	tried, err := d.Try(ctx, id, c)
	if errors.Is(err, hls.ErrNotFound) && !errors.Is(err, record.ErrUnavailable) && ctx.Err() == nil {
		return Tried{}, &Refused{http.StatusNotFound, "no delivery with this id is stored"}
	}
	return tried, refusalOf(ctx, d.Redactor, err)
}

func lifts(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return "(until " + at.UTC().Format(time.RFC3339) + ")"
}
