package web

import (
	"errors"
	"net/http"
	"time"

	"hls/internal/hls"
	"hls/internal/web/ui"
)

// takingBack is the page that tells what undoing a delivery would do.
type takingBack struct {
	Undone
	DeliveryID string
	Back       int // effects that would be taken back, at least in part
}

// undoPage tells what would be taken back, and what stays. It looks at GitHub.
func (s *Server) undoPage(w http.ResponseWriter, r *http.Request, who caller) {
	undone, err := s.takeBack(w, r, false)
	if err != nil {
		s.failed(w, r, who, err)
		return
	}
	body := takingBack{Undone: undone, DeliveryID: r.PathValue("id")}
	for _, e := range undone.Effects {
		if e.Stays == "" {
			body.Back++
		}
	}
	page := shown{here: ui.Deliveries, title: "Undo", body: body}
	s.show(w, http.StatusOK, "undo", page.frame(who))
}

// undoForm is the button that takes back what was done for a delivery.
func (s *Server) undoForm(w http.ResponseWriter, r *http.Request, who caller) {
	undone, err := s.takeBack(w, r, true)
	if err != nil {
		s.failed(w, r, who, err)
		return
	}
	id := r.PathValue("id")
	s.deps.Log.InfoContext(r.Context(), "taken back by hand", hls.KeyDeliveryID, id, "tasks", undone.TaskIDs)
	http.Redirect(w, r, ui.Delivery(id), http.StatusSeeOther)
}

// takeBack takes longer than pages do.
func (s *Server) takeBack(w http.ResponseWriter, r *http.Request, apply bool) (Undone, error) {
	if s.deps.Undo == nil {
		return Undone{}, &Refused{http.StatusNotFound, "this server takes nothing back"}
	}
	deadline := http.NewResponseController(w)
	if err := errors.Join(deadline.SetReadDeadline(time.Time{}), deadline.SetWriteDeadline(time.Now().Add(longByHand))); err != nil {
		return Undone{}, err
	}
	return s.log().TakeBack(r.Context(), Undo{Delivery: r.PathValue("id"), Apply: apply, By: Operator})
}
