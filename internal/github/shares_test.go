package github

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

// A process that was stopped for long writes nothing by a share that may be another's by then.
func TestO2_ALateShareIsNotUsed(t *testing.T) {
	t.Parallel()
	s := serve(t, routes{"POST /repos/acme/widget/issues/7/labels": answer(200, `[]`)})
	synctest.Test(t, func(t *testing.T) {
		r := &roomy{}
		c := dial(t, s, func(cfg *Config) { cfg.Shares = r })
		turn, err := c.Turn(t.Context(), widget.Repo, false)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(keptFor)
		if err := c.AddLabels(turn.Take(t.Context()), widget, []string{"bug"}); kindOf(err) != "retry free" {
			t.Errorf("got %v", err)
		}
		if longest := r.drawn[0].Longest; longest < keptFor+c.settings.timeout {
			t.Errorf("a share counts for %s after its process is gone, and a write may end after %s", longest, keptFor+c.settings.timeout)
		}
	})
	if n := len(s.seen()); n > 0 {
		t.Errorf("%d requests", n)
	}
}

// A share is given back once, as used or as not used; creating draws on the hour too. Names tell no credential.
func TestO2_SharesAreGivenBack(t *testing.T) {
	t.Parallel()
	s := serve(t, routes{"POST /repos/acme/widget/issues/7/comments": answer(201, `{"id":1}`)})
	r := &roomy{}
	c := dial(t, s, func(cfg *Config) { cfg.Shares, cfg.Limits = r, Limits{} })
	if _, err := c.CreateComment(t.Context(), widget, "hello"); err != nil {
		t.Fatal(err)
	}
	turn, err := c.Turn(t.Context(), widget.Repo, false)
	if err != nil {
		t.Fatal(err)
	}
	turn.End()
	turn.End()
	if len(r.given) != 2 || r.given[0].Void || !r.given[1].Void || r.given[0].Ticket != "ticket" {
		t.Errorf("gave back %+v", r.given)
	}
	if len(r.drawn) != 2 || len(r.drawn[0].Quotas) != 2 || len(r.drawn[1].Quotas) != 1 || r.drawn[0].Quotas[1].Span != time.Hour {
		t.Errorf("drew %+v", r.drawn)
	}
	for _, d := range r.drawn {
		for _, name := range append(d.Pauses, d.Quotas[0].Name) {
			if hls.NewRedactor(hls.Secret(testToken)).Redact(name) != name {
				t.Errorf("%s tells the token", name)
			}
		}
	}
}
