package web

import (
	"errors"
	"net/http"
	"net/url"

	"hls/internal/hls"
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
		if refused == nil && !writes(r) && !r.URL.Query().Has(liveParam) {
			var end func()
			if end, refused = s.looks.begin(r.Context(), who.role); refused == nil {
				defer end()
			}
		}
		switch {
		case refused == nil:
			who.keep(r)
			next(w, r, who)
		case refused.Code == http.StatusUnauthorized && !writes(r) && s.guarded() && !r.URL.Query().Has(liveParam):
			http.Redirect(w, r, "/ui/login?"+url.Values{"next": {r.URL.RequestURI()}}.Encode(), http.StatusSeeOther)
		default:
			s.problem(w, shown{}.frame(who), refused)
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
	s.problem(w, shown{}.frame(who), refused)
}

// dashboard leads to its first page.
func (s *Server) dashboard(w http.ResponseWriter, r *http.Request, _ caller) {
	http.Redirect(w, r, ui.Now, http.StatusSeeOther)
}
