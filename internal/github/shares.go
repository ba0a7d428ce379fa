package github

import (
	"context"
	"fmt"
	"time"

	"hls/internal/fault"
	"hls/internal/hls"
	"hls/internal/share"
)

const (
	// lookAgain is after how long a write asks again for its share: others may have given some back.
	lookAgain = time.Second
	// keptFor is how long a share is good for a write that has not begun.
	keptFor = 2 * time.Minute
	// unsharedWait is after how long a write is tried again that the record could not be asked for.
	unsharedWait = 5 * time.Second
)

// common are the limits of a credential that all instances keep together.
type common struct {
	pool    *share.Pool
	name    string // of the credential; none of it is in there
	writes  int
	content int
	timeout time.Duration
}

func (c *common) pause(resource string) string { return c.name + "/pause/" + resource }

// left is how much remains of a resource's own pause, whichever instance was asked for it.
func (c *common) left(ctx context.Context, resource string) time.Duration {
	return c.pool.Left(ctx, c.pause(resource))
}

// draw asks for a share of a write.
func (c *common) draw(ctx context.Context, create bool) (share.Drawn, error) {
	d := share.Draw{Pauses: []string{c.pause(""), c.pause("core")}, Longest: fault.Paced(keptFor) + c.timeout}
	add := func(what string, limit int, span time.Duration) {
		if limit > 0 {
			d.Quotas = append(d.Quotas, share.Quota{Name: c.name + what, Limit: int64(limit), Span: fault.Paced(span), Need: 1})
		}
	}
	add("/writes", c.writes, time.Minute)
	if create {
		add("/content", c.content, time.Hour)
	}
	return c.pool.Draw(ctx, d)
}

// unshared is why a write cannot be made while the record is out of reach: nobody knows what others write.
func unshared(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &hls.RetryAfter{Err: fmt.Errorf("%w: %w", errUnshared, err), After: unsharedWait, Free: true, Reason: reasonUnshared}
}

// slot is a request that may start.
type slot struct {
	pace    *pace
	windows []*window
	create  bool
	ticket  string // of what was drawn with the other instances, "" for nothing
	good    time.Time
}

// share draws a slot's share; without room it tells how long to wait.
func (s *slot) share(ctx context.Context, c *common) (wait time.Duration, err error) {
	drawn, err := c.draw(ctx, s.create)
	switch {
	case err != nil:
		return 0, unshared(ctx, err)
	case drawn.Wait > s.pace.longest && drawn.Theirs:
		return 0, &hls.RetryAfter{Err: errPaused, After: drawn.Wait, Free: true, Reason: reasonLimited}
	case drawn.Wait > s.pace.longest:
		return 0, paced(drawn.Wait)
	}
	s.ticket, s.good = drawn.Ticket, time.Now().Add(fault.Paced(keptFor))
	return drawn.Wait, nil
}

// late is why a request must not be made any more: its share may be another's by now.
func (s *slot) late() error {
	if s.ticket == "" || time.Now().Before(s.good) {
		return nil
	}
	return paced(lookAgain)
}

// end is for a request that was made, or may have been.
func (s *slot) end() { s.leave(false) }

// forgo is for one that never was.
func (s *slot) forgo() { s.leave(true) }

func (s *slot) leave(void bool) {
	if s.ticket != "" {
		s.pace.common.pool.Give(context.Background(), share.Use{Ticket: s.ticket, Void: void})
	}
	s.pace.release(s.windows, void)
}
