// Package collector is an OpenTelemetry collector for tests: it takes traces as OTLP over HTTP, on loopback, and keeps
// them. It is simulated as far as nothing is passed on.
package collector

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"

	collect "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"
)

// Span is one span as it was received.
type Span struct {
	Name, Trace, ID, Parent string
	Start, End              uint64
	Failed                  bool
	Attributes              map[string]string // numbers as text
	Service                 string
	Raw                     string // all of it as text
}

// Collector is a running collector.
type Collector struct {
	URL string

	server *httptest.Server
	mu     sync.Mutex
	spans  []Span
	header http.Header
}

// Start starts one; Stop ends it.
func Start() *Collector {
	c := &Collector{}
	c.server = httptest.NewServer(http.HandlerFunc(c.take))
	c.URL = c.server.URL
	return c
}

// Stop ends it.
func (c *Collector) Stop() { c.server.Close() }

// Spans are those that came so far.
func (c *Collector) Spans() []Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Span(nil), c.spans...)
}

// Header is that of the last request.
func (c *Collector) Header() http.Header {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.header.Clone()
}

func (c *Collector) take(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" {
		http.Error(w, "simulated collector: POST protobuf to /v1/traces", http.StatusNotFound)
		return
	}
	var sent collect.ExportTraceServiceRequest
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = unpacked
	}
	raw, err := io.ReadAll(body)
	if err == nil {
		err = proto.Unmarshal(raw, &sent)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.keep(r.Header, &sent)
	w.Header().Set("Content-Type", "application/x-protobuf")
}
