// Package web is every URL but the one GitHub calls, and the server that carries them all. routes.go is the list.
package web

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"hls/internal/hls"
	"hls/internal/web/ui"
)

// routes has every URL on one page. What is not open asks for a credential, and names the role that it takes (S2). The
// sign-in page and the style of the pages are open: they tell nothing.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle(s.cfg.WebhookPath, http.HandlerFunc(s.webhook))

	mux.HandleFunc("GET /livez", s.livez)
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.HandleFunc("GET /health", s.health)

	mux.Handle("GET /stats", s.admin(viewer, s.stats))
	mux.Handle("GET /metrics", s.admin(viewer, promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{}).ServeHTTP))
	mux.Handle("GET /api/v1/deliveries", s.admin(viewer, s.deliveries))
	mux.Handle("GET /api/v1/deliveries/{id}", s.admin(viewer, s.delivery))
	mux.Handle("POST /api/v1/deliveries/{id}/replay", s.adminOf(operator, mostChanges, s.replay))
	mux.Handle("GET /api/v1/effects", s.admin(viewer, s.effects))
	mux.Handle("POST /api/v1/effects/decide", s.admin(operator, s.decide))
	mux.Handle("POST /api/v1/undo", s.admin(operator, s.undo))
	mux.Handle("GET /api/v1/audit", s.admin(viewer, s.audit))
	mux.Handle("GET /api/v1/audit/head", s.admin(viewer, s.auditHead))
	mux.Handle("GET /api/v1/why", s.admin(viewer, s.why))
	mux.Handle("GET /api/v1/overrides", s.admin(viewer, s.overrides))
	mux.Handle("POST /api/v1/overrides/reset", s.admin(operator, s.resetLabel))
	mux.Handle("POST /api/v1/recovery", s.admin(operator, s.recovery))
	mux.Handle("POST /api/v1/sweep", s.admin(operator, s.sweep))
	mux.Handle("POST /api/v1/ask", s.adminOf(operator, mostAsked, s.ask))
	mux.Handle("POST /api/v1/analyze", s.admin(operator, s.analyze))

	mux.HandleFunc("GET /ui/login", s.signInPage)
	mux.HandleFunc("POST /ui/login", s.signIn)
	mux.Handle("GET /ui/static/{file}", http.StripPrefix("/ui/static/", http.FileServerFS(ui.Static())))
	mux.Handle("POST /ui/logout", s.page(viewer, s.signOut))
	mux.Handle("GET /ui", s.page(viewer, s.dashboard))
	mux.Handle("GET /ui/{$}", s.page(viewer, s.live(s.nowPage)))
	mux.Handle("GET /ui/deliveries", s.page(viewer, s.live(s.deliveriesPage)))
	mux.Handle("GET /ui/deliveries/{id}", s.page(viewer, s.live(s.deliveryPage)))
	mux.Handle("POST /ui/deliveries/{id}/replay", s.page(operator, s.replayForm))
	mux.Handle("GET /ui/deliveries/{id}/undo", s.page(operator, s.undoPage))
	mux.Handle("POST /ui/deliveries/{id}/undo", s.page(operator, s.undoForm))
	mux.Handle("GET /ui/effects", s.page(viewer, s.live(s.effectsPage)))
	mux.Handle("POST /ui/effects/decide", s.page(operator, s.decideForm))
	mux.Handle("GET /ui/repositories", s.page(viewer, s.live(s.repositoriesPage)))
	mux.Handle("GET /ui/repositories/{owner}/{name}", s.page(viewer, s.live(s.repositoryPage)))
	mux.Handle("GET /ui/trends", s.page(viewer, s.live(s.trendsPage)))
	if s.cfg.Profiles {
		mux.Handle("GET /debug/pprof/", s.profiles())
	}

	mux.HandleFunc("/", notFound)
	return secured(mux)
}

// webhook is GitHub's door, with its time measured and the connection of a delivery kept while it is worked on.
func (s *Server) webhook(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	s.deps.Webhook.ServeHTTP(w, kept(r))
	s.deps.Metrics.Observe(hls.StageReceive, time.Since(start))
}

// secured sets what every answer carries: none is to be framed, sniffed, kept, or read by pages of other sites. There are
// no CORS headers anywhere.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

func notFound(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusNotFound, map[string]string{"status": "error", "reason": "not found"})
}
