package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"hls/internal/hls"
	"hls/internal/web/ui"
)

// ledger is the page of effects: those that wait for a person first.
type ledger struct {
	EffectsPage
	State   string
	States  []string
	Problem string
	Newest  string // addresses of other pages of the list; "" for none
	Older   string
}

// anyState asks the page for effects in all states.
const anyState = "any"

func (s *Server) effectsPage(r *http.Request, _ caller) (shown, error) {
	asked := r.URL.Query()
	body := ledger{State: asked.Get("state"), States: append([]string{anyState}, effectStates...)}
	query := url.Values{}
	switch body.State {
	case "":
		body.State = string(hls.EffectProposed)
		query.Set("state", body.State)
	case anyState:
	default:
		query.Set("state", body.State)
	}
	before := asked.Get("before")
	if before != "" {
		query.Set("before", before)
		body.Newest = effectsAt(body.State, 0)
	}
	page := shown{name: "effects", here: ui.Effects, title: "Effects"}
	var err error
	var refused *Refused
	switch body.EffectsPage, err = s.log().Effects(r.Context(), query.Encode()); {
	case errors.As(err, &refused):
		page.code, body.Problem = refused.Code, refused.Reason
	case err != nil:
		return page, err
	}
	if body.NextBefore > 0 {
		body.Older = effectsAt(body.State, body.NextBefore)
	}
	page.body = body
	return page, nil
}

// effectsAt is the address of a page of effects in a state, from a row on; 0 is the newest.
func effectsAt(state string, before int64) string {
	query := url.Values{"state": {state}}
	if before > 0 {
		query.Set("before", strconv.FormatInt(before, 10))
	}
	return ui.Effects + "?" + query.Encode()
}

// decideForm are the buttons that approve and reject proposals.
func (s *Server) decideForm(w http.ResponseWriter, r *http.Request, who caller) {
	what := Decision{By: Operator}
	for _, text := range r.PostForm["id"] {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			s.failed(w, r, who, &Refused{http.StatusBadRequest, "an id of an effect is a number"})
			return
		}
		what.IDs = append(what.IDs, id)
	}
	switch r.PostForm.Get("decision") {
	case "approve":
		what.Approve = true
	case "reject":
	default:
		s.failed(w, r, who, &Refused{http.StatusBadRequest, "the decision is approve or reject"})
		return
	}
	slices.Sort(what.IDs)
	what.IDs = slices.Compact(what.IDs)
	decided, err := s.log().Decide(r.Context(), what)
	if err != nil {
		s.failed(w, r, who, err)
		return
	}
	s.deps.Log.InfoContext(r.Context(), "decided by hand", "effects", what.IDs, "approve", what.Approve, "tasks", decided.TaskIDs)
	http.Redirect(w, r, inside(r.PostForm.Get("next")), http.StatusSeeOther)
}
