package web

import (
	"net/http"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/web/ui"
)

// span is a time that trends are shown over, in equal steps.
type span struct {
	Name string
	step time.Duration
	n    int
}

var spans = []span{{"day", time.Hour, 24}, {"week", 6 * time.Hour, 28}, {"month", 24 * time.Hour, 30}}

// trends is the page of plots.
type trends struct {
	Span  string
	Spans []span
	Plots []ui.Plot
}

func (s *Server) trendsPage(r *http.Request, _ caller) (shown, error) {
	over := spans[0]
	for _, known := range spans {
		if known.Name == r.URL.Query().Get("span") {
			over = known
		}
	}
	first := s.now().UTC().Truncate(over.step).Add(-time.Duration(over.n-1) * over.step)
	hours, err := s.deps.Store.Hours(r.Context(), first)
	if err != nil {
		return shown{}, err
	}
	steps := make([]record.Stats, over.n)
	for i := range steps {
		steps[i] = record.NewStats(nil)
	}
	for _, h := range hours {
		if i := int(h.At.Sub(first) / over.step); i >= 0 && i < over.n {
			gather(&steps[i], h.Stats)
		}
	}
	body := trends{Span: over.Name, Spans: spans, Plots: plots(over.times(first), steps)}
	return shown{name: "trends", here: ui.Trends, title: "Trends", body: body}, nil
}

// times are when the steps begin.
func (s span) times(first time.Time) []time.Time {
	times := make([]time.Time, s.n)
	for i := range times {
		times[i] = first.Add(time.Duration(i) * s.step)
	}
	return times
}

// gather adds an hour to a step.
func gather(to *record.Stats, hour record.Stats) {
	for class, n := range hour.Requests {
		to.Requests[class] += n
	}
	for state, n := range hour.Outcomes {
		to.Outcomes[state] += n
	}
	for i, n := range hour.Processing.Counts {
		to.Processing.Counts[i] += n
	}
	to.Processing.Sum += hour.Processing.Sum
	to.Calls += hour.Calls
	u, h := &to.Spend, hour.Spend
	u.InputTokens, u.OutputTokens, u.CostMicroUSD = u.InputTokens+h.InputTokens, u.OutputTokens+h.OutputTokens, u.CostMicroUSD+h.CostMicroUSD
	u.CacheReadTokens, u.CacheWriteTokens = u.CacheReadTokens+h.CacheReadTokens, u.CacheWriteTokens+h.CacheWriteTokens
}

// plots are what is shown of the steps that begin at given times.
func plots(at []time.Time, steps []record.Stats) []ui.Plot {
	series := func(name string, value func(record.Stats) float64) ui.Series {
		out := ui.Series{Name: name}
		for _, s := range steps {
			out.Values = append(out.Values, value(s))
		}
		return out
	}
	request := func(class hls.Class) ui.Series {
		return series(string(class), func(s record.Stats) float64 { return float64(s.Requests[string(class)]) })
	}
	outcome := func(state hls.State) ui.Series {
		return series(string(state), func(s record.Stats) float64 { return float64(s.Outcomes[string(state)]) })
	}
	percentile := func(name string, q float64) ui.Series {
		return series(name, func(s record.Stats) float64 { return quantile(s.Processing, q) })
	}
	return []ui.Plot{
		ui.Bars("deliveries", "Deliveries", "", at, request(hls.Accepted), request(hls.Ignored), request(hls.Duplicate), request(hls.Rejected), request(hls.Deferred)),
		ui.Bars("outcomes", "Outcomes of tasks", "", at, outcome(hls.Done), outcome(hls.Skipped), outcome(hls.Superseded), outcome(hls.Parked)),
		ui.Lines("latency", "Time spent on a task", "s", at, percentile("p50", 0.5), percentile("p90", 0.9), percentile("p99", 0.99)),
		ui.Bars("tokens", "Tokens", "", at,
			series("input", func(s record.Stats) float64 { return float64(s.Spend.InputTokens) }),
			series("output", func(s record.Stats) float64 { return float64(s.Spend.OutputTokens) }),
			series("from the cache", func(s record.Stats) float64 { return float64(s.Spend.CacheReadTokens) })),
		ui.Bars("dollars", "Dollars", "$", at, series("spent", func(s record.Stats) float64 { return usd(s.Spend.CostMicroUSD) })),
	}
}
