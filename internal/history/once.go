package history

import "strings"

// once: what HLS says, it says once: one comment and one review for a marker, one review for a commit; a label that it
// put on, it does not put on again while it is there.
func (b *book) once() {
	said := map[string]int64{}
	for _, e := range b.timeline {
		d := e.Deed
		switch {
		case !b.own(d):
		case d.Kind == "comment_deleted":
			delete(said, d.String()+marker(d.Body))
		case creates(d):
			key := d.String() + marker(d.Body)
			if other, seen := said[key]; seen {
				b.violated(Double, "%s on %s twice, as %d and %d: %s", d.Kind, d.Subject, other, d.ID, marker(d.Body))
			}
			said[key] = d.ID
		}
	}
	b.oneReview()
}

func (b *book) oneReview() {
	type place struct {
		Subject
		commit string
	}
	stood := map[place]int64{}
	for _, e := range b.timeline {
		d := e.Deed
		if !b.own(d) || d.Kind != "reviewed" {
			continue
		}
		at := place{d.Subject, d.Commit}
		if other, seen := stood[at]; seen {
			b.violated(Double, "%s has reviews %d and %d of commit %s", d.Subject, other, d.ID, d.Commit)
		}
		stood[at] = d.ID
	}
}

// decided: at the end no row of the ledger is in the middle of a write, what it calls done is there, and what it calls
// unknown is counted where people see it.
func (b *book) decided() {
	made, labeled := map[int64]bool{}, map[string]bool{}
	for _, e := range b.timeline {
		if d := e.Deed; d != nil {
			made[d.ID] = true
			labeled[d.String()+strings.ToLower(d.Label)] = true
		}
	}
	unknown := map[string]int64{}
	for _, row := range b.effects {
		switch row.State {
		case "sending":
			b.violated(Loss, "%s of task %d on %s ended as sending: nobody knows whether it is there", row.Kind, row.Task, row.Subject)
		case "unknown":
			unknown[row.Kind]++
			b.verdict.Unknown++
		case "done":
			b.there(row, made, labeled)
		}
	}
	for kind, n := range unknown {
		if shown := b.counts["effect/"+kind+"/unknown"]; shown < n {
			b.violated(Loss, "%d rows of %s are unknown, and %d are shown", n, kind, shown)
		}
	}
}

func (b *book) there(row Effect, made map[int64]bool, labeled map[string]bool) {
	if row.Remote != 0 && !made[row.Remote] {
		b.violated(Loss, "%s %d on %s is called done and is not there", row.Kind, row.Remote, row.Subject)
	}
	if row.Kind != "add_labels" {
		return
	}
	for _, l := range row.Labels {
		if !labeled[row.String()+strings.ToLower(l)] && !strings.Contains(row.Note, l+":") {
			b.violated(Loss, "label %q on %s is called done and is not there", l, row.Subject)
		}
	}
}

// paidOnce: Claude is not asked again for a task once its answer is stored, and no answer is without money set aside.
func (b *book) paidOnce() {
	rows := map[Subject]int{}
	for _, s := range b.spends {
		if s.State != "void" {
			rows[s.Subject]++
		}
		stored, ok := b.analyses[s.Task]
		if ok && s.Made.After(stored.Made) {
			b.violated(Double, "task %d on %s paid for Claude again though its answer was stored", s.Task, s.Subject)
		}
	}
	paid := map[Subject]int{}
	for _, e := range b.timeline {
		if e.Asked != nil && e.Asked.Status == 200 {
			paid[e.Asked.Subject]++
		}
	}
	for s, n := range paid {
		if n > rows[s] {
			b.violated(Double, "Claude answered %d times about %s, and money was set aside %d times", n, s, rows[s])
		}
	}
}
