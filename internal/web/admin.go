package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// admin lets a request through that carries the admin token. With no token configured it lets through only what
// comes from this machine itself: a loopback peer, no sign of a proxy, and a Host that is loopback too, so that a
// page in a browser cannot reach in under a name of its own (DNS rebinding). Writes from a page of another origin
// are refused either way.
func (s *Server) admin(next http.Handler) http.Handler {
	next = http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.allowed(r) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="hls"`)
			answer(w, http.StatusUnauthorized, map[string]string{"status": "error", "reason": "the admin token is needed"})
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) allowed(r *http.Request) bool {
	if token := s.cfg.AdminToken.Reveal(); token != "" {
		scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		return strings.EqualFold(scheme, "Bearer") && equal(strings.TrimSpace(given), token)
	}
	return loopback(r.RemoteAddr) && loopbackHost(r.Host) && !forwarded(r.Header)
}

// equal compares in constant time, whatever the lengths.
func equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

func loopback(addr string) bool {
	ap, err := netip.ParseAddrPort(addr)
	return err == nil && ap.Addr().Unmap().IsLoopback()
}

func loopbackHost(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.Unmap().IsLoopback()
}

func forwarded(h http.Header) bool {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via", "Cf-Connecting-Ip", "True-Client-Ip"} {
		if h.Get(name) != "" {
			return true
		}
	}
	return false
}
