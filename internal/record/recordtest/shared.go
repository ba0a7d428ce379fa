package recordtest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

// ExerciseShared runs what must hold where several stores, as of several instances, are open on one database. The
// backend's open is called for each of them.
func ExerciseShared(t *testing.T, backend Backend) {
	tests := map[string]func(*street){
		"O2_WorkIsShared":               workIsShared,
		"O2_SilentStoreIsTakenOver":     takenOver,
		"O2_OneOfManyTakesOver":         oneTakesOver,
		"O2_StoresThatDieLoseNothing":   dying,
		"O2_EveryoneIsWoken":            everyoneIsWoken,
		"O2_StatsAreOfTheWhole":         wholeStats,
		"I3_OneDeliveryEverywhereIsOne": oneEverywhere,
		"I3_OneBodyEverywhereIsOne":     oneBodyEverywhere,
		"E6_NewestOfAllStands":          newestOfAll,
		"S3_CapsAreOfTheWhole":          wholeCaps,
		"S3_LastDollarOfTheWhole":       wholeLastDollar,
		"E7_CountedTogetherEverywhere":  countedEverywhere,
		"SecretIsTheSameEverywhere":     sameSecret,
	}
	maps.Copy(tests, shareTests())
	maps.Copy(tests, auditSharedTests())
	maps.Copy(tests, touchSharedTests())
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(newStreet(t, backend))
		})
	}
}

// street is several stores on one database.
type street struct {
	*house
	stores []record.Store
}

func newStreet(t *testing.T, backend Backend) *street {
	t.Helper()
	s := &street{house: newHouse(t, backend)}
	s.stores = []record.Store{s.store}
	for range 2 {
		other := s.open()
		t.Cleanup(func() { _ = other.Close() })
		s.stores = append(s.stores, other)
	}
	return s
}

// each runs a function for every store at the same time, so many times.
func (s *street) each(times int, do func(store record.Store)) {
	var all sync.WaitGroup
	for range times {
		for _, store := range s.stores {
			all.Go(func() { do(store) })
		}
	}
	all.Wait()
}

// crowdAt sends deliveries through a store.
func (s *street) crowdAt(store record.Store, n int) {
	for i := range n {
		w := s.work(issue(int64(i%3), i%8))
		if _, err := store.Add(s.ctx, record.Intake{Delivery: s.delivery(w.Subject), Work: &w}); err != nil {
			s.Error(err)
		}
	}
}

// workIsShared: every store takes deliveries in and works on what any of them took in, and no subject has two tasks
// running at a time.
func workIsShared(s *street) {
	var all sync.WaitGroup
	all.Go(func() { s.each(2, func(store record.Store) { s.crowdAt(store, 40) }) })
	c := &crew{house: s.house, running: map[string]bool{}}
	for _, store := range s.stores {
		for range 2 {
			all.Go(func() { c.work(store) })
		}
	}
	all.Wait()
	c.work(s.store)
	s.allEnded()
}

// takenOver: what a store claimed and no longer renews goes to another once the lease has run out, and not before; what
// the first writes then is lost.
func takenOver(s *street) {
	id := s.accept(s.work(issue(1, 1)))
	silent := s.claims(id)
	s.pass(lease - time.Second)
	for _, store := range s.stores {
		if task, err := store.Claim(s.ctx, "other", lease); !errors.Is(err, record.ErrNone) {
			s.Fatalf("task %d was taken before its lease ran out: %v", task.ID, err)
		}
	}
	s.pass(time.Second)
	task, err := s.stores[1].Claim(s.ctx, "other", lease)
	s.must(err)
	same(s.house, "task", task.ID, id)
	same(s.house, "attempt", task.Attempt, 2)
	s.wants(s.store.Finish(s.ctx, silent, hls.Outcome{State: hls.Done}), hls.ErrLost)
	s.wants(s.store.SaveAnalysis(s.ctx, silent, 0, s.analysis(silent, "r1")), hls.ErrLost)
	s.must(s.stores[1].Finish(s.ctx, task, hls.Outcome{State: hls.Done}))
	s.is(id, hls.Done, "")
}

// oneTakesOver: however many find a lease that has run out, one takes the task.
func oneTakesOver(s *street) {
	for round := range 10 {
		s.accept(s.work(issue(1, round)))
		s.claim()
	}
	s.pass(lease)
	var mu sync.Mutex
	taken := map[int64]int{}
	s.each(10, func(store record.Store) {
		for task, err := store.Claim(s.ctx, "other", lease); !errors.Is(err, record.ErrNone); task, err = store.Claim(s.ctx, "other", lease) {
			if err != nil {
				s.Error(err)
				return
			}
			mu.Lock()
			taken[task.ID]++
			mu.Unlock()
		}
	})
	for task, err := s.store.Claim(s.ctx, "other", lease); err == nil; task, err = s.store.Claim(s.ctx, "other", lease) {
		taken[task.ID]++ // One that was in another's hands when all the others looked.
	}
	same(s.house, "tasks taken", len(taken), 10)
	for id, n := range taken {
		same(s.house, fmt.Sprintf("takers of task %d", id), n, 1)
	}
}

// dying: workers stop in the middle of what they do, again and again, while time passes. Every task comes to one end.
func dying(s *street) {
	for _, store := range s.stores {
		s.crowdAt(store, 30)
	}
	m := &mortals{street: s, ends: map[int64]int{}}
	s.each(2, m.work)
	for id, n := range m.ends {
		same(s.house, fmt.Sprintf("ends of task %d", id), n, 1)
	}
	same(s.house, "done", int64(len(m.ends)), s.allEnded().Outcomes["done"])
}

// mortals are workers of whom every third dies over its task.
type mortals struct {
	*street
	mu    sync.Mutex
	tasks int
	ends  map[int64]int
}

func (m *mortals) work(store record.Store) {
	for {
		task, err := store.Claim(m.ctx, "mortal", lease)
		switch {
		case errors.Is(err, record.ErrNone):
			if _, ok, err := store.Next(m.ctx); err == nil && !ok {
				return
			}
			m.pass(lease / 8)
		case err != nil:
			m.Error(err)
			return
		case !m.dies():
			m.end(task, store.Finish(m.ctx, task, hls.Outcome{State: hls.Done}))
		}
	}
}

func (m *mortals) dies() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tasks++
	return m.tasks%3 == 0
}

func (m *mortals) end(task hls.Task, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case err == nil:
		m.ends[task.ID]++
	case !errors.Is(err, hls.ErrLost):
		m.Error(err)
	}
}

func everyoneIsWoken(s *street) {
	for _, store := range s.stores {
		s.accept(s.work(issue(1, 1)))
		select {
		case <-store.Wake():
		case <-time.After(10 * time.Second):
			s.Fatal("a store was not woken by another's delivery")
		}
	}
}

func wholeStats(s *street) {
	s.each(5, func(store record.Store) {
		if err := errors.Join(store.Count(s.ctx, hls.Pong, ""), store.Tally(s.ctx, "github_calls", 2)); err != nil {
			s.Error(err)
		}
	})
	for _, store := range s.stores {
		got, err := store.Stats(s.ctx)
		s.must(err)
		same(s.house, "requests", got.Requests["pong"], 15)
		same(s.house, "calls", got.Tallies["github_calls"], 30)
	}
}

// addAll has every store take in a delivery at the same time, and counts the classes of the receipts.
func (s *street) addAll(times int, make func() record.Intake) map[hls.Class]int {
	var mu sync.Mutex
	classes := map[hls.Class]int{}
	s.each(times, func(store record.Store) {
		r, err := store.Add(s.ctx, make())
		mu.Lock()
		defer mu.Unlock()
		classes[r.Class]++
		if err != nil {
			s.Error(err)
		}
	})
	return classes
}

func oneEverywhere(s *street) {
	w := s.work(issue(1, 1))
	d := s.delivery(w.Subject)
	got := s.addAll(20, func() record.Intake { return record.Intake{Delivery: d, Work: &w} })
	same(s.house, "accepted", got[hls.Accepted], 1)
	same(s.house, "duplicate", got[hls.Duplicate], 59)
	s.done(s.claim())
	s.idle()
}

func oneBodyEverywhere(s *street) {
	w := s.work(issue(1, 1))
	got := s.addAll(20, func() record.Intake {
		return record.Intake{Delivery: withBody(s.delivery(w.Subject), `{"captured": true}`), Work: &w}
	})
	same(s.house, "accepted", got[hls.Accepted], 1)
	same(s.house, "duplicate", got[hls.Duplicate], 59)
	s.done(s.claim())
	s.idle()
}

// newestOfAll: events of one subject come in at all stores and in any order. The newest one is left.
func newestOfAll(s *street) {
	var mu sync.Mutex
	n := 0
	s.addAll(20, func() record.Intake {
		mu.Lock()
		defer mu.Unlock()
		n++
		w := s.work(issue(1, 1))
		w.OccurredAt = w.OccurredAt.Add(-time.Duration(n*37%60) * time.Minute)
		return record.Intake{Delivery: s.delivery(w.Subject), Work: &w}
	})
	newest := s.now()
	task := s.claim()
	same(s.house, "time of what is left", task.OccurredAt, newest)
	s.done(task)
	same(s.house, "superseded", s.allEnded().Outcomes["superseded"], 59)
}

// wholeCaps: whichever stores reserve at once, what they set aside together stays within the cap.
func wholeCaps(s *street) {
	var tasks []hls.Task
	for i := range 30 {
		tasks = append(tasks, s.running(s.work(issue(int64(i%3), i))))
	}
	var mu sync.Mutex
	var got int64
	next := 0
	s.each(10, func(store record.Store) {
		mu.Lock()
		task := tasks[next]
		next++
		mu.Unlock()
		for range 3 {
			_, err := store.Reserve(s.ctx, hls.Reservation{Task: task, MicroUSD: 30_000, Budget: hls.Budget{DailyUSD: 1}})
			var c *hls.Capped
			mu.Lock()
			if err == nil {
				got += 30_000
			} else if !errors.As(err, &c) {
				s.Error(err)
			}
			mu.Unlock()
		}
	})
	same(s.house, "set aside", got, 990_000)
}

// wholeLastDollar: so it is with 64 at once on several stores, on the ladder and with a reserve for commands.
func wholeLastDollar(s *street) {
	var racers []racer
	for i := range 64 {
		racers = append(racers, racer{s.running(s.work(issue(int64(i%3), i))), false})
	}
	of := func(i int) record.Store { return s.stores[i%len(s.stores)] }
	s.race(racers, of, 900_000)
	for i := range racers {
		racers[i].asked = i%2 == 0
	}
	s.race(racers, of, 1_000_000)
}

// countedEverywhere: tasks of many subjects that count under one keep its cap, whichever stores reserve at once.
func countedEverywhere(s *street) {
	together := hls.Subject{RepoID: 1, Repo: "acme/widgets", Kind: hls.KindOther, Ref: "ci/pull/1"}
	var tasks []hls.Task
	for i := range 30 {
		tasks = append(tasks, s.running(s.work(issue(1, i))))
	}
	var next, fit atomic.Int64
	s.each(10, func(store record.Store) {
		_, err := store.Reserve(s.ctx, hls.Reservation{Task: tasks[next.Add(1)-1], SubjectDaily: 3, Counted: &together})
		var c *hls.Capped
		switch {
		case err == nil:
			fit.Add(1)
		case !errors.As(err, &c):
			s.Error(err)
		}
	})
	same(s.house, "fit at once", fit.Load(), 3)
}

func sameSecret(s *street) {
	var mu sync.Mutex
	var all [][]byte
	s.each(5, func(store record.Store) {
		secret, err := store.Secret(s.ctx, "marker")
		mu.Lock()
		defer mu.Unlock()
		all = append(all, secret)
		if err != nil {
			s.Error(err)
		}
	})
	for _, secret := range all {
		same(s.house, "equal", bytes.Equal(secret, all[0]), true)
	}
	s.must(s.stores[0].Note(s.ctx, "n", []byte("x")))
	got, err := s.stores[1].Noted(s.ctx, "n")
	s.must(err)
	same(s.house, "note", string(got), "x")
}
