package telemetry

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

const (
	localCollector = "http://localhost:4318" // by the specification of the OTLP exporter
	exportTimeout  = 10 * time.Second        // by the same
	mostTries      = 4
	mostAnswered   = 64 << 10 // bytes of an answer that are read
)

// client sends traces as OTLP over HTTP, in protobuf ("OTLP Specification"). OpenTelemetry's own client of the kind brings gRPC
// along, which it does not use, and which is a thirtieth of the program (docs/dependencies.md).
type client struct {
	url     string
	headers http.Header
	timeout time.Duration // of one try
	gzip    bool
	http    *http.Client
}

// environment reads a variable of the exporter: that of traces comes before that of all signals.
type environment func(name string) string

func (e environment) of(name string) string {
	return cmp.Or(e("OTEL_EXPORTER_OTLP_TRACES_"+name), e("OTEL_EXPORTER_OTLP_"+name))
}

func newClient(cfg Config, env environment) (*client, error) {
	c := &client{headers: http.Header{"Content-Type": {"application/x-protobuf"}, "User-Agent": {"hls"}}, timeout: exportTimeout}
	switch {
	case cfg.OTLPEndpoint != "":
		c.url = tracesAt(cfg.OTLPEndpoint)
	case env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != "":
		c.url = env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
	default:
		c.url = tracesAt(cmp.Or(env("OTEL_EXPORTER_OTLP_ENDPOINT"), localCollector))
	}
	for name, value := range headersOf(env("OTEL_EXPORTER_OTLP_HEADERS")) {
		c.headers.Set(name, value)
	}
	for name, value := range headersOf(env("OTEL_EXPORTER_OTLP_TRACES_HEADERS")) {
		c.headers.Set(name, value)
	}
	if text := env.of("TIMEOUT"); text != "" {
		ms, err := strconv.Atoi(text)
		if err != nil || ms <= 0 {
			return nil, errors.New("the environment variable OTEL_EXPORTER_OTLP_TIMEOUT: want milliseconds, as 10000")
		}
		c.timeout = time.Duration(ms) * time.Millisecond
	}
	c.gzip = env.of("COMPRESSION") == "gzip"
	if c.gzip {
		c.headers.Set("Content-Encoding", "gzip")
	}
	secured, err := tlsBy(env)
	if err != nil {
		return nil, err
	}
	c.http = &http.Client{Transport: &http.Transport{Proxy: unredirected, TLSClientConfig: secured, IdleConnTimeout: time.Minute}}
	return c, nil
}

// headersOf reads a list of headers, as "api-key=a%20b,tenant=c".
func headersOf(text string) map[string]string {
	out := map[string]string{}
	for pair := range strings.SplitSeq(text, ",") {
		name, value, ok := strings.Cut(pair, "=")
		if decoded, err := url.PathUnescape(strings.TrimSpace(value)); ok && err == nil && strings.TrimSpace(name) != "" {
			out[strings.TrimSpace(name)] = decoded
		}
	}
	return out
}

// tlsBy is whom the environment trusts, and who it says that HLS is; nil for what the machine trusts, and nobody.
func tlsBy(env environment) (*tls.Config, error) {
	authority, certificate, key := env.of("CERTIFICATE"), env.of("CLIENT_CERTIFICATE"), env.of("CLIENT_KEY")
	if authority == "" && certificate == "" {
		return nil, nil //nolint:nilnil // Nothing is said.
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if authority != "" {
		text, err := os.ReadFile(authority) //nolint:gosec // The operator names it.
		if err != nil {
			return nil, fmt.Errorf("the environment variable OTEL_EXPORTER_OTLP_CERTIFICATE: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(text) {
			return nil, errors.New("the environment variable OTEL_EXPORTER_OTLP_CERTIFICATE: want a file of certificates in PEM")
		}
	}
	if certificate != "" {
		pair, err := tls.LoadX509KeyPair(certificate, key)
		if err != nil {
			return nil, fmt.Errorf("the environment variables OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and _CLIENT_KEY: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// Start and Stop have nothing to do: connections are made as they are needed, and go when idle.
func (c *client) Start(context.Context) error { return nil }

// Stop ends idle connections.
func (c *client) Stop(context.Context) error {
	c.http.CloseIdleConnections()
	return nil
}

// UploadTraces sends spans, and tries again where the collector asks for that.
func (c *client) UploadTraces(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	body, err := c.encode(spans)
	if err != nil {
		return fmt.Errorf("encode traces: %w", err)
	}
	for try := 1; ; try++ {
		wait, err := c.post(ctx, body)
		if err == nil || wait == 0 || try == mostTries {
			return err
		}
		select {
		case <-time.After(max(wait, time.Second<<(try-1))):
		case <-ctx.Done():
			return err
		}
	}
}

// encode makes the request. On the wire TracesData is the same as the ExportTraceServiceRequest that a collector takes.
func (c *client) encode(spans []*tracepb.ResourceSpans) ([]byte, error) {
	plain, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: spans})
	if err != nil || !c.gzip {
		return plain, err
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err = w.Write(plain); err == nil {
		err = w.Close()
	}
	return packed.Bytes(), err
}

// post makes one try. A wait says that another may help.
func (c *client) post(ctx context.Context, body []byte) (wait time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("send traces: %w", err)
	}
	r.Header = c.headers.Clone()
	answer, err := c.http.Do(r)
	if err != nil {
		if errors.Is(err, errRedirected) {
			return 0, err
		}
		return time.Second, fmt.Errorf("send traces: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.CopyN(io.Discard, answer.Body, mostAnswered) // So that the connection serves again.
	switch answer.StatusCode {
	case http.StatusOK, http.StatusAccepted, http.StatusNoContent:
		return 0, nil
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		seconds, _ := strconv.Atoi(answer.Header.Get("Retry-After")) // Where it says nothing, nothing is added.
		return max(time.Duration(seconds)*time.Second, time.Second), fmt.Errorf("send traces: the collector answered %s", answer.Status)
	}
	return 0, fmt.Errorf("send traces: the collector answered %s", answer.Status)
}
