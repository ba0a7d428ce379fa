package web

import (
	"net/http"
	"time"
)

// Component is one line of /health. Last times are zero when nothing has happened yet.
type Component struct {
	Status      string     `json:"status"` // "healthy", "degraded" or "unhealthy"
	Detail      string     `json:"detail,omitempty"`
	LastSuccess *time.Time `json:"last_success,omitempty"`
	LastError   string     `json:"last_error,omitempty"`
	LastErrorAt *time.Time `json:"last_error_at,omitempty"`
	Breaker     *Breaker   `json:"breaker,omitempty"` // of a door
}

// Breaker is how the circuit of a door stands.
type Breaker struct {
	State         string     `json:"state"` // "closed", "open" or "half_open"
	Since         *time.Time `json:"since,omitempty"`
	NextTry       *time.Time `json:"next_try,omitempty"`
	LastError     string     `json:"last_error,omitempty"`
	Only          []string   `json:"only,omitempty"`            // what alone it is open for; everything when empty
	CallsAtATime  int        `json:"calls_at_a_time,omitempty"` // while it returns after closing
	OpenedInTotal int64      `json:"opened_total"`
}

// bare is what everybody may see of it.
func (b *Breaker) bare() *Breaker {
	if b == nil {
		return nil
	}
	return &Breaker{State: b.State, Since: b.Since, NextTry: b.NextTry, OpenedInTotal: b.OpenedInTotal}
}

// The states of a component and of the whole.
const (
	Healthy   = "healthy"
	Degraded  = "degraded"
	Unhealthy = "unhealthy"
)

// oldestHealthy is how long a due task may wait before the queue counts as behind.
const oldestHealthy = 10 * time.Minute

func (s *Server) livez(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]string{"status": "alive"})
}

// readyz says whether this instance should be sent traffic: it can write, and it is not stopping.
func (s *Server) readyz(w http.ResponseWriter, _ *http.Request) {
	if s.draining.Load() {
		answer(w, http.StatusServiceUnavailable, map[string]string{"status": "stopping"})
		return
	}
	if s.probe.see().storage.err != nil {
		answer(w, http.StatusServiceUnavailable, map[string]string{"status": "unavailable", "reason": "the store cannot be written"})
		return
	}
	answer(w, http.StatusOK, map[string]string{"status": "ready"})
}

// health reports what running traffic has shown. It calls nobody: a probe must not cost a request to GitHub.
func (s *Server) health(w http.ResponseWriter, r *http.Request) {
	components := s.components()
	status, code := Healthy, http.StatusOK
	for _, c := range components {
		if c.Status != Healthy && status == Healthy {
			status = Degraded
		}
	}
	if components["storage"].Status == Unhealthy {
		status, code = Unhealthy, http.StatusServiceUnavailable
	}
	body := map[string]any{
		"status": status, "version": s.cfg.Version, "uptime_seconds": time.Since(s.started).Seconds(), "components": components,
	}
	if _, refused := s.caller(r); refused != nil {
		for name, c := range components {
			components[name] = Component{Status: c.Status, LastSuccess: c.LastSuccess, LastErrorAt: c.LastErrorAt, Breaker: c.Breaker.bare()}
		}
	}
	answer(w, code, body)
}

func (s *Server) components() map[string]Component {
	seen := s.probe.see()
	storage, queue := s.component(seen.storage), s.component(seen.queue)
	if seen.storage.err != nil {
		storage.Status = Unhealthy
	}
	if seen.behind() {
		queue.Status, queue.Detail = Degraded, "the oldest due task has waited "+seen.oldest.Round(time.Second).String()
	}
	components := map[string]Component{"storage": storage, "queue": queue}
	for name, report := range s.deps.Components {
		components[name] = report()
	}
	return components
}

// component makes a line of /health from what the store showed. Its last success is the last look that found it well.
func (s *Server) component(seen sight) Component {
	c := Component{Status: Healthy}
	if seen.err != nil {
		c.Status = Degraded
	}
	if !seen.well.IsZero() {
		c.LastSuccess = &seen.well
	}
	if !seen.failed.IsZero() {
		c.LastError, c.LastErrorAt = s.deps.Redactor.Redact(seen.lastText), &seen.failed
	}
	return c
}
