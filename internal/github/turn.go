package github

import (
	"context"
	"sync/atomic"
	"time"

	"hls/internal/hls"
)

// outdated is after how long a wait it is better to look again.
const outdated = time.Second

// turn is a write that may start: it has waited for the limits and for the end of a pause.
type turn struct {
	door  *door
	slot  *slot
	taken atomic.Bool
}

type turnKey struct{}

// Turn waits until a write to a repository may start. Who writes only then, and looks again before it when the wait was
// long, writes nothing that was right a while ago. creates tells whether the write will create content, which has a
// limit of its own.
func (c *Client) Turn(ctx context.Context, repo string, creates bool) (hls.Turn, error) {
	d, err := c.door(ctx, repo)
	if err != nil {
		return hls.Turn{}, asking(err)
	}
	began := time.Now()
	t, err := d.turn(ctx, creates)
	if err != nil {
		return hls.Turn{}, asking(err)
	}
	return hls.Turn{
		Waited: time.Since(began) > outdated,
		Take:   func(ctx context.Context) context.Context { return context.WithValue(ctx, turnKey{}, t) },
		End:    t.end,
	}, nil
}

func (d *door) turn(ctx context.Context, content bool) (*turn, error) {
	s, err := d.writes.acquire(ctx, content)
	if err != nil {
		return nil, err
	}
	if err := d.waitPause(ctx, "core", d.writes.longest); err != nil {
		s.forgo()
		return nil, err
	}
	return &turn{door: d, slot: s}, nil
}

// end gives back a turn that nothing was written in.
func (t *turn) end() {
	if t.taken.CompareAndSwap(false, true) {
		t.slot.forgo()
	}
}

// permit waits until the limits let a call start, unless the call has a turn. patience is how long it may then be held
// up by a pause: one that has its turn not at all, for whoever makes it takes it for made by now.
func (d *door) permit(ctx context.Context, c call) (s *slot, patience time.Duration, err error) {
	pace, longest := d.reads, d.writes.longest
	if c.does.writing() {
		pace = d.writes
		t, _ := ctx.Value(turnKey{}).(*turn)
		if t != nil && t.door == d && t.slot.create == c.content && t.taken.CompareAndSwap(false, true) {
			return t.slot, 0, nil
		}
	}
	s, err = pace.acquire(ctx, c.content)
	return s, longest, err
}
