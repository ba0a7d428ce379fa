package pipeline

import (
	"context"
	"slices"
	"strings"
	"time"

	"hls/internal/handler"
	"hls/internal/hls"
	"hls/internal/record"
)

// Swept says how a subject is worked on that a sweep found.
type Swept struct {
	Aloud bool          // comments and whatever else the rule lets through may follow; otherwise labels alone
	Made  time.Time     // the subject; any event is newer
	Wait  time.Duration // before the work starts
}

// Sweep is Accept for a delivery that a sweep made of what it found. Work that an event asked for goes before it.
func (p *Pipeline) Sweep(ctx context.Context, d hls.Delivery, e hls.Event, s Swept) (hls.Receipt, error) {
	work := record.NewTask{Origin: hls.FromSweep, OccurredAt: s.Made, Debounce: s.Wait}
	if s.Aloud {
		work.Origin = hls.FromSweepAloud
	}
	return p.accept(ctx, d, e, work)
}

// Verdict is what the settings in force and the event's handler make of an event.
func (p *Pipeline) Verdict(e hls.Event) hls.Verdict {
	_, _, verdict := p.route(e)
	return verdict
}

// quiet tells whether the work is a sweep's that was not told to speak, or the replay of one.
func quiet(task hls.Task) bool {
	return task.Origin == hls.FromSweep || task.Origin == hls.FromReplay && strings.HasPrefix(task.DeliveryID, hls.SweptID)
}

// restrained is the rule for a task: where nobody asked for the work, nothing is said, and what someone with a say asked
// for by a command needs no further approval.
func restrained(task hls.Task, rule hls.Rule) hls.Rule {
	switch {
	case quiet(task):
		rule.Comments.Post = hls.PostNever
	case handler.IsCommandPurpose(task.Purpose):
		rule.Modes, rule.Labels.Suggest = rule.Modes.Asked(), nil
	}
	return rule
}

// hushed is the plan of a task: where nobody asked for the work, it sets labels alone, and nothing is remembered as said.
func hushed(task hls.Task, plan hls.Plan) hls.Plan {
	if !quiet(task) {
		return plan
	}
	plan.Remember = nil
	plan.Effects = slices.DeleteFunc(slices.Clone(plan.Effects), func(e hls.Effect) bool {
		loud := e.Kind != hls.AddLabels && e.Kind != hls.RemoveLabels
		if loud {
			plan.Dropped = append(plan.Dropped, hls.Drop{What: string(e.Kind), Why: "swept_quietly"})
		}
		return loud
	})
	return plan
}
