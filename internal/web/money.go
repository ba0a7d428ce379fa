package web

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hls/internal/hls"
	"hls/internal/record"
)

// mostNamed is how many models, kinds of work and repositories are named, those that cost the most; the rest is "other".
const mostNamed = 20

// other is what is not named, and what was spent before it was counted by name.
const other = "other"

// BillStats is what calls of Claude for one thing came to, over all time.
type BillStats struct {
	RequestsMade int64   `json:"requests_made"`
	CostUSD      float64 `json:"cost_usd"`
}

// BudgetStats is what was spent, or is set aside, of the caps over all repositories.
type BudgetStats struct {
	Step  string             `json:"step"` // of ordinary work: as_asked, cheaper, labels_only or waiting
	Day   CapStats           `json:"day"`
	Month CapStats           `json:"month"`
	Days  map[string]float64 `json:"days"` // dollars by day
}

// CapStats is one of the caps. CapUSD is 0 when it is not set.
type CapStats struct {
	CapUSD      float64   `json:"cap_usd"`
	OrdinaryUSD float64   `json:"ordinary_usd"` // what is left without the reserve for commands
	UsedUSD     float64   `json:"used_usd"`
	ReservedUSD float64   `json:"reserved_usd"` // of these, by calls under way
	ResetsAt    time.Time `json:"resets_at"`
}

// steps name the steps of the ladder, the one below them last.
var steps = []string{"as_asked", "cheaper", "labels_only", "waiting"}

// waiting is the step on which ordinary work waits.
const waiting = int(hls.LabelsOnly) + 1

func usd(micro int64) float64 { return float64(micro) / 1e6 }

// budget sets what was spent against the caps in force.
func (s *Server) budget(c record.Stats) (stats BudgetStats, step int) {
	var caps hls.Budget
	if s.deps.Budget != nil {
		caps = s.deps.Budget()
	}
	now := time.Now()
	stats.Day = capStats(caps.DailyUSD, c.Today, caps.Ladder, record.Day(now).AddDate(0, 0, 1))
	stats.Month = capStats(caps.MonthlyUSD, c.Month, caps.Ladder, record.Month(now).AddDate(0, 1, 0))
	step = max(stepOf(caps.DailyUSD, c.Today, caps.Ladder), stepOf(caps.MonthlyUSD, c.Month, caps.Ladder))
	stats.Step, stats.Days = steps[step], map[string]float64{}
	for _, d := range c.Days {
		stats.Days[d.Day.Format(time.DateOnly)] = usd(d.MicroUSD)
	}
	return stats, step
}

func capStats(limit float64, m record.Money, l hls.Ladder, ends time.Time) CapStats {
	return CapStats{CapUSD: limit, OrdinaryUSD: l.Ordinary(limit), UsedUSD: usd(m.All), ReservedUSD: usd(m.Open), ResetsAt: ends}
}

func stepOf(limit float64, m record.Money, l hls.Ladder) int {
	if limit > 0 && usd(m.All) >= l.Ordinary(limit) {
		return waiting
	}
	return int(m.Step(limit, l))
}

// costPerEffect is what was spent for each effect that was done. An emoji that shows that a command was heard is none.
func costPerEffect(c record.Stats) float64 {
	var done int64
	for _, kind := range hls.EffectKinds() {
		if kind != hls.AddReaction {
			done += c.Effects[string(kind)+"/"+string(hls.EffectDone)]
		}
	}
	if done == 0 {
		return 0
	}
	return usd(c.Spend.CostMicroUSD) / float64(done)
}

// named are the bills of what cost the most, with the rest of the total as another.
func named(bills map[string]record.Bill, total record.Bill) map[string]BillStats {
	names := slices.SortedFunc(maps.Keys(bills), func(a, b string) int {
		return cmp.Or(cmp.Compare(bills[b].MicroUSD, bills[a].MicroUSD), cmp.Compare(a, b))
	})
	out := map[string]BillStats{}
	for _, name := range names[:min(len(names), mostNamed)] {
		b := bills[name]
		out[name] = BillStats{b.Calls, usd(b.MicroUSD)}
		total.Calls, total.MicroUSD = total.Calls-b.Calls, total.MicroUSD-b.MicroUSD
	}
	if total.Calls > 0 || total.MicroUSD > 0 {
		out[other] = BillStats{max(total.Calls, 0), usd(max(total.MicroUSD, 0))}
	}
	return out
}

// payers are the repositories that cost the most.
func payers(c record.Stats) map[string]float64 {
	bills := map[string]record.Bill{}
	for repo, micro := range c.RepoSpend {
		bills[repo] = record.Bill{MicroUSD: micro}
	}
	out := map[string]float64{}
	for repo, b := range named(bills, record.Bill{MicroUSD: c.Spend.CostMicroUSD}) {
		out[repo] = b.CostUSD
	}
	return out
}

// total is what all calls came to.
func total(c record.Stats) record.Bill {
	return record.Bill{Calls: c.Calls, MicroUSD: c.Spend.CostMicroUSD}
}

// emitter sends one metric of a scrape.
type emitter func(kind prometheus.ValueType, name, help string, value float64, labels ...string)

// money tells what was spent, on what, and how far the caps are used.
func (c scrape) money(emit emitter, stats record.Stats) {
	emit(prometheus.CounterValue, "hls_claude_requests_total", "Calls of Claude that were paid for.", float64(stats.Calls))
	emit(prometheus.CounterValue, "hls_claude_cost_usd_total", "Money spent on Claude.", usd(stats.Spend.CostMicroUSD))
	for model, b := range named(stats.Models, total(stats)) {
		emit(prometheus.CounterValue, "hls_claude_model_requests_total", "Calls of Claude that were paid for, by model.", float64(b.RequestsMade), "model", model)
		emit(prometheus.CounterValue, "hls_claude_model_cost_usd_total", "Money spent on Claude, by model.", b.CostUSD, "model", model)
	}
	for work, b := range named(stats.Work, total(stats)) {
		emit(prometheus.CounterValue, "hls_claude_work_cost_usd_total", "Money spent on Claude, by event and purpose.", b.CostUSD, "work", work)
	}
	for kind, n := range map[string]int64{"input": stats.Spend.InputTokens, "output": stats.Spend.OutputTokens,
		"cache_read": stats.Spend.CacheReadTokens, "cache_write": stats.Spend.CacheWriteTokens} {
		emit(prometheus.CounterValue, "hls_claude_tokens_total", "Tokens by kind.", float64(n), "kind", kind)
	}
	budget, step := c.s.budget(stats)
	for window, b := range map[string]CapStats{"day": budget.Day, "month": budget.Month} {
		emit(prometheus.GaugeValue, "hls_claude_used_usd", "Money spent on Claude, or set aside, in this day or month (UTC).", b.UsedUSD, "window", window)
		if b.CapUSD > 0 {
			emit(prometheus.GaugeValue, "hls_claude_cap_usd", "The cap on the money of a day or month.", b.CapUSD, "window", window)
		}
	}
	emit(prometheus.GaugeValue, "hls_claude_budget_step",
		"What the caps leave to ordinary work: 0 all, 1 the cheaper model, 2 labels only, 3 waiting.", float64(step))
}
