package web

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/web/ui"
)

// present is the page of what is going on.
type present struct {
	Queue    QueueStats
	Running  []Listed
	Waiting  []Listed
	Failing  []Listed // parked, the newest
	PutOff   []Listed // queued again after a door or a limit turned them away
	Newest   int      // so many of those that wait were looked at for that; 0 is all
	Proposed int      // effects that wait for a person, mostNow at the most
	More     bool     // there are more of them

	Doors   []door
	Version string
	Up      float64 // seconds

	Day, Month CapStats
	Step       string
	SpentUSD   float64
	Effect     float64 // dollars for each effect that was done
	Limits     []limit
}

// door is a component of the service with its name.
type door struct {
	Name string
	Component
}

// limit is what a server said is left of one of its limits.
type limit struct {
	Name      string
	Limit     int64
	Remaining int64
	Reset     time.Time
}

// mostNow is how many rows each list of the page has.
const mostNow = 10

// mostQueued is how many of those that wait are looked at.
const mostQueued = 5 * mostNow

func (s *Server) nowPage(r *http.Request, _ caller) (shown, error) {
	ctx := r.Context()
	stats, err := s.deps.Store.Stats(ctx)
	if err != nil {
		return shown{}, err
	}
	budget, _ := s.budget(stats)
	body := present{
		Queue: QueueStats{stats.Pending, stats.Running, stats.Oldest.Truncate(time.Second).Seconds()}, Version: s.cfg.Version,
		Day: budget.Day, Month: budget.Month, Step: budget.Step, SpentUSD: usd(stats.Spend.CostMicroUSD), Effect: costPerEffect(stats),
		Limits: limits(s.deps.GitHub(stats), s.deps.Claude()),
	}
	components := s.components()
	for _, name := range slices.Sorted(maps.Keys(components)) {
		body.Doors = append(body.Doors, door{name, components[name]})
	}
	if err := s.work(ctx, &body); err != nil {
		return shown{}, err
	}
	rows, err := s.deps.Store.Ledger(ctx, record.LedgerQuery{State: hls.EffectProposed, Limit: mostNow + 1})
	if err != nil {
		return shown{}, err
	}
	body.Proposed, body.More = min(len(rows), mostNow), len(rows) > mostNow
	return shown{name: "now", here: ui.Now, title: "Now", body: body}, nil
}

// work lists what runs, waits and fails.
func (s *Server) work(ctx context.Context, body *present) error {
	of := func(state hls.State, most int) ([]Listed, error) {
		rows, err := s.deps.Store.List(ctx, record.Query{State: state, Limit: most})
		list := make([]Listed, 0, len(rows))
		for _, row := range rows {
			list = append(list, s.log().listed(row))
		}
		return list, err
	}
	var err error
	if body.Running, err = of(hls.Running, mostNow); err != nil {
		return err
	}
	if body.Failing, err = of(hls.Parked, mostNow); err != nil {
		return err
	}
	queued, err := of(hls.Queued, mostQueued)
	if len(queued) == mostQueued {
		body.Newest = mostQueued
	}
	for _, l := range queued {
		if l.Reason != "" {
			body.PutOff = append(body.PutOff, l)
		} else {
			body.Waiting = append(body.Waiting, l)
		}
	}
	body.PutOff, body.Waiting = body.PutOff[:min(len(body.PutOff), mostNow)], body.Waiting[:min(len(body.Waiting), mostNow)]
	return err
}

// limits reads what the doors tell of what is left, by the names that /stats has for it.
func limits(github, claude any) []limit {
	var hub struct {
		RateLimit struct {
			Core struct {
				Limit     int64 `json:"limit"`
				Remaining int64 `json:"remaining"`
				Reset     int64 `json:"reset"`
			} `json:"core"`
		} `json:"rate_limit"`
	}
	var model map[string]limit
	reread(github, &hub)
	reread(claude, &model)
	all := []limit{}
	if core := hub.RateLimit.Core; core.Limit > 0 {
		all = append(all, limit{"GitHub, requests", core.Limit, core.Remaining, time.Unix(core.Reset, 0).UTC()})
	}
	for _, name := range slices.SortedFunc(maps.Keys(model), func(a, b string) int { return cmp.Compare(b, a) }) {
		if l := model[name]; l.Limit > 0 {
			l.Name = "Claude, " + name
			all = append(all, l)
		}
	}
	return all
}

// reread reads as much of a value as another has a place for.
func reread(from, into any) {
	if text, err := json.Marshal(from); err == nil {
		_ = json.Unmarshal(text, into) // What has another form is not shown.
	}
}

// Share is how much of a cap is used, from 0 to 1.
func (c CapStats) Share() float64 {
	if c.CapUSD <= 0 {
		return 0
	}
	return min(c.UsedUSD/c.CapUSD, 1)
}
