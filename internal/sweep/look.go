package sweep

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"hls/internal/hls"
	"hls/internal/record"
)

// Why open subjects are passed over, besides the rules' own names.
const (
	passYoung  = "younger_than_asked"
	passLocked = "locked"
	passWorked = "worked_on"    // an event told of it, or an analysis of it is there
	passSwept  = "swept_before" // an earlier sweep took it in, in vain
	passUnread = "not_readable"
)

// place is a repository that is looked through.
type place struct {
	name  string
	whole json.RawMessage
	told  *Repository
	found int
}

// repository looks through one repository, from where the last pass of it ended, and takes in what it finds.
func (p *pass) repository(ctx context.Context, name string) {
	issues, pulls := p.deps.Unwanted(name, "issues", "opened"), p.deps.Unwanted(name, "pull_request", "opened")
	if issues != "" && pulls != "" {
		return
	}
	at := place{name: name, told: &Repository{Name: name, Passed: map[string]int{}}}
	defer func() { p.report.Repositories = append(p.report.Repositories, *at.told) }()
	var err error
	if !p.ready(ctx) {
		return
	}
	if at.whole, err = p.deps.GitHub.WholeRepository(ctx, name); err != nil {
		p.unread(ctx, name, err)
		return
	}
	key := hls.Fold(name)
	from := max(1, p.Sweeper.pages[key])
	if p.ask.ByHand {
		from = 1
	}
	end := p.walk(ctx, &at, from)
	if !p.ask.ByHand {
		p.Sweeper.pages[key] = end
	}
}

// walk goes from page to page, and returns the one to go on with.
func (p *pass) walk(ctx context.Context, at *place, from int) (next int) {
	for number := from; number < from+mostOfOne; number++ {
		if !p.ready(ctx) {
			return number
		}
		items, more, err := p.deps.GitHub.OpenSubjects(ctx, at.name, number)
		if err != nil {
			p.unread(ctx, at.name, err)
			return number
		}
		for _, item := range items {
			if at.found >= p.ask.Most || p.stopped {
				p.report.Unfinished = true
				return number
			}
			if reason := p.consider(ctx, at, item); reason != "" {
				at.told.Passed[reason]++
			}
		}
		if !more {
			return 1
		}
	}
	p.report.Unfinished = true
	return from + mostOfOne
}

// ready tells whether one more question may be put to GitHub.
func (p *pass) ready(ctx context.Context) bool {
	if p.pages >= mostPages || !p.deps.Spare() {
		p.stop("its share of GitHub's limits is used up")
	}
	p.pages++
	return !p.stopped && ctx.Err() == nil
}

// consider takes in one open subject, or says why it is passed over.
func (p *pass) consider(ctx context.Context, at *place, raw json.RawMessage) string {
	at.told.Open++
	var issue hls.Issue
	if err := json.Unmarshal(raw, &issue); err != nil || issue.Number <= 0 {
		return passUnread
	}
	switch {
	case p.began.Sub(issue.CreatedAt) < p.ask.OlderThan:
		return passYoung
	case issue.Locked:
		return passLocked
	}
	name := "issues"
	if issue.PullRequest != nil {
		name = "pull_request" // The list has less of it than the event would; enough for the rules.
	}
	event, _, err := p.made(at, name, raw)
	if err != nil {
		return passUnread
	}
	verdict := p.deps.Verdict(event)
	if !verdict.Do {
		return verdict.Reason
	}
	reason, err := p.known(ctx, event.Subject, verdict.Purpose)
	if err != nil {
		p.stop("the record cannot be read: " + err.Error())
		return ""
	}
	if reason != "" {
		return reason
	}
	at.found++
	p.found(ctx, at, candidate{issue, event, raw})
	return ""
}

// mostTasks bounds how many tasks of one subject and purpose are looked at.
const mostTasks = 200

// known is why a subject needs no sweep, by what the record has of it, or "".
func (p *pass) known(ctx context.Context, s hls.Subject, purpose string) (string, error) {
	tasks, err := p.deps.Record.List(ctx, record.Query{Subject: s.Key(), Purpose: purpose, Limit: mostTasks})
	if err != nil {
		return "", err
	}
	for _, t := range tasks {
		switch {
		case t.Task.State == hls.Superseded:
			continue
		case t.Task.State != hls.Parked:
			return passWorked, nil
		case t.Task.Origin.Swept():
			return passSwept, nil
		}
		_, err := p.deps.Record.Analysis(ctx, t.Task.ID)
		switch {
		case err == nil:
			return passWorked, nil
		case !errors.Is(err, hls.ErrNotFound):
			return "", err
		}
	}
	return "", nil
}

// unread tells that something of a repository cannot be read. What passes is left to the next pass.
func (p *pass) unread(ctx context.Context, repo string, err error) {
	var limit *hls.RetryAfter
	var final *hls.Permanent
	switch {
	case ctx.Err() != nil:
		return
	case errors.As(err, &limit) && limit.Free:
		p.stop("GitHub's limits are used up")
		return
	case errors.Is(err, hls.ErrNotFound), errors.Is(err, hls.ErrGone), errors.As(err, &final):
	default:
		p.report.Unfinished, p.report.cut = true, true
		if p.failures++; p.failures >= mostFailures {
			p.stop("GitHub does not answer")
		}
	}
	p.report.Problems = append(p.report.Problems, Problem{Repository: repo, Text: p.deps.Redactor.Redact(fmt.Sprintf("it cannot be read: %v", err))})
}

// stop ends the pass: what is left waits for the next.
func (p *pass) stop(why string) {
	if !p.stopped {
		p.deps.Log.Info("the sweep ends early", hls.KeyReason, why)
	}
	p.stopped, p.report.Unfinished, p.report.cut = true, true, true
}
