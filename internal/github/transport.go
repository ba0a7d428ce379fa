package github

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

const maxResponseBytes = 64 << 20 // after decompression

// trip is what a request carries through the layers of net/http, redirects included.
type trip struct {
	key           string // of the credential
	authorization string // the header's value; "" for none
	repoID        int64
	sent          atomic.Bool // a connection was there, so the server may have seen the request
	away          *string     // takes the address that the answer is kept at; nil where an answer is wanted
}

type tripKey struct{}

func withTrip(ctx context.Context, t *trip) context.Context {
	return context.WithValue(ctx, tripKey{}, t)
}

func tripOf(ctx context.Context) *trip {
	if t, ok := ctx.Value(tripKey{}).(*trip); ok {
		return t
	}
	return &trip{}
}

// transport signs requests, makes them conditional, and bounds what comes back.
type transport struct {
	home  *url.URL // no request goes outside
	next  http.RoundTripper
	cache *cache
	meter *meter
	most  int64 // bytes of one answer, after decompression
}

type dialer = func(ctx context.Context, network, address string) (net.Conn, error)

// baseTransport decompresses by itself, so that what is read from it is what counts.
func baseTransport(dial dialer) *http.Transport {
	return &http.Transport{
		DialContext:            dial,
		Proxy:                  http.ProxyFromEnvironment,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           100, // As many requests as GitHub takes at a time.
		MaxIdleConnsPerHost:    100,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    10 * time.Second,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: 1 << 20,
	}
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if !within(t.home, req.URL) && !besideHome(t.home, req) {
		return nil, fmt.Errorf("%w: %s", errRedirected, req.URL.Host)
	}
	trip := tripOf(req.Context())
	req = req.Clone(req.Context())
	if trip.authorization != "" {
		req.Header.Set("Authorization", trip.authorization)
	}
	key := ""
	if req.Method == http.MethodGet {
		key = trip.key + " " + req.URL.String()
	}
	known, ok := t.cache.find(key)
	if ok {
		req.Header.Set("If-None-Match", known.etag)
	}
	t.meter.sent()
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	t.meter.saw(resp.Header)
	if trip.away != nil {
		t.keptAway(resp, trip.away)
	}
	if ok && resp.StatusCode == http.StatusNotModified {
		return known.answer(resp), nil
	}
	resp.Body = &bounded{body: resp.Body, left: t.most}
	if key == "" || resp.StatusCode != http.StatusOK {
		return resp, nil
	}
	return t.keep(key, resp)
}

// keep stores an answer that can be asked for again with its ETag.
func (t *transport) keep(key string, resp *http.Response) (*http.Response, error) {
	etag := resp.Header.Get("ETag")
	if etag == "" || resp.ContentLength > maxCachedEntry {
		return resp, nil
	}
	head, err := io.ReadAll(io.LimitReader(resp.Body, maxCachedEntry+1))
	if err != nil {
		_ = resp.Body.Close()
		return nil, err
	}
	if len(head) > maxCachedEntry {
		resp.Body = rest{io.MultiReader(bytes.NewReader(head), resp.Body), resp.Body}
		return resp, nil
	}
	_ = resp.Body.Close()
	t.cache.store(key, entry{etag: etag, header: resp.Header.Clone(), body: head})
	resp.Body = io.NopCloser(bytes.NewReader(head))
	return resp, nil
}

// rest reads what was read ahead and then the remainder of a body.
type rest struct {
	io.Reader
	io.Closer
}

// bounded fails, rather than ends, when a body has more than left bytes: a cut body might still be valid JSON.
type bounded struct {
	body io.ReadCloser
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.body.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}

func (b *bounded) Close() error { return b.body.Close() }

// within tells whether u is on the host of home and below its path.
func within(home, u *url.URL) bool {
	return u.Scheme == home.Scheme && strings.EqualFold(u.Host, home.Host) && strings.HasPrefix(u.Path, home.Path) &&
		u.User == nil
}

// besideHome tells whether a request asks GraphQL of Enterprise Server, which stands beside its REST API.
func besideHome(home *url.URL, req *http.Request) bool {
	at := *req.URL
	at.Path = home.Path
	return within(home, &at) && req.Method == http.MethodPost && graphqlOf(home) == req.URL.Path
}
