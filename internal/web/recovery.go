package web

import (
	"encoding/json"
	"errors"
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

// Sweep asks for open issues and pull requests that no event has told of.
type Sweep struct {
	Repositories []string `json:"repositories"` // none means all
	Apply        bool     `json:"apply"`        // take them in; otherwise only tell of them
	OlderThan    string   `json:"older_than"`   // a duration; "" means sweep.older_than
	Most         int      `json:"most"`         // of one repository; 0 means sweep.most
	Comment      bool     `json:"comment"`      // true as sweep.comment: true
}

func (Recovery) members() string { return "target, apply, since and answered" }

func (Sweep) members() string { return "repositories, apply, older_than, most and comment" }

const longByHand = 15 * time.Minute

func (s *Server) recovery(w http.ResponseWriter, r *http.Request) {
	byHand(s, w, r, s.deps.Recover)
}

func (s *Server) sweep(w http.ResponseWriter, r *http.Request) {
	byHand(s, w, r, s.deps.Sweep)
}

// byHand makes a pass by hand, which takes longer than pages do.
func byHand[Q interface{ members() string }](s *Server, w http.ResponseWriter, r *http.Request, pass Pass[Q]) {
	var q Q
	in := json.NewDecoder(r.Body)
	in.DisallowUnknownFields()
	if err := in.Decode(&q); err != nil {
		if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
			s.refuse(w, tooLarge(large.Limit))
			return
		}
		answer(w, http.StatusBadRequest, map[string]string{"status": "error", "reason": "want a JSON object with " + q.members()})
		return
	}
	deadline := http.NewResponseController(w)
	if err := errors.Join(deadline.SetReadDeadline(time.Time{}), deadline.SetWriteDeadline(time.Now().Add(longByHand))); err != nil {
		s.unavailable(w, r, err)
		return
	}
	report, err := pass(r.Context(), q)
	var final *hls.Permanent
	if errors.As(err, &final) {
		err = &Refused{http.StatusBadRequest, final.Err.Error()}
	}
	s.reply(w, r, report, err)
}
