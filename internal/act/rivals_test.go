package act_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hls/internal/act"
	"hls/internal/hls"
)

// Two runs of one pull request fail at once. However far the other is when one looks, there is one comment.
func TestE5_TasksOfTwoSubjectsWriteOneComment(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		step   int // of the other's ledger at which it stops; 0 for none
		commit bool
		live   bool
		first  bool // whether the one that was overtaken goes on at once
	}{
		"done meanwhile":                 {0, false, true, false},
		"about to write":                 {1, true, true, false},
		"not yet about to write":         {1, false, true, true},
		"ended when it was about to":     {1, true, false, false},
		"ended when it had just made it": {2, false, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, other := aimed(t), aimed(t)
				other.world, other.book = s.world, s.book
				other.on("workflow_run/10").task.ID = 2
				other.restart()
				theirs := other.onTarget(hls.UpsertComment)
				theirs.Revision, theirs.Body = "run/10/1", "The other one."
				s.book.live[2] = c.live
				s.world.onRead = map[string]func(){"PullRequest": func() {
					if c.step > 0 {
						s.book.crash, s.book.commit = s.book.steps+c.step, c.commit
					}
					err := other.act(theirs)
					s.book.crash = 0
					if c.step == 0 && err != nil || c.step > 0 && !errors.Is(err, errCrash) {
						t.Errorf("the other: %v", err)
					}
				}}
				err := s.act(s.onTarget(hls.UpsertComment))
				if c.first != (err == nil) {
					t.Fatalf("the first: %v", err)
				}
				s.book.live[1] = true
				for range 5 {
					if err = other.act(theirs); err == nil {
						break
					}
					time.Sleep(max(retryAfter(err), time.Second))
				}
				s.book.live[2] = false
				for range 5 {
					if err = s.act(s.onTarget(hls.UpsertComment)); err == nil {
						break
					}
					time.Sleep(max(retryAfter(err), time.Second))
				}
				if err != nil || len(s.world.comments) != 1 || s.book.states() != "done done" {
					t.Errorf("%v, comments %+v, rows %+v", err, s.world.comments, s.book.rows)
				}
			})
		})
	}
}

// However long a task has been about to write, while it is at work it may still write.
func TestE5_ARowOfATaskAtWorkIsNotDecidedByOthers(t *testing.T) {
	t.Parallel()
	s := aimed(t)
	s.sending(s.onTarget(hls.UpsertComment))
	s.book.rows[0].At = time.Now().Add(-time.Hour)
	s.book.live[1] = true
	s.on("workflow_run/10").task.ID = 2
	e := s.onTarget(hls.UpsertComment)
	e.Revision = "run/10/1"
	waitsFreely(t, s.act(e))
	s.must("sending intent")
}

// locked is a book that several tasks use at once.
type locked struct {
	mu sync.Mutex
	*book
}

func (l *locked) runs(task int64, live bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.live[task] = live
}

func (l *locked) Intend(ctx context.Context, task hls.Task, effects []hls.Effect) ([]hls.Entry, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.book.Intend(ctx, task, effects)
}

func (l *locked) Move(ctx context.Context, task hls.Task, id int64, m hls.Move) error {
	time.Sleep(time.Millisecond)
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.book.Move(ctx, task, id, m)
}

func (l *locked) Posted(ctx context.Context, s hls.Subject, purpose string, kind hls.EffectKind) (hls.Entry, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.book.Posted(ctx, s, purpose, kind)
}

func (l *locked) Undecided(ctx context.Context, s hls.Subject) ([]hls.Entry, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.book.Undecided(ctx, s)
}

// TestE5_ManyTasksWriteOneComment has many runs of one pull request end at once, each with its own worker.
func TestE5_ManyTasksWriteOneComment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := aimed(t)
		shared := &locked{book: s.book}
		actor, err := act.New(act.Config{}, s.world, shared)
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for i := range 12 {
			all.Go(func() {
				task := s.task
				task.ID, task.Subject.Ref = int64(i+1), fmt.Sprintf("workflow_run/%d", i+1)
				e := s.onTarget(hls.UpsertComment)
				e.Revision = fmt.Sprintf("run/%d/1", i+1)
				shared.runs(task.ID, true)
				for {
					_, err := actor.Act(t.Context(), task, hls.Plan{Effects: []hls.Effect{e}, Target: s.target}, s.rule)
					if err == nil {
						shared.runs(task.ID, false)
						return
					}
					if retryAfter(err) == 0 {
						t.Error(err)
						return
					}
					time.Sleep(retryAfter(err))
				}
			})
		}
		all.Wait()
		if len(s.world.comments) != 1 {
			t.Errorf("%d comments", len(s.world.comments))
		}
	})
}
