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
// page in a browser cannot reach in under a name of its own (DNS rebinding). A proxy may leave no sign: one that is
// known of needs the token. Writes from a page of another origin are refused either way.
func (s *Server) admin(next http.Handler) http.Handler {
	next = http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.allowed(r) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="hls"`)
			answer(w, http.StatusUnauthorized, map[string]string{"status": "error", "reason": "the admin token is needed"})
			return
		}
		keep(r)
		next.ServeHTTP(w, r)
	})
}

func (s *Server) allowed(r *http.Request) bool {
	if token := s.cfg.AdminToken.Reveal(); token != "" {
		scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		return strings.EqualFold(scheme, "Bearer") && equal(strings.TrimSpace(given), token)
	}
	return !s.cfg.Proxied && loopback(r.RemoteAddr) && loopbackHost(r.Host) && !forwarded(r)
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

// forwarded tells whether a proxy brought the request. Any header counts that only proxies set, whatever its value:
// the client's own may be empty and stand before the proxy's. HTTP/1.0 is what nginx speaks to a server unless told
// otherwise, and it adds no header at all.
func forwarded(r *http.Request) bool {
	if !r.ProtoAtLeast(1, 1) {
		return true
	}
	for name := range r.Header {
		switch name {
		case "Forwarded", "Via", "Cdn-Loop", "X-Real-Ip", "Cf-Connecting-Ip", "X-Proxyuser-Ip", "X-Azure-Clientip":
			return true
		}
		if strings.HasPrefix(name, "X-Forwarded") || strings.HasPrefix(name, "X-Original-") ||
			strings.HasPrefix(name, "X-Envoy-") || strings.HasSuffix(name, "Client-Ip") {
			return true
		}
	}
	return false
}
