package sqlite

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

// TestLanesFollowTasks: after every kind of write in random order the heads of the queue are what the tasks make
// them, and tasks have made only the moves of docs/task-states.md.
func TestLanesFollowTasks(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	now := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	s.writer.clock.tell = forward(func() time.Time { return now })
	must(t, s.write(t.Context(), func(t *tx) error {
		return errors.Join(
			t.exec(`CREATE TEMP TABLE log (a TEXT, b TEXT)`),
			t.exec(`CREATE TEMP TRIGGER born AFTER INSERT ON main.tasks BEGIN INSERT INTO log VALUES ('', NEW.state); END`),
			t.exec(`CREATE TEMP TRIGGER moved AFTER UPDATE OF state ON main.tasks BEGIN INSERT INTO log VALUES (OLD.state, NEW.state); END`))
	}))
	var running []hls.Task
	for i := range 400 {
		now = now.Add(time.Duration(rand.IntN(20)) * time.Second)
		must(t, randomStep(t, s, i, now, &running))
		if i%20 == 0 {
			must(t, s.consistent(t))
		}
	}
	must(t, s.consistent(t))
	var moves string
	must(t, s.write(t.Context(), func(t *tx) error {
		return t.row(`SELECT group_concat(m, ' ') FROM (SELECT DISTINCT a || '>' || b AS m FROM log)`, nil, &moves)
	}))
	for _, m := range strings.Fields(moves) {
		from, to, _ := strings.Cut(m, ">")
		if !record.Allowed(hls.State(from), hls.State(to)) {
			t.Errorf("a task went from %q to %q", from, to)
		}
	}
	if n := len(strings.Fields(moves)); n < 9 {
		t.Errorf("only %d kinds of moves were made: %s", n, moves)
	}
}

func randomStep(t *testing.T, s *Store, i int, now time.Time, running *[]hls.Task) error {
	t.Helper()
	ctx := t.Context()
	in := intake(fmt.Sprint("d", i), int64(rand.IntN(3)), rand.IntN(4))
	in.Work.OccurredAt = now.Add(-time.Duration(rand.IntN(30)) * time.Second)
	in.Work.Debounce = time.Duration(rand.IntN(3)) * 10 * time.Second
	var task hls.Task
	if n := len(*running); n > 0 {
		task = (*running)[n-1-rand.IntN(min(n, 3))]
	}
	forget := func() { *running = slices.DeleteFunc(*running, func(r hls.Task) bool { return r.ID == task.ID }) }
	var err error
	switch rand.IntN(10) {
	case 0, 1, 2, 3:
		_, err = s.Add(ctx, in)
	case 4, 5, 6:
		if task, err = s.Claim(ctx, "me", time.Duration(rand.IntN(100))*time.Second); err == nil {
			*running = append(*running, task)
		}
	case 7:
		ends := []hls.State{hls.Done, hls.Skipped, hls.Superseded, hls.Parked, hls.Queued, hls.Parked}
		err = s.Finish(ctx, task, hls.Outcome{State: ends[rand.IntN(len(ends))], RetryAt: now.Add(time.Minute)})
		forget()
	case 8:
		err = s.Release(ctx, task)
		forget()
	case 9:
		parked, e := s.List(ctx, record.Query{State: hls.Parked})
		must(t, e)
		if n := len(parked); n > 0 {
			err = s.Resume(ctx, parked[rand.IntN(n)].Task.ID)
		}
	}
	for _, fine := range []error{record.ErrNone, hls.ErrLost, record.ErrNotParked, hls.ErrNotFound} {
		if errors.Is(err, fine) {
			return nil
		}
	}
	return err
}

// TestClaimScansNoTable: a claim is a fixed number of looks into indexes, however many tasks and subjects wait.
func TestClaimScansNoTable(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	for _, c := range []struct {
		query, uses string
		args        []any
	}{
		{pick, "INDEX lanes_repo (repo_id=? AND busy=? AND due_at<?)", []any{1}},
		{pick, "INDEX yards_due (running=? AND due_at<?)", []any{1}},
		{head, "INDEX tasks_head (subject_key=?)", []any{1}},
		{expired, "INDEX tasks_state (state=?)", []any{1}},
		{newest, "INDEX tasks_newest (subject_key=? AND purpose=?)", []any{1, 2}},
		{`UPDATE tasks SET state = 'superseded'` + older, "INDEX tasks_pending (subject_key=? AND purpose=? AND occurred_at<?)", []any{1, 2, 3}},
		{lane, "INDEX tasks_head (subject_key=?)", []any{1, 2}},
		{lane, "INDEX tasks_running (subject_key=?)", []any{1, 2}},
		{yard, "INDEX lanes_repo (repo_id=? AND busy=?)", []any{1}},
		{nextDue, "INDEX tasks_state (state=?)", nil},
		{nextDue, "INDEX lanes_due (busy=?)", nil},
	} {
		plan := explain(t, s, c.query, c.args...)
		if !strings.Contains(plan, c.uses) {
			t.Errorf("no use of %s in\n%s", c.uses, plan)
		}
		for _, bad := range []string{"SCAN tasks", "SCAN lanes", "SCAN yards", "SCAN t\n", "SCAN l\n"} {
			if strings.Contains(plan, bad) {
				t.Errorf("a scan in\n%s%s", plan, c.query)
			}
		}
	}
}

func explain(t *testing.T, s *Store, query string, args ...any) (plan string) {
	t.Helper()
	must(t, s.write(t.Context(), func(t *tx) (err error) {
		rows, err := t.w.conn.QueryContext(context.Background(), `EXPLAIN QUERY PLAN `+query, args...)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, rows.Close()) }()
		for rows.Next() {
			var id, parent, unused int
			var step string
			if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
				return err
			}
			plan += step + "\n"
		}
		return rows.Err()
	}))
	return plan
}

// crowd queues n replays of one subject, whose first task is running, and work on others behind them.
func crowd(b *testing.B, s *Store, n int) {
	b.Helper()
	ctx := context.Background()
	_, err := s.Add(ctx, intake("first", 1, 1))
	must(b, err)
	_, err = s.Claim(ctx, "me", time.Hour)
	must(b, err)
	work := *intake("first", 1, 1).Work
	must(b, s.write(ctx, func(t *tx) error {
		for i := range n {
			work.Purpose = fmt.Sprint("p", i)
			if _, err := t.enqueue(origin{"first", "r"}, work); err != nil {
				return err
			}
		}
		return nil
	}))
}

// BenchmarkClaim claims and finishes the one free task behind so many ready tasks of a running subject.
func BenchmarkClaim(b *testing.B) {
	for _, n := range []int{0, 20_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := fresh(b)
			crowd(b, s, n)
			work := *intake("first", 1, 2).Work
			i := 0
			for b.Loop() {
				i++
				must(b, s.write(context.Background(), func(t *tx) error {
					work.Purpose = fmt.Sprint(i)
					if _, err := t.enqueue(origin{"first", "r"}, work); err != nil {
						return err
					}
					task, err := t.claim("me", time.Hour)
					if err != nil || task.ID == 0 {
						return fmt.Errorf("claimed %d: %w", task.ID, err)
					}
					return t.end(task, hls.Outcome{State: hls.Done})
				}))
			}
		})
	}
}

// BenchmarkAdd takes in deliveries of 8 KB from many callers at once.
func BenchmarkAdd(b *testing.B) {
	s := fresh(b)
	body := []byte(strings.Repeat(`{"key": "some value of an ordinary payload"},`, 180))
	b.SetParallelism(64)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			in := intake(fmt.Sprint(rand.Uint64()), 1, int(rand.Int32()))
			in.Delivery.Body = body
			if _, err := s.Add(context.Background(), in); err != nil {
				b.Error(err)
			}
		}
	})
}
