package history

import (
	"slices"
	"strings"
	"time"
)

// noLoops: what HLS or a bot causes never reaches Claude, and no subject has more analyses in a day than it may.
func (b *book) noLoops() {
	asked := map[int64]bool{}
	for _, s := range b.spends {
		asked[s.Task] = true
	}
	for _, t := range b.tasks {
		own := strings.EqualFold(t.Actor, b.rules.Self) || slices.Contains(b.rules.Bots, t.Actor)
		if own && t.Origin == "delivery" && asked[t.ID] {
			b.violated(Double, "task %d on %s was caused by %s, and reached Claude", t.ID, t.Subject, t.Actor)
		}
	}
	if b.rules.Daily == 0 {
		return
	}
	days := map[Subject][]time.Time{}
	for _, s := range b.spends {
		if s.State != "void" {
			days[s.Subject] = append(days[s.Subject], s.Made)
		}
	}
	for subject, times := range days {
		slices.SortFunc(times, time.Time.Compare)
		for i := b.rules.Daily; i < len(times); i++ {
			if times[i].Sub(times[i-b.rules.Daily]) < 24*time.Hour {
				b.violated(Double, "%s was analyzed more than %d times in a day", subject, b.rules.Daily)
				break
			}
		}
	}
}

// peopleWin: HLS takes off no label that a person put on, and puts none on again that a person took off.
func (b *book) peopleWin() {
	type place struct {
		Subject
		label string
	}
	on, off := map[place]string{}, map[place]string{}
	for _, e := range b.timeline {
		d := e.Deed
		if d == nil || d.Label == "" || d.Number == 0 {
			continue
		}
		at := place{d.Subject, strings.ToLower(d.Label)}
		switch {
		case d.Kind == "labeled" && b.own(d) && off[at] != "":
			b.violated(Double, "%s put %q on %s again, which %s had taken off", d.Actor, d.Label, d.Subject, off[at])
		case d.Kind == "unlabeled" && b.own(d) && on[at] != "" && !strings.EqualFold(on[at], b.rules.Self):
			b.violated(Double, "%s took %q off %s, which %s had put on", d.Actor, d.Label, d.Subject, on[at])
		case d.Kind == "unlabeled" && !b.own(d):
			off[at] = d.Actor
		}
		if d.Kind == "labeled" {
			on[at] = d.Actor
		}
	}
}

// ends are the states in which a task may stay.
var ends = []string{"done", "skipped", "superseded", "parked"}

// ended: every accepted delivery has a task, and every task an end, with a reason where it needs one.
func (b *book) ended() {
	has := map[string]bool{}
	for _, t := range b.tasks {
		has[t.Delivery] = true
		if !slices.Contains(ends, t.State) {
			b.violated(Loss, "task %d on %s is still %s (%s)", t.ID, t.Subject, t.State, t.Reason)
		}
		if (t.State == "parked" || t.State == "skipped") && t.Reason == "" {
			b.violated(Loss, "task %d on %s is %s without a reason", t.ID, t.Subject, t.State)
		}
		if t.State == "parked" {
			b.verdict.Parked++
		}
	}
	for _, d := range b.deliveries {
		if d.Ignored == "" && !has[d.ID] {
			b.violated(Loss, "delivery %s was accepted and has no task", d.ID)
		}
	}
}

// served: the newest state of each subject that was to be answered was answered and labeled, or its task waits for
// people.
func (b *book) served() {
	said, labels := map[Subject]int{}, map[Subject][]string{}
	for _, e := range b.timeline {
		d := e.Deed
		switch {
		case d == nil:
		case d.Kind == "labeled":
			labels[d.Subject] = append(labels[d.Subject], d.Label)
		case d.Kind == "unlabeled":
			labels[d.Subject] = slices.DeleteFunc(labels[d.Subject], func(l string) bool { return l == d.Label })
		case b.own(d) && speaks(d):
			said[d.Subject] = max(said[d.Subject], d.Round)
		}
	}
	waits := map[Subject]bool{}
	for _, t := range b.tasks {
		waits[t.Subject] = waits[t.Subject] || t.State == "parked"
	}
	for _, w := range b.wanted {
		if said[w.Subject] < w.Round && !waits[w.Subject] {
			b.violated(Loss, "round %d of %s has no answer; the newest is about round %d", w.Round, w.Subject, said[w.Subject])
		}
		if on := sorted(labels[w.Subject]); len(w.Labels) > 0 && !slices.Equal(on, sorted(w.Labels)) && !waits[w.Subject] {
			b.violated(Loss, "%s in round %d has the labels %q, and should have %q", w.Subject, w.Round, on, w.Labels)
		}
	}
}

func sorted(names []string) []string { return slices.Sorted(slices.Values(names)) }

// stopped: a process that was told to stop ended with 0.
func (b *book) stopped() {
	for _, e := range b.timeline {
		if p := e.Process; p != nil && p.What == "stopped" && p.Code != 0 {
			b.violated(Loss, "HLS was told to stop, and ended with %d", p.Code)
		}
	}
}
