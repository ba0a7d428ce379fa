package claude

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"hls/internal/hls"
	"hls/internal/share"
)

// roomy is a store that has room for everything, and keeps what came of it.
type roomy struct {
	share.Store
	drawn []share.Draw
	given []share.Use
}

func (r *roomy) Draw(_ context.Context, d share.Draw) (share.Drawn, error) {
	r.drawn = append(r.drawn, d)
	return share.Drawn{Ticket: "ticket"}, nil
}

func (r *roomy) Give(_ context.Context, u share.Use) error {
	r.given = append(r.given, u)
	return nil
}

func (r *roomy) Pauses(context.Context) (map[string]time.Duration, error) { return nil, nil }

// A process that was stopped for long asks nothing by a share that may be another's by then.
func TestO2_ALateShareIsNotUsed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &roomy{}
		c := dial(t, "http://127.0.0.1:1", func(cfg *Config) { cfg.Shares = r })
		a, err := c.admit(t.Context(), sonnet, estimate{requests: 1})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.enter(t.Context(), a); err != nil {
			t.Errorf("in time: %v", err)
		}
		time.Sleep(keptFor)
		if _, err := c.enter(t.Context(), a); kindOf(err) != "free 1s" {
			t.Errorf("late: %q, %v", kindOf(err), err)
		}
		if longest := r.drawn[0].Longest; longest < keptFor+c.cfg.Timeout {
			t.Errorf("a share counts for %s after its process is gone, and a call may end after %s", longest, keptFor+c.cfg.Timeout)
		}
	})
}

// What a call used is settled, with what its answer told of limits; names tell no key.
func TestO2_UsageIsGivenBack(t *testing.T) {
	t.Parallel()
	s := serve(t, answer(200, message(text, `"end_turn"`), "anthropic-ratelimit-requests-limit", "50",
		"anthropic-ratelimit-requests-remaining", "49", "anthropic-ratelimit-requests-reset", "2026-01-01T00:00:00Z"))
	r := &roomy{}
	c := dial(t, s.URL, func(cfg *Config) {
		cfg.Shares, cfg.Limits = r, Limits{RequestsPerMinute: 5, InputTokensPerMinute: 1000, OutputTokensPerMinute: 1000}
	})
	if _, err := c.Ask(t.Context(), question()); err != nil {
		t.Fatal(err)
	}
	if len(r.given) != 1 || r.given[0].Void || r.given[0].Ticket != "ticket" || len(r.given[0].Told) != 1 {
		t.Fatalf("gave back %+v", r.given)
	}
	u := r.given[0]
	if u.Told[0].Size != 50 || u.Used[c.common.name+"input-tokens"] != 100 || u.Used[c.common.name+"output-tokens"] != 10 {
		t.Errorf("gave back %+v", u)
	}
	if len(r.drawn) != 1 || len(r.drawn[0].Quotas) != 3 || len(r.drawn[0].Buckets) != 3 || len(r.drawn[0].Pauses) != 3 {
		t.Errorf("drew %+v", r.drawn)
	}
	for _, name := range append(r.drawn[0].Pauses, u.Told[0].Name, r.drawn[0].Quotas[0].Name) {
		if hls.NewRedactor(hls.Secret(testKey)).Redact(name) != name {
			t.Errorf("%s tells the key", name)
		}
	}
}
