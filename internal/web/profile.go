package web

import (
	"net/http"
	"net/http/pprof"
)

// profiles serves Go's profiles to this machine alone: a loopback peer, no sign of a proxy, a loopback Host, and the
// operator's token where there is one. Behind a known proxy nobody counts as this machine.
func (s *Server) profiles() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	guarded := s.admin(operator, mux.ServeHTTP)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.own(r) || !loopbackHost(r.Host) {
			notFound(w, r)
			return
		}
		guarded.ServeHTTP(w, r)
	})
}
