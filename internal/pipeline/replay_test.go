package pipeline

import (
	"crypto/sha256"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/record/sqlite"
	"hls/internal/route"
)

// shelf is a pipeline with a rule for o/r, over a store to fill.
func shelf(t *testing.T) (*Pipeline, record.Store) {
	t.Helper()
	store, err := sqlite.Open(t.Context(), sqlite.Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "hls.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	router, err := route.New(route.Config{Repositories: []route.Repository{{Name: "o/r", Events: []string{"issues"}}}}, route.Features{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(Config{Owner: "me", Concurrency: 1, MaxAttempts: 2, Timeout: time.Minute, Lease: time.Minute}, store, Rooms{Router: router}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return p, store
}

// shelve accepts a delivery about an issue of its own in a repository, which bears the delivery's id as its title.
func shelve(t *testing.T, p *Pipeline, id, repo string) hls.Receipt {
	t.Helper()
	body := []byte(`{"action":"opened","issue":{"number":1,"title":"` + id + `"},"repository":{"id":9,"full_name":"` + repo + `"},"sender":{"login":"mona","id":3}}`)
	d := hls.Delivery{ID: id, Event: "issues", Action: "opened", Repo: repo, RepoID: 9, Body: body, Hash: sha256.Sum256(body), ReceivedAt: time.Now()}
	e, err := hls.DecodeEvent(d)
	if err != nil {
		t.Fatal(err)
	}
	receipt, err := p.Accept(t.Context(), d, e)
	if err != nil {
		t.Fatal(err)
	}
	return receipt
}

// ended runs the waiting task to an end, and leaves an effect of it in a state.
func ended(t *testing.T, store record.Store, o hls.Outcome, moves ...hls.EffectState) hls.Task {
	t.Helper()
	task, err := store.Claim(t.Context(), "me", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if len(moves) > 0 {
		rows, err := store.Intend(t.Context(), task, []hls.Effect{{Kind: hls.UpsertComment, Subject: task.Subject, Purpose: task.Purpose, Revision: "r", Body: "x"}})
		if err != nil {
			t.Fatal(err)
		}
		from := hls.Intent
		for _, to := range moves {
			if err := store.Move(t.Context(), task, rows[0].ID, hls.Move{From: from, To: to}); err != nil {
				t.Fatal(err)
			}
			from = to
		}
	}
	if err := store.Finish(t.Context(), task, o); err != nil {
		t.Fatal(err)
	}
	return task
}

// A parked task goes on, so that what it has is not made twice; any other end is followed by a new task, and so is one
// that would be parked again whatever is done.
func TestE5_AReplayResumesWhatIsParked(t *testing.T) {
	t.Parallel()
	refused, final := hls.Outcome{State: hls.Parked, Reason: "refusal"}, hls.Outcome{State: hls.Done}
	for name, c := range map[string]struct {
		outcome hls.Outcome
		moves   []hls.EffectState
		resumed bool
	}{
		"parked":                         {refused, nil, true},
		"parked, an effect done":         {refused, []hls.EffectState{hls.Sending, hls.EffectDone}, true},
		"parked, an effect failed":       {refused, []hls.EffectState{hls.Sending, hls.EffectFailed}, true},
		"parked, an effect not known of": {refused, []hls.EffectState{hls.Sending, hls.EffectUnknown}, false},
		"done":                           {final, nil, false},
		"skipped":                        {hls.Outcome{State: hls.Skipped, Reason: "closed"}, nil, false},
		"superseded":                     {hls.Outcome{State: hls.Superseded, Reason: "subject_moved_on"}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, store := shelf(t)
			shelve(t, p, "d", "o/r")
			old := ended(t, store, c.outcome, c.moves...)
			got, err := p.Replay(t.Context(), "d")
			if err != nil || got.Resumed != c.resumed || got.State != hls.Queued || (got.TaskID == old.ID) != c.resumed {
				t.Fatalf("%+v %v", got, err)
			}
			task, err := store.TaskOf(t.Context(), "d")
			if err != nil || task.ID != got.TaskID || task.State != hls.Queued || (task.Origin == hls.FromReplay) == c.resumed {
				t.Errorf("%+v %v", task, err)
			}
		})
	}
}

// Resumed while newer work on its subject waits, a task gives way, and whoever resumed it is told.
func TestE6_AResumedTaskGivesWay(t *testing.T) {
	t.Parallel()
	p, store := shelf(t)
	shelve(t, p, "old", "o/r")
	ended(t, store, hls.Outcome{State: hls.Parked, Reason: "refusal"})
	shelve(t, p, "new", "o/r")
	if got, err := p.Replay(t.Context(), "old"); err != nil || got.State != hls.Superseded || !got.Resumed {
		t.Errorf("%+v %v", got, err)
	}
}

// What cannot be replayed is told with the remedy, and nothing is queued for it.
func TestReplayRefuses(t *testing.T) {
	t.Parallel()
	p, store := shelf(t)
	shelve(t, p, "ignored", "o/another")
	shelve(t, p, "aged", "o/r")
	ended(t, store, hls.Outcome{State: hls.Done})
	shelve(t, p, "unrouted", "o/r")
	ended(t, store, hls.Outcome{State: hls.Parked, Reason: "refusal"})
	if _, err := store.Purge(t.Context(), record.Cutoff{Payloads: time.Now().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	shelve(t, p, "waiting", "o/r")
	check := func(id, reason, text string) {
		t.Helper()
		_, err := p.Replay(t.Context(), id)
		var final *hls.Permanent
		if !errors.As(err, &final) || final.Reason != reason || !strings.Contains(final.Err.Error(), text) {
			t.Errorf("%s: %v", id, err)
		}
	}
	check("ignored", "no_payload", "redeliver it on GitHub")
	check("aged", "no_payload", "storage.retention.payloads")
	check("waiting", "unfinished", "is queued, to run at 20")
	if _, err := store.Claim(t.Context(), "me", time.Minute); err != nil {
		t.Fatal(err)
	}
	check("waiting", "unfinished", "is running: replay it once it has ended")
	if _, err := p.Replay(t.Context(), "unknown"); !errors.Is(err, hls.ErrNotFound) {
		t.Errorf("unknown: %v", err)
	}
	router, err := route.New(route.Config{Repositories: []route.Repository{{Name: "o/r", Events: []string{"pull_request"}}}}, route.Features{})
	if err != nil {
		t.Fatal(err)
	}
	p.Swap(Rooms{Router: router})
	check("unrouted", "event_not_enabled", "no rule lets issues.opened of o/r through now (event_not_enabled)")
	list, err := store.List(t.Context(), record.Query{State: hls.Queued})
	if err != nil || len(list) > 0 {
		t.Errorf("%d queued, %v", len(list), err)
	}
}
