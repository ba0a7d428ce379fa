package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

// propose leaves a delivery whose effect waits for a person, and returns the id of the effect.
func (s *site) propose(id string, n int) int64 {
	s.t.Helper()
	s.fill(id, numbered(n), hls.Outcome{State: hls.Done})
	ctx := s.t.Context()
	_, err := s.store.Enqueue(ctx, id, record.NewTask{Subject: numbered(n), Purpose: "triage", Event: "issues", Action: "opened", Actor: "mona", Origin: hls.FromReplay, OccurredAt: time.Now()})
	s.must(err)
	task, err := s.store.Claim(ctx, "me", time.Minute)
	s.must(err)
	rows, err := s.store.Intend(ctx, task, []hls.Effect{{Kind: hls.AddLabels, Subject: numbered(n), Purpose: "triage", Revision: "r2", Labels: []hls.Label{{Name: "bug"}}}})
	s.must(err)
	s.must(s.store.Move(ctx, task, rows[0].ID, hls.Move{From: hls.Intent, To: hls.EffectProposed}))
	s.must(s.store.Finish(ctx, task, hls.Outcome{State: hls.Done}))
	return rows[0].ID
}

func (s *site) stateOf(entry int64) hls.EffectState {
	s.t.Helper()
	rows, err := s.store.Ledger(s.t.Context(), record.LedgerQuery{})
	s.must(err)
	for _, e := range rows {
		if e.ID == entry {
			return e.State
		}
	}
	return ""
}

// Operators decide about proposals where they see them; viewers see them, and have no button that a form could stand for.
func TestS2_OperatorsDecide(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	first, second := s.propose("a", 1), s.propose("b", 2)
	op, vi := s.signedIn(token), s.signedIn(viewing)
	for _, path := range []string{"/ui/effects", "/ui/deliveries/a"} {
		if page := s.fetch("GET", path, op.asks); !strings.Contains(page.text, `value="approve"`) || !strings.Contains(page.text, ">bug</span>") && path == "/ui/effects" {
			t.Errorf("%s of an operator: %s", path, page.text)
		}
		if page := s.fetch("GET", path, vi.asks); page.code != http.StatusOK || strings.Contains(page.text, `value="approve"`) || !strings.Contains(page.text, "proposed") {
			t.Errorf("%s of a viewer: %d %s", path, page.code, page.text)
		}
	}
	id := fmt.Sprint(first)
	for _, tc := range []struct {
		name   string
		who    member
		fields []string
		code   int
	}{
		{"a viewer", vi, []string{"csrf", vi.csrf, "id", id, "decision", "approve"}, http.StatusForbidden},
		{"a form of another session", op, []string{"csrf", vi.csrf, "id", id, "decision", "approve"}, http.StatusForbidden},
		{"no decision", op, []string{"csrf", op.csrf, "id", id}, http.StatusBadRequest},
		{"no number", op, []string{"csrf", op.csrf, "id", "x", "decision", "approve"}, http.StatusBadRequest},
		{"nothing", op, []string{"csrf", op.csrf, "decision", "approve"}, http.StatusBadRequest},
		{"one that is not there", op, []string{"csrf", op.csrf, "id", "99", "decision", "approve"}, http.StatusNotFound},
	} {
		if got := s.fetch("POST", "/ui/effects/decide", tc.who.asks, form(tc.fields...)); got.code != tc.code || s.stateOf(first) != hls.EffectProposed {
			t.Errorf("%s: %d, and the effect is %s", tc.name, got.code, s.stateOf(first))
		}
	}
	got := s.fetch("POST", "/ui/effects/decide", op.asks, form("csrf", op.csrf, "id", id, "decision", "approve", "next", "/ui/deliveries/a"))
	if got.code != http.StatusSeeOther || got.header.Get("Location") != "/ui/deliveries/a" || s.stateOf(first) != hls.Intent {
		t.Errorf("approved: %d to %s, and it is %s", got.code, got.header.Get("Location"), s.stateOf(first))
	}
	got = s.fetch("POST", "/ui/effects/decide", op.asks, form("csrf", op.csrf, "id", fmt.Sprint(second), "decision", "reject", "next", "https://evil.example"))
	if got.header.Get("Location") != "/ui/" || s.stateOf(second) != hls.EffectRejected {
		t.Errorf("rejected: to %s, and it is %s", got.header.Get("Location"), s.stateOf(second))
	}
	if got := s.fetch("POST", "/ui/effects/decide", op.asks, form("csrf", op.csrf, "id", id, "decision", "reject")); got.code != http.StatusConflict {
		t.Errorf("decided twice: %d", got.code)
	}
	for query, want := range map[string]string{"?state=rejected": "state rejected", "?state=any": "state done", "?state=shadow": "No effect is shadow"} {
		if page := s.fetch("GET", "/ui/effects"+query, vi.asks); page.code != http.StatusOK || !strings.Contains(page.text, want) {
			t.Errorf("%s: %d %s", query, page.code, page.text)
		}
	}
	if page := s.fetch("GET", "/ui/effects?state=nonsense", vi.asks); page.code != http.StatusBadRequest || !strings.Contains(page.text, "want one of intent") {
		t.Errorf("a state that is none: %d %s", page.code, page.text)
	}
}

// What was done is taken back where the server can, by operators, once they have seen what that would be.
func TestUndoIsOfferedWhereItCanBe(t *testing.T) {
	t.Parallel()
	without := open(t, nil)
	without.fill("a", numbered(1), hls.Outcome{State: hls.Done})
	m := without.signedIn(token)
	if page := without.fetch("GET", "/ui/deliveries/a", m.asks); strings.Contains(page.text, "undo") {
		t.Error("it is offered where it cannot be done")
	}
	if got := without.fetch("POST", "/ui/deliveries/a/undo", m.asks, form("csrf", m.csrf)); got.code != http.StatusNotFound {
		t.Errorf("asked for all the same: %d", got.code)
	}
	var failure error
	undone := ""
	s := open(t, func(_ *Config, deps *Deps) {
		deps.Undo = func(_ context.Context, what Undo) (Undone, error) {
			undone += fmt.Sprintf("%s by %s: %t; ", what.Delivery, what.By, what.Apply)
			return Undone{Effects: []UndoEffect{
				{Kind: hls.AddLabels, Subject: "o/r#1", Labels: []string{"bug"}, Stays: "a person has touched it"}, {Kind: hls.UpsertComment, Subject: "o/r#1", By: hls.RevertComment},
			}}, failure
		}
	})
	s.fill("a", numbered(1), hls.Outcome{State: hls.Done})
	m, vi := s.signedIn(token), s.signedIn(viewing)
	if page := s.fetch("GET", "/ui/deliveries/a", m.asks); !strings.Contains(page.text, `action="/ui/deliveries/a/undo"`) {
		t.Error("it is not offered")
	}
	if page := s.fetch("GET", "/ui/deliveries/a", vi.asks); strings.Contains(page.text, "undo") {
		t.Error("it is offered to a viewer")
	}
	for _, method := range []string{"GET", "POST"} {
		if got := s.fetch(method, "/ui/deliveries/a/undo", vi.asks, form("csrf", vi.csrf)); got.code != http.StatusForbidden || undone != "" {
			t.Errorf("%s by a viewer: %d, %q", method, got.code, undone)
		}
	}
	page := s.fetch("GET", "/ui/deliveries/a/undo", m.asks)
	for _, want := range []string{"a person has touched it", "<b>is taken back</b> (revert comment)", `id="undo"`} {
		if !strings.Contains(page.text, want) {
			t.Errorf("no %q in %s", want, page.text)
		}
	}
	if got := s.fetch("POST", "/ui/deliveries/a/undo", m.asks, form("csrf", m.csrf)); got.code != http.StatusSeeOther || undone != "a by operator: false; a by operator: true; " {
		t.Errorf("%d, %q", got.code, undone)
	}
	for code, err := range map[int]error{
		http.StatusNotFound: hls.ErrNotFound, http.StatusConflict: &hls.Permanent{Err: errors.New("a-secret-of-the-tests"), Reason: "x"},
		http.StatusBadGateway: errors.New("no answer"),
	} {
		failure = err
		if got := s.fetch("POST", "/ui/deliveries/a/undo", m.asks, form("csrf", m.csrf)); got.code != code || strings.Contains(got.text, "a-secret") {
			t.Errorf("%v: %d %s", err, got.code, got.text)
		}
	}
}

// The pages tell what the record counted, and what the settings say.
func TestPagesTellWhatWasCounted(t *testing.T) {
	t.Parallel()
	s := open(t, func(_ *Config, deps *Deps) {
		deps.Repositories = func() []string { return []string{"o/configured", "o/*"} }
		deps.Rule = func(repo string) (Rule, bool) {
			return Rule{Entry: "o/*", Mode: hls.ModeSuggest, Events: []string{"issues"}, Modes: []KindMode{{hls.AddLabels, hls.ModeSuggest}},
				Settings: []Setting{{"labels.min_confidence", "0.6"}}}, repo != "o/unknown"
		}
		deps.GitHub = func(record.Stats) any {
			return map[string]any{"rate_limit": map[string]any{"core": map[string]any{"limit": 5000, "remaining": 4321, "reset": 1}}}
		}
		deps.Claude = func() any {
			return map[string]any{"input_tokens": map[string]any{"limit": 80000, "remaining": 71234, "reset": time.Now()}}
		}
		deps.Budget = func() hls.Budget { return hls.Budget{DailyUSD: 5} }
	})
	m := s.signedIn(viewing)
	s.fill("a", numbered(1), hls.Outcome{State: hls.Done})
	s.fill("b", numbered(2), hls.Outcome{State: hls.Parked, Reason: "refusal"})
	s.propose("c", 3)
	by := hls.Account{Login: "mona", ID: 2, Type: "User"}
	self := hls.Account{Login: "hls", ID: 1, Type: "Bot"}
	for i, fate := range []hls.Fate{hls.LabelAdded, hls.LabelRemoved} {
		touch := hls.Touch{Subject: numbered(1), Label: "bug", Fate: fate, By: []hls.Account{self, by}[i], At: time.Now().Add(time.Duration(i) * time.Second), Self: self}
		s.must(s.store.Touch(t.Context(), []hls.Touch{touch}))
	}
	s.must(s.store.Touch(t.Context(), []hls.Touch{{Subject: numbered(1), Label: "wontfix", Fate: hls.LabelAdded, By: by, At: time.Now(), Self: self}}))
	for path, wants := range map[string][]string{
		"/ui/":                          {"4321 of 5000", "71234 of 80000", "of $5.00", "/ui/deliveries/b", "effects wait for approval", "<b>storage</b>", "0 at work"},
		"/ui/repositories":              {`href="/ui/repositories/o/configured"`, "<td>suggest</td>", "<code>o/*</code>"},
		"/ui/repositories/o/configured": {"<dd>suggest</dd>", "labels.min_confidence", "0.6", "People have not decided"},
		"/ui/trends":                    {"<svg class=\"plot\"", "accepted", "In numbers"}, "/ui/trends?span=month": {`span=month" aria-current="page"`},
		"/ui/repositories/o/r": {"wontfix</span> set 0 times", "added by people 1 times", "People left 0 %"}, "/ui/deliveries/a": {"Queued", "claude-sonnet-5-5", ">receive</a>"},
	} {
		page := s.fetch("GET", path, m.asks)
		for _, want := range wants {
			if page.code != http.StatusOK || !strings.Contains(page.text, want) {
				t.Errorf("%s: %d, no %q in %s", path, page.code, want, page.text)
			}
		}
	}
	if page := s.fetch("GET", "/ui/repositories?name=CONF", m.asks); strings.Count(page.text, "<tr>") != 2 {
		t.Errorf("by name: %s", page.text)
	}
	for path, code := range map[string]int{"/ui/repositories/o/unknown": http.StatusNotFound, "/ui/trends?span=nonsense": http.StatusOK} {
		if page := s.fetch("GET", path, m.asks); page.code != code {
			t.Errorf("%s: %d", path, page.code)
		}
	}
	s.store.breaks("disk full at /var/x")
	for _, path := range []string{"/ui/", "/ui/repositories", "/ui/repositories/o/r"} {
		if page := s.fetch("GET", path, m.asks); page.code != http.StatusServiceUnavailable || strings.Contains(page.text, "/var/x") {
			t.Errorf("%s of a store that fails: %d", path, page.code)
		}
	}
}
