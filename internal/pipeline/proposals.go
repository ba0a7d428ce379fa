package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

// mostProposed is how many proposals of a subject are listed.
const mostProposed = 50

// asking is what is left of acting: the comment about proposals is written by a task of its own. err is what acting came to.
// Where nobody asked for the work, nobody is asked about it either, until something happens there.
func (p *Pipeline) asking(ctx context.Context, task hls.Task, entries []hls.Entry, rule hls.Rule, err error) error {
	if errors.Is(err, hls.ErrLost) || ctx.Err() != nil || quiet(task) {
		return err
	}
	return errors.Join(err, p.ask(ctx, task, entries, rule))
}

// ask queues the writing of the comment about proposals wherever a task has left it outdated: it proposed something, or
// decided about what was proposed.
func (p *Pipeline) ask(ctx context.Context, task hls.Task, entries []hls.Entry, rule hls.Rule) error {
	if !rule.Asks() {
		return nil
	}
	seen := map[string]bool{}
	for _, s := range append([]hls.Subject{task.Subject}, subjectsOf(entries)...) {
		if seen[s.Key()] || s.Number <= 0 || s.Kind != hls.KindIssue && s.Kind != hls.KindPullRequest {
			continue
		}
		seen[s.Key()] = true
		if err := p.askOn(ctx, task.DeliveryID, s); err != nil {
			return err
		}
	}
	return nil
}

func subjectsOf(entries []hls.Entry) (subjects []hls.Subject) {
	for _, e := range entries {
		subjects = append(subjects, e.Effect.Subject)
	}
	return subjects
}

// askOn queues the writing of the comment on a subject, unless it says already what it has to.
func (p *Pipeline) askOn(ctx context.Context, deliveryID string, s hls.Subject) error {
	ballot, err := p.ballot(ctx, s)
	if err != nil || ballot.current() {
		return err
	}
	_, err = p.store.Enqueue(ctx, deliveryID, record.NewTask{
		Subject: s, Purpose: hls.ProposalPurpose, Event: "proposals", Origin: hls.FromProposal, OccurredAt: p.cfg.Now(),
	})
	return err
}

// propose writes the comment about proposals.
func (p *Pipeline) propose(ctx context.Context, j *journey, rule hls.Rule) error {
	if !rule.Asks() {
		return skip("reactions_off")
	}
	ballot, err := p.ballot(ctx, j.task.Subject)
	switch {
	case err != nil:
		return err
	case ballot.current():
		return skip("nothing_to_ask")
	}
	effect := hls.Effect{
		Kind: hls.UpsertComment, Subject: j.task.Subject, Purpose: hls.ProposalPurpose, Revision: ballot.revision(), Body: ballot.text(),
		Rows: ballot.unsettled(), Nonce: fmt.Sprintf("task-%d", j.task.ID),
	}
	j.enter(hls.StageAct)
	entries, err := p.rooms().Actor.Act(ctx, j.task, hls.Plan{Effects: []hls.Effect{effect}}, rule)
	j.acted(entries)
	return err
}

// ballot is what a comment about proposals lists.
type ballot struct {
	rows   []hls.Entry // oldest first
	posted *hls.Entry  // the comment as it was written last; nil for none
	wait   time.Duration
}

// ballot reads what waits for a decision on a subject and, of what the comment listed last, what became of it.
func (p *Pipeline) ballot(ctx context.Context, s hls.Subject) (b ballot, err error) {
	b.wait = p.cfg.Consent
	posted, err := p.store.Posted(ctx, s, hls.ProposalPurpose, hls.UpsertComment)
	switch {
	case err == nil:
		b.posted = &posted
	case !errors.Is(err, hls.ErrNotFound):
		return b, err
	}
	if b.rows, err = p.store.Ledger(ctx, record.LedgerQuery{State: hls.EffectProposed, Subject: s.Key(), Limit: mostProposed}); err != nil {
		return b, err
	}
	slices.Reverse(b.rows)
	if b.posted == nil {
		return b, nil
	}
	known := map[int64]bool{}
	for _, e := range b.rows {
		known[e.ID] = true
	}
	waiting := len(b.rows) > 0
	for _, id := range b.posted.Effect.Rows {
		if known[id] {
			continue
		}
		row, err := p.row(ctx, s, id)
		if err != nil {
			return b, err
		}
		outdated := waiting && row.State == hls.EffectStale // A newer proposal stands in for it.
		if row.ID == id && !outdated {
			b.rows = append(b.rows, row)
		}
	}
	slices.SortFunc(b.rows, func(x, y hls.Entry) int { return int(x.ID - y.ID) })
	return b, nil
}

// row reads a row of the ledger about a subject.
func (p *Pipeline) row(ctx context.Context, s hls.Subject, id int64) (hls.Entry, error) {
	rows, err := p.store.Ledger(ctx, record.LedgerQuery{Subject: s.Key(), Before: id + 1, Limit: 1})
	if err != nil || len(rows) == 0 {
		return hls.Entry{}, err
	}
	return rows[0], nil
}

// open are the rows that wait for a decision.
func (b ballot) open() (ids []int64) {
	for _, e := range b.rows {
		if e.State == hls.EffectProposed {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

// unsettled are the rows that wait for a decision, and those that were decided about and are under way: what becomes of
// them is still to be said.
func (b ballot) unsettled() (ids []int64) {
	for _, e := range b.rows {
		switch e.State {
		case hls.EffectProposed, hls.Intent, hls.Sending:
			ids = append(ids, e.ID)
		}
	}
	return ids
}

// current tells whether the comment needs no writing. What was listed as decided once is not written again.
func (b ballot) current() bool {
	switch {
	case b.posted == nil:
		return len(b.open()) == 0
	case len(b.posted.Effect.Rows) == 0 && len(b.unsettled()) == 0:
		return true
	}
	return b.posted.Effect.Revision == b.revision()
}

// revision names the text. Of one that is under way it does not tell how far.
func (b ballot) revision() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%v\n%s", b.open(), b.text()))
	return hex.EncodeToString(sum[:8])
}
