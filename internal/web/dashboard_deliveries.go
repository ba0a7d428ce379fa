package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"hls/internal/hls"
	"hls/internal/route"
	"hls/internal/web/ui"
)

// listing is the page of deliveries.
type listing struct {
	Page
	Query          url.Values
	Events, States []string
	Problem        string // with what is asked for
	Newest, Older  string // addresses of other pages of the list; "" for none
}

func (s *Server) deliveriesPage(r *http.Request, _ caller) (shown, error) {
	body := listing{Query: r.URL.Query(), Events: route.Events(), States: states}
	page := shown{name: "deliveries", here: ui.Deliveries, title: "Deliveries"}
	var err error
	var refused *Refused
	switch body.Page, err = s.log().List(r.Context(), r.URL.RawQuery); {
	case errors.As(err, &refused):
		page.code, body.Problem = refused.Code, refused.Reason
	case err != nil:
		return page, err
	}
	page.slow = body.searched
	if body.Query.Get("before") != "" {
		body.Newest = listAt(body.Query, 0)
	}
	if body.NextBefore > 0 {
		body.Older = listAt(body.Query, body.NextBefore)
	}
	page.body = body
	return page, nil
}

// dossier is the page of one delivery.
type dossier struct {
	Shown
	ReceivedAt time.Time // zero when the delivery itself is no longer kept
	Stages     []stage
	Trace      []hls.RuleStep
	Partly     string // why the trace does not tell all
	Took       map[hls.Stage]float64
	Ended      bool // nothing more comes of it by itself
	Proposed   []int64
	Undo       bool // what was done can be taken back here
}

// stage is one of the eight words, and whether the record shows that the delivery came there.
type stage struct {
	Name    hls.Stage
	Reached bool
	Seconds float64 // that it took; 0 where that is not kept
	Share   int     // of the whole, in twentieths
}

func (s *Server) deliveryPage(r *http.Request, _ caller) (shown, error) {
	found, err := s.log().Show(r.Context(), r.PathValue("id"))
	if err != nil {
		return shown{}, err
	}
	body := dossier{Shown: found, Ended: ended(found)}
	delivery, err := s.deps.Store.Delivery(r.Context(), found.DeliveryID)
	if err != nil && !errors.Is(err, hls.ErrNotFound) {
		return shown{}, err
	}
	body.ReceivedAt = delivery.ReceivedAt
	if err := s.trace(r.Context(), &body); err != nil {
		return shown{}, err
	}
	body.Took = took(body)
	body.Stages = stages(body)
	for _, e := range found.Effects {
		switch e.State {
		case hls.EffectProposed:
			body.Proposed = append(body.Proposed, e.ID)
		case hls.EffectDone:
			body.Undo = s.deps.Undo != nil
		}
	}
	return shown{name: "delivery", here: ui.Deliveries, title: found.Subject, body: body}, nil
}

// trace adds the rules that the delivery is held against.
func (s *Server) trace(ctx context.Context, of *dossier) error {
	if s.deps.Trace == nil {
		return nil
	}
	told, _, err := s.log().explained(ctx, of.Shown)
	of.Trace, of.Partly = told.Trace, told.Partly
	return err
}

// ended tells whether neither the task nor what was approved of it is to be worked on.
func ended(d Shown) bool {
	return !slices.ContainsFunc(append([]Listed{d.Listed}, d.Approvals...), func(l Listed) bool { return l.State == hls.Queued || l.State == hls.Running })
}

// took are the seconds that each stage took, as far as the record tells. What the last run of a task took besides the stages up to its plan
// is acting; of earlier runs no more than their sum is kept.
func took(d dossier) map[hls.Stage]float64 {
	all := map[hls.Stage]float64{}
	if !d.ReceivedAt.IsZero() && d.QueuedAt.After(d.ReceivedAt) && d.Origin == hls.FromDelivery {
		all[hls.StageReceive] = d.QueuedAt.Sub(d.ReceivedAt).Seconds()
	}
	if d.Plan == nil || d.Plan.Gathered == nil {
		return all
	}
	sum := 0.0
	for name, seconds := range d.Plan.Gathered.Took {
		all[name] += seconds
		sum += seconds
	}
	if d.State == hls.Done && d.Attempt == 1 && d.DurationSeconds > sum {
		all[hls.StageAct] = d.DurationSeconds - sum
	}
	return all
}

// twentieths are the parts that a stage's share of the whole is shown in.
const twentieths = 20

func stages(d dossier) []stage {
	asked, planned, acted := d.Analysis != nil, d.Plan != nil, len(d.Effects) > 0
	all := []stage{
		{Name: hls.StageReceive, Reached: true}, {Name: hls.StageRecord, Reached: true}, {Name: hls.StageRoute, Reached: d.Attempt > 0},
		{Name: hls.StageGather, Reached: asked}, {Name: hls.StagePrompt, Reached: asked}, {Name: hls.StageAnalyze, Reached: asked},
		{Name: hls.StagePlan, Reached: planned}, {Name: hls.StageAct, Reached: acted},
	}
	whole := 0.0
	for _, seconds := range d.Took {
		whole += seconds
	}
	for i, st := range all {
		if seconds := d.Took[st.Name]; seconds > 0 {
			all[i].Seconds, all[i].Share = seconds, max(1, int(twentieths*seconds/whole))
		}
	}
	return all
}

// Waited is how long the delivery lay until its task was due, in seconds.
func (d dossier) Waited() float64 { return max(d.RunAt.Sub(d.QueuedAt).Seconds(), 0) }

// replayForm is the button that has a delivery worked on again.
func (s *Server) replayForm(w http.ResponseWriter, r *http.Request, who caller) {
	id := r.PathValue("id")
	replayed, err := s.log().Replay(r.Context(), id)
	if err != nil {
		s.failed(w, r, who, err)
		return
	}
	s.deps.Log.InfoContext(r.Context(), "replayed by hand", hls.KeyDeliveryID, id, hls.KeyTask, replayed.TaskID)
	http.Redirect(w, r, ui.Delivery(id), http.StatusSeeOther)
}
