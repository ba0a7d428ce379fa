package claude

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"net/http"
	"time"

	"hls/internal/fault"
	"hls/internal/hls"
	"hls/internal/share"
)

const (
	// lookAgain is after how long a call asks again for its share: others may have given some back.
	lookAgain = time.Second
	// keptFor is how long a share is good for a call that has not begun.
	keptFor = 2 * time.Minute
	// unsharedWait is after how long a call is tried again that the record could not be asked for.
	unsharedWait = 5 * time.Second
)

var errUnshared = errors.New("what other instances ask is not known")

// common are the limits of an account that all instances keep together.
type common struct {
	pool   *share.Pool
	name   string // of the account; nothing of its key is in there
	limits [kinds]int
	call   time.Duration // the most that one takes
	turn   chan struct{} // held by the call that is next
}

func newCommon(cfg Config) *common {
	sum := sha256.Sum256([]byte(cfg.APIKey.Reveal()))
	l := cfg.Limits
	return &common{
		pool: share.New(cfg.Shares), name: "claude/" + hex.EncodeToString(sum[:8]) + "/", turn: make(chan struct{}, 1), call: cfg.Timeout,
		limits: [kinds]int{l.RequestsPerMinute, l.InputTokensPerMinute, l.OutputTokensPerMinute},
	}
}

// spend is the pause of all calls, limited and overloaded are those of a model, and told is one of its limits.
func (c *common) spend() string                      { return c.name + "spend" }
func (c *common) limited(model string) string        { return c.name + model + "/limited" }
func (c *common) overloaded(model string) string     { return c.name + model + "/overloaded" }
func (c *common) told(model string, kind int) string { return c.name + model + "/" + headerNames[kind] }

// pause holds the calls of a model back, on all instances.
func (c *common) pause(ctx context.Context, model string, wait time.Duration, overloaded bool) {
	name := c.limited(model)
	if overloaded {
		name = c.overloaded(model)
	}
	c.pool.Pause(ctx, name, wait)
}

// draw waits for a share of the settings' limits. When it is the API that asks to wait, it tells so instead.
func (c *common) draw(ctx context.Context, model string, e estimate) (share.Drawn, error) {
	end, err := hold(ctx, c.turn)
	if err != nil {
		return share.Drawn{}, err
	}
	defer end()
	d := c.needs(model, e)
	for {
		drawn, err := c.pool.Draw(ctx, d)
		switch {
		case ctx.Err() != nil:
			return share.Drawn{}, ctx.Err()
		case err != nil:
			return share.Drawn{}, &hls.RetryAfter{Err: fmt.Errorf("%w: %w", errUnshared, err), After: unsharedWait, Free: true, Reason: reasonUnshared}
		case drawn.Held == c.spend():
			return share.Drawn{}, stopped(drawn.Wait)
		case drawn.Wait == 0 || drawn.Theirs:
			return drawn, nil
		case drawn.Wait > longestWait:
			return share.Drawn{}, &hls.RetryAfter{Err: errLimited, After: drawn.Wait, Free: true}
		}
		if err := rest(ctx, min(drawn.Wait, lookAgain)); err != nil {
			return share.Drawn{}, err
		}
	}
}

func (c *common) needs(model string, e estimate) share.Draw {
	d := share.Draw{
		Buckets: map[string]float64{}, Pauses: []string{c.spend(), c.limited(model), c.overloaded(model)}, Longest: fault.Paced(keptFor) + c.call,
	}
	for kind, limit := range c.limits {
		if d.Buckets[c.told(model, kind)] = e[kind]; limit > 0 {
			d.Quotas = append(d.Quotas, share.Quota{
				Name: c.name + headerNames[kind], Limit: int64(limit), Span: fault.Paced(time.Minute), Need: int64(math.Ceil(e[kind])),
			})
		}
	}
	return d
}

// admission is a call that the limits let through.
type admission struct {
	*grant
	common *common
	model  string
	ticket string // of its share, "" without other instances
	good   time.Time
	told   []share.Bucket
}

// admit waits until the limits let a call be made: those of this process, and then those of all.
func (c *Client) admit(ctx context.Context, model string, e estimate) (*admission, error) {
	for {
		g, err := c.limiter.acquire(ctx, model, e)
		if err != nil {
			return nil, err
		}
		if c.common.pool == nil {
			return &admission{grant: g, common: c.common, model: model}, nil
		}
		drawn, err := c.common.draw(ctx, model, e)
		if err == nil && drawn.Wait == 0 {
			return &admission{
				grant: g, common: c.common, model: model, ticket: drawn.Ticket, good: time.Now().Add(fault.Paced(keptFor)),
			}, nil
		}
		g.forgo()
		if err != nil {
			return nil, err
		}
		c.limiter.pause(model, drawn.Wait, drawn.Held == c.common.overloaded(model))
	}
}

// late is why a call must not be made any more: its share may be another's by now.
func (a *admission) late() error {
	if a.ticket == "" || time.Now().Before(a.good) {
		return nil
	}
	return &hls.RetryAfter{Err: errLimited, After: lookAgain, Free: true}
}

// learn reads the limits that an answer tells, and keeps them for the other instances.
func (a *admission) learn(header http.Header) {
	for kind, b := range a.m.learn(a.model, header) {
		a.told = append(a.told, share.Bucket{Name: a.common.told(a.model, kind), Size: b.size, Level: b.level, Rate: b.rate})
	}
}

// settle charges what the call used.
func (a *admission) settle(ctx context.Context, u hls.Usage) {
	a.common.pool.Give(ctx, share.Use{Ticket: a.ticket, Told: a.told, Used: map[string]int64{
		a.common.name + headerNames[inputTokens]:  u.InputTokens + u.CacheWriteTokens,
		a.common.name + headerNames[outputTokens]: u.OutputTokens,
	}})
	a.grant.settle(u)
}

// forgo ends a call that was never made.
func (a *admission) forgo(ctx context.Context) {
	a.common.pool.Give(ctx, share.Use{Ticket: a.ticket, Void: true})
	a.grant.forgo()
}
