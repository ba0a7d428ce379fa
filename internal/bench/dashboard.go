package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

// What the dashboard promises of each of its pages.
const promised = 200 * time.Millisecond

// place is what is looked at.
type place struct{ name, path string }

// looked are the pages that a reader looks at, with each filter, with what finds much, little and nothing.
var looked = []place{
	{"now", "/ui/"},
	{"deliveries", "/ui/deliveries"},
	{"of a repository", "/ui/deliveries?repo=acme/repository-07"},
	{"of an event", "/ui/deliveries?event=release"},
	{"parked", "/ui/deliveries?state=parked"},
	{"done", "/ui/deliveries?state=done"},
	{"for a reason", "/ui/deliveries?reason=refusal"},
	{"for a reason that there is not", "/ui/deliveries?reason=nothing"},
	{"by a person", "/ui/deliveries?actor=person-0042"},
	{"by nobody", "/ui/deliveries?actor=nobody"},
	{"about a subject", "/ui/deliveries?subject=acme/repository-07%2342"},
	{"with a text", "/ui/deliveries?text=draft"},
	{"with a text that there is not", "/ui/deliveries?text=nothing+has+this"},
	{"of a repository, with a text that there is not", "/ui/deliveries?repo=acme/repository-07&text=nothing+has+this"},
	{"done, by a person, with a text that there is not", "/ui/deliveries?state=done&actor=person-0042&text=nothing+has+this"},
	{"of a repository and an event that it has not", "/ui/deliveries?repo=acme/repository-07&event=gollum"},
	{"newest tasks, parked, of an event", "/ui/deliveries?newest=true&state=parked&event=issues"},
	{"from the middle on", "/ui/deliveries?before=%d"},
	{"from the middle on, with a text that there is not", "/ui/deliveries?text=nothing+has+this&before=%d"},
	{"one delivery", "/ui/deliveries/"},
	{"effects that wait", "/ui/effects"},
	{"effects in shadow", "/ui/effects?state=shadow"},
	{"effects that failed", "/ui/effects?state=failed"},
	{"effects", "/ui/effects?state=any"},
	{"repositories", "/ui/repositories"},
	{"a repository", "/ui/repositories/acme/repository-07"},
	{"trends of a day", "/ui/trends"},
	{"trends of a week", "/ui/trends?span=week"},
	{"trends of a month", "/ui/trends?span=month"},
}

// dashboard measures every page of the dashboard over the larger record.
func dashboard(ctx context.Context, o options) (err error) {
	s, err := newStage(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	t := table{}
	stores := s.stores()
	head := []any{"page"}
	for _, store := range stores {
		head = append(head, store.name, "slowest")
	}
	t.row(head...)
	all := slices.Concat(looked, pages)
	rows := make([][]any, len(all))
	late := 0
	for _, store := range stores {
		start := time.Now()
		l := &life{of: o.large, start: start.Add(-29 * 24 * time.Hour), step: 29 * 24 * time.Hour / time.Duration(o.large)}
		if err := l.fill(ctx, store); err != nil {
			return err
		}
		fmt.Printf("%s: %d deliveries stored in %s\n", store.name, o.large, time.Since(start).Round(time.Second))
		times, err := s.look(store.url, all)
		if err != nil {
			return err
		}
		for i, took := range times {
			rows[i] = append(rows[i], middle(took), took[len(took)-1])
			if took[len(took)-1] > promised {
				late++
			}
		}
	}
	for i, page := range all {
		t.row(append([]any{page.name}, rows[i]...)...)
	}
	fmt.Println()
	t.print()
	fmt.Printf("\n%d of %d pages took longer than %s at their slowest.\n", late, len(all)*len(stores), promised)
	return nil
}

// looks is how often each page is looked at, after the first time.
const looks = 20

// look reads each page from a service of its own; the times come sorted.
func (s *stage) look(address string, pages []place) (times [][]time.Duration, err error) {
	p, err := s.serve(address, later)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.end(p)) }()
	for _, page := range pages {
		path := strings.Replace(page.path, "%d", fmt.Sprint(s.options.large/2), 1)
		if page.path == "/ui/deliveries/" {
			path += url.PathEscape(idOf(s.options.large / (2 * (copied + 1))))
		}
		var all []time.Duration
		for range looks + 1 {
			start := time.Now()
			status, _, err := p.get(s.ctx, path)
			if err != nil || status != http.StatusOK {
				return nil, errors.Join(err, fmt.Errorf("%s is answered with %d", path, status))
			}
			all = append(all, time.Since(start))
		}
		slices.Sort(all[1:])
		times = append(times, all[1:])
	}
	return times, nil
}

// life is a month of deliveries of many kinds, which is over in minutes.
type life struct {
	of    int
	start time.Time
	step  time.Duration // between two deliveries
	made  atomic.Int64
}

func (l *life) now() time.Time { return l.start.Add(time.Duration(l.made.Load()) * l.step) }

// copied is how many copies the database makes of each delivery that it was given, which is faster.
const copied = 19

// fill stores a twentieth of the deliveries as the service does, and has the database copy them.
func (l *life) fill(ctx context.Context, at storage) (err error) {
	n := l.of / (copied + 1)
	l.step *= copied + 1
	store, err := openAt(ctx, at.url, l.now)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	var failed error
	var all sync.WaitGroup
	for range fillers {
		all.Go(func() {
			for i := l.made.Add(1); i <= int64(n) && ctx.Err() == nil; i = l.made.Add(1) {
				if err := l.one(ctx, store, int(i)); err != nil {
					mu.Lock()
					failed = errors.Join(failed, err)
					mu.Unlock()
					return
				}
			}
		})
	}
	all.Wait()
	if err := errors.Join(failed, ctx.Err(), store.Close()); err != nil {
		return err
	}
	if err := tell(ctx, at.url, copies()); err != nil {
		return fmt.Errorf("copy deliveries: %w", err)
	}
	return vacuum(ctx, at.url)
}

// copies has a database copy the deliveries, their tasks and effects.
func copies() string {
	return strings.NewReplacer("COPIES", fmt.Sprintf("(WITH RECURSIVE s (g) AS (SELECT 1 UNION ALL SELECT g + 1 FROM s WHERE g < %d) SELECT g FROM s) c", copied)).Replace(`
INSERT INTO deliveries (id, request_id, hook_id, event, action, repo, repo_id, scope, sender, headers, hash, ignored, received_at, payload)
	SELECT id || '-' || g, request_id, hook_id, event, action, repo, repo_id, scope, sender, headers, hash, ignored, received_at, payload
	FROM deliveries CROSS JOIN COPIES;
INSERT INTO tasks (delivery_id, request_id, origin, subject_key, scope, repo_id, repo, kind, number, ref, purpose, event, action, actor, state, reason,
		attempt, occurred_at, queued_at, burst_at, run_at, spent, title)
	SELECT delivery_id || '-' || g, request_id, origin, subject_key, scope, repo_id, repo, kind, number, ref, purpose, event, action, actor, state, reason,
		attempt, occurred_at, queued_at, burst_at, run_at, spent, title
	FROM tasks CROSS JOIN COPIES WHERE state IN ('done', 'skipped', 'parked', 'superseded');
INSERT INTO effects (key, task_id, subject_key, purpose, kind, state, effect, remote_id, url, error, at)
	SELECT key || '-' || g, task_id, subject_key, purpose, kind, state, effect, remote_id, url, error, at FROM effects CROSS JOIN COPIES;
`)
}

func idOf(n int) string { return fmt.Sprintf("%08x-0000-4000-8000-%012x", n, n) }

var happened = []struct{ event, action string }{
	{"issues", "opened"}, {"issues", "edited"}, {"pull_request", "opened"}, {"pull_request", "synchronize"}, {"issue_comment", "created"},
	{"push", ""}, {"workflow_run", "completed"}, {"pull_request_review", "submitted"}, {"issues", "labeled"}, {"release", "published"},
}

// one is the life of one delivery, in the way in which the service leads it.
func (l *life) one(ctx context.Context, store record.Store, n int) error {
	body := fmt.Appendf(nil, `{"action":"opened","n":%d,"filler":%q}`, n, strings.Repeat("GitHub's are longer. ", 20))
	what := happened[n/7%len(happened)]
	subject := hls.Subject{RepoID: 1 + int64(n%repositories), Repo: repository(n), Kind: hls.KindIssue, Number: 1 + n/repositories}
	who := fmt.Sprintf("person-%04d", n*7919%5000)
	_, err := store.Add(ctx, record.Intake{
		Delivery: hls.Delivery{
			ID: idOf(n), RequestID: fmt.Sprint(n), Event: what.event, Action: what.action, Repo: subject.Repo, RepoID: subject.RepoID, Sender: who, Body: body,
			Hash: hashOf(body), ReceivedAt: l.now(),
		},
		Work: &record.NewTask{
			Subject: subject, Purpose: "triage", Event: what.event, Action: what.action, Actor: who, Origin: hls.FromDelivery, OccurredAt: l.now(),
			Title: fmt.Sprintf("Crash when saving draft %d of a large document", n),
		},
	})
	if err != nil {
		return err
	}
	task, err := store.Claim(ctx, "bench", 1000*24*time.Hour)
	if errors.Is(err, record.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	end := hls.Outcome{State: hls.Done, Spent: time.Duration(1+task.ID%40) * 250 * time.Millisecond}
	switch {
	case task.ID%500 == 1:
		end.State, end.Reason = hls.Parked, []string{"refusal", "github_unavailable", "schema"}[task.ID/500%3]
	case task.ID%50 == 2:
		end.State, end.Reason = hls.Skipped, "already_analyzed"
	case task.ID%20 == 0:
		err = effects(ctx, store, task)
	}
	if err != nil {
		return err
	}
	return store.Finish(ctx, task, end)
}

// effects leaves an analysis, a plan and rows of the ledger.
func effects(ctx context.Context, store record.Store, task hls.Task) error {
	text := strings.Repeat("What the prompt says of the event. ", 40)
	planned := []hls.Effect{
		{Kind: hls.AddLabels, Subject: task.Subject, Purpose: task.Purpose, Revision: task.DeliveryID, Labels: []hls.Label{{Name: "bug"}}},
		{Kind: hls.UpsertComment, Subject: task.Subject, Purpose: task.Purpose, Revision: task.DeliveryID, Body: text},
	}
	id, err := store.Reserve(ctx, hls.Reservation{Task: task, MicroUSD: 1000})
	if err != nil {
		return err
	}
	err = store.SaveAnalysis(ctx, task, id, hls.Analysis{
		TaskID: task.ID, DeliveryID: task.DeliveryID, Subject: task.Subject, Purpose: task.Purpose, Revision: "r", Answer: []byte(`{"summary":"s"}`),
		Model: "claude-haiku-5-5", Template: "issues/analyze.j2", PromptHash: "b59762326ec8", Prompt: hls.Prompt{System: text, User: text},
		Usage: hls.Usage{InputTokens: 2000, OutputTokens: 200, CostMicroUSD: 400}, At: task.QueuedAt,
	})
	if err == nil {
		err = store.SavePlan(ctx, task, hls.Plan{Effects: planned})
	}
	if err != nil {
		return err
	}
	rows, err := store.Intend(ctx, task, planned)
	if err != nil {
		return err
	}
	to := hls.EffectDone
	switch {
	case task.ID%100 == 0:
		to = hls.EffectShadow
	case task.ID%1000 == 20:
		to = hls.EffectProposed
	}
	for _, row := range rows {
		if to == hls.EffectDone {
			err = store.Move(ctx, task, row.ID, hls.Move{From: hls.Intent, To: hls.Sending})
		}
		if err == nil {
			from := hls.Intent
			if to == hls.EffectDone {
				from = hls.Sending
			}
			err = store.Move(ctx, task, row.ID, hls.Move{From: from, To: to})
		}
		if err != nil {
			return err
		}
	}
	return nil
}
