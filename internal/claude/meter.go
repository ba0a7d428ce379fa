package claude

import (
	"errors"
	"sync"
	"time"

	"hls/internal/breaker"
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
	Requests     Limit
	InputTokens  Limit
	OutputTokens Limit
	LimitsAt     time.Time // when they were told last
	Breaker      breaker.Snapshot
	LastSuccess  time.Time
	LastError    time.Time
	Error        string // the last one's text
	Refused      bool   // the last one was that the key or the model is not accepted
}

type meter struct {
	mu  sync.Mutex
	now Snapshot
}

// ended keeps for /health how the door fares: an answer that cannot be used came through it like another.
func (m *meter) ended(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var unusable *hls.Unusable
	if err == nil || errors.As(err, &unusable) {
		m.now.LastSuccess = time.Now()
		return
	}
	m.now.LastError, m.now.Error, m.now.Refused = time.Now(), err.Error(), errors.Is(err, errRefused)
}

func (m *meter) snapshot() Snapshot {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}
