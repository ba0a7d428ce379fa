package github

import (
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"

	"hls/internal/breaker"
)

// Snapshot is what the traffic so far has shown. Taking it calls nobody.
type Snapshot struct {
	Requests    int64     // made since the start, redirects counted
	Limit       int       // of the core resource, as last seen; 0 when never seen
	Remaining   int       // of the core resource, as last seen
	Reset       time.Time // when Remaining becomes Limit again
	LimitsAt    time.Time // when they were told last
	LastSuccess time.Time
	LastError   time.Time
	Error       string // the last one's text
	Breaker     breaker.Snapshot
	Refused     bool // the last one was that the token or App is not accepted

	// Ahead is by how much GitHub's clock was ahead of this machine's at the newest answer that told the time; negative
	// when behind. Dated tells whether one did.
	Ahead time.Duration
	Dated bool
}

type meter struct {
	mu  sync.Mutex
	now Snapshot
}

func (m *meter) snapshot() Snapshot {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

func (m *meter) sent() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now.Requests++
}

// saw reads an answer's word on the rate limit ("Rate limits for the REST API").
func (m *meter) saw(header http.Header) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if at, err := http.ParseTime(header.Get("Date")); err == nil {
		m.now.Ahead, m.now.Dated = time.Until(at), true
	}
	if resource := header.Get("X-RateLimit-Resource"); resource != "" && resource != "core" {
		return
	}
	limit, err := strconv.Atoi(header.Get("X-RateLimit-Limit"))
	if err != nil {
		return
	}
	m.now.Limit, m.now.LimitsAt = limit, time.Now()
	m.now.Remaining, _ = strconv.Atoi(header.Get("X-RateLimit-Remaining"))
	if at, err := strconv.ParseInt(header.Get("X-RateLimit-Reset"), 10, 64); err == nil {
		m.now.Reset = time.Unix(at, 0)
	}
}

func (m *meter) success() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now.LastSuccess = time.Now()
}

func (m *meter) failure(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now.LastError, m.now.Error, m.now.Refused = time.Now(), err.Error(), errors.Is(err, errRefused)
}
