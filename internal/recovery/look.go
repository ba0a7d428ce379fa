package recovery

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"hls/internal/github"
	"hls/internal/hls"
)

const (
	// overlap is how much older than the settled part entries are looked at again: they may appear late or out of order.
	overlap = 5 * time.Minute
	// mostEvents bounds what one descent keeps in memory, at some hundred bytes each. The oldest are kept.
	mostEvents = 20_000
)

// Why entries are passed over without being fetched, besides the rules' own names.
const (
	passKnown    = "known"              // the record has the delivery
	passAnswered = "answered_before"    // its receiver took it, and that was not HLS
	passPing     = "ping"               // asks for nothing
	passDecided  = "decided_before"     // an earlier pass fetched it, and the door would not have it
	passSettled  = "settled"            // an earlier pass saw to it
	passOlder    = "older_than_asked"   // by hand
	passUnnamed  = "entry_not_readable" // it lacks its id or its event
)

// descent is the way down a log, from its newest entry to where it is settled.
type descent struct {
	at     github.HookPlace
	hook   github.Hook
	began  time.Time
	floor  time.Time // entries before it are settled; the zero time when none are
	cursor string
	top    time.Time // of the newest entry
	bottom time.Time // of the oldest
	done   bool
	ended  bool // at the end of the log

	events   map[string]*event
	order    []*event  // as they were met, the newest first
	limit    time.Time // events from here on were dropped for want of room; the zero time when none were
	attempts int
	passed   map[string]int
}

// event is what the entries of one GUID say.
type event struct {
	newest   github.Attempt
	first    time.Time // of its attempts
	answered bool      // one of them
	repo     string    // "" when it is not known
}

// hook looks through one webhook's log and takes in what is missing.
func (p *pass) hook(ctx context.Context, at github.HookPlace, h github.Hook) {
	if p.stopped || ctx.Err() != nil {
		return
	}
	m := p.load(ctx, at)[strconv.FormatInt(h.ID, 10)]
	name := key(at) + "#" + strconv.FormatInt(h.ID, 10)
	d := p.descents[name]
	if d == nil || p.ask.ByHand {
		d = p.descent(at, h, m)
	}
	err := p.descend(ctx, d)
	if !p.ask.ByHand {
		delete(p.descents, name)
		if !d.done && err == nil {
			p.descents[name] = d
		}
	}
	p.report.Logs = append(p.report.Logs, Log{
		Place: at.String(), HookID: h.ID, URL: p.deps.Redactor.Redact(h.URL), From: d.bottom, To: d.top, Attempts: d.attempts, Passed: d.passed,
	})
	if err != nil {
		p.failed(ctx, d, err)
		return
	}
	if d.done || p.ask.ByHand {
		p.settle(ctx, d, m)
	}
}

func (p *pass) descent(at github.HookPlace, h github.Hook, m mark) *descent {
	d := &descent{at: at, hook: h, began: p.began, events: map[string]*event{}, passed: map[string]int{}}
	switch {
	case p.ask.ByHand:
		d.floor = p.ask.Since
	case !m.Settled.IsZero():
		d.floor = m.Settled.Add(-overlap)
	}
	return d
}

// failed tells that a log cannot be read.
func (p *pass) failed(ctx context.Context, d *descent, err error) {
	var limit *hls.RetryAfter
	switch {
	case ctx.Err() != nil:
		return
	case errors.As(err, &limit) && limit.Free:
		p.stop("GitHub's limits are used up")
		return
	case refused(err) && d.cursor != "": // The page that the last one pointed to is gone: the next pass begins anew.
		p.report.Unfinished = true
		return
	}
	problem := Problem{Text: fmt.Sprintf("the log of webhook %d cannot be read: %v", d.hook.ID, err)}
	if refused(err) {
		problem.Right = right(d.at)
	} else {
		p.fault()
	}
	p.trouble(ctx, d.at, problem)
}

// descend reads page after page until the settled part, the end of the log, or the end of what one pass may read.
func (p *pass) descend(ctx context.Context, d *descent) error {
	for !d.done {
		if p.pages >= mostPages || !p.deps.Spare() {
			p.stop("its share of GitHub's limits is used up")
			return nil
		}
		p.pages++
		page, next, err := p.deps.GitHub.Attempts(ctx, d.at, d.hook.ID, d.cursor)
		if err != nil {
			return err
		}
		if err := p.read(ctx, d, page); err != nil {
			return err
		}
		d.cursor, d.ended = next, next == "" || len(page) == 0
		d.done = d.ended || page[len(page)-1].At.Before(d.floor)
	}
	return nil
}

// read sorts the entries of a page.
func (p *pass) read(ctx context.Context, d *descent, page []github.Attempt) error {
	ids := make([]string, 0, len(page))
	for _, a := range page {
		ids = append(ids, a.GUID)
	}
	known, err := p.deps.Record.Known(ctx, ids)
	if err != nil {
		return err
	}
	for _, a := range page {
		d.attempts++
		if d.top.Before(a.At) {
			d.top = a.At
		}
		if d.bottom.IsZero() || a.At.Before(d.bottom) {
			d.bottom = a.At
		}
		if reason := p.sift(ctx, d, a, known[a.GUID]); reason != "" {
			d.passed[reason]++
		}
	}
	return nil
}

// sift keeps an entry's event, or says why it is passed over. Whatever can be decided without its body is decided here.
func (p *pass) sift(ctx context.Context, d *descent, a github.Attempt, known bool) string {
	e := d.events[a.GUID]
	switch _, decided := p.judged[a.GUID]; {
	case a.GUID == "" || a.Event == "":
		return passUnnamed
	case known:
		return passKnown
	case decided && !p.ask.ByHand:
		return passDecided
	case a.Event == "ping":
		return passPing
	case a.At.Before(d.floor) && p.ask.ByHand:
		return passOlder
	case a.At.Before(d.floor):
		return passSettled
	case e != nil:
		e.first, e.answered = earlier(e.first, a.At), e.answered || a.Answered()
		return ""
	}
	repo := p.repoOf(ctx, d.at, a)
	if repo != "" || a.RepoID == 0 {
		if reason := p.deps.Unwanted(repo, a.Event, a.Action); reason != "" {
			return reason
		}
	}
	e = &event{newest: a, first: a.At, answered: a.Answered(), repo: repo}
	d.events[a.GUID], d.order = e, append(d.order, e)
	if len(d.order) > p.most {
		d.drop()
	}
	return ""
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// drop makes room: the newest event is left to a later pass.
func (d *descent) drop() {
	e := d.order[0]
	d.order = d.order[1:]
	delete(d.events, e.newest.GUID)
	if d.limit.IsZero() || e.first.Before(d.limit) {
		d.limit = e.first
	}
}

// missing are the events to take in, oldest first.
func (p *pass) missing(d *descent, m mark) []*event {
	var out []*event
	for _, e := range d.order {
		if e.answered && !p.ask.Answered && (m.Since.IsZero() || !e.first.After(m.Since)) {
			d.passed[passAnswered]++
			continue
		}
		out = append(out, e)
	}
	slices.SortStableFunc(out, func(a, b *event) int {
		return cmp.Or(a.first.Compare(b.first), cmp.Compare(a.newest.ID, b.newest.ID))
	})
	return out
}
