package faults_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"hls/internal/history"
	"hls/internal/simulate"
)

// The minute of the limits is two seconds long here, a lease one second.
const (
	minute           = 2 * time.Second
	lease            = time.Second
	writesAMinute    = 14 // to GitHub in a minute
	questionsAMinute = 12 // to Claude in a minute
)

func limited() setup {
	return setup{attempts: 100, concurrency: 4, pace: float64(time.Minute / minute), writes: writesAMinute, questions: questionsAMinute, asking: time.Second}
}

// shared is the backend that several instances can work on.
func shared(t *testing.T) backend {
	t.Helper()
	i := slices.IndexFunc(backends, func(b backend) bool { return b.name == "postgres" })
	return backends[i]
}

// Three instances on one database are killed, paused for longer than a lease, and replaced one by one while people work.
// Nothing is lost or done twice, no subject is worked on by two at a time, and the limits are those of all three.
func TestO2_ThreeInstances(t *testing.T) {
	t.Parallel()
	var w *world
	serial := &serial{asked: map[history.Subject]int{}}
	s := limited()
	s.answers = func(q question) string { return serial.answer(q) }
	w = newWorld(t, shared(t), s)
	instances := []*process{w.run(), w.run(), w.run()}
	f := newTraffic(w, 11)
	f.faults = true
	never := make(chan struct{})
	f.until(never, 2*time.Second)

	w.takenOver(f, instances[0])
	f.until(never, time.Second)
	instances[0] = w.run()

	w.paused(instances[1], func() { f.until(never, 2*lease) })
	f.until(never, time.Second)

	for i, p := range instances {
		w.stop(p)
		f.until(never, 300*time.Millisecond)
		instances[i] = w.run()
	}
	f.until(never, 2*time.Second)
	f.settle()
	w.idle()
	w.report("three instances: kill -9, SIGSTOP, rolling restart", 5, w.verdict(instances...))

	if n := serial.doubled.Load(); n > 0 {
		t.Errorf("Claude was asked about one subject twice at a time, %d times", n)
	}
	wrote, asked := w.calls()
	within(t, "writes to GitHub", wrote, writesAMinute)
	within(t, "questions to Claude", asked, questionsAMinute)
}

// The limits of the test above can be broken: instances that share nothing keep them each for itself.
func TestO2_InstancesThatShareNothingExceedTheLimits(t *testing.T) {
	t.Parallel()
	b := shared(t)
	w := newWorld(t, b, limited())
	for range 3 {
		w.run("HLS_DATABASE_URL=" + b.storage(t))
	}
	w.addRepository("acme/alpha")
	var sending sync.WaitGroup
	for n := range 90 {
		d := w.openIssue("acme/alpha", n+1)
		sending.Go(func() { w.deliver(d) })
	}
	sending.Wait()
	w.eventually("more is written and asked in a minute than three instances may together", func() bool {
		wrote, asked := w.calls()
		return most(wrote) > writesAMinute && most(asked) > questionsAMinute
	})
}

// Money set aside and spent never exceeds the cap, whoever of three instances asks for it.
func TestO2_BudgetOfThreeInstances(t *testing.T) {
	t.Parallel()
	const limit = 20_000 // micro-dollars
	var w *world
	s := setup{dollars: limit / 1e6, answers: func(q question) string {
		<-time.After(50 * time.Millisecond)
		return answer(q)
	}}
	w = newWorld(t, shared(t), s)
	for range 3 {
		w.run()
	}
	w.addRepository("acme/alpha")
	var sending sync.WaitGroup
	for n := range 60 {
		d := w.openIssue("acme/alpha", n+1)
		sending.Go(func() { w.deliver(d) })
	}
	db, err := w.backend.open(w.storage)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	w.eventually("no more money is to be had", func() bool {
		var spent, calls, capped int64
		const q = `SELECT (SELECT coalesce(sum(micro_usd), 0)::bigint FROM spend), (SELECT count(*) FROM spend),
			(SELECT count(*) FROM tasks WHERE state = 'queued' AND reason = 'claude.budget.daily_usd')`
		if err := db.QueryRow(q).Scan(&spent, &calls, &capped); err != nil {
			t.Fatal(err)
		}
		if spent > limit {
			t.Fatalf("%d micro-dollars are set aside or spent in %d calls, the cap is %d", spent, calls, limit)
		}
		return calls > 3 && capped > 30
	})
	sending.Wait()
}

// serial notices when Claude is asked about a subject while it is asked about it already.
type serial struct {
	mu      sync.Mutex
	asked   map[history.Subject]int
	doubled atomic.Int32
}

func (s *serial) answer(q question) string {
	s.count(q.subject, 1)
	defer s.count(q.subject, -1)
	<-time.After(60 * time.Millisecond)
	return answer(q)
}

func (s *serial) count(subject history.Subject, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked[subject] += n; s.asked[subject] > 1 {
		s.doubled.Add(1)
	}
}

// takenOver kills an instance in the middle of its work, which others have to have begun within a minute: six seconds,
// as a lease is to ten.
func (w *world) takenOver(f *traffic, p *process) {
	w.t.Helper()
	db, err := w.backend.open(w.storage)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	w.eventually("the instance works on two tasks", func() bool {
		f.step()
		return w.worksOn(db, p) >= 2
	})
	w.kill(p)
	left, killed := w.worksOn(db, p), time.Now()
	f.until(make(chan struct{}), lease/2)
	w.eventually("the others have taken its work over", func() bool { return w.worksOn(db, p) == 0 })
	took := time.Since(killed)
	w.t.Logf("%d tasks of the instance that was killed were taken over within %s", left, took.Round(time.Millisecond))
	if took > 6*lease {
		w.t.Errorf("the work of an instance that was killed was taken over after %s", took)
	}
}

// worksOn is how many tasks an instance has in hand, as the database has it.
func (w *world) worksOn(db *sql.DB, p *process) (n int) {
	w.t.Helper()
	host, err := os.Hostname()
	if err != nil {
		w.t.Fatal(err)
	}
	owner := fmt.Sprintf("%s/%d", host, p.cmd.Process.Pid)
	if err := db.QueryRow(`SELECT count(*) FROM tasks WHERE state = 'running' AND owner = $1`, owner).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

// paused stops an instance while something happens. No new delivery goes there meanwhile.
func (w *world) paused(p *process, meanwhile func()) {
	w.t.Helper()
	w.mu.Lock()
	url := p.url
	p.url = ""
	w.mu.Unlock()
	w.signal(p, syscall.SIGSTOP)
	w.history.Add(history.Entry{Process: &history.Process{What: "paused"}})
	meanwhile()
	w.history.Add(history.Entry{Process: &history.Process{What: "resumed"}})
	w.signal(p, syscall.SIGCONT)
	w.mu.Lock()
	p.url = url
	w.mu.Unlock()
}

// calls are the times at which GitHub was written to and Claude asked, in order.
func (w *world) calls() (wrote, asked []time.Time) {
	for _, e := range w.history.Entries() {
		switch {
		case e.Call != nil && e.Call.Fault == string(simulate.Outlived): // It is told of when it was made, and came before.
			wrote = append(wrote, e.At.Add(-outlasts))
		case e.Call != nil && e.Call.Method != http.MethodGet:
			wrote = append(wrote, e.At)
		case e.Asked != nil:
			asked = append(asked, e.At)
		}
	}
	slices.SortFunc(wrote, time.Time.Compare)
	return wrote, asked
}

// most is how many of the times lie within a minute.
func most(times []time.Time) (n int) {
	for i, first := range times {
		j := i
		for j < len(times) && times[j].Sub(first) < minute {
			j++
		}
		n = max(n, j-i)
	}
	return n
}

// within fails the test where there are more than the limit in a minute, or so few that it was none.
func within(t *testing.T, what string, times []time.Time, limit int) {
	t.Helper()
	n := most(times)
	t.Logf("%s: %d, and %d of a limit of %d in one minute", what, len(times), n, limit)
	if n > limit {
		t.Errorf("%s: %d in a minute, the limit is %d", what, n, limit)
	}
	if n < limit*3/4 {
		t.Errorf("%s: %d in a minute at most, which tests no limit of %d", what, n, limit)
	}
}
