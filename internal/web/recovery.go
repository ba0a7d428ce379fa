package web

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"hls/internal/hls"
)

// Recovery asks for deliveries that never came.
type Recovery struct {
	Target   string    `json:"target"` // a repository, an organization, or "app"; "" means all
	Apply    bool      `json:"apply"`  // take them in; otherwise only tell of them
	Since    time.Time `json:"since"`
	Answered bool      `json:"answered"` // also what was answered before HLS first saw the log
}

const (
	maxRecovery  = 4 << 10 // bytes of a request for it
	longRecovery = 15 * time.Minute
)

// recovery looks through GitHub's logs, which takes longer than pages do.
func (s *Server) recovery(w http.ResponseWriter, r *http.Request) {
	var q Recovery
	in := json.NewDecoder(io.LimitReader(r.Body, maxRecovery))
	in.DisallowUnknownFields()
	if err := in.Decode(&q); err != nil {
		answer(w, http.StatusBadRequest, map[string]string{"status": "error", "reason": "want a JSON object with target, apply, since and answered"})
		return
	}
	deadline := http.NewResponseController(w)
	if err := errors.Join(deadline.SetReadDeadline(time.Time{}), deadline.SetWriteDeadline(time.Now().Add(longRecovery))); err != nil {
		s.unavailable(w, r, err)
		return
	}
	report, err := s.deps.Recover(r.Context(), q)
	var final *hls.Permanent
	if errors.As(err, &final) {
		err = &Refused{http.StatusBadRequest, final.Err.Error()}
	}
	s.reply(w, r, report, err)
}
