package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/record/postgres"
	"hls/internal/record/sqlite"
)

// fillers is how many deliveries are on their way into a record at a time, so that they share commits.
const fillers = 256

// fill puts finished deliveries into a record, in the way in which the service does: each is added, claimed and ended.
// Their payloads are small, for what is looked at is how many there are.
func fill(ctx context.Context, url string, n int) (err error) {
	store, err := open(ctx, url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	var made atomic.Int64
	var mu sync.Mutex
	var failed error
	var all sync.WaitGroup
	for range fillers {
		all.Go(func() {
			for i := made.Add(1); i <= int64(n) && ctx.Err() == nil; i = made.Add(1) {
				if err := finished(ctx, store, int(i)); err != nil {
					mu.Lock()
					failed = errors.Join(failed, err)
					mu.Unlock()
					return
				}
			}
		})
	}
	all.Wait()
	return errors.Join(failed, ctx.Err())
}

func open(ctx context.Context, url string) (record.Store, error) { return openAt(ctx, url, nil) }

// openAt opens a record that goes by a clock; nil is its own.
func openAt(ctx context.Context, url string, now func() time.Time) (record.Store, error) {
	if strings.HasPrefix(url, "sqlite:") {
		return sqlite.Open(ctx, sqlite.Config{URL: url, Now: now})
	}
	return postgres.Open(ctx, postgres.Config{URL: url, Now: now})
}

func hashOf(body []byte) [sha256.Size]byte { return sha256.Sum256(body) }

// finished is the life of one delivery. Of those that are claimed, each filler ends whichever it is given.
func finished(ctx context.Context, store record.Store, n int) error {
	body := fmt.Appendf(nil, `{"action":"opened","n":%d}`, n)
	number := 1 + n%(n/3+1)
	subject := hls.Subject{RepoID: 1, Repo: repository(n), Kind: hls.KindIssue, Number: number}
	_, err := store.Add(ctx, record.Intake{
		Delivery: hls.Delivery{
			ID: fmt.Sprintf("%08x-0000-4000-8000-%012x", n, n), RequestID: fmt.Sprint(n), Event: "issues", Action: "opened", Repo: subject.Repo,
			RepoID: 1, Sender: "mona", Body: body, Hash: sha256.Sum256(body), ReceivedAt: time.Now(),
		},
		Work: &record.NewTask{Subject: subject, Purpose: "triage", Event: "issues", Action: "opened", Actor: "mona", Origin: hls.FromDelivery, OccurredAt: time.Now()},
	})
	if err != nil {
		return err
	}
	task, err := store.Claim(ctx, "bench", time.Minute)
	if errors.Is(err, record.ErrNone) { // Its subject is at work: the newer task superseded it, or the next filler ends it.
		return nil
	}
	if err != nil {
		return err
	}
	return store.Finish(ctx, task, hls.Outcome{State: hls.Done, Spent: 3 * time.Second})
}

// page is what an operator looks at.
var pages = []place{
	{"/stats", "/stats"},
	{"list of deliveries", "/api/v1/deliveries?limit=50"},
	{"list, one repository", "/api/v1/deliveries?limit=50&repo=acme/repository-07"},
	{"list, parked", "/api/v1/deliveries?limit=50&state=parked"},
}

// figures of one record.
type figures struct {
	contender
	rate  []float64
	own   []time.Duration
	pages map[string][]time.Duration
}

func growth(ctx context.Context, o options) (err error) {
	s, err := newStage(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	small, large := s.stores(), s.stores()
	for i := range small {
		if err := compare(s, o, small[i], large[i]); err != nil {
			return err
		}
	}
	return nil
}

// compare prints the figures of two records of one kind side by side. They are taken in turns.
func compare(s *stage, o options, small, large storage) error {
	records := []struct {
		storage
		stored int
		figures
	}{{small, o.small, figures{}}, {large, o.large, figures{}}}
	for i := range records {
		r := &records[i]
		start := time.Now()
		if err := fill(s.ctx, r.url, r.stored); err != nil {
			return err
		}
		fmt.Printf("%s: %d deliveries stored in %s\n", r.name, r.stored, time.Since(start).Round(time.Second))
		if err := vacuum(s.ctx, r.url); err != nil {
			return err
		}
		r.pages = map[string][]time.Duration{}
	}
	for range o.rounds {
		for i := range records {
			if err := records[i].read(s, records[i].url); err != nil {
				return err
			}
		}
	}
	all := newTraffic() // No record sees an issue twice.
	for range o.rounds {
		for i := range records {
			if err := records[i].round(s, o, records[i].url, all); err != nil {
				return err
			}
		}
	}
	a, b := &records[0].figures, &records[1].figures
	t := table{}
	t.row(small.name, fmt.Sprint(o.small), fmt.Sprint(o.large), "worse by")
	rates := func(name string, x, y []float64) { t.row(name, middle(x), middle(y), percent(middle(x)/middle(y)-1)) }
	times := func(name string, x, y []time.Duration) {
		t.row(name, middle(x), middle(y), percent(float64(middle(y))/float64(middle(x))-1))
	}
	rates("answers/s", a.rates, b.rates)
	times("answers, p99", a.p99, b.p99)
	rates("deliveries/s to their effect", a.rate, b.rate)
	times("HLS's own delay at rest", a.own, b.own)
	for _, p := range pages {
		times(p.name, a.pages[p.name], b.pages[p.name])
	}
	fmt.Println()
	t.print()
	return nil
}

// vacuum leaves a database as the days leave it in which so many deliveries come, which came within minutes: what was counted
// is added up, which an instance does every second, and PostgreSQL has vacuumed.
func vacuum(ctx context.Context, url string) error {
	if strings.HasPrefix(url, "sqlite:") {
		return nil
	}
	store, err := open(ctx, url)
	if err != nil {
		return err
	}
	const addedUp = "DO $$ BEGIN IF EXISTS (SELECT FROM counted) THEN RAISE 'not everything is added up'; END IF; END $$"
	for late := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		if err = tell(ctx, url, addedUp); err == nil || time.Now().After(late) {
			break
		}
	}
	return errors.Join(err, store.Close(), tell(ctx, url, "VACUUM (ANALYZE)"))
}

// tell has a database carry out statements, by its own client.
func tell(ctx context.Context, url, statements string) error {
	how := exec.CommandContext(ctx, "psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", statements)
	if path, sqlite := strings.CutPrefix(url, "sqlite:"); sqlite {
		how = exec.CommandContext(ctx, "sqlite3", "-bail", path, statements)
	}
	if text, err := how.CombinedOutput(); err != nil {
		return fmt.Errorf("tell a database with %s: %w: %s", how.Path, err, text)
	}
	return nil
}

func percent(share float64) string { return fmt.Sprintf("%+.0f %%", 100*share) }

// read takes the figures of each page once. Nothing waits in the queue meanwhile: how much does is not what is compared.
func (f *figures) read(s *stage, url string) error {
	p, err := s.serve(url, later)
	if err != nil {
		return err
	}
	f.process = p
	return errors.Join(f.look(s.ctx), s.end(p))
}

// round takes each other figure once.
func (f *figures) round(s *stage, o options, url string, all *traffic) error {
	p, err := s.serve(url, later)
	if err != nil {
		return err
	}
	f.process = p
	if err := f.contender.round(s.ctx, o, all); err != nil {
		return err
	}
	if err := s.end(p); err != nil {
		return err
	}
	r, err := newRun(s, url, all, flooded+rested)
	if err != nil {
		return err
	}
	rate, err := r.flood(s.ctx, o, flooded)
	if err != nil {
		return err
	}
	_, own, err := r.singles(s.ctx, rested)
	if err != nil {
		return err
	}
	f.rate, f.own = append(f.rate, rate), append(f.own, middle(own))
	return s.end(r.process)
}

// look reads each page a few times, once to warm up.
func (f *figures) look(ctx context.Context) error {
	for _, page := range pages {
		var times []time.Duration
		for range 21 {
			start := time.Now()
			status, _, err := f.get(ctx, page.path)
			if err != nil || status != http.StatusOK {
				return errors.Join(err, fmt.Errorf("%s is answered with %d", page.path, status))
			}
			times = append(times, time.Since(start))
		}
		slices.Sort(times[1:])
		f.pages[page.name] = append(f.pages[page.name], middle(times[1:]))
	}
	return nil
}
