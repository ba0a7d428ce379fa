package sqlite

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

// history is what a store has acknowledged: each fact is noted once the method that made it has returned nil.
type history struct {
	t     testing.TB
	seed  uint64
	rough bool // writes may fail: they are not the end

	mu         sync.Mutex
	made       int
	deliveries map[string][]byte // bodies by id
	tasks      map[int64]*fact
	calls      int64    // settled
	again      []string // claims of tasks that had ended
	refused    int
}

// fact is what was acknowledged of one task.
type fact struct {
	delivery string
	attempt  int
	answer   string
	effects  map[int64]hls.EffectState
	ended    hls.State
}

func newHistory(t testing.TB, seed uint64) *history {
	return &history{t: t, seed: seed, deliveries: map[string][]byte{}, tasks: map[int64]*fact{}}
}

func (h *history) note(do func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	do()
}

// traffic has deliveries taken in and worked off, all at once, until ctx ends or a write fails. It returns the errors.
func (h *history) traffic(ctx context.Context, s *Store) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var all sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	for i := range 7 {
		all.Go(func() {
			step := h.runOne
			if i < 4 {
				step = h.addOne
			}
			for ctx.Err() == nil {
				err := step(ctx, s)
				switch {
				case err == nil || ctx.Err() != nil && errors.Is(err, ctx.Err()):
				case h.rough && (errors.Is(err, record.ErrUnavailable) || errors.Is(err, hls.ErrLost)):
					h.note(func() {
						if h.refused++; h.refused > 600 { // It may never be mended.
							stop()
						}
					})
				default:
					mu.Lock()
					errs = append(errs, err)
					mu.Unlock()
					stop()
				}
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// addOne takes in one delivery.
func (h *history) addOne(ctx context.Context, s *Store) error {
	var n int
	h.note(func() { h.made++; n = h.made })
	in := intake(fmt.Sprintf("%d-%d", h.seed, n), int64(n%5), n)
	in.Delivery.Body = []byte(in.Delivery.ID + strings.Repeat(fmt.Sprint(rand.Uint64()), rand.IntN(1000)))
	in.Delivery.Hash = sha256.Sum256(in.Delivery.Body)
	r, err := s.Add(ctx, in)
	if err != nil {
		return err
	}
	if r.Class != hls.Accepted {
		h.t.Errorf("a new delivery is %v", r)
	}
	h.note(func() {
		h.deliveries[in.Delivery.ID] = in.Delivery.Body
		h.tasks[r.TaskID] = &fact{delivery: in.Delivery.ID, effects: map[int64]hls.EffectState{}}
	})
	return nil
}

// runOne works one task off, as the pipeline does.
func (h *history) runOne(ctx context.Context, s *Store) error {
	task, err := s.Claim(ctx, "me", time.Hour)
	if errors.Is(err, record.ErrNone) {
		select {
		case <-s.Wake():
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
		}
		return nil
	}
	if err != nil {
		return err
	}
	f := h.claimed(task)
	if err := h.analyze(ctx, s, task, f); err != nil {
		return err
	}
	if err := h.act(ctx, s, task, f); err != nil {
		return err
	}
	ends := []hls.State{hls.Done, hls.Done, hls.Done, hls.Skipped, hls.Parked, hls.Queued}
	o := hls.Outcome{State: ends[rand.IntN(len(ends))], RetryAt: time.Now()}
	if err := s.Finish(ctx, task, o); err != nil {
		return err
	}
	if o.State != hls.Queued {
		h.note(func() { f.ended = o.State })
	}
	return nil
}

// claimed notes a claim. A task that had ended is not to be had again.
func (h *history) claimed(task hls.Task) *fact {
	h.mu.Lock()
	defer h.mu.Unlock()
	f := h.tasks[task.ID]
	if f == nil { // Its Add has not returned yet, or was not answered before the power failed.
		f = &fact{delivery: task.DeliveryID, effects: map[int64]hls.EffectState{}}
		h.tasks[task.ID] = f
	}
	if f.ended != "" {
		h.again = append(h.again, fmt.Sprintf("seed %d: task %d was claimed again after it was %s", h.seed, task.ID, f.ended))
	}
	f.attempt = task.Attempt
	return f
}

func (h *history) analyze(ctx context.Context, s *Store, task hls.Task, f *fact) error {
	if _, err := s.Analysis(ctx, task.ID); err == nil {
		return nil
	}
	id, err := s.Reserve(ctx, hls.Reservation{Task: task, MicroUSD: 1000})
	if err != nil {
		return err
	}
	answer := fmt.Sprintf(`{"answer": "%d of attempt %d"}`, task.ID, task.Attempt)
	a := hls.Analysis{Answer: []byte(answer), Model: "m", Usage: hls.Usage{InputTokens: 1, CostMicroUSD: 10}}
	a.Prompt.User = strings.Repeat(answer, rand.IntN(50))
	if err := s.SaveAnalysis(ctx, task, id, a); err != nil {
		return err
	}
	h.note(func() { f.answer = answer; h.calls++ })
	return nil
}

func (h *history) act(ctx context.Context, s *Store, task hls.Task, f *fact) error {
	entries, err := s.Intend(ctx, task, []hls.Effect{
		{Kind: hls.AddLabels, Subject: task.Subject, Purpose: task.Purpose, Revision: task.DeliveryID},
		{Kind: hls.UpsertComment, Subject: task.Subject, Purpose: task.Purpose, Revision: task.DeliveryID, Body: task.DeliveryID},
	})
	if err != nil {
		return err
	}
	for _, e := range entries {
		h.note(func() { f.effects[e.ID] = e.State })
		for e.State != hls.EffectDone {
			m := hls.Move{From: e.State, To: hls.Sending}
			if e.State == hls.Sending {
				m.To, m.RemoteID = hls.EffectDone, e.ID
			}
			if err := s.Move(ctx, task, e.ID, m); err != nil {
				return err
			}
			e.State = m.To
			h.note(func() { f.effects[e.ID] = e.State })
		}
	}
	return nil
}

// check looks for everything that was acknowledged, and for anything that would be done twice.
func (h *history) check(s *Store) (lost, doubled []string) {
	h.t.Helper()
	ctx := context.Background()
	doubled = h.again
	var all sync.WaitGroup
	for id, body := range h.deliveries {
		all.Go(func() {
			missing, again := checkDelivery(ctx, s, id, body)
			h.note(func() {
				if missing != "" {
					lost = append(lost, fmt.Sprintf("seed %d: delivery %s: %s", h.seed, id, missing))
				}
				if again != "" {
					doubled = append(doubled, fmt.Sprintf("seed %d: delivery %s: %s", h.seed, id, again))
				}
			})
		})
	}
	all.Wait()
	for id, f := range h.tasks {
		if why := f.missing(ctx, s, id); why != "" {
			lost = append(lost, fmt.Sprintf("seed %d: task %d of %s: %s", h.seed, id, f.delivery, why))
		}
	}
	var twice int
	must(h.t, s.readers.QueryRow(`SELECT count(*) - count(DISTINCT delivery_id) FROM tasks`).Scan(&twice))
	if twice > 0 {
		doubled = append(doubled, fmt.Sprintf("seed %d: %d deliveries have two tasks", h.seed, twice))
	}
	stats, err := s.Stats(ctx)
	must(h.t, err)
	if stats.Calls < h.calls || stats.Spend.CostMicroUSD < 10*h.calls || stats.Requests["accepted"] < int64(len(h.deliveries)) {
		lost = append(lost, fmt.Sprintf("seed %d: %d of %d calls, %d of %d deliveries are counted", h.seed, stats.Calls, h.calls, stats.Requests["accepted"], len(h.deliveries)))
	}
	return lost, doubled
}

// checkDelivery says what is missing of a delivery, or else whether it would be taken in again.
func checkDelivery(ctx context.Context, s *Store, id string, body []byte) (missing, again string) {
	d, err := s.Delivery(ctx, id)
	if err != nil || string(d.Body) != string(body) {
		return fmt.Sprint("it is not as it was: ", err), ""
	}
	in := intake(id, 1, 1)
	in.Delivery.Body, in.Delivery.Hash = body, sha256.Sum256(body)
	if r, err := s.Add(ctx, in); err != nil || r.Class != hls.Duplicate {
		return "", fmt.Sprintf("again it is %v: %v", r, err)
	}
	return "", ""
}

// missing says what a store has not of what was acknowledged of a task.
func (f *fact) missing(ctx context.Context, s *Store, id int64) string {
	task, err := s.Task(ctx, id)
	switch {
	case err != nil || task.DeliveryID != f.delivery:
		return fmt.Sprintf("it is of %q: %v", task.DeliveryID, err)
	case task.Attempt < f.attempt:
		return fmt.Sprintf("attempt %d is %d", f.attempt, task.Attempt)
	case f.ended != "" && task.State != f.ended:
		return fmt.Sprintf("%s is %s", f.ended, task.State)
	}
	if a, err := s.Analysis(ctx, id); f.answer != "" && (err != nil || string(a.Answer) != f.answer) {
		return fmt.Sprintf("its analysis: %v", err)
	}
	rows, err := s.Effects(ctx, id)
	if err != nil {
		return err.Error()
	}
	rank := map[hls.EffectState]int{hls.Intent: 1, hls.Sending: 2, hls.EffectDone: 3}
	found := map[int64]hls.EffectState{}
	for _, e := range rows {
		found[e.ID] = e.State
	}
	for effect, state := range f.effects {
		if rank[found[effect]] < rank[state] {
			return fmt.Sprintf("effect %d, which was %s, is %q", effect, state, found[effect])
		}
	}
	return ""
}
