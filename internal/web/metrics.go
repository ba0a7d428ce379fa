package web

import (
	"cmp"
	"context"
	"maps"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"hls/internal/hls"
	"hls/internal/record"
)

// Metrics are the measures that live in this process; the counters of the record are read at each scrape.
type Metrics struct {
	stages *prometheus.HistogramVec
}

// NewMetrics makes them; the server registers them.
func NewMetrics() *Metrics {
	return &Metrics{stages: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "hls_stage_duration_seconds",
		Help: "Time spent in each stage of the journey: by the request that brought a delivery (receive), and by its task.",
		// The door answers within milliseconds, and Claude within minutes.
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300},
	}, []string{hls.KeyStage})}
}

// Observe adds one stay in a stage.
func (m *Metrics) Observe(s hls.Stage, spent time.Duration) {
	m.stages.WithLabelValues(string(s)).Observe(spent.Seconds())
}

func (s *Server) registerMetrics() {
	s.registry = prometheus.NewRegistry()
	s.signIns = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "hls_sign_ins_total", Help: "Tries to sign in to the dashboard, by outcome."}, []string{hls.KeyOutcome})
	for _, outcome := range []string{signedIn, wrongToken, tooManyTries, notAsked} {
		s.signIns.WithLabelValues(outcome)
	}
	s.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "hls_build_info", Help: "1, with the version that runs.",
		ConstLabels: prometheus.Labels{"version": cmp.Or(s.cfg.Version, "unknown")}}, func() float64 { return 1 }))
	s.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), s.deps.Metrics.stages, s.signIns, scrape{s},
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "hls_connections", Help: "Open connections to the server."},
			func() float64 { return float64(s.gate.size()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "hls_connections_dropped_total", Help: "Connections closed because there were too many."},
			func() float64 { return float64(s.gate.dropped.Load()) }))
}

// scrape turns the record's counters into metrics. Label values come from closed sets, but for the event: the
// receive room bounds its shape, and only enabled events count.
type scrape struct{ s *Server }

// Describe sends nothing: the set of metrics depends on what was counted.
func (scrape) Describe(chan<- *prometheus.Desc) {}

// Collect reads the counters once.
func (c scrape) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	stats, err := c.s.deps.Store.Stats(ctx)
	if err != nil {
		out <- prometheus.NewInvalidMetric(prometheus.NewDesc("hls_up", "Whether the record can be read.", nil, nil), err)
		return
	}
	emit := func(kind prometheus.ValueType, name, help string, value float64, labels ...string) {
		names, values := pairs(labels)
		out <- prometheus.MustNewConstMetric(prometheus.NewDesc(name, help, names, nil), kind, value, values...)
	}
	counted := func(name, help, first, second string, m map[string]int64) {
		for key, n := range m {
			a, b, _ := strings.Cut(key, "/")
			labels := []string{first, a}
			if second != "" {
				labels = append(labels, second, b)
			}
			emit(prometheus.CounterValue, name, help, float64(n), labels...)
		}
	}
	// What has a known set of values begins at 0, so that the first of each is seen to rise.
	counted("hls_requests_total", "Webhook requests by how they ended at the door.", "class", "", since(stats.Requests, classes))
	counted("hls_request_reasons_total", "Webhook requests by class and reason.", "class", hls.KeyReason, stats.Reasons)
	counted("hls_events_total", "Deliveries taken in, by event.", hls.KeyEvent, "", stats.Events)
	counted("hls_tasks_total", "Tasks ended, by outcome.", hls.KeyOutcome, "", since(stats.Outcomes, outcomes))
	counted("hls_task_reasons_total", "Tasks skipped or parked, by reason.", hls.KeyOutcome, hls.KeyReason, stats.Why)
	counted("hls_effects_total", "Effects by kind and state.", "kind", "state", since(stats.Effects, inDoubt()))
	counted("hls_secrets_masked_total", "Secrets taken out of what people wrote, by where and by kind.", "where", "kind", stats.Masked())
	emit(prometheus.CounterValue, "hls_security_reports_total", "Reports of likely vulnerabilities, which were not discussed in public.",
		float64(stats.Tallies[record.TallySecurity]))
	emit(prometheus.CounterValue, "hls_task_retries_total", "Runs of tasks that were put off to a later try.", float64(stats.Retries))
	c.money(emit, stats)
	c.storage(emit)
	emit(prometheus.GaugeValue, "hls_queue_pending", "Tasks that wait.", float64(stats.Pending))
	emit(prometheus.GaugeValue, "hls_queue_running", "Tasks under way.", float64(stats.Running))
	emit(prometheus.GaugeValue, "hls_queue_oldest_seconds", "How long the oldest due task has waited.", stats.Oldest.Seconds())
	for door, report := range c.s.deps.Components {
		c.breaker(emit, door, report().Breaker)
	}
	c.latency(out, stats.Processing.Bounds, stats.Processing.Counts, stats.Processing.Sum)
}

// classes and outcomes are all that there are.
var (
	classes  = []string{string(hls.Accepted), string(hls.Duplicate), string(hls.Ignored), string(hls.Pong), string(hls.Rejected), string(hls.Conflict), string(hls.Deferred)}
	outcomes = []string{string(hls.Done), string(hls.Skipped), string(hls.Superseded), string(hls.Parked)}
)

// inDoubt are the counts of effects of which nobody knows whether they are done.
func inDoubt() (names []string) {
	for _, kind := range hls.EffectKinds() {
		names = append(names, string(kind)+"/"+string(hls.EffectUnknown))
	}
	return names
}

// since adds what was not counted yet.
func since(counts map[string]int64, all []string) map[string]int64 {
	out := map[string]int64{}
	maps.Copy(out, counts)
	for _, name := range all {
		out[name] += 0
	}
	return out
}

func (c scrape) storage(emit emitter) {
	if c.s.deps.Room == nil {
		return
	}
	if used, free, ok := c.s.deps.Room(); ok {
		emit(prometheus.GaugeValue, "hls_storage_bytes", "Size of the database's files, where they are on this machine.", float64(used))
		emit(prometheus.GaugeValue, "hls_storage_free_bytes", "Room left on their disk.", float64(free))
	}
}

func (scrape) breaker(emit func(prometheus.ValueType, string, string, float64, ...string), door string, b *Breaker) {
	if b == nil {
		return
	}
	for _, state := range []string{"closed", "open", "half_open"} {
		value := 0.0
		if b.State == state {
			value = 1
		}
		emit(prometheus.GaugeValue, "hls_breaker_state", "1 for the state that the circuit of a door is in.", value, "door", door, "state", state)
	}
	emit(prometheus.CounterValue, "hls_breaker_opened_total", "How often the circuits of a door opened since the start.", float64(b.OpenedInTotal), "door", door)
}

func (scrape) latency(out chan<- prometheus.Metric, bounds []float64, counts []int64, sum float64) {
	if len(counts) == 0 {
		return
	}
	buckets, total := map[float64]uint64{}, uint64(0)
	for i, n := range counts {
		total += uint64(n)
		if i < len(bounds) {
			buckets[bounds[i]] = total
		}
	}
	out <- prometheus.MustNewConstHistogram(
		prometheus.NewDesc("hls_task_duration_seconds", "Time spent on a task, over all its runs.", nil, nil), total, sum, buckets)
}

func pairs(labels []string) (names, values []string) {
	for i := 0; i+1 < len(labels); i += 2 {
		names, values = append(names, labels[i]), append(values, labels[i+1])
	}
	return names, values
}
