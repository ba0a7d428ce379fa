package claude

import (
	"sync"
	"time"

	"hls/internal/hls"
)

// Limit is one of the API's limits, as last told.
type Limit struct {
	Limit     int64     `json:"limit"`
	Remaining int64     `json:"remaining"`
	Reset     time.Time `json:"reset"`
}

// Snapshot is what the traffic so far has shown. Taking it calls nobody.
type Snapshot struct {
	Calls        int64     // made since the start
	Usage        hls.Usage // summed up; CacheReadTokens are the cache's hits
	CacheHits    int64     // calls that read from the prompt cache
	Requests     Limit
	InputTokens  Limit
	OutputTokens Limit
	LastSuccess  time.Time
	LastError    time.Time
	Error        string // the last one's text
}

type meter struct {
	mu  sync.Mutex
	now Snapshot
}

func (m *meter) called() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now.Calls++
}

// used counts what an answer cost, whether it could be used or not.
func (m *meter) used(u hls.Usage) {
	m.mu.Lock()
	defer m.mu.Unlock()
	sum := &m.now.Usage
	sum.InputTokens += u.InputTokens
	sum.OutputTokens += u.OutputTokens
	sum.CacheReadTokens += u.CacheReadTokens
	sum.CacheWriteTokens += u.CacheWriteTokens
	sum.CostMicroUSD += u.CostMicroUSD
	if u.CacheReadTokens > 0 {
		m.now.CacheHits++
	}
}

func (m *meter) ended(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err == nil {
		m.now.LastSuccess = time.Now()
		return
	}
	m.now.LastError, m.now.Error = time.Now(), err.Error()
}

func (m *meter) snapshot() Snapshot {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}
