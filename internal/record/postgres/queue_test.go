package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hls/internal/hls"
	"hls/internal/record"
)

// crowd queues n replays of one subject, whose first task is running, and work on others behind them.
func crowd(b *testing.B, s *Store, n int) {
	b.Helper()
	ctx := context.Background()
	_, err := s.Add(ctx, intake("first", 1, 1))
	must(b, err)
	_, err = s.Claim(ctx, "me", time.Hour)
	must(b, err)
	for done := 0; done < n; done += 1000 {
		must(b, s.write(ctx, func(t *tx) error {
			var jobs []*job
			for i := range 1000 {
				work := *intake("first", 1, 1).Work
				work.Purpose = fmt.Sprint("p", done+i)
				jobs = append(jobs, &job{deliveryID: "first", requestID: "r", work: work})
			}
			return t.enqueue(jobs)
		}))
	}
}

// BenchmarkClaim claims and finishes the one free task behind so many ready tasks of a running subject.
func BenchmarkClaim(b *testing.B) {
	for _, n := range []int{0, 20_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := fresh(b)
			crowd(b, s, n)
			ctx := context.Background()
			i := 0
			var claims time.Duration
			for b.Loop() {
				i++
				_, err := s.Add(ctx, intake(fmt.Sprint("d", i), 1, 1+i))
				must(b, err)
				start := time.Now()
				task, err := s.Claim(ctx, "me", time.Hour)
				must(b, err)
				claims += time.Since(start)
				must(b, s.Finish(ctx, task, hls.Outcome{State: hls.Done}))
			}
			b.ReportMetric(float64(claims.Nanoseconds())/float64(b.N), "ns/claim")
		})
	}
}

// BenchmarkAdd takes in deliveries of 8 KB from many callers at once.
func BenchmarkAdd(b *testing.B) {
	s := fresh(b)
	body := []byte(strings.Repeat(`{"key": "some value of an ordinary payload"},`, 180))
	b.SetParallelism(16)
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

// BenchmarkWork takes tasks to their end with several workers.
func BenchmarkWork(b *testing.B) {
	s := fresh(b)
	ctx := context.Background()
	for i := range b.N {
		_, err := s.Add(ctx, intake(fmt.Sprint("d", i), int64(i%50), i))
		must(b, err)
	}
	b.ResetTimer()
	b.SetParallelism(4)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			task, err := s.Claim(ctx, "me", time.Hour)
			if err == nil {
				err = s.Finish(ctx, task, hls.Outcome{State: hls.Done})
			}
			if err != nil {
				b.Error(err)
			}
		}
	})
}

// TestLanesFollowTasks: after every kind of write in random order the heads of the queue are what the tasks make them,
// and tasks have made only the moves of docs/task-states.md.
func TestLanesFollowTasks(t *testing.T) {
	t.Parallel()
	clock, pass := settable()
	s := open(t, Config{URL: database(t), Now: clock})
	for _, statement := range []string{
		`CREATE TABLE log (a text, b text)`,
		`CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			INSERT INTO log VALUES (CASE TG_OP WHEN 'INSERT' THEN '' ELSE OLD.state END, NEW.state); RETURN NEW; END $$`,
		`CREATE TRIGGER born AFTER INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION note()`,
		`CREATE TRIGGER moved AFTER UPDATE OF state ON tasks FOR EACH ROW EXECUTE FUNCTION note()`,
	} {
		s.sql(t, statement)
	}
	var running []hls.Task
	for i := range 400 {
		pass(time.Duration(rand.IntN(20)) * time.Second)
		must(t, randomStep(t.Context(), s, fmt.Sprint("d", i), clock(), &running))
		if i%10 == 0 {
			must(t, s.consistent(t))
		}
	}
	must(t, s.consistent(t))
	rows, err := s.pool.Query(t.Context(), `SELECT DISTINCT a || '>' || b FROM log`)
	must(t, err)
	moves, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	for _, m := range moves {
		from, to, _ := strings.Cut(m, ">")
		if !record.Allowed(hls.State(from), hls.State(to)) {
			t.Errorf("a task went from %q to %q", from, to)
		}
	}
	if len(moves) < 9 {
		t.Errorf("only %d kinds of moves were made: %v", len(moves), moves)
	}
}

// TestLanesFollowTasksOfMany: so they are when many write at the same time, and every yard promises early enough.
func TestLanesFollowTasksOfMany(t *testing.T) {
	t.Parallel()
	url := database(t)
	start := time.Now()
	clock := func() time.Time { return time.Now().Add(59 * time.Since(start)) } // a minute a second
	var stores []*Store
	for range 3 {
		stores = append(stores, open(t, Config{URL: url, Now: clock}))
	}
	var all sync.WaitGroup
	for worker := range 9 {
		all.Go(func() {
			var running []hls.Task
			for i := range 60 {
				s := stores[(worker+i)%3]
				if err := randomStep(t.Context(), s, fmt.Sprintf("d%d-%d", worker, i), clock(), &running); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	must(t, stores[0].consistent(t))
}

// TestPausedIntakeIsNotOverlooked: a delivery whose transaction is under way while the only other work of its subject,
// or of its repository, ends or is taken does not get lost.
func TestPausedIntakeIsNotOverlooked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		number int // of the issue that the delivery is about; 1 is the other work's
		end    func(ctx context.Context, s *Store, task hls.Task) error
	}{
		"the subject's task ends": {1, func(ctx context.Context, s *Store, task hls.Task) error {
			return s.Finish(ctx, task, hls.Outcome{State: hls.Done})
		}},
		"the subject's task is handed back": {1, func(ctx context.Context, s *Store, task hls.Task) error { return s.Release(ctx, task) }},
		"the repository's last task is taken": {2, func(ctx context.Context, s *Store, task hls.Task) error {
			if err := s.Release(ctx, task); err != nil {
				return err
			}
			_, err := s.Claim(ctx, "b", time.Minute)
			return err
		}},
	} {
		a, b, _ := two(t)
		_, err := a.Add(t.Context(), intake("first", 1, 1))
		must(t, err)
		task, err := a.Claim(t.Context(), "a", time.Minute)
		must(t, err)
		written, goOn, added := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		go func() {
			work := *intake("second", 1, c.number).Work
			work.Purpose = "another"
			added <- a.write(context.Background(), func(t *tx) error {
				err := t.enqueue([]*job{{deliveryID: "first", work: work}})
				if err == nil {
					err = t.send(&t.last)
				}
				t.last = queries{}
				close(written)
				<-goOn
				return err
			})
		}()
		<-written
		ended := make(chan error, 1)
		go func() { ended <- c.end(context.Background(), b, task) }()
		b.waits(t, ended)
		close(goOn)
		must(t, <-added)
		must(t, <-ended)
		if err := b.consistent(t); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestBehindPromisesAreTidied: a yard that promises work earlier than there is any is found within a second.
func TestBehindPromisesAreTidied(t *testing.T) {
	t.Parallel()
	s, _, pass := two(t)
	in := intake("a", 1, 1)
	in.Work.Debounce = 10 * time.Second
	_, err := s.Add(t.Context(), in)
	must(t, err)
	pass(5 * time.Second)
	in = intake("b", 1, 1)
	in.Work.Debounce = 10 * time.Second
	_, err = s.Add(t.Context(), in)
	must(t, err)
	pass(6 * time.Second)
	eventually(t, func() error {
		var due time.Time
		must(t, s.pool.QueryRow(t.Context(), `SELECT due_at FROM yards`).Scan(&due))
		if left := due.Sub(s.now()); left != 4*time.Second {
			return fmt.Errorf("the yard promises work in %v", left)
		}
		return nil
	})
}

// randomStep makes some write. Some fail as they should.
func randomStep(ctx context.Context, s *Store, id string, now time.Time, running *[]hls.Task) error {
	in := intake(id, int64(rand.IntN(3)), rand.IntN(4))
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
		var parked []record.Summary
		if parked, err = s.List(ctx, record.Query{State: hls.Parked}); len(parked) > 0 {
			err = s.Resume(ctx, parked[rand.IntN(len(parked))].Task.ID)
		}
	}
	for _, fine := range []error{record.ErrNone, hls.ErrLost, record.ErrNotParked, hls.ErrNotFound} {
		if errors.Is(err, fine) {
			return nil
		}
	}
	return err
}

// TestClaimScansNoTable: a claim is a fixed number of looks into indexes, however many tasks and subjects wait, and
// although the plans were made while all was empty.
func TestClaimScansNoTable(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	for _, state := range []struct {
		name    string
		prepare []string
	}{
		{"new", nil},
		{"empty after a vacuum", []string{`VACUUM ANALYZE`}},
		{"with much that is done", []string{
			`INSERT INTO tasks (delivery_id, request_id, origin, subject_key, scope, repo_id, repo, kind, number, ref, purpose, event, action, actor,
				state, occurred_at, queued_at, burst_at, run_at)
				SELECT 'd' || n, '', '', n % 500 || '#1', '', n % 500, 'r', '', 1, '', 'triage', 'issues', '', '', 'done', now(), now(), now(), now()
				FROM generate_series(1, 20000) n`,
			`VACUUM ANALYZE`,
		}},
		{"with much that is queued", []string{
			`UPDATE tasks SET state = 'queued' WHERE id > 2000`,
			`INSERT INTO lanes SELECT subject_key, max(repo_id), false, now() FROM tasks WHERE state = 'queued' GROUP BY subject_key`,
			`INSERT INTO yards SELECT repo_id, now() FROM lanes`,
			`ANALYZE`,
		}},
	} {
		for _, statement := range state.prepare {
			s.sql(t, statement)
		}
		s.planned(t, state.name)
	}
}

func (s *Store) planned(t *testing.T, state string) {
	t.Helper()
	byKey := "lanes_pkey: (subject_key = ANY ($1))"
	tasksOf := "  tasks_head: (subject_key = lanes.subject_key)  tasks_running: (subject_key = lanes.subject_key)"
	for name, c := range map[string]struct{ query, types, uses string }{
		"pick": {pick, "timestamptz, int, bigint", "lanes_busy:  yards_due: (due_at <= $1)  yards_pkey: (repo_id = b_1.repo_id)" +
			"  lanes_repo: (repo_id = y.repo_id) AND (due_at <="},
		"head":    {head, "text, timestamptz", "tasks_head: (subject_key = $1) AND (run_at <= $2)"},
		"lapsed":  {lapsed, "timestamptz", "tasks_running:"},
		"set":     {setLanes, "text[]", byKey + tasksOf},
		"end":     {endLanes, "text[]", byKey + tasksOf},
		"share":   {shareYards, "text[], int, bigint", byKey},
		"lower":   {lowerYards, "text[]", byKey + "  yards_pkey: (repo_id = l.repo_id)"},
		"raise":   {raiseYards, "bigint[]", "yards_pkey: (repo_id = ANY ($1))  lanes_repo: (repo_id = y.repo_id)"},
		"leave":   {endYards, "bigint[]", "yards_pkey: (repo_id = ANY ($1))  lanes_repo: (repo_id = y.repo_id)"},
		"stale":   {stale, "timestamptz, int, bigint", "yards_due: (due_at <= $1)  lanes_repo: (repo_id = y_1.repo_id)"},
		"newest":  {newestOf, "text[], text[], boolean[]", "tasks_newest: (subject_key = s.k) AND (purpose = s.p)"},
		"waiting": {waitingOf, "text[], text[]", "tasks_pending: (subject_key = s.k) AND (purpose = s.p)"},
		"next":    {nextDue, "", "lanes_repo: (repo_id = y.repo_id)  tasks_running:"},
		"uses":    {usesOf, "text[]", "uses_name: (name = ANY ($1))"},
		"used":    {endUse, "text, timestamptz, text[], bigint[]", "uses_pkey: (ticket = $1)"},
		"buckets": {bucketsOf, "text[]", "buckets_pkey: (name = ANY ($1))"},
		"pauses":  {pausesOf, "text[]", "pauses_pkey: (name = ANY ($1))"},
	} {
		plan := s.explain(t, name, c.query, c.types)
		for use := range strings.SplitSeq(c.uses, "  ") {
			if index, cond, _ := strings.Cut(use, ":"); !uses(plan, index, strings.TrimSpace(cond)) {
				t.Errorf("%s, %s: no %s in\n%s", state, name, use, plan)
			}
		}
		for _, bad := range []string{"Seq Scan", "Hash Join", "Merge Join", "Bitmap"} {
			if strings.Contains(plan, bad) {
				t.Errorf("%s, %s: a %s in\n%s", state, name, bad, plan)
			}
		}
	}
}

// explain returns the plan that every execution of a prepared query has.
func (s *Store) explain(t *testing.T, name, query, types string) string {
	t.Helper()
	conn, err := s.pool.Acquire(t.Context())
	must(t, err)
	defer conn.Release()
	given := ""
	if types != "" {
		types = "(" + types + ")"
		given = "(NULL" + strings.Repeat(", NULL", strings.Count(types, ",")) + ")"
	}
	for _, statement := range []string{`DEALLOCATE ALL`, `PREPARE ` + name + `_plan ` + types + ` AS ` + query} {
		_, err := conn.Exec(t.Context(), statement, pgx.QueryExecModeSimpleProtocol)
		must(t, err)
	}
	rows, err := conn.Query(t.Context(), `EXPLAIN (COSTS off) EXECUTE `+name+`_plan `+given, pgx.QueryExecModeSimpleProtocol)
	must(t, err)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	return strings.Join(lines, "\n")
}

// uses tells whether a plan looks into an index by a condition.
func uses(plan, index, cond string) bool {
	for part := range strings.SplitSeq(plan, "->") {
		if strings.Contains(part, " using "+index+" ") && strings.Contains(part, cond) {
			return true
		}
	}
	return false
}
