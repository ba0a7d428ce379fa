package claude

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

// maxResponseBytes bounds an answer after decompression; the largest that max_tokens allows is far smaller.
const maxResponseBytes = 16 << 20

var (
	errRedirected = errors.New("redirected, which HLS does not follow")
	errTooLarge   = errors.New("the answer is too large")
)

type dialer = func(ctx context.Context, network, address string) (net.Conn, error)

// newHTTPClient makes a client that follows no redirect (net/http would take X-Api-Key to the other host) and reads
// no more than it should.
func newHTTPClient(most int64, dial dialer) *http.Client {
	return &http.Client{
		Transport: &transport{most: most, next: &http.Transport{
			DialContext:            dial,
			Proxy:                  http.ProxyFromEnvironment,
			ForceAttemptHTTP2:      true,
			MaxIdleConns:           32,
			MaxIdleConnsPerHost:    16,
			IdleConnTimeout:        90 * time.Second,
			TLSHandshakeTimeout:    10 * time.Second,
			MaxResponseHeaderBytes: 1 << 20,
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return errRedirected },
	}
}

// transport bounds answers. net/http decompresses by itself, so what is read is what counts.
type transport struct {
	next http.RoundTripper
	most int64
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	resp.Body = &bounded{body: resp.Body, left: t.most}
	return resp, nil
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
