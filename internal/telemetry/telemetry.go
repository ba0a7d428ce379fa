// Package telemetry makes traces of deliveries and sends them to an OpenTelemetry collector. A trace is one delivery: the
// request that brought it, and each run of the tasks that came of it, in the eight stages of the journey.
//
// GitHub sends no trace context, and nothing about traces is stored. The id of a trace, and that of its first span, follow
// from the delivery's id instead, so that the door and whichever instance works on the delivery, now or after a replay,
// write into one trace, and a sampler decides alike for all of it. No text that people write is in a span, and what is
// passes the redactor.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"hls/internal/hls"
)

// Config is the section telemetry.
type Config struct {
	// URL of an OpenTelemetry collector that takes OTLP over HTTP, to which /v1/traces is added; empty means the standard
	// OTEL_* variables, and without those either no traces are made.
	OTLPEndpoint string `yaml:"otlp_endpoint"`
}

// Deps are what the tracer needs besides.
type Deps struct {
	Version  string
	Redactor *hls.Redactor
	Log      *slog.Logger
	Env      func(string) string // nil means os.Getenv
}

// Tracer makes traces. It is safe for concurrent use, and never waits for the collector: what cannot be sent in time is
// dropped. Nil makes none, at no cost.
type Tracer struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
	redactor *hls.Redactor
}

// New makes a tracer, or returns nil when neither the settings nor the environment name a collector.
func New(ctx context.Context, cfg Config, deps Deps) (*Tracer, error) {
	if deps.Env == nil {
		deps.Env = os.Getenv
	}
	wanted, err := where(cfg, deps.Env)
	if err != nil || !wanted {
		return nil, err
	}
	to, err := newClient(cfg, deps.Env)
	if err != nil {
		return nil, err
	}
	exporter, err := otlptrace.New(ctx, to)
	if err != nil {
		return nil, fmt.Errorf("make exporter of traces: %w", err)
	}
	about, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", "hls"), attribute.String("service.version", deps.Version)),
		resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil { // The rest of the description stands.
		deps.Log.Warn("OTEL_RESOURCE_ATTRIBUTES cannot be read as a whole", hls.KeyError, err.Error())
	}
	limits := sdktrace.NewSpanLimits()
	if limits.AttributeValueLengthLimit < 0 {
		limits.AttributeValueLengthLimit = longestValue
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(&telling{SpanExporter: exporter, log: deps.Log}),
		sdktrace.WithResource(about), sdktrace.WithIDGenerator(generator{}), sdktrace.WithRawSpanLimits(limits))
	return &Tracer{provider: provider, tracer: provider.Tracer("hls"), redactor: deps.Redactor}, nil
}

// longestValue is the most characters of an attribute, unless OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT says otherwise.
const longestValue = 256

// Close sends what is left, until ctx ends.
func (t *Tracer) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// Check tells why traces could not be made with these settings and the process's environment.
func Check(cfg Config) error {
	_, err := where(cfg, os.Getenv)
	return err
}

// where tells whether traces are wanted, by the specification of OpenTelemetry's environment variables.
func where(cfg Config, env func(string) string) (wanted bool, err error) {
	first := func(names ...string) string {
		for _, name := range names {
			if value := env(name); value != "" {
				return value
			}
		}
		return ""
	}
	exporter := env("OTEL_TRACES_EXPORTER")
	endpoint := first("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
	switch {
	case strings.EqualFold(env("OTEL_SDK_DISABLED"), "true"), exporter == "none":
		return false, nil
	case cfg.OTLPEndpoint == "" && endpoint == "" && exporter != "otlp":
		return false, nil
	case exporter != "" && exporter != "otlp":
		return false, errors.New("the environment variable OTEL_TRACES_EXPORTER: want otlp or none")
	}
	if protocol := first("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"); protocol != "" && !strings.HasPrefix(protocol, "http/") {
		return false, errors.New("the environment variable OTEL_EXPORTER_OTLP_PROTOCOL: want http/protobuf; collectors take it at port 4318")
	}
	if cfg.OTLPEndpoint != "" {
		endpoint = cfg.OTLPEndpoint
	}
	if u, err := url.Parse(endpoint); endpoint != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		return false, errors.New("want a URL such as https://collector.example.com:4318 in it, or in the environment variable OTEL_EXPORTER_OTLP_ENDPOINT")
	}
	return true, nil
}

// tracesAt is where a collector at an address takes traces.
func tracesAt(endpoint string) string {
	const path = "/v1/traces"
	endpoint = strings.TrimSuffix(endpoint, "/")
	if strings.HasSuffix(endpoint, path) {
		return endpoint
	}
	return endpoint + path
}

var errRedirected = errors.New("the collector sends elsewhere, and headers may hold credentials")

// unredirected chooses a proxy, and refuses requests that a redirect led to.
func unredirected(r *http.Request) (*url.URL, error) {
	if r.Response != nil {
		return nil, errRedirected
	}
	return http.ProxyFromEnvironment(r)
}

// Secrets are those that the environment has for the collector: the values of the headers that are sent to it.
func Secrets(env func(string) string) []hls.Secret {
	var out []hls.Secret
	for _, name := range []string{"OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"} {
		for _, value := range headersOf(env(name)) {
			if value != "" {
				out = append(out, hls.Secret(value))
			}
		}
	}
	return out
}

// telling logs failures, one a minute at the most; the SDK would print them to standard error.
type telling struct {
	sdktrace.SpanExporter
	log  *slog.Logger
	last atomic.Int64
}

// ExportSpans sends spans. What fails is lost: traces are no record.
func (e *telling) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := e.SpanExporter.ExportSpans(ctx, spans)
	now, last := time.Now().Unix(), e.last.Load()
	if err != nil && now-last >= 60 && e.last.CompareAndSwap(last, now) {
		e.log.Warn("traces cannot be sent", "spans", len(spans), hls.KeyError, err.Error())
	}
	return nil
}
