// Package web is every URL but the one GitHub calls, and the server that carries them all. routes.go is the list.
package web

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"hls/internal/hls"
)

// routes has every URL on one page. What is not open asks for the admin credential (S2).
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle(s.cfg.WebhookPath, http.HandlerFunc(s.webhook))

	mux.HandleFunc("GET /livez", s.livez)
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.HandleFunc("GET /health", s.health)

	mux.Handle("GET /stats", s.admin(http.HandlerFunc(s.stats)))
	mux.Handle("GET /metrics", s.admin(promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{})))
	mux.Handle("GET /api/v1/deliveries", s.admin(http.HandlerFunc(s.deliveries)))
	mux.Handle("GET /api/v1/deliveries/{id}", s.admin(http.HandlerFunc(s.delivery)))
	mux.Handle("POST /api/v1/deliveries/{id}/replay", s.admin(http.HandlerFunc(s.replay)))
	mux.Handle("GET /api/v1/effects", s.admin(http.HandlerFunc(s.effects)))
	mux.Handle("POST /api/v1/effects/decide", s.admin(http.HandlerFunc(s.decide)))
	mux.Handle("GET /api/v1/audit", s.admin(http.HandlerFunc(s.audit)))
	mux.Handle("GET /api/v1/audit/head", s.admin(http.HandlerFunc(s.auditHead)))
	mux.Handle("GET /api/v1/why", s.admin(http.HandlerFunc(s.why)))
	mux.Handle("POST /api/v1/recovery", s.admin(http.HandlerFunc(s.recovery)))
	mux.Handle("POST /api/v1/sweep", s.admin(http.HandlerFunc(s.sweep)))

	mux.HandleFunc("/", notFound)
	return secured(mux)
}

// webhook is GitHub's door, with its time measured and the connection of a delivery kept while it is worked on.
func (s *Server) webhook(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	s.deps.Webhook.ServeHTTP(w, kept(r))
	s.deps.Metrics.Observe(hls.StageReceive, time.Since(start))
}

// secured sets what every answer carries: none is to be framed, sniffed or kept.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

func notFound(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusNotFound, map[string]string{"status": "error", "reason": "not found"})
}
