package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

// Undo asks for what HLS did to be taken back: all that came of a delivery, since a time, or after a prompt.
type Undo struct {
	Delivery   string    `json:"delivery,omitempty"`
	Since      time.Time `json:"since,omitzero"`
	Prompt     string    `json:"prompt,omitempty"`     // the hash of the templates, or its beginning
	Repository string    `json:"repository,omitempty"` // of those; "" means all
	Apply      bool      `json:"apply"`                // do it; otherwise only tell
	By         string    `json:"-"`
}

// Undone is what becomes of all that was asked for.
type Undone struct {
	Applied bool         `json:"applied"`
	Effects []UndoEffect `json:"effects"`         // the last done first
	More    bool         `json:"more"`            // than can be taken back at once: ask again
	Blind   string       `json:"blind,omitempty"` // why GitHub could not be looked at
	TaskIDs []int64      `json:"task_ids"`        // that take it back
}

// UndoEffect is an effect that was done, and what becomes of it.
type UndoEffect struct {
	ID         int64          `json:"id"`
	TaskID     int64          `json:"task_id"`
	DeliveryID string         `json:"delivery_id"`
	Kind       hls.EffectKind `json:"kind"`
	Subject    string         `json:"subject"`
	Labels     []string       `json:"labels,omitempty"`
	DoneAt     time.Time      `json:"done_at"`
	URL        string         `json:"url"`
	By         hls.EffectKind `json:"taken_back_by,omitempty"` // the kind of effect that takes it back
	Stays      string         `json:"stays,omitempty"`         // why it is not taken back
	Partly     string         `json:"partly,omitempty"`        // which part of it stays, and why
}

// TakeBack takes back what HLS did, or tells what would be: see Unmake.
func (d Deliveries) TakeBack(ctx context.Context, what Undo) (Undone, error) {
	undone, err := d.Unmake(ctx, what)
	var final *hls.Permanent
	switch {
	case err == nil, errors.Is(err, record.ErrUnavailable), ctx.Err() != nil:
		return undone, err
	case errors.Is(err, hls.ErrNotFound):
		return Undone{}, &Refused{http.StatusNotFound, "no delivery with this id has a task"}
	case errors.As(err, &final) && (final.Reason == "nothing_named" || final.Reason == "no_hash"):
		return Undone{}, &Refused{http.StatusBadRequest, final.Err.Error()}
	case errors.As(err, &final):
		return Undone{}, &Refused{http.StatusConflict, d.Redactor.Redact(final.Err.Error())}
	}
	return Undone{}, &Refused{http.StatusBadGateway, d.Redactor.Redact(err.Error())}
}

// undo looks at GitHub, which takes longer than pages do.
func (s *Server) undo(w http.ResponseWriter, r *http.Request) {
	what := Undo{By: Operator}
	in := json.NewDecoder(r.Body)
	in.DisallowUnknownFields()
	if err := in.Decode(&what); err != nil {
		answer(w, http.StatusBadRequest, map[string]string{"status": "error", "reason": "want a JSON object with delivery, since or prompt, with repository and apply"})
		return
	}
	deadline := http.NewResponseController(w)
	if err := errors.Join(deadline.SetReadDeadline(time.Time{}), deadline.SetWriteDeadline(time.Now().Add(longByHand))); err != nil {
		s.unavailable(w, r, err)
		return
	}
	undone, err := s.log().TakeBack(r.Context(), what)
	s.reply(w, r, undone, err)
}
