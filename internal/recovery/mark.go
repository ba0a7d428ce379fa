package recovery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"hls/internal/github"
	"hls/internal/hls"
)

// mark is how far a webhook's log is settled. Its times but Clear are GitHub's, of entries.
type mark struct {
	// Since is where the log stood when it was seen first: what others took before is none of HLS's business.
	Since time.Time `json:"since"`
	// Settled: older entries need no looking at.
	Settled time.Time `json:"settled"`
	// Clear is the time, by this machine's clock, up to which everything is known to be settled.
	Clear time.Time `json:"clear"`
	Gaps  []Gap     `json:"gaps,omitempty"` // the newest last
}

const keptGaps = 20

// marks are those of one place, by webhook.
type marks map[string]mark

// clear is the oldest time up to which one of the logs is settled, the zero time when none was seen.
func (m marks) clear() (oldest time.Time) {
	for _, one := range m {
		if oldest.IsZero() || one.Clear.Before(oldest) {
			oldest = one.Clear
		}
	}
	return oldest
}

// load reads the marks of a place. Without any, or with some that cannot be read, the logs are looked through as if
// seen for the first time.
func (p *pass) load(ctx context.Context, at github.HookPlace) marks {
	kept := marks{}
	text, err := p.deps.Record.Noted(ctx, key(at))
	if err == nil {
		err = json.Unmarshal(text, &kept)
	}
	if err != nil && !errors.Is(err, hls.ErrNotFound) && ctx.Err() == nil {
		p.deps.Log.Warn("how far the log of a webhook is settled is not known", "place", at.String(), hls.KeyError, err.Error())
	}
	return kept
}

// save keeps the mark of one webhook.
func (p *pass) save(ctx context.Context, at github.HookPlace, hook int64, m mark) {
	m.Gaps = m.Gaps[max(0, len(m.Gaps)-keptGaps):]
	all := p.load(ctx, at)
	all[strconv.FormatInt(hook, 10)] = m
	text, err := json.Marshal(all)
	if err == nil {
		err = p.deps.Record.Note(ctx, key(at), text)
	}
	if err != nil && ctx.Err() == nil {
		p.deps.Log.Error("how far the log of a webhook is settled cannot be kept", "place", at.String(), hls.KeyError, err.Error())
	}
}

// gap is the time whose deliveries the log no longer has: it ends later than everything was last settled. A quiet
// webhook's log may end there as well, so it counts only once GitHub has had the time to forget.
func (p *pass) gap(m mark, d *descent) (Gap, bool) {
	to := p.began.Add(-p.deps.Keeps)
	if !d.bottom.IsZero() && d.bottom.Before(to) {
		to = d.bottom
	}
	if m.Clear.IsZero() || !d.ended || !d.bottom.IsZero() && !d.bottom.After(m.Settled) || !to.After(m.Clear) {
		return Gap{}, false
	}
	return Gap{
		Place: d.at.String(), HookID: d.hook.ID, From: m.Clear, To: to, Found: p.began,
		Why: fmt.Sprintf("GitHub keeps them for %s, and HLS did not look for longer", days(p.deps.Keeps)),
	}, true
}

func days(d time.Duration) string {
	if whole := int(d.Hours()) / 24; d == time.Duration(whole)*24*time.Hour {
		return fmt.Sprintf("%d days", whole)
	}
	return d.String()
}
