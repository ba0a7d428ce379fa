package recovery

import (
	"context"
	"errors"
	"time"

	"hls/internal/github"
	"hls/internal/hls"
	"hls/internal/receive"
)

// settle takes in what a descent found missing, and marks how far the log is settled.
func (p *pass) settle(ctx context.Context, d *descent, m mark) {
	left, ok := p.takeAll(ctx, d, p.missing(d, m))
	m.Gaps = append(m.Gaps, p.lost(d, m)...)
	p.report.Gaps = append(p.report.Gaps, m.Gaps...)
	if p.ask.ByHand || !p.ask.Apply {
		return
	}
	if m.Since.IsZero() {
		if m.Since = d.top; d.top.IsZero() {
			m.Since = d.began
		}
	}
	if !d.limit.IsZero() && (ok || d.limit.Before(left)) {
		left, ok = d.limit, false
		p.report.Unfinished = true
	}
	switch {
	case ok && d.top.After(m.Settled):
		m.Settled, m.Clear = d.top, d.began
	case ok:
		m.Clear = d.began
	default:
		m.Settled, m.Clear = later(m.Settled, left.Add(-time.Nanosecond)), later(m.Clear, left)
	}
	p.forget()
	// The mark is kept although the pass is being stopped: what was taken in is in the record.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	p.save(ctx, d.at, d.hook.ID, m)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// lost are the gaps that this descent found: the time before the log's end, and single entries that went.
func (p *pass) lost(d *descent, m mark) []Gap {
	var gaps []Gap
	if g, found := p.gap(m, d); found {
		gaps = append(gaps, g)
	}
	for _, item := range p.report.Deliveries {
		if item.Outcome == gone && item.Place == d.at.String() && item.HookID == d.hook.ID {
			gaps = append(gaps, Gap{
				Place: item.Place, HookID: item.HookID, From: item.At, To: item.At, Found: p.began,
				Why: "delivery " + item.DeliveryID + " is not to be had from GitHub any more: " + item.Reason,
			})
		}
	}
	return gaps
}

// forget drops decisions on entries that GitHub has dropped from its logs.
func (p *pass) forget() {
	for id, at := range p.judged {
		if p.began.Sub(at) > p.deps.Keeps {
			delete(p.judged, id)
		}
	}
}

// takeAll takes events in, in their order. ok is false when some are left to a later pass; left is the time of the
// first of them.
func (p *pass) takeAll(ctx context.Context, d *descent, events []*event) (left time.Time, ok bool) {
	ok = true
	for _, e := range events {
		item := Missed{
			DeliveryID: e.newest.GUID, Place: d.at.String(), HookID: d.hook.ID, Event: e.newest.Event, Action: e.newest.Action,
			Repository: e.repo, At: e.first, Code: e.newest.Code, Outcome: missed,
		}
		if p.ask.Apply {
			p.take(ctx, d, e, &item)
		}
		if item.Outcome == putOff && ok {
			left, ok = e.first, false
		}
		item.Reason = p.deps.Redactor.Redact(item.Reason)
		p.report.Deliveries = append(p.report.Deliveries, item)
	}
	return left, ok
}

// take fetches one delivery and hands it to the door.
func (p *pass) take(ctx context.Context, d *descent, e *event, item *Missed) {
	if !p.stopped && (p.fetched >= mostFetched || !p.deps.Spare()) {
		p.stop("its share of GitHub's limits is used up")
	}
	if p.stopped || ctx.Err() != nil {
		item.Outcome = putOff
		return
	}
	if known, err := p.deps.Record.Known(ctx, []string{e.newest.GUID}); err == nil && known[e.newest.GUID] {
		item.Outcome, item.Reason = string(hls.Duplicate), "delivery_id" // It came, or another log had it.
		return
	}
	p.fetched++
	sent, err := p.deps.GitHub.Sent(ctx, d.at, d.hook.ID, e.newest.ID)
	if err != nil {
		p.unfetched(ctx, e, item, err)
		return
	}
	taken, err := p.deps.Take(ctx, p.fetchedAs(d.at, e, sent))
	if err != nil {
		item.Outcome, item.Reason = putOff, err.Error()
		p.stop("the door cannot take deliveries now: " + err.Error())
		return
	}
	item.Outcome, item.Reason, item.TaskID = string(taken.Class), taken.Reason, taken.TaskID
	if taken.Class != hls.Accepted && taken.Class != hls.Ignored {
		p.judged[e.newest.GUID] = e.first
	}
}

func (p *pass) fetchedAs(at github.HookPlace, e *event, sent github.Sent) receive.Fetched {
	return receive.Fetched{
		ID: e.newest.GUID, Event: e.newest.Event, Header: sent.Header, Body: sent.Body, Repo: at.Repo, At: e.first,
	}
}

// unfetched decides about a delivery that GitHub does not give out.
func (p *pass) unfetched(ctx context.Context, e *event, item *Missed, err error) {
	var limit *hls.RetryAfter
	item.Outcome, item.Reason = putOff, err.Error()
	switch {
	case ctx.Err() != nil:
	case refused(err):
		item.Outcome = gone
		p.judged[e.newest.GUID] = e.first
	case errors.As(err, &limit) && limit.Free:
		p.stop("GitHub's limits are used up")
	default:
		p.fault()
	}
}
