package web

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// ours tells whether a request was made under a name of this server. A browser asks under the name that its page was
// loaded from: a page of another name that was made to lead here (DNS rebinding) is known by it. Names of this server
// are the address that it was reached at, those of loopback, and those that the settings give it.
func (s *Server) ours(r *http.Request) bool {
	host := strings.TrimSuffix(strings.ToLower(hostname(r.Host)), ".")
	if loopbackHost(host) {
		return true
	}
	if at, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		asked, err := netip.ParseAddr(host)
		local, _ := netip.ParseAddrPort(at.String())
		if err == nil && asked.Unmap() == local.Addr().Unmap().WithZone("") {
			return true
		}
	}
	return host != "" && slices.ContainsFunc(s.deps.Hosts(), func(name string) bool {
		return host == strings.TrimSuffix(strings.ToLower(hostname(name)), ".")
	})
}

func misdirected() *Refused {
	return &Refused{http.StatusForbidden, "this server does not know itself under this name: add it to server.allowed_hosts"}
}

// secure tells whether the browser speaks HTTPS: with this server, or with a trusted proxy that says so.
func (s *Server) secure(r *http.Request) bool {
	if s.cfg.CertFile != "" {
		return true
	}
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	trusted := err == nil && slices.ContainsFunc(s.cfg.Proxies, func(p netip.Prefix) bool { return p.Contains(at.Addr().Unmap().WithZone("")) })
	said, _, _ := strings.Cut(r.Header.Get("X-Forwarded-Proto"), ",")
	return trusted && strings.EqualFold(strings.TrimSpace(said), "https")
}
