package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strings"

	"hls/internal/hls"
	"hls/internal/web/ui"
)

// How often somebody may try a token at the sign-in page, in a minute. A token that fits does not count.
const (
	triesEach = 5
	triesAll  = 60
)

// The outcomes of tries to sign in, as the metric names them.
const (
	signedIn     = "signed_in"
	wrongToken   = "wrong_token"
	tooManyTries = "too_many"
	notAsked     = "refused" // by its origin, host or form
)

// login is what the sign-in page shows.
type login struct {
	Next    string // where to go then
	Problem string
	Open    bool // there is no token to sign in with
}

func (s *Server) signInPage(w http.ResponseWriter, r *http.Request) {
	if !s.ours(r) {
		s.problem(w, ui.Frame{}, misdirected())
		return
	}
	s.show(w, http.StatusOK, "login", ui.Frame{Title: "Sign in", Body: login{Next: inside(r.URL.Query().Get("next")), Open: !s.guarded()}})
}

// signIn begins a session for who shows a token in the form. No address of the request can bring one: it would stand in
// logs and histories.
func (s *Server) signIn(w http.ResponseWriter, r *http.Request) {
	if refused := s.readForm(w, r); refused != nil {
		s.signIns.WithLabelValues(notAsked).Inc()
		s.problem(w, ui.Frame{}, refused)
		return
	}
	peer, page := s.peer(r), login{Next: inside(r.PostForm.Get("next"))}
	if !s.tries.take(peer, s.now()) {
		s.signIns.WithLabelValues(tooManyTries).Inc()
		page.Problem = "Too many tries. Wait a minute."
		(&Refused{Code: http.StatusTooManyRequests}).hint(w.Header())
		s.show(w, http.StatusTooManyRequests, "login", ui.Frame{Title: "Sign in", Body: page})
		return
	}
	who := s.roleOf(strings.TrimSpace(r.PostForm.Get("token")))
	if who == "" {
		s.signIns.WithLabelValues(wrongToken).Inc()
		s.deps.Log.WarnContext(r.Context(), "sign-in failed", "address", peer.String())
		if tell, before := s.failures.add(peer, s.now()); tell {
			s.auditSignIn(r, wrongToken, "", before)
		}
		page.Problem = "That is no token of this server."
		s.show(w, http.StatusUnauthorized, "login", ui.Frame{Title: "Sign in", Body: page})
		return
	}
	s.tries.give(peer)
	s.signIns.WithLabelValues(signedIn).Inc()
	s.deps.Log.InfoContext(r.Context(), "signed in", "address", peer.String(), "role", string(who))
	s.auditSignIn(r, signedIn, who, s.failures.rest())
	http.SetCookie(w, cookie(s.sessions.begin(who, s.now()), s.secure(r)))
	http.Redirect(w, r, page.Next, http.StatusSeeOther)
}

// auditSignIn has the audit log tell who tried to sign in from where, how many wrong tokens it was not told of before, by
// network, and nothing of the tokens. Tries beyond the limit are not told: they would fill it.
func (s *Server) auditSignIn(r *http.Request, outcome string, who role, untold map[string]int) {
	tried := map[string]any{"outcome": outcome, "role": string(who), "address": s.peer(r).String()}
	if len(untold) > 0 {
		tried["more_wrong_tokens"] = untold
	}
	data, err := json.Marshal(tried)
	if err == nil {
		err = s.deps.Store.Audit(r.Context(), hls.AuditEntry{Kind: hls.AuditSignIn, By: string(who), Data: data})
	}
	if err != nil {
		s.failures.untold(untold)
		if who == "" {
			s.failures.untold(map[string]int{s.peer(r).String(): 1})
		}
		s.deps.Log.ErrorContext(r.Context(), "the audit log was not told of a sign-in", hls.KeyError, err.Error())
	}
}

// readForm reads the form of a page that nobody needs to have signed in for, or says why it is none of ours.
func (s *Server) readForm(w http.ResponseWriter, r *http.Request) *Refused {
	switch {
	case !s.guarded():
		return &Refused{http.StatusForbidden, "no token is set: there is nothing to sign in with"}
	case !s.ours(r):
		return misdirected()
	case s.origins.Check(r) != nil:
		return &Refused{http.StatusForbidden, "a page of another origin asks for it"}
	}
	return parse(w, r)
}

// parse reads a form within the limit of a request.
func parse(w http.ResponseWriter, r *http.Request) *Refused {
	bound(w, r, mostBody)
	err := r.ParseForm()
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return tooLarge(large.Limit)
	case err != nil:
		return &Refused{http.StatusBadRequest, "the form cannot be read"}
	}
	return nil
}

// signOut has the browser forget its session.
func (s *Server) signOut(w http.ResponseWriter, r *http.Request, _ caller) {
	http.SetCookie(w, cookie("", s.secure(r)))
	http.Redirect(w, r, "/ui/login", http.StatusSeeOther)
}

// insidePath is the address of a page of the dashboard, with nothing in it that a browser could take for another host's.
var insidePath = regexp.MustCompile(`^/ui/(?:[A-Za-z0-9._~-]+(?:/[A-Za-z0-9._~-]+)*)?(?:\?[A-Za-z0-9._~%=&+-]*)?$`)

// inside is where to go after signing in: a page of the dashboard, whatever is asked for.
func inside(next string) string {
	if !insidePath.MatchString(next) || strings.Contains(next, "..") {
		return "/ui/"
	}
	return next
}
