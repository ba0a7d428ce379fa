package web

import (
	"maps"
	"net/netip"
	"sync"
	"time"
)

// How much the audit log is told of wrong tokens, which anybody can show: it is kept for good.
const (
	foldedFor = time.Hour
	mostTold  = 64       // networks in such a time
	elsewhere = "others" // stands for those beyond it
)

// failures folds what the audit log is told of wrong tokens: of each network the first of an hour at once, and how many
// more came with the next entry that is written. What is counted when the process ends is in the log alone. The zero value
// is ready, and safe for concurrent use.
type failures struct {
	mu    sync.Mutex
	since time.Time
	more  map[string]int // by network, those that nothing was told of yet
}

// add takes a wrong token. It tells whether the audit log is to be told, and with which counts of the hour before.
func (f *failures) add(from netip.Prefix, now time.Time) (tell bool, before map[string]int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if hour := now.Truncate(foldedFor); f.more == nil || !hour.Equal(f.since) {
		before = some(f.more)
		f.since, f.more = hour, map[string]int{}
	}
	name := from.String()
	if _, known := f.more[name]; !known && len(f.more) >= mostTold {
		name = elsewhere
	}
	if _, known := f.more[name]; known {
		f.more[name]++
		return false, nil
	}
	f.more[name] = 0
	return true, before
}

// rest takes the counts that nothing was told of yet.
func (f *failures) rest() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	counts := some(f.more)
	for name := range counts {
		f.more[name] = 0
	}
	return counts
}

// untold gives back counts that could not be told.
func (f *failures) untold(counts map[string]int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for name, n := range counts {
		if _, known := f.more[name]; !known && len(f.more) >= mostTold {
			name = elsewhere
		}
		f.more[name] += n
	}
}

// some are the counts that are not 0.
func some(counts map[string]int) map[string]int {
	counts = maps.Clone(counts)
	maps.DeleteFunc(counts, func(_ string, n int) bool { return n == 0 })
	return counts
}
