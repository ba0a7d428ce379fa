package web

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

// Stats is the JSON of /stats. Its names are those of the original service where that had them.
type Stats struct {
	UptimeSeconds         float64             `json:"uptime_seconds"`
	TotalWebhooks         int64               `json:"total_webhooks"`
	SuccessfulProcessing  int64               `json:"successful_processing"`
	FailedProcessing      int64               `json:"failed_processing"`
	SuccessRate           float64             `json:"success_rate"`
	AverageProcessingTime float64             `json:"average_processing_time"`
	ProcessingTime        map[string]float64  `json:"processing_time"`
	Requests              map[string]int64    `json:"requests"`
	RequestReasons        map[string]int64    `json:"request_reasons"`
	EventsByType          map[string]int64    `json:"events_by_type"`
	EventsByRepo          map[string]int64    `json:"events_by_repo"`
	Outcomes              map[string]int64    `json:"outcomes"`
	OutcomeReasons        map[string]int64    `json:"outcome_reasons"`
	Effects               map[string]int64    `json:"effects"`
	Labels                []record.LabelCount `json:"labels"`
	SecretsMasked         map[string]int64    `json:"secrets_masked"`
	SecurityReports       int64               `json:"security_reports"`
	Retries               int64               `json:"retries"`
	GitHubAPI             any                 `json:"github_api"`
	ClaudeAPI             ClaudeStats         `json:"claude_api"`
	Queue                 QueueStats          `json:"queue"`
	Handlers              []string            `json:"handlers"`
	Repositories          []string            `json:"repositories"`
}

// ClaudeStats is what Claude was asked and what it cost, over all time, with the limits last seen.
type ClaudeStats struct {
	RequestsMade     int64   `json:"requests_made"`
	InputTokens      int64   `json:"input_tokens"`
	OutputTokens     int64   `json:"output_tokens"`
	CacheReadTokens  int64   `json:"cache_read_tokens"`
	CacheWriteTokens int64   `json:"cache_write_tokens"`
	CacheHitRate     float64 `json:"cache_hit_rate"`
	CostUSD          float64 `json:"cost_usd"`
	CostPerEffectUSD float64 `json:"cost_per_effect_usd"`
	Limits           any     `json:"limits"`

	ByModel      map[string]BillStats `json:"by_model"`
	ByWork       map[string]BillStats `json:"by_work"` // by event and purpose, such as issues/triage
	ByRepository map[string]float64   `json:"cost_usd_by_repository"`
	Budget       BudgetStats          `json:"budget"`
	DryReplays   ClaudePart           `json:"dry_replays"`
	Backtests    ClaudePart           `json:"backtests"`
	DryAnalyses  ClaudePart           `json:"dry_analyses"` // of hls analyze
}

// ClaudePart is a part of what Claude was asked, which the whole has too.
type ClaudePart struct {
	RequestsMade int64   `json:"requests_made"`
	CostUSD      float64 `json:"cost_usd"`
}

// QueueStats is what waits.
type QueueStats struct {
	Pending       int64   `json:"pending"`
	Running       int64   `json:"running"`
	OldestSeconds float64 `json:"oldest_seconds"`
}

func (s *Server) stats(w http.ResponseWriter, r *http.Request) {
	counted, err := s.deps.Store.Stats(r.Context())
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	answer(w, http.StatusOK, s.compose(counted))
}

func (s *Server) compose(c record.Stats) Stats {
	ended := c.Outcomes[string(hls.Done)] + c.Outcomes[string(hls.Skipped)] + c.Outcomes[string(hls.Superseded)]
	failed := c.Outcomes[string(hls.Parked)]
	out := Stats{
		UptimeSeconds: time.Since(s.started).Seconds(), TotalWebhooks: sum(c.Requests),
		SuccessfulProcessing: ended, FailedProcessing: failed, SuccessRate: share(ended, ended+failed),
		ProcessingTime: map[string]float64{"p50": quantile(c.Processing, 0.5), "p90": quantile(c.Processing, 0.9), "p99": quantile(c.Processing, 0.99)},
		Requests:       c.Requests, RequestReasons: c.Reasons, EventsByType: c.Events, EventsByRepo: c.Repos,
		Outcomes: c.Outcomes, OutcomeReasons: c.Why, Effects: c.Effects, Labels: mostOverridden(c.Labels), Retries: c.Retries,
		SecretsMasked: c.Masked(), SecurityReports: c.Tallies[record.TallySecurity],
		GitHubAPI: s.deps.GitHub(c), Handlers: s.deps.Handlers, Repositories: s.deps.Repositories(),
		Queue: QueueStats{c.Pending, c.Running, c.Oldest.Seconds()},
		ClaudeAPI: ClaudeStats{
			RequestsMade: c.Calls, InputTokens: c.Spend.InputTokens, OutputTokens: c.Spend.OutputTokens,
			CacheReadTokens: c.Spend.CacheReadTokens, CacheWriteTokens: c.Spend.CacheWriteTokens,
			CacheHitRate: share(c.Spend.CacheReadTokens, c.Spend.CacheReadTokens+c.Spend.CacheWriteTokens+c.Spend.InputTokens),
			CostUSD:      usd(c.Spend.CostMicroUSD), CostPerEffectUSD: costPerEffect(c), Limits: s.deps.Claude(),
			ByModel: named(c.Models, total(c)), ByWork: named(c.Work, total(c)), ByRepository: payers(c),
			DryReplays: asideOf(c, "dry_replay"), Backtests: asideOf(c, "backtest"), DryAnalyses: asideOf(c, "analyze"),
		},
	}
	out.ClaudeAPI.Budget, _ = s.budget(c)
	if n := count(c.Processing); n > 0 {
		out.AverageProcessingTime = c.Processing.Sum / float64(n)
	}
	return out
}

// mostLabels is how many labels /stats shows.
const mostLabels = 100

// mostOverridden are the labels that people undid most often.
func mostOverridden(list []record.LabelCount) []record.LabelCount {
	list = append([]record.LabelCount{}, list...)
	slices.SortFunc(list, func(a, b record.LabelCount) int {
		return cmp.Or(cmp.Compare(b.Overridden, a.Overridden), cmp.Compare(b.Kept, a.Kept), cmp.Compare(a.Repo, b.Repo), cmp.Compare(a.Label, b.Label))
	})
	return list[:min(len(list), mostLabels)]
}

func sum(m map[string]int64) (total int64) {
	for _, n := range m {
		total += n
	}
	return total
}

// share is part of whole as a number from 0 to 1; nothing of nothing is 0.
func share(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

func count(l record.Latency) (n int64) {
	for _, c := range l.Counts {
		n += c
	}
	return n
}

// quantile reads the q-th quantile off the histogram, interpolating within its bucket as Prometheus'
// histogram_quantile does.
func quantile(l record.Latency, q float64) float64 {
	rank, seen := q*float64(count(l)), 0.0
	for i, c := range l.Counts {
		if c == 0 || seen+float64(c) < rank {
			seen += float64(c)
			continue
		}
		if i >= len(l.Bounds) {
			break
		}
		low := 0.0
		if i > 0 {
			low = l.Bounds[i-1]
		}
		return low + (l.Bounds[i]-low)*(rank-seen)/float64(c)
	}
	if n := len(l.Bounds); n > 0 && seen > 0 {
		return l.Bounds[n-1]
	}
	return 0
}

// asideOf is the part of what Claude cost that went to no task, by what it was for.
func asideOf(s record.Stats, name string) ClaudePart {
	return ClaudePart{s.Tallies["aside_calls/"+name], float64(s.Tallies["aside_micro_usd/"+name]) / 1e6}
}
