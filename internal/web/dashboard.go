package web

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"hls/internal/hls"
	"hls/internal/route"
	"hls/internal/web/ui"
)

// page guards a page of the dashboard: who has not signed in is led to where that is done, and a form counts only when
// it carries what the page that it stands on was given.
func (s *Server) page(need role, next func(http.ResponseWriter, *http.Request, caller)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, refused := s.admit(r, need, mostBody)
		if refused == nil && writes(r) {
			refused = s.meant(w, r, who)
		}
		switch {
		case refused == nil:
			keep(r)
			next(w, r, who)
		case refused.Code == http.StatusUnauthorized && !writes(r) && s.guarded():
			http.Redirect(w, r, "/ui/login?"+url.Values{"next": {r.URL.RequestURI()}}.Encode(), http.StatusSeeOther)
		default:
			s.problem(w, frame(who, "", nil), refused)
		}
	})
}

// meant tells why a form is not one that its reader sent off a page of ours.
func (s *Server) meant(w http.ResponseWriter, r *http.Request, who caller) *Refused {
	if refused := parse(w, r); refused != nil {
		return refused
	}
	if who.csrf != "" && !equal(r.PostForm.Get(csrfField), who.csrf) {
		return &Refused{http.StatusForbidden, "the form is not of a page that this session was shown: load the page again"}
	}
	return nil
}

func frame(who caller, title string, body any) ui.Frame {
	return ui.Frame{Title: title, Here: "/ui/deliveries", Role: string(who.role), CSRF: who.csrf, Signed: who.signed, Body: body}
}

// show answers with a page.
func (s *Server) show(w http.ResponseWriter, code int, name string, f ui.Frame) {
	text, err := s.pages.Render(name, f)
	if err != nil {
		s.deps.Log.Error("page cannot be made", "page", name, hls.KeyError, err.Error())
		http.Error(w, "the page cannot be made", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", ui.Policy)
	// With no referrer at all browsers leave the origin out, too, by which forms of other sites are known.
	h.Set("Referrer-Policy", "same-origin")
	w.WriteHeader(code)
	_, _ = w.Write(text) // A client that has gone away is nobody's error.
}

// problem answers with a page that says what went wrong.
func (s *Server) problem(w http.ResponseWriter, f ui.Frame, refused *Refused) {
	refused.hint(w.Header())
	f.Title, f.Here, f.Body = http.StatusText(refused.Code), "", refused.Reason
	s.show(w, refused.Code, "problem", f)
}

// failed answers with why a page cannot be shown.
func (s *Server) failed(w http.ResponseWriter, r *http.Request, who caller, err error) {
	var refused *Refused
	if !errors.As(err, &refused) {
		s.deps.Log.ErrorContext(r.Context(), "page cannot be made", "path", r.URL.Path, hls.KeyError, err.Error())
		w.Header().Set("Retry-After", "10")
		refused = &Refused{http.StatusServiceUnavailable, "the store cannot be read"}
	}
	s.problem(w, frame(who, "", nil), refused)
}

func (s *Server) dashboard(w http.ResponseWriter, r *http.Request, _ caller) {
	http.Redirect(w, r, "/ui/deliveries", http.StatusSeeOther)
}

// listing is the page of deliveries.
type listing struct {
	Page
	Query          url.Values
	Events, States []string
	Problem        string // with what is asked for
	Newest, Older  string // addresses of other pages of the list; "" for none
}

func (s *Server) deliveriesPage(w http.ResponseWriter, r *http.Request, who caller) {
	body := listing{Query: r.URL.Query(), Events: route.Events(), States: states}
	code := http.StatusOK
	var err error
	var refused *Refused
	switch body.Page, err = s.log().List(r.Context(), r.URL.RawQuery); {
	case errors.As(err, &refused):
		code, body.Problem = refused.Code, refused.Reason
	case err != nil:
		s.failed(w, r, who, err)
		return
	}
	if body.Query.Get("before") != "" {
		body.Newest = listAt(body.Query, 0)
	}
	if body.NextBefore > 0 {
		body.Older = listAt(body.Query, body.NextBefore)
	}
	s.show(w, code, "deliveries", frame(who, "Deliveries", body))
}

// dossier is the page of one delivery.
type dossier struct {
	Shown
	ReceivedAt time.Time // zero when the delivery itself is no longer kept
	Stages     []stage
}

// stage is one of the eight words, and whether the record shows that the delivery came there.
type stage struct {
	Name    hls.Stage
	Reached bool
}

func (s *Server) deliveryPage(w http.ResponseWriter, r *http.Request, who caller) {
	shown, err := s.log().Show(r.Context(), r.PathValue("id"))
	if err != nil {
		s.failed(w, r, who, err)
		return
	}
	body := dossier{Shown: shown, Stages: stages(shown)}
	delivery, err := s.deps.Store.Delivery(r.Context(), shown.DeliveryID)
	if err != nil && !errors.Is(err, hls.ErrNotFound) {
		s.failed(w, r, who, err)
		return
	}
	body.ReceivedAt = delivery.ReceivedAt
	s.show(w, http.StatusOK, "delivery", frame(who, shown.Subject, body))
}

func stages(d Shown) []stage {
	asked, planned, acted := d.Analysis != nil, d.Plan != nil, len(d.Effects) > 0
	return []stage{
		{hls.StageReceive, true}, {hls.StageRecord, true}, {hls.StageRoute, d.Attempt > 0},
		{hls.StageGather, asked}, {hls.StagePrompt, asked}, {hls.StageAnalyze, asked},
		{hls.StagePlan, planned}, {hls.StageAct, acted},
	}
}

// replayForm is the button that has a delivery worked on again.
func (s *Server) replayForm(w http.ResponseWriter, r *http.Request, who caller) {
	id := r.PathValue("id")
	replayed, err := s.log().Replay(r.Context(), id)
	if err != nil {
		s.failed(w, r, who, err)
		return
	}
	s.deps.Log.InfoContext(r.Context(), "replayed by hand", hls.KeyDeliveryID, id, hls.KeyTask, replayed.TaskID)
	http.Redirect(w, r, ui.Delivery(id), http.StatusSeeOther)
}
