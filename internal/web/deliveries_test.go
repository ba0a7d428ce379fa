package web

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

// traced is a delivery that every rule lets through, and of which nothing else is known.
func traced(_ context.Context, id string) (hls.Traced, error) {
	if id == "nobody" {
		return hls.Traced{}, hls.ErrNotFound
	}
	return hls.Traced{
		Settings: "now", Steps: []hls.RuleStep{{Rule: "event_enabled", Value: "issues for a-secret-of-the-tests"}},
		Delivery: hls.Delivery{ID: id, Event: "watch", Repo: "o/r", Ignored: "event_not_enabled"},
	}, nil
}

// Why has the tasks of a subject with all that came of them, the newest first, and of a delivery that was passed over the
// rule; a secret is in neither.
func TestWhyTellsOfTasksAndOfWhatWasPassedOver(t *testing.T) {
	t.Parallel()
	s := open(t, func(_ *Config, deps *Deps) { deps.Trace = traced })
	first := s.fill("a", numbered(1), hls.Outcome{State: hls.Done})
	for range 2 {
		_, err := s.store.Enqueue(t.Context(), "a", record.NewTask{Subject: first.Subject, Purpose: "triage", Event: "issues", Origin: hls.FromReplay})
		s.must(err)
	}
	got := s.fetch("GET", "/api/v1/why?subject=o/r%231&limit=2", admin)
	var why Why
	if err := json.Unmarshal([]byte(got.text), &why); err != nil || got.code != http.StatusOK {
		t.Fatalf("%d %s", got.code, got.text)
	}
	if len(why.Tasks) != 2 || !why.More || why.Tasks[0].TaskID != 3 || why.Subject != "o/r#1" || why.Settings != "now" {
		t.Errorf("%+v", why)
	}
	whole := s.fetch("GET", "/api/v1/why?delivery=a&limit=3", admin)
	if err := json.Unmarshal([]byte(whole.text), &why); err != nil || len(why.Tasks) != 3 || why.More || why.DeliveryID != "a" {
		t.Fatalf("%d %s", whole.code, whole.text)
	}
	one := why.Tasks[2]
	if one.Analysis == nil || one.Analysis.User != "look" || one.Plan == nil || len(one.Effects) != 1 || len(one.Trace) != 1 {
		t.Errorf("%+v", one)
	}
	ignored := s.fetch("GET", "/api/v1/why?delivery=passed", admin)
	if !strings.Contains(ignored.text, `"reason": "event_not_enabled"`) || !strings.Contains(ignored.text, `"state": "ignored"`) {
		t.Errorf("%d %s", ignored.code, ignored.text)
	}
	if strings.Contains(got.text+whole.text+ignored.text, "a-secret") {
		t.Errorf("a secret: %s%s", got.text, ignored.text)
	}
	for query, code := range map[string]int{
		"": 400, "subject=o/r": 400, "subject=o/r%231&delivery=d": 400, "subject=o/r%231&limit=51": 400, "subject=o/r%231&limit=0": 400,
		"subject=o/r%231&since=1h": 400, "delivery=a&delivery=b": 400, "subject=o/r%239": 404, "delivery=nobody": 404,
	} {
		if got := s.fetch("GET", "/api/v1/why?"+query, admin); got.code != code {
			t.Errorf("?%s: %d %s", query, got.code, got.text)
		}
	}
}

// A dry replay is asked for in full, or is none: whatever is not understood would be acted upon otherwise.
func TestADryReplayIsNoReplay(t *testing.T) {
	t.Parallel()
	replays, with := 0, Changes{}
	s := open(t, func(_ *Config, deps *Deps) {
		deps.Replay = func(context.Context, string) (hls.Replay, error) {
			replays++
			return hls.Replay{TaskID: 1, State: hls.Queued}, nil
		}
		deps.Try = func(_ context.Context, id string, c Changes) (Tried, error) {
			with = c
			errs := map[string]error{
				"nobody": hls.ErrNotFound, "capped": &hls.Capped{Cap: "claude.budget.daily_usd"}, "down": errors.New("a-secret-of-the-tests is down"),
				"final": &hls.Permanent{Err: errors.New("no payload"), Reason: "no_payload"}, "store": fmt.Errorf("%w: disk", record.ErrUnavailable),
			}
			return Tried{DeliveryID: id}, errs[id]
		}
	})
	post := func(id, body string) page {
		return s.fetch("POST", "/api/v1/deliveries/"+id+"/replay", admin, func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(body)) })
	}
	if got := post("a", `{"dry_run":true,"model":"m","prompts":{"issues/analyze.j2":"x"},"settings":{"a":1}}`); got.code != http.StatusOK || got.json["delivery_id"] != "a" {
		t.Errorf("%d %s", got.code, got.text)
	}
	if with.Model != "m" || with.Prompts["issues/analyze.j2"] != "x" || string(with.Settings) != `{"a":1}` {
		t.Errorf("tried with %+v", with)
	}
	prompts := body("application/json", `{"dry_run":true,"prompts":{"a":"`+strings.Repeat("x", 2*mostBody)+`"}}`)
	if got := s.fetch("POST", "/api/v1/deliveries/a/replay", admin, prompts); got.code != http.StatusOK {
		t.Errorf("a folder of prompts: %d %s", got.code, got.text)
	}
	for _, body := range []string{`{"dryrun":true}`, `{"model":"m"}`, `{"dry_run":false,"estimate":true}`, `dry_run`, `{"dry_run":true,"prompts":{"a":"` + strings.Repeat("x", mostChanges) + `"}}`} {
		if got := post("a", body); got.code != http.StatusBadRequest {
			t.Errorf("%.40s: %d %s", body, got.code, got.text)
		}
	}
	for id, code := range map[string]int{"nobody": 404, "capped": 409, "final": 409, "down": 502, "store": 503} {
		if got := post(id, `{"dry_run":true}`); got.code != code || strings.Contains(got.text, "a-secret") {
			t.Errorf("%s: %d %s", id, got.code, got.text)
		}
	}
	if replays != 0 {
		t.Errorf("%d were replayed", replays)
	}
	for _, body := range []string{"", "{}", `{"dry_run":false}`} {
		if got := post("a", body); got.code != http.StatusAccepted {
			t.Errorf("%q: %d %s", body, got.code, got.text)
		}
	}
}
