package recordtest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"

	"hls/internal/hls"
	"hls/internal/record"
)

func crowdTests() map[string]func(*house) {
	return map[string]func(*house){"O1_CrowdComesToAnEnd": crowd}
}

// crowd: deliveries come in while workers work, fail, hand back and park. No subject has two tasks running at a time,
// and every task comes to an end.
func crowd(h *house) {
	var all sync.WaitGroup
	for sender := range 6 {
		all.Go(func() {
			for i := range 40 {
				w := h.work(issue(int64(i%3), rand.IntN(8)))
				d := hls.Delivery{ID: fmt.Sprintf("%d-%d", sender, i), Repo: w.Subject.Repo}
				if _, err := h.store.Add(h.ctx, record.Intake{Delivery: withBody(d, d.ID), Work: &w}); err != nil {
					h.Error(err)
				}
			}
		})
	}
	c := &crew{house: h, running: map[string]bool{}}
	for range 6 {
		all.Go(func() { c.work(h.store) })
	}
	all.Wait()
	c.work(h.store)
	s := h.allEnded()
	same(h, "processed", c.ended, s.Outcomes["done"]+s.Outcomes["skipped"]+s.Outcomes["parked"])
}

// allEnded says that every accepted delivery came to an end.
func (h *house) allEnded() record.Stats {
	h.Helper()
	s := h.stats()
	same(h, "pending", s.Pending, 0)
	same(h, "running", s.Running, 0)
	var ended int64
	for _, n := range s.Outcomes {
		ended += n
	}
	same(h, "ended", ended, s.Requests["accepted"])
	return s
}

// crew is several workers who watch over one another.
type crew struct {
	*house
	mu      sync.Mutex
	running map[string]bool
	ended   int64
}

func (c *crew) work(store record.Store) {
	for {
		task, err := store.Claim(c.ctx, "crew", lease)
		if errors.Is(err, record.ErrNone) {
			if _, ok, err := store.Next(c.ctx); err == nil && !ok {
				return
			}
			continue
		}
		if err != nil {
			c.Error(err)
			return
		}
		c.note(task, true)
		runtime.Gosched()
		c.note(task, false)
		if err := c.end(store, task); err != nil {
			c.Error(err)
			return
		}
	}
}

func (c *crew) note(task hls.Task, running bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := task.Subject.Key()
	if c.running[key] == running {
		c.Errorf("subject %s: running twice at a time", key)
	}
	c.running[key] = running
}

func (c *crew) end(store record.Store, task hls.Task) error {
	o := hls.Outcome{State: []hls.State{hls.Done, hls.Skipped, hls.Parked}[rand.IntN(3)], Reason: "x"}
	switch roll := rand.IntN(4); {
	case roll == 0:
		return store.Release(c.ctx, task)
	case roll == 1 && task.Attempt < 3:
		o = hls.Outcome{State: hls.Queued, RetryAt: c.now()}
	default:
		c.mu.Lock()
		c.ended++
		c.mu.Unlock()
	}
	return store.Finish(c.ctx, task, o)
}
