package sweep

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"net/http"

	"hls/internal/hls"
	"hls/internal/receive"
)

// candidate is an open subject that no work is known of.
type candidate struct {
	issue hls.Issue // as the list has it, a pull request too
	event hls.Event // that would have told of it
	raw   json.RawMessage
}

// errLimits says that the pass has asked GitHub for as much as it may.
var errLimits = errors.New("the pass ended before it")

// found reports a candidate, and takes it in when it is asked to.
func (p *pass) found(ctx context.Context, at *place, c candidate) {
	item := Found{
		Repository: at.name, Number: c.issue.Number, Kind: c.event.Subject.Kind, Title: p.deps.Redactor.Redact(c.issue.Title),
		Opened: c.issue.CreatedAt, Outcome: missed,
	}
	if p.ask.Apply {
		taken, err := p.take(ctx, at, c)
		item.Outcome, item.Reason, item.TaskID = string(taken.Class), taken.Reason, taken.TaskID
		if err != nil {
			item.Outcome, item.Reason = putOff, p.deps.Redactor.Redact(err.Error())
		}
	}
	p.report.Found = append(p.report.Found, item)
}

// take makes a delivery of a candidate and hands it to the door. Its hash is that of its id: whoever finds the same state of
// the subject at the same time may be told other things beside it, as how many stars the repository has.
func (p *pass) take(ctx context.Context, at *place, c candidate) (receive.Taken, error) {
	raw := c.raw
	if c.event.Subject.Kind == hls.KindPullRequest {
		if !p.ready(ctx) {
			return receive.Taken{}, errLimits
		}
		var err error
		if raw, err = p.deps.GitHub.WholePullRequest(ctx, c.event.Subject); err != nil {
			p.unread(ctx, at.name, err)
			return receive.Taken{}, err
		}
	}
	event, body, err := p.made(at, c.event.Name, raw)
	if err != nil {
		return receive.Taken{}, err
	}
	how := Item{Made: c.issue.CreatedAt, Place: len(p.report.Found), Comment: p.ask.Comment}
	return p.deps.Door.Take(ctx, receive.Fetched{
		ID: nameOf(event), Event: event.Name, Header: http.Header{}, Body: body, Repo: at.name, At: p.deps.Now(),
		Accept: func(ctx context.Context, d hls.Delivery, e hls.Event) (hls.Receipt, error) {
			d.Hash = sha256.Sum256([]byte(d.ID))
			return p.deps.Accept(ctx, d, e, how)
		},
	})
}

// made is the event of a subject, and its payload.
func (p *pass) made(at *place, name string, raw json.RawMessage) (hls.Event, []byte, error) {
	body, err := hls.OpenedBody(name, at.whole, raw)
	if err != nil {
		return hls.Event{}, nil, err
	}
	event, err := hls.DecodeEvent(hls.Delivery{Event: name, Action: opened, Scope: p.deps.Door.Scope(at.name), Body: body, ReceivedAt: p.began})
	return event, body, err
}
