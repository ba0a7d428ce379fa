package receive

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// Peers says who may knock at the door at all, before anything is read. A signature proves a delivery; this only
// spares the work of finding out that there is none.
type Peers struct {
	// OnlyGitHub takes deliveries only from the addresses that GitHub names for its webhooks, and from AllowedNetworks.
	// While they are not known, as at a start without GitHub, every delivery is answered 503 and is found again later
	// in GitHub's log.
	OnlyGitHub bool `yaml:"only_github" default:"false"`
	// AllowedNetworks are addresses or networks that deliveries may come from; empty is any, unless only_github is on.
	AllowedNetworks []netip.Prefix `yaml:"allowed_networks"`
	// RequestsPerMinute is how many requests of one address (of an IPv6 network of 64 bits) are looked at in a minute;
	// 0 is no limit. GitHub itself comes from few addresses: leave room for your busiest minute.
	RequestsPerMinute int `yaml:"requests_per_minute" default:"0" jsonschema:"minimum=0"`
}

// The reasons for not looking at a request.
const (
	addressRefused   = "address_not_allowed"
	addressesUnknown = "github_addresses_unknown"
	tooMany          = "too_many_requests"
)

// mostPeers is how many addresses a rate is kept for. Beyond it all are forgotten: memory is bounded rather than fair.
const mostPeers = 10000

// watch holds the door against peers.
type watch struct {
	cfg     Peers
	proxies []netip.Prefix
	github  atomic.Pointer[[]netip.Prefix]

	mu    sync.Mutex
	rates map[netip.Prefix]*rate.Limiter
}

// Allow names the addresses that GitHub sends webhooks from, for requests that come from now on.
func (h *Handler) Allow(github []netip.Prefix) {
	github = slices.Clone(github)
	h.watch.github.Store(&github)
}

// refuse is why a request is not looked at, or nil.
func (w *watch) refuse(r *http.Request, now time.Time) *ending {
	restricted := w.cfg.OnlyGitHub || len(w.cfg.AllowedNetworks) > 0
	if !restricted && w.cfg.RequestsPerMinute == 0 {
		return nil
	}
	peer := Peer(r, w.proxies)
	if restricted {
		if end := w.stranger(peer); end != nil {
			return end
		}
	}
	if w.cfg.RequestsPerMinute > 0 && !w.within(peer, now) {
		end := reject(http.StatusTooManyRequests, tooMany)
		end.after = time.Minute
		return end
	}
	return nil
}

func (w *watch) stranger(peer netip.Addr) *ending {
	if within(w.cfg.AllowedNetworks, peer) {
		return nil
	}
	if !w.cfg.OnlyGitHub {
		return reject(http.StatusForbidden, addressRefused)
	}
	github := w.github.Load()
	if github == nil {
		end := deferred(addressesUnknown, nil)
		return &end
	}
	if !within(*github, peer) {
		return reject(http.StatusForbidden, addressRefused)
	}
	return nil
}

// within takes one request off the peer's rate.
func (w *watch) within(peer netip.Addr, now time.Time) bool {
	bits := peer.BitLen()
	if peer.Is6() {
		bits = 64
	}
	network, err := peer.Prefix(bits)
	if err != nil {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	limit := w.rates[network]
	if limit == nil {
		if len(w.rates) >= mostPeers {
			clear(w.rates)
		}
		limit = rate.NewLimiter(rate.Limit(float64(w.cfg.RequestsPerMinute)/60), w.cfg.RequestsPerMinute)
		w.rates[network] = limit
	}
	return limit.AllowN(now, 1)
}

// Peer is who a request comes from: what a trusted proxy says, as far as the proxies it names are trusted, and the
// other end of the connection otherwise. Anyone may write a header; only a proxy's last word is its own.
func Peer(r *http.Request, proxies []netip.Prefix) netip.Addr {
	peer := address(r.RemoteAddr)
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && within(proxies, peer); i-- {
		hop := address(strings.TrimSpace(hops[i]))
		if !hop.IsValid() {
			break
		}
		peer = hop
	}
	return peer
}

// address reads an address with or without a port.
func address(text string) netip.Addr {
	if host, _, err := net.SplitHostPort(text); err == nil {
		text = host
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}

func within(networks []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(a) })
}
