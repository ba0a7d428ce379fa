package web

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

// fill stores a delivery about a subject, runs its task with an analysis and an effect, and ends it.
func (s *site) fill(id string, subject hls.Subject, o hls.Outcome) hls.Task {
	s.t.Helper()
	ctx := s.t.Context()
	body := fmt.Appendf(nil, `{"delivery":%q}`, id)
	event := "issues"
	if subject.Kind == hls.KindOther {
		event = "release"
	}
	_, err := s.store.Add(ctx, record.Intake{
		Delivery: hls.Delivery{ID: id, RequestID: "req-" + id, Event: event, Body: body, Hash: sha256.Sum256(body), ReceivedAt: time.Now()},
		Work:     &record.NewTask{Subject: subject, Purpose: "triage", Event: event, Action: "opened", Actor: "mona", Origin: hls.FromDelivery, OccurredAt: time.Now()},
	})
	s.must(err)
	task, err := s.store.Claim(ctx, "me", time.Minute)
	s.must(err)
	s.must(s.store.SaveAnalysis(ctx, task, 0, hls.Analysis{
		Answer: json.RawMessage(`{"type":"bug"}`), Model: "claude-sonnet-5-5", Template: "issues/analyze.j2", Revision: "r1",
		Prompt: hls.Prompt{System: "be brief", User: "look"}, Usage: hls.Usage{InputTokens: 7, CostMicroUSD: 12},
	}))
	effect := hls.Effect{Kind: hls.UpsertComment, Subject: subject, Purpose: "triage", Revision: "r1", Body: "hello"}
	s.must(s.store.SavePlan(ctx, task, hls.Plan{Effects: []hls.Effect{effect}, Dropped: []hls.Drop{{What: "label x", Why: "no quote"}}}))
	rows, err := s.store.Intend(ctx, task, []hls.Effect{effect})
	s.must(err)
	s.must(s.store.Move(ctx, task, rows[0].ID, hls.Move{From: hls.Intent, To: hls.Sending}))
	s.must(s.store.Move(ctx, task, rows[0].ID, hls.Move{From: hls.Sending, To: hls.EffectDone, URL: "https://github.example/1", Error: "said a-secret-of-the-tests"}))
	o.Spent = 1500 * time.Millisecond
	s.must(s.store.Finish(ctx, task, o))
	return task
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func numbered(n int) hls.Subject {
	return hls.Subject{RepoID: 1, Repo: "o/r", Kind: hls.KindIssue, Number: n}
}

// listed are the deliveries that a page lists, and where the next one begins.
func (s *site) listed(query string) (ids string, next float64) {
	s.t.Helper()
	got := s.fetch("GET", "/api/v1/deliveries?"+query, admin)
	var page Page
	if err := json.Unmarshal([]byte(got.text), &page); err != nil || got.code != http.StatusOK {
		s.t.Fatalf("?%s: %d %s", query, got.code, got.text)
	}
	var all []string
	for _, d := range page.Deliveries {
		all = append(all, d.DeliveryID)
	}
	return strings.Join(all, " "), float64(page.NextBefore)
}

func TestDeliveriesAreNarrowedAndPaged(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	parked := hls.Outcome{State: hls.Parked, Reason: "refusal"}
	first := s.fill("a", numbered(1), parked)
	s.fill("b", numbered(2), hls.Outcome{State: hls.Parked, Reason: "max_attempts"})
	s.fill("c", hls.Subject{RepoID: 1, Repo: "o/r", Kind: hls.KindOther, Ref: "release/5"}, hls.Outcome{State: hls.Done})
	for query, want := range map[string]string{
		"": "c b a", "state=parked": "b a", "reason=refusal": "a", "reason=none": "", "state=done&reason=refusal": "",
		"subject=o/r%232": "b", "subject=o/r/release/5": "c", "subject=o/r%239": "", "repo=o/r&subject=o/r%231": "a", "event=release": "c",
	} {
		if ids, _ := s.listed(query); ids != want {
			t.Errorf("?%s: %q, want %q", query, ids, want)
		}
	}
	ids, next := s.listed("limit=2")
	if ids != "c b" || next != 2 {
		t.Errorf("the first page: %q, next %v", ids, next)
	}
	if ids, next = s.listed("limit=2&before=2"); ids != "a" || next != 0 {
		t.Errorf("the last page: %q, next %v", ids, next)
	}
	if _, next = s.listed("limit=3"); next != 0 {
		t.Errorf("a page that is full and the last: next %v", next)
	}
	_, err := s.store.Enqueue(t.Context(), "a", record.NewTask{Subject: first.Subject, Purpose: "triage", Event: "issues", Origin: hls.FromReplay})
	s.must(err)
	if ids, _ := s.listed("newest=true"); ids != "a c b" {
		t.Errorf("of a delivery that was replayed: %q", ids)
	}
	for query, want := range map[string]string{
		"subject=o/r": "owner/repo#42", "subject=o/r%230": "owner/repo#42", "subject=" + url.QueryEscape("a b#1/"): "owner/repo#42",
		"subject=o/r%231&repo=o/s": "is not one of repo", "newest=yes": "true, false",
	} {
		got := s.fetch("GET", "/api/v1/deliveries?"+query, admin)
		if reason, _ := got.json["reason"].(string); got.code != http.StatusBadRequest || !strings.Contains(reason, want) {
			t.Errorf("?%s: %d %s", query, got.code, got.text)
		}
	}
}

// A row has what a table of deliveries shows, and one delivery everything; a secret is in neither.
func TestDeliveryIsShownWhole(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.fill("a", numbered(1), hls.Outcome{State: hls.Parked, Reason: "for a-secret-of-the-tests"})
	row := s.fetch("GET", "/api/v1/deliveries", admin)
	for _, want := range []string{`"duration_seconds": 1.5,`, `"effects_done": 1`, `"subject": "o/r#1"`, `"actor": "mona"`, `"attempt": 1,`} {
		if !strings.Contains(row.text, want) {
			t.Errorf("no %s in %s", want, row.text)
		}
	}
	var shown Shown
	one := s.fetch("GET", "/api/v1/deliveries/a", admin)
	if err := json.Unmarshal([]byte(one.text), &shown); err != nil {
		t.Fatal(err)
	}
	if a := shown.Analysis; a == nil || a.Usage.CostMicroUSD != 12 || a.User != "look" || !strings.Contains(string(a.Answer), "bug") {
		t.Errorf("analysis %+v", shown.Analysis)
	}
	if shown.DurationSeconds != 1.5 || shown.Plan == nil || len(shown.Plan.Dropped) != 1 || len(shown.Effects) != 1 || shown.Effects[0].URL == "" {
		t.Errorf("%+v", shown)
	}
	if strings.Contains(row.text+one.text, "a-secret") {
		t.Errorf("a secret: %s%s", row.text, one.text)
	}
	s.fill("b", numbered(2), hls.Outcome{State: hls.Done})
	if _, err := s.store.Purge(t.Context(), record.Cutoff{Analyses: time.Now().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	aged := s.fetch("GET", "/api/v1/deliveries/b", admin)
	if analysis, _ := aged.json["analysis"].(map[string]any); analysis == nil || analysis["answer"] != nil || analysis["model"] == "" {
		t.Errorf("with an analysis that has aged out: %s", aged.text)
	}
}

// What a replay cannot do is a conflict, with the remedy.
func TestReplayIsRefused(t *testing.T) {
	t.Parallel()
	s := open(t, func(_ *Config, deps *Deps) {
		deps.Replay = func(context.Context, string) (hls.Replay, error) {
			return hls.Replay{}, &hls.Permanent{Err: errors.New("a-secret-of-the-tests: change the settings"), Reason: "event_not_enabled"}
		}
	})
	got := s.fetch("POST", "/api/v1/deliveries/x/replay", admin)
	if reason, _ := got.json["reason"].(string); got.code != http.StatusConflict || !strings.HasSuffix(reason, ": change the settings") || strings.Contains(reason, "a-secret") {
		t.Errorf("%d %s", got.code, got.text)
	}
}
