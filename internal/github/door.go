package github

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptrace"
	"sync"
	"time"

	"github.com/google/go-github/v92/github"

	"hls/internal/breaker"
	"hls/internal/fault"
	"hls/internal/hls"
)

// door is the way in for one credential: GitHub counts its limits by token, and so do we.
type door struct {
	key         string // tells credentials apart without being one
	gh          *github.Client
	meter       *meter
	breaker     *breaker.Breaker // of all doors
	timeout     time.Duration
	authorize   func(context.Context, call) (authorization string, err error)
	revoke      func() // forgets a credential that GitHub no longer takes; nil when there is no other
	writes      *pace
	reads       *pace
	common      *common
	concurrency chan struct{} // nil means no limit

	mu      sync.Mutex
	paused  map[string]time.Time // until when, by resource; "" is all of them
	strikes int                  // secondary limits in a row
}

// call is one request to GitHub's REST API.
type call struct {
	method  string
	path    string // relative to the base URL
	repo    string // that the call is about, as owner/name; "" for none
	body    any
	into    any
	does    consequence
	search  bool  // counts against the limit of searches
	content bool  // creates content, which has an hourly limit of its own
	repoID  int64 // the repository that a redirect may lead to; 0 when not known
	away    *string
}

func (c call) resource() string {
	if c.search {
		return "search"
	}
	return "core"
}

// do makes one call, when the limits let it, without retries.
func (d *door) do(ctx context.Context, c call) (*github.Response, error) {
	if err := d.breaker.Check(c.part()); err != nil {
		return nil, c.held(err)
	}
	if c.search && d.leftOf(ctx, "search") > 0 {
		return nil, fmt.Errorf("search: %w: %w", hls.ErrNotFound, errPaused)
	}
	s, patience, err := d.permit(ctx, c)
	if err != nil {
		return nil, err
	}
	defer s.end()
	leave, err := d.enter(ctx, c.resource(), patience)
	if err != nil {
		return nil, err
	}
	defer leave()
	authorization, err := d.authorize(ctx, c)
	if err != nil {
		return nil, err
	}
	return d.call(ctx, c, s, &trip{key: d.key, authorization: authorization, repoID: c.repoID, away: c.away})
}

// call sends a request, when the breaker lets it.
func (d *door) call(ctx context.Context, c call, s *slot, t *trip) (*github.Response, error) {
	pass, err := d.breaker.Enter(ctx, c.part())
	if err != nil {
		return nil, c.held(err)
	}
	defer pass.Leave(breaker.Untold, nil)
	if err := s.late(); err != nil {
		return nil, err
	}
	resp, err := d.send(ctx, c, t)
	if c.does.writing() {
		fault.At(fault.Posted)
	}
	o := outcome{resp: resp, err: err, sent: t.sent.Load()}
	o.told = o.verdict(ctx)
	pass.Leave(o.told, err)
	return resp, d.settle(ctx, c, o)
}

func (d *door) send(ctx context.Context, c call, t *trip) (*github.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	ctx = httptrace.WithClientTrace(withTrip(ctx, t), &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { t.sent.Store(true) },
	})
	req, err := d.gh.NewRequest(ctx, c.method, c.path, c.body)
	if err != nil {
		return nil, err
	}
	return d.gh.Do(req, c.into)
}

type outcome struct {
	resp *github.Response
	err  error
	sent bool // some of the request may have reached the server
	told breaker.Verdict
}

// settle learns from an answer what it says of limits, and gives the error its kind.
func (d *door) settle(ctx context.Context, c call, o outcome) error {
	if o.err == nil {
		d.learn(ctx, c, o.resp)
		d.meter.success()
		return nil
	}
	if wait, resource, ok := limited(c, o.resp, o.err, d.struck()); ok {
		d.pause(ctx, resource, wait)
		if resource == "" {
			d.strike()
		}
		if resource == "search" {
			return fmt.Errorf("%w: %w", hls.ErrNotFound, o.err)
		}
		d.meter.failure(o.err)
		return &hls.RetryAfter{Err: o.err, After: wait, Free: true, Reason: reasonLimited}
	}
	if wait := retryAfter(o.resp); wait > 0 {
		d.pause(ctx, "", wait)
	}
	err := c.judge(ctx, o)
	d.schedule(c, err)
	if errors.Is(err, errRefused) && d.revoke != nil {
		d.revoke()
	}
	d.note(ctx, err)
	return err
}

// note keeps for /health how the door fares: a refusal of this one request is an answer like another.
func (d *door) note(ctx context.Context, err error) {
	var final *hls.Permanent
	switch {
	case ctx.Err() != nil:
	case errors.Is(err, hls.ErrNotFound), errors.As(err, &final):
		d.meter.success()
	default:
		d.meter.failure(err)
	}
}

// enter waits for the end of a pause, unless that lasts too long, and for a place among the concurrent requests.
func (d *door) enter(ctx context.Context, resource string, longest time.Duration) (leave func(), err error) {
	for {
		if err := d.waitPause(ctx, resource, longest); err != nil {
			return nil, err
		}
		leave = func() {}
		if d.concurrency != nil {
			select {
			case d.concurrency <- struct{}{}:
				leave = func() { <-d.concurrency }
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		if d.left(ctx, resource) <= 0 {
			return leave, nil
		}
		leave() // a pause began while this call waited for its place
	}
}

func (d *door) waitPause(ctx context.Context, resource string, longest time.Duration) error {
	left := d.left(ctx, resource)
	if left <= 0 {
		return nil
	}
	if left > longest {
		return &hls.RetryAfter{Err: errPaused, After: left, Free: true, Reason: reasonLimited}
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// leftOf is how much of a resource's own pause remains. Searches have a limit of their own, 30 a minute, and nobody
// waits for what a search finds: while it lasts they find nothing.
func (d *door) leftOf(ctx context.Context, resource string) time.Duration {
	d.mu.Lock()
	own := time.Until(d.paused[resource])
	d.mu.Unlock()
	return max(own, d.common.left(ctx, resource))
}

// left is how much of a pause remains.
func (d *door) left(ctx context.Context, resource string) time.Duration {
	return max(d.leftOf(ctx, ""), d.leftOf(ctx, resource))
}

// pause holds all instances back.
func (d *door) pause(ctx context.Context, resource string, wait time.Duration) {
	until := time.Now().Add(wait)
	d.mu.Lock()
	longer := until.After(d.paused[resource])
	if longer {
		d.paused[resource] = until
	}
	d.mu.Unlock()
	if longer {
		d.common.pool.Pause(ctx, d.common.pause(resource), wait)
	}
}

func (d *door) struck() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.strikes
}

func (d *door) strike() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.strikes++
}

// learn ends a row of secondary limits, and pauses a resource whose last request this was.
func (d *door) learn(ctx context.Context, c call, resp *github.Response) {
	d.mu.Lock()
	d.strikes = 0
	d.mu.Unlock()
	rate := resp.Rate
	if rate.Limit == 0 || rate.Remaining > 0 || rate.Reset.IsZero() {
		return
	}
	resource := rate.Resource
	if resource == "" {
		resource = c.resource()
	}
	if wait := time.Until(rate.Reset.Time); wait > 0 {
		d.pause(ctx, resource, min(wait+time.Second, maxRetryAfter))
	}
}
