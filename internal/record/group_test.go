package record_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"

	"hls/internal/record"
)

// held is a group whose first batch waits until it is let go.
func held(t *testing.T, limits record.Limits) (g *record.Group[int], batches func() [][]int, letGo func()) {
	t.Helper()
	var mu sync.Mutex
	var seen [][]int
	entered, free := make(chan struct{}), make(chan struct{})
	var first sync.Once
	g = record.NewGroup(limits, func(batch []int) {
		first.Do(func() {
			close(entered)
			<-free
		})
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, slices.Sorted(slices.Values(batch)))
	})
	go func() { _ = g.Do(context.Background(), 0, 0) }()
	<-entered
	return g, func() [][]int {
		mu.Lock()
		defer mu.Unlock()
		return seen
	}, sync.OnceFunc(func() { close(free) })
}

func gathered(g *record.Group[int], n int) {
	for g.Waiting() < n {
		runtime.Gosched()
	}
}

// What gathers while a batch is under way makes the next one, up to its limits.
func TestGroupGathers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		limits record.Limits
		sizes  []int
	}{
		"all":        {record.Limits{Workers: 1, Entries: 100, Bytes: 1000, Backlog: 100}, []int{1, 10}},
		"by entries": {record.Limits{Workers: 1, Entries: 4, Bytes: 1000, Backlog: 100}, []int{1, 4, 4, 2}},
		"by bytes":   {record.Limits{Workers: 1, Entries: 100, Bytes: 30, Backlog: 100}, []int{1, 3, 3, 3, 1}},
	} {
		g, batches, letGo := held(t, c.limits)
		var all sync.WaitGroup
		for i := range 10 {
			all.Go(func() {
				if err := g.Do(t.Context(), i+1, 10); err != nil {
					t.Error(err)
				}
			})
		}
		gathered(g, 10)
		letGo()
		all.Wait()
		g.Close()
		var sizes, entries []int
		for _, batch := range batches() {
			sizes, entries = append(sizes, len(batch)), append(entries, batch...)
		}
		slices.Sort(entries)
		if !slices.Equal(sizes, c.sizes) || !slices.Equal(entries, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}) {
			t.Errorf("%s: batches of %v with %v, want %v", name, sizes, entries, c.sizes)
		}
	}
}

// A caller whose context ends before its turn gets an error, and its entry is not worked on; one whose turn has come
// waits for the end.
func TestI1_GroupAnswersWhatItTook(t *testing.T) {
	t.Parallel()
	g, batches, letGo := held(t, record.Limits{Workers: 1, Entries: 10, Bytes: 10, Backlog: 10})
	ctx, cancel := context.WithCancel(t.Context())
	answer := make(chan error)
	go func() { answer <- g.Do(ctx, 7, 0) }()
	gathered(g, 1)
	cancel()
	if err := <-answer; !errors.Is(err, record.ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
	letGo()
	g.Close()
	g.Close()
	if got := batches(); len(got) != 1 || !slices.Equal(got[0], []int{0}) {
		t.Errorf("worked on %v", got)
	}
	if err := g.Do(t.Context(), 1, 0); !errors.Is(err, record.ErrUnavailable) {
		t.Errorf("closed: %v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	taken := record.NewGroup(record.Limits{Workers: 1, Entries: 1, Bytes: 1}, func([]int) {
		cancel()
		<-ctx.Done()
	})
	if err := taken.Do(ctx, 1, 0); err != nil {
		t.Errorf("taken: %v", err)
	}
	taken.Close()
}
