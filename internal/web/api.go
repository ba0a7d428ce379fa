package web

import (
	"errors"
	"net/http"
)

func (s *Server) log() Deliveries {
	return Deliveries{
		Store: s.deps.Store, Redactor: s.deps.Redactor, Again: s.deps.Replay, Trace: s.deps.Trace, Try: s.deps.Try, Unmake: s.deps.Undo,
	}
}

// deliveries lists tasks, newest first; parameters are what it can be asked for.
func (s *Server) deliveries(w http.ResponseWriter, r *http.Request) {
	page, err := s.log().List(r.Context(), r.URL.RawQuery)
	s.reply(w, r, page, err)
}

// delivery shows the newest task of a delivery id, with its analysis, plan and effects.
func (s *Server) delivery(w http.ResponseWriter, r *http.Request) {
	shown, err := s.log().Show(r.Context(), r.PathValue("id"))
	s.reply(w, r, shown, err)
}

// reply answers a body, or why there is none.
func (s *Server) reply(w http.ResponseWriter, r *http.Request, body any, err error) {
	var refused *Refused
	switch {
	case errors.As(err, &refused):
		answer(w, refused.Code, map[string]string{"status": "error", "reason": refused.Reason})
	case err != nil:
		s.unavailable(w, r, err)
	default:
		answer(w, http.StatusOK, body)
	}
}
