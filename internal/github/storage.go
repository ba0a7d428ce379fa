package github

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"hls/internal/hls"
)

// GitHub keeps logs in a storage and answers a request for one with 302 and an address that is good for a minute
// ("Download job logs for a workflow run"). Fetching from there is the one request that leaves the host of base_url:
// docs/adr/0006-logs-from-the-storage.md.

const (
	storageTime    = 2 * time.Minute // for one log, read to its end
	storageMost    = 64 << 20        // bytes of one log, after decompression; what follows is not read
	longestAddress = 8 << 10
)

var (
	errStorage = errors.New("the storage address is not one to fetch from")
	errNoLog   = errors.New("the storage has no such log")
)

// storage fetches without credentials, without a proxy and without following redirects.
type storage struct {
	home    *url.URL
	most    int64
	longest time.Duration // that a log is read
	client  *http.Client
	lookup  func(ctx context.Context, network, host string) ([]netip.Addr, error)
}

func newStorage(home *url.URL, dial dialer) *storage {
	s := &storage{home: home, most: storageMost, longest: storageTime, lookup: net.DefaultResolver.LookupNetIP}
	transport := baseTransport(nil)
	transport.Proxy = nil
	transport.DialContext = s.dial(dial)
	transport.DisableKeepAlives = true
	s.client = &http.Client{
		Transport:     transport,
		Timeout:       storageTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return s
}

// keptAway takes the address of a redirect to a storage, and makes of it an answer without content, so that nobody
// follows it. A redirect to the number of a renamed repository stays what it is.
func (t *transport) keptAway(resp *http.Response, address *string) {
	location := resp.Header.Get("Location")
	if resp.StatusCode != http.StatusFound || location == "" || strings.HasPrefix(location, "/") {
		return
	}
	if u, err := url.Parse(location); err == nil && within(t.home, u) && strings.HasPrefix(below(t.home, u), "repos") {
		return
	}
	*address = location
	resp.StatusCode, resp.Status = http.StatusNoContent, "204 No Content"
}

// open begins to read what is kept at an address. What cannot be had is hls.ErrNotFound.
func (s *storage) open(ctx context.Context, address string) (io.ReadCloser, error) {
	u, err := s.check(address)
	if err != nil {
		return nil, unread(err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, unread(err)
	}
	req.Header.Set("User-Agent", "hls")
	resp, err := s.client.Do(req) //nolint:bodyclose // The caller closes it, and refuse where there is none.
	switch {
	case errors.Is(err, errStorage):
		return nil, unread(err)
	case err != nil:
		return nil, &hls.RetryAfter{Err: fmt.Errorf("fetch log: %w", withoutQuery(err)), Reason: reasonUnavailable}
	case resp.StatusCode == http.StatusOK:
		return resp.Body, nil
	}
	_ = resp.Body.Close()
	err = fmt.Errorf("%w: %s", errNoLog, resp.Status)
	if resp.StatusCode >= http.StatusInternalServerError || resp.StatusCode == http.StatusTooManyRequests {
		return nil, &hls.RetryAfter{Err: err, Reason: reasonUnavailable}
	}
	return nil, unread(err)
}

func unread(err error) error { return fmt.Errorf("%w: %w", hls.ErrNotFound, err) }

// withoutQuery is an error of net/http without the address: its query is a credential for a minute.
func withoutQuery(err error) error {
	var named *url.Error
	if errors.As(err, &named) {
		return named.Err
	}
	return err
}

// check lets an address through that is https, or on the very host of base_url.
func (s *storage) check(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || len(address) > longestAddress:
		return nil, fmt.Errorf("%w: malformed", errStorage)
	case u.User != nil || u.Opaque != "" || u.Host == "":
		return nil, fmt.Errorf("%w: it carries more than a host and a path", errStorage)
	case u.Scheme == "https", s.atHome(u):
		return u, nil
	}
	return nil, fmt.Errorf("%w: not https", errStorage)
}

func (s *storage) atHome(u *url.URL) bool {
	return u.Scheme == s.home.Scheme && strings.EqualFold(u.Host, s.home.Host)
}

// dial makes connections to public addresses, and to those of the kind that base_url's own host has. The address is
// looked at once it is resolved, so that no name can mean one thing when it is checked and another when it is dialed.
func (s *storage) dial(next dialer) dialer {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		home := s.homeAddresses(ctx)
		if next == nil {
			d := net.Dialer{Timeout: 10 * time.Second, ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
				return mayReach(address, home)
			}}
			return d.DialContext(ctx, network, address)
		}
		conn, err := next(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if err := mayReach(conn.RemoteAddr().String(), home); err != nil {
			_ = conn.Close()
			return nil, err
		}
		return conn, nil
	}
}

// homeAddresses are those of base_url's host; none when it is not found.
func (s *storage) homeAddresses(ctx context.Context) []netip.Addr {
	if ip, err := netip.ParseAddr(s.home.Hostname()); err == nil {
		return []netip.Addr{ip}
	}
	all, _ := s.lookup(ctx, "ip", s.home.Hostname())
	return all
}

// special are the networks that nobody outside can give an address in (IANA's registries of special-purpose addresses),
// besides those that netip knows.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("2001::/32"),
	netip.MustParsePrefix("2002::/16"),
}

// mayReach tells whether a log may be fetched from an address ("IP:port").
func mayReach(address string, home []netip.Addr) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: no IP address", errStorage)
	}
	ip := at.Addr().Unmap().WithZone("")
	var like func(netip.Addr) bool
	switch {
	case ip.IsLoopback():
		like = netip.Addr.IsLoopback
	case ip.IsPrivate():
		like = netip.Addr.IsPrivate
	case !ip.IsGlobalUnicast(), isSpecial(ip):
		return fmt.Errorf("%w: it is on a network of its own", errStorage)
	default:
		return nil
	}
	for _, own := range home {
		if like(own.Unmap()) {
			return nil
		}
	}
	return fmt.Errorf("%w: it is on a private network, and base_url is not", errStorage)
}

// isSpecial: of IPv6, IANA gives global addresses from 2000::/3. Everything else is for something else, such as the addresses
// that carry one of IPv4.
func isSpecial(ip netip.Addr) bool {
	if ip.Is6() && ip.As16()[0]>>5 != 0b001 {
		return true
	}
	for _, network := range special {
		if network.Contains(ip) {
			return true
		}
	}
	return false
}
