package telemetry_test

import (
	"compress/gzip"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"hls/internal/hls"
	"hls/internal/telemetry"
	"hls/internal/telemetry/collector"
)

const secret = "ghp-a-secret-of-the-settings-0123456789"

func none(string) string { return "" }

// tracer sends to an address; what it tells is in the log that it returns.
func tracer(t *testing.T, url string) *telemetry.Tracer {
	t.Helper()
	return tracerBy(t, url, none)
}

func tracerBy(t *testing.T, url string, env func(string) string) *telemetry.Tracer {
	t.Helper()
	traces, err := telemetry.New(t.Context(), telemetry.Config{OTLPEndpoint: url}, telemetry.Deps{
		Version: "1.2.3", Redactor: hls.NewRedactor(secret), Log: slog.New(slog.DiscardHandler), Env: env,
	})
	if err != nil || traces == nil {
		t.Fatalf("tracer %v, %v", traces, err)
	}
	t.Cleanup(func() { _ = traces.Close(t.Context()) })
	return traces
}

func started(t *testing.T) *collector.Collector {
	t.Helper()
	c := collector.Start()
	t.Cleanup(c.Stop)
	return c
}

var (
	delivery = hls.Delivery{ID: "d-1", RequestID: "r-1", Event: "issues", Action: "opened", Repo: "acme/widget-shop"}
	work     = hls.Task{ID: 7, DeliveryID: "d-1", RequestID: "r-1", Event: "issues", Action: "opened", Attempt: 2,
		Subject: hls.Subject{Repo: "acme/widget-shop", Kind: hls.KindIssue, Number: 3}}
)

// The door and the worker may be two processes: what they tell is one trace all the same, under the span of the request.
func TestOneDeliveryIsOneTraceAcrossInstances(t *testing.T) {
	t.Parallel()
	c := started(t)
	door, worker := tracer(t, c.URL), tracer(t, c.URL)
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	door.Recorded(delivery, at, at.Add(time.Second))
	door.Received(delivery, at, at.Add(2*time.Second))
	run := worker.Begin(work, at.Add(10*time.Second))
	run.Stage(hls.StageRoute, at.Add(10*time.Second), at.Add(11*time.Second))
	run.Stage(hls.StageAct, at.Add(11*time.Second), at.Add(12*time.Second))
	run.End(hls.Outcome{State: hls.Parked, Reason: "refusal"}, at.Add(12*time.Second))
	for _, one := range []*telemetry.Tracer{door, worker} {
		if err := one.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	spans := map[string]collector.Span{}
	for _, s := range c.Spans() {
		spans[s.Name] = s
	}
	if len(spans) != 5 {
		t.Fatalf("%d spans", len(spans))
	}
	root, task := spans["receive"], spans["task"]
	for name, parent := range map[string]string{"receive": "", "record": root.ID, "task": root.ID, "route": task.ID, "act": task.ID} {
		s := spans[name]
		if s.Trace != root.Trace || s.Parent != parent || s.Service != "hls" {
			t.Errorf("%s is %s under %q of %s, want %s under %q", name, s.ID, s.Parent, s.Trace, root.Trace, parent)
		}
	}
	if root.Start != uint64(at.UnixNano()) || root.End-root.Start != uint64(2*time.Second) || spans["act"].End-spans["act"].Start != uint64(time.Second) {
		t.Errorf("times: %+v, %+v", root, spans["act"])
	}
	a := task.Attributes
	if !task.Failed || a[hls.KeyOutcome] != "parked" || a[hls.KeyReason] != "refusal" || a[hls.KeyStage] != "act" || a[hls.KeyAttempt] != "2" ||
		a[hls.KeyTask] != "7" || a[hls.KeySubject] != "acme/widget-shop#3" || spans["route"].Attributes[hls.KeyStage] != "route" {
		t.Errorf("the run is told as %v", a)
	}
}

// S1: whatever has a secret in it, and however long it is, leaves without it and not at full length.
func TestS1_SpansAreRedacted(t *testing.T) {
	t.Parallel()
	c := started(t)
	traces := tracer(t, c.URL)
	leaky := work
	leaky.Action, leaky.Subject.Repo = "opened "+secret, strings.Repeat("long", 1000)
	run := traces.Begin(leaky, time.Now())
	run.Stage(hls.StageRoute, time.Now(), time.Now())
	run.End(hls.Outcome{State: hls.Parked, Reason: "because of " + secret}, time.Now())
	if err := traces.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	spans := c.Spans()
	if len(spans) != 2 {
		t.Fatalf("%d spans", len(spans))
	}
	for _, s := range spans {
		if strings.Contains(s.Raw, secret[:8]) || len(s.Raw) > 3000 {
			t.Errorf("%s", s.Raw)
		}
	}
}

// With no collector named nothing is made, and nothing is allocated.
func TestNoTracesWithoutACollector(t *testing.T) { //nolint:paralleltest // AllocsPerRun counts what the process does.
	traces, err := telemetry.New(t.Context(), telemetry.Config{}, telemetry.Deps{Env: none})
	if traces != nil || err != nil {
		t.Fatalf("%v, %v", traces, err)
	}
	now := time.Now()
	if n := testing.AllocsPerRun(100, func() {
		traces.Received(delivery, now, now)
		traces.Recorded(delivery, now, now)
		run := traces.Begin(work, now)
		run.Stage(hls.StageAct, now, now)
		run.End(hls.Outcome{}, now)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if err := traces.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// A sampler decides once for a delivery, at the door and on every worker.
func TestSamplingKeepsTracesWhole(t *testing.T) {
	for name, sampler := range map[string]string{"ratio": "traceidratio", "with parents": "parentbased_traceidratio"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("OTEL_TRACES_SAMPLER", sampler)
			t.Setenv("OTEL_TRACES_SAMPLER_ARG", "0.5")
			c := started(t)
			door, worker := tracer(t, c.URL), tracer(t, c.URL)
			for i := range 100 {
				d, task := delivery, work
				d.ID = fmt.Sprintf("delivery-%d", i)
				task.DeliveryID = d.ID
				door.Received(d, time.Now(), time.Now())
				worker.Begin(task, time.Now()).End(hls.Outcome{State: hls.Done}, time.Now())
			}
			_, _ = door.Close(t.Context()), worker.Close(t.Context())
			names := map[string][]string{}
			for _, s := range c.Spans() {
				names[s.Trace] = append(names[s.Trace], s.Name)
			}
			for id, list := range names {
				slices.Sort(list)
				if !slices.Equal(list, []string{"receive", "task"}) {
					t.Errorf("of trace %s there are %v", id, list)
				}
			}
			if len(names) < 20 || len(names) > 80 {
				t.Errorf("%d of 100 traces", len(names))
			}
		})
	}
}

// S1: what the headers for the collector hold goes to no other server.
func TestS1_CollectorCannotSendHeadersElsewhere(t *testing.T) {
	t.Parallel()
	env := variables{"OTEL_EXPORTER_OTLP_HEADERS": "x-api-key=" + secret}
	elsewhere := make(chan http.Header, 10)
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { elsewhere <- r.Header }))
	t.Cleanup(other.Close)
	asked := make(chan string, 10)
	moved := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Header.Get("X-Api-Key")
		http.Redirect(w, r, other.URL+"/v1/traces", http.StatusTemporaryRedirect)
	}))
	t.Cleanup(moved.Close)
	traces := tracerBy(t, moved.URL, env.of)
	traces.Received(delivery, time.Now(), time.Now())
	_ = traces.Close(t.Context())
	if len(asked) == 0 || <-asked != secret {
		t.Fatal("the collector was not asked")
	}
	if len(elsewhere) != 0 {
		t.Errorf("another server got %v", <-elsewhere)
	}
	if got := telemetry.Secrets(func(name string) string {
		return map[string]string{"OTEL_EXPORTER_OTLP_HEADERS": "x-api-key=" + secret + ", authorization=Bearer%20abc"}[name]
	}); !slices.Equal(got, []hls.Secret{secret, "Bearer abc"}) {
		t.Errorf("%d secrets of the environment", len(got))
	}
}

// variables are those of an environment.
type variables map[string]string

func (v variables) of(name string) string { return v[name] }

// The variables of the exporter are those of OpenTelemetry's specification, and a collector that is busy is asked again.
func TestExporterFollowsTheEnvironment(t *testing.T) {
	t.Parallel()
	type request struct {
		path, key, tenant, encoding string
		spans                       int
	}
	asked := make(chan request, 10)
	var busy atomic.Bool
	busy.Store(true)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if busy.Swap(false) {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		plain, err := gzip.NewReader(r.Body)
		var text []byte
		if err == nil {
			text, err = io.ReadAll(plain)
		}
		var data tracepb.TracesData
		if err := errors.Join(err, proto.Unmarshal(text, &data)); err != nil || len(data.ResourceSpans) == 0 {
			t.Errorf("%d bytes: %v", len(text), err)
			return
		}
		asked <- request{r.URL.Path, r.Header.Get("Api-Key"), r.Header.Get("Tenant"), r.Header.Get("Content-Encoding"), len(data.ResourceSpans)}
	}))
	t.Cleanup(server.Close)
	authority := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(authority, text, 0o600); err != nil {
		t.Fatal(err)
	}
	env := variables{
		"OTEL_EXPORTER_OTLP_ENDPOINT": server.URL + "/otlp", "OTEL_EXPORTER_OTLP_HEADERS": "api-key=a, tenant=b%20c",
		"OTEL_EXPORTER_OTLP_TRACES_HEADERS": "api-key=d", "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip", "OTEL_EXPORTER_OTLP_CERTIFICATE": authority,
		"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT": "30000",
	}
	traces := tracerBy(t, "", env.of)
	traces.Received(delivery, time.Now(), time.Now())
	if err := traces.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-asked:
		if want := (request{"/otlp/v1/traces", "d", "b c", "gzip", 1}); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	default:
		t.Error("the collector was not asked again")
	}
	for name, value := range map[string]string{
		"OTEL_EXPORTER_OTLP_TIMEOUT": "10s", "OTEL_EXPORTER_OTLP_CERTIFICATE": "/nowhere", "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": "/nowhere",
	} {
		bad := variables{"OTEL_EXPORTER_OTLP_ENDPOINT": server.URL, name: value}
		if _, err := telemetry.New(t.Context(), telemetry.Config{}, telemetry.Deps{Env: bad.of}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A collector that hangs holds up nobody: what does not fit is dropped.
func TestHangingCollectorHoldsUpNobody(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	stuck := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	t.Cleanup(stuck.Close)
	t.Cleanup(func() { close(hang) })
	traces := tracer(t, stuck.URL)
	told := make(chan struct{})
	go func() {
		defer close(told)
		run := traces.Begin(work, time.Now())
		for range 20000 {
			run.Stage(hls.StageGather, time.Now(), time.Now())
		}
	}()
	select {
	case <-told:
	case <-time.After(20 * time.Second):
		t.Error("spans wait for the collector")
	}
}
