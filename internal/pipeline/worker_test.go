package pipeline

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"hls/internal/act"
	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/record/sqlite"
	"hls/internal/route"
)

// claimed is a store with one running task, and a pipeline over it.
func claimed(t *testing.T, lease time.Duration) (*Pipeline, record.Store, hls.Task) {
	t.Helper()
	store, err := sqlite.Open(t.Context(), sqlite.Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "hls.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	body := []byte(`{}`)
	subject := hls.Subject{RepoID: 1, Repo: "o/r", Kind: hls.KindIssue, Number: 1}
	_, err = store.Add(t.Context(), record.Intake{
		Delivery: hls.Delivery{ID: "d", Event: "issues", Body: body, Hash: sha256.Sum256(body), ReceivedAt: time.Now()},
		Work:     &record.NewTask{Subject: subject, Purpose: "triage", Event: "issues", Origin: hls.FromDelivery, OccurredAt: time.Now()},
	})
	if err != nil {
		t.Fatal(err)
	}
	task, err := store.Claim(t.Context(), "me", lease)
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(Config{Owner: "me", Concurrency: 1, MaxAttempts: 2, Timeout: time.Minute, Lease: lease}, store, Rooms{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return p, store, task
}

// While a run goes on its lease is renewed, so that nobody else takes the task.
func TestE5_TheLeaseIsKept(t *testing.T) {
	t.Parallel()
	const lease = 500 * time.Millisecond
	p, store, task := claimed(t, lease)
	ctx, cancel := context.WithCancel(t.Context())
	kept := p.keep(ctx, cancel, task)
	tick := time.NewTicker(lease / 10)
	defer tick.Stop()
	for range 30 { // three times as long as the lease
		<-tick.C
		if other, err := store.Claim(t.Context(), "another", lease); !errors.Is(err, record.ErrNone) {
			t.Fatalf("task %d was taken away: %v", other.ID, err)
		}
	}
	cancel()
	<-kept
}

// A run whose lease is lost is told to stop.
func TestE5_ALostLeaseEndsTheRun(t *testing.T) {
	t.Parallel()
	const lease = 3 * time.Second
	p, store, task := claimed(t, lease)
	if err := store.Release(t.Context(), task); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	began := time.Now()
	<-p.keep(ctx, cancel, task)
	if took := time.Since(began); !errors.Is(ctx.Err(), context.Canceled) || took >= lease {
		t.Errorf("the run went on for %s: %v", took, ctx.Err())
	}
}

// A run whose lease could not be renewed is told to stop once another may have begun.
func TestO2_ALapsedLeaseEndsTheRun(t *testing.T) {
	t.Parallel()
	const lease = 300 * time.Millisecond
	p, store, task := claimed(t, lease)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	began := time.Now()
	<-p.keep(ctx, cancel, task)
	if took := time.Since(began); !errors.Is(ctx.Err(), context.Canceled) || took < lease {
		t.Errorf("the run went on for %s: %v", took, ctx.Err())
	}
}

// A delivery that makes the program panic is parked; the others go on.
func TestO1_APanicParksItsTask(t *testing.T) {
	t.Parallel()
	p, store, task := claimed(t, time.Minute)
	p.store = poisoned{store}
	p.work(t.Context(), task)
	got, err := store.Task(t.Context(), task.ID)
	if err != nil || got.State != hls.Parked || got.Reason != "panic" {
		t.Errorf("ended as %s (%s), %v", got.State, got.Reason, err)
	}
}

// poisoned is a store on which reading a delivery panics.
type poisoned struct{ record.Store }

func (poisoned) Delivery(context.Context, string) (hls.Delivery, error) { panic("poison") }

// A delivery that killed the process in all its attempts is parked before it can do so again.
func TestO1_CrashesUseUpAttempts(t *testing.T) {
	t.Parallel()
	p, store, task := claimed(t, time.Minute)
	p.store = poisoned{store}
	task.Attempt = p.cfg.MaxAttempts + 1
	p.work(t.Context(), task)
	got, err := store.Task(t.Context(), task.ID)
	if err != nil || got.State != hls.Parked || got.Reason != "max_attempts" {
		t.Errorf("ended as %s (%s), %v", got.State, got.Reason, err)
	}
}

// A task without attempts left is not given up in the middle of a write: what became of that is read back first.
func TestE5_ASpentTaskReadsBackWhatItWasSending(t *testing.T) {
	t.Parallel()
	p, store, task := claimed(t, time.Minute)
	router, err := route.New(route.Config{}, route.Features{})
	if err != nil {
		t.Fatal(err)
	}
	actor, err := act.New(act.Config{}, labeled{}, store)
	if err != nil {
		t.Fatal(err)
	}
	p.Swap(Rooms{Router: router, Actor: actor})
	effect := hls.Effect{Kind: hls.AddLabels, Subject: task.Subject, Purpose: task.Purpose, Labels: []hls.Label{{Name: "bug"}}}
	rows, err := store.Intend(t.Context(), task, []hls.Effect{effect})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Move(t.Context(), task, rows[0].ID, hls.Move{From: hls.Intent, To: hls.Sending}); err != nil {
		t.Fatal(err)
	}
	task.Attempt = p.cfg.MaxAttempts + 1
	p.work(t.Context(), task)
	got, err := store.Task(t.Context(), task.ID)
	if err != nil || got.State != hls.Parked || got.Reason != "max_attempts" {
		t.Errorf("ended as %s (%s), %v", got.State, got.Reason, err)
	}
	if rows, err = store.Effects(t.Context(), task.ID); err != nil || rows[0].State != hls.EffectDone {
		t.Errorf("rows %+v, %v", rows, err)
	}
}

// labeled is a GitHub on which an issue has its label.
type labeled struct{ act.GitHub }

func (labeled) SelfFor(context.Context, string) (hls.Account, error) {
	return hls.Account{ID: 7, Login: "hls-bot"}, nil
}

func (labeled) Issue(context.Context, hls.Subject) (hls.Issue, error) {
	return hls.Issue{Number: 1, Labels: []hls.Label{{Name: "bug"}}}, nil
}

func (labeled) History(context.Context, hls.Subject) ([]hls.LabelEvent, error) { return nil, nil }

// Of the tasks that did not come to an end twice, one is tried at a time: should it end the process, the others keep
// their attempts.
func TestO1_SuspectsRunOneAtATime(t *testing.T) {
	t.Parallel()
	p, _, task := claimed(t, time.Minute)
	p.cfg.MaxAttempts = 8
	task.Attempt = suspectAttempt
	release, err := p.admit(t.Context(), task)
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.admit(t.Context(), task)
	if o := p.judge(task, err); err == nil || o.State != hls.Queued || !o.Free || time.Until(o.RetryAt) < suspectPause/2 {
		t.Errorf("the second: %v, %+v", err, o)
	}
	task.Attempt--
	if _, err := p.admit(t.Context(), task); err != nil {
		t.Errorf("one that is no suspect: %v", err)
	}
	release()
	task.Attempt++
	if _, err := p.admit(t.Context(), task); err != nil {
		t.Errorf("once the first has ended: %v", err)
	}
}

// A store that fails for a moment costs an attempt, and not the task.
func TestO1_AFaultIsNotSupersession(t *testing.T) {
	t.Parallel()
	p, store, task := claimed(t, time.Minute)
	p.store = faltering{store}
	if got := p.judge(task, p.overtaken(t.Context(), task)); got.State != hls.Queued {
		t.Errorf("ended as %s (%s)", got.State, got.Reason)
	}
}

// faltering is a store that cannot be asked for newer work.
type faltering struct{ record.Store }

func (faltering) Superseded(context.Context, hls.Task) (bool, error) {
	return false, record.ErrUnavailable
}
