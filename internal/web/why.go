package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

// Why is what HLS did about a subject, or a delivery, and why: its tasks, the newest first.
type Why struct {
	Subject    string      `json:"subject"`
	DeliveryID string      `json:"delivery_id,omitempty"` // where it was asked for
	Settings   string      `json:"settings"`              // names the settings in force, by which the rules are told
	Tasks      []Explained `json:"tasks"`
	More       bool        `json:"more"` // older ones
}

// Explained is a task from end to end. A delivery that was passed over has no task: its State is "ignored".
type Explained struct {
	Shown
	ReceivedAt time.Time      `json:"received_at"`
	HookID     string         `json:"hook_id,omitempty"`
	Trace      []hls.RuleStep `json:"trace"` // by the settings in force now
	Partly     string         `json:"trace_is_partial,omitempty"`
}

const (
	ignoredState = "ignored"

	defaultWhy = 5
	mostWhy    = 50
	mostTexts  = 1 << 20 // bytes of prompts and answers in one telling: one that has it all is left whole
)

// why tells what was done and why.
func (s *Server) why(w http.ResponseWriter, r *http.Request) {
	why, err := s.log().Why(r.Context(), r.URL.RawQuery)
	s.reply(w, r, why, err)
}

// Why tells of a subject or of a delivery. The query is that of the API's address.
func (d Deliveries) Why(ctx context.Context, query string) (Why, error) {
	q, err := readWhy(query)
	if err != nil {
		return Why{}, &Refused{http.StatusBadRequest, err.Error()}
	}
	limit := q.Limit
	q.Limit++
	rows, err := d.Store.List(ctx, q)
	if err != nil {
		return Why{}, err
	}
	why := Why{DeliveryID: q.Delivery, Tasks: []Explained{}, More: len(rows) > limit}
	texts := 0
	for _, row := range rows[:min(len(rows), limit)] {
		shown, err := d.shown(ctx, row)
		if err != nil {
			return Why{}, err
		}
		texts = shown.Analysis.bound(texts)
		told, settings, err := d.explained(ctx, shown)
		if err != nil {
			return Why{}, err
		}
		why.Tasks, why.Settings, why.Subject = append(why.Tasks, told), settings, shown.Subject
	}
	switch {
	case len(rows) > 0:
		return why, nil
	case q.Delivery != "":
		return d.whyIgnored(ctx, q.Delivery)
	}
	return Why{}, &Refused{http.StatusNotFound, "HLS has no task about this subject; a delivery that was passed over is told by its id"}
}

// bound leaves the texts out once there is too much of them, of which there are so many bytes so far.
func (a *Analysis) bound(texts int) int {
	if a == nil {
		return texts
	}
	own := len(a.System) + len(a.User) + len(a.Answer)
	if texts > 0 && texts+own > mostTexts {
		a.System, a.User, a.Answer, a.LeftOut = "", "", nil, true
		return texts
	}
	return texts + own
}

func readWhy(query string) (q record.Query, err error) {
	form, err := url.ParseQuery(query)
	if err != nil {
		return q, fmt.Errorf("the query cannot be read: %w", err)
	}
	for name, values := range form {
		if err := oneOf("parameter", name, []string{"subject", "delivery", "limit"}); err != nil {
			return q, err
		}
		if len(values) > 1 {
			return q, fmt.Errorf("%s is given %d times", name, len(values))
		}
	}
	q.Delivery = form.Get("delivery")
	if (q.Delivery == "") == (form.Get("subject") == "") {
		return q, errors.New("want a subject or a delivery, as ?subject=owner/repo%2342")
	}
	if err := readSubject(form.Get("subject"), &q); err != nil {
		return q, err
	}
	limit, err := number("limit", form.Get("limit"))
	if err == nil && limit > mostWhy {
		err = fmt.Errorf("limit is %d at most", mostWhy)
	}
	if q.Limit = int(limit); limit == 0 {
		q.Limit = defaultWhy
	}
	return q, err
}

// explained adds what is known of the delivery, and the rules.
func (d Deliveries) explained(ctx context.Context, shown Shown) (e Explained, settings string, err error) {
	e = Explained{Shown: shown, Trace: []hls.RuleStep{}}
	traced, err := d.Trace(ctx, shown.DeliveryID)
	if errors.Is(err, hls.ErrNotFound) {
		e.Partly = "the delivery is not kept any more"
		return e, "", nil
	}
	e.take(traced, d.Redactor)
	return e, traced.Settings, err
}

func (e *Explained) take(t hls.Traced, r *hls.Redactor) {
	e.ReceivedAt, e.HookID, e.Partly = t.Delivery.ReceivedAt, t.Delivery.HookID, t.Partly
	for _, step := range t.Steps {
		step.Value = r.Redact(step.Value)
		e.Trace = append(e.Trace, step)
	}
}

// whyIgnored tells why a delivery was passed over. What was recorded of it decides: the settings may have changed.
func (d Deliveries) whyIgnored(ctx context.Context, id string) (Why, error) {
	traced, err := d.Trace(ctx, id)
	if errors.Is(err, hls.ErrNotFound) {
		return Why{}, &Refused{http.StatusNotFound, "no delivery with this id is stored"}
	}
	if err != nil {
		return Why{}, err
	}
	of := traced.Delivery
	e := Explained{Trace: []hls.RuleStep{}, Shown: Shown{Effects: []Effect{}, Listed: Listed{
		DeliveryID: id, RequestID: of.RequestID, Event: of.Event, Action: of.Action, Actor: of.Sender, Repository: of.Repo,
		State: ignoredState, Reason: of.Ignored,
	}}}
	e.take(traced, d.Redactor)
	return Why{DeliveryID: id, Settings: traced.Settings, Tasks: []Explained{e}}, nil
}
