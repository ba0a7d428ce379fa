package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

// Voters is what is read of GitHub about reactions to comments, and who put them there.
type Voters interface {
	Comment(ctx context.Context, s hls.Subject, id int64) (hls.Comment, error)
	// Votes are the reactions on a comment, of each kind the first put on first; all is false where there are too many to read.
	Votes(ctx context.Context, s hls.Subject, comment int64) (votes []hls.Vote, all bool, err error)
	Access(ctx context.Context, s hls.Subject, login string) (hls.Access, error)
}

// Bounds of looking for reactions.
const (
	mostLooked   = 60               // questions to GitHub in a pass
	mostHeeded   = 12               // for an event of one subject
	hinted       = 64               // subjects whose events wait to be looked at
	strangerFor  = 10 * time.Minute // that somebody without write access is not asked about again
	crowdedFor   = time.Hour        // that it is not told again
	mostStranger = 10_000
)

// consent looks after the comments about proposals.
type consent struct {
	hints chan hls.Subject

	mu        sync.Mutex
	strangers map[string]time.Time // who has no write access, by repository and login, and until when that is believed
	crowded   time.Time            // when it was last told that there are too many reactions

	// Of the passes, which follow each other.
	after    int64     // the row that the last pass ended at, 0 for none
	rejected time.Time // up to when rejections were looked for
}

func newConsent() *consent {
	return &consent{hints: make(chan hls.Subject, hinted), strangers: map[string]time.Time{}}
}

// allowance is how many questions may still be asked.
type allowance struct{ left int }

var errSpentLooking = errors.New("enough was asked for now")

func (a *allowance) take() error {
	if a.left <= 0 {
		return errSpentLooking
	}
	a.left--
	return nil
}

// hint has the proposals on a subject looked at soon: something happened there.
func (p *Pipeline) hint(e hls.Event, rule hls.Rule) {
	if !rule.Asks() || e.Subject.Number <= 0 || e.Sender.Same(p.cfg.Self(e.Repo.FullName)) {
		return
	}
	select {
	case p.consent.hints <- e.Subject:
	default: // The next pass looks.
	}
}

// Heed looks for reactions wherever events come in, until ctx ends.
func (p *Pipeline) Heed(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case s := <-p.consent.hints:
			if err := p.consult(ctx, s, &allowance{mostHeeded}); err != nil && ctx.Err() == nil && !errors.Is(err, errSpentLooking) {
				p.log.Warn("reactions cannot be read", hls.KeyRepo, s.Repo, hls.KeySubject, s.String(), hls.KeyError, err.Error())
			}
		}
	}
}

// Consult makes one pass over the comments about proposals, the oldest open proposal first, and brings up to date what other
// doors have rejected. It tells whether there is more to do.
func (p *Pipeline) Consult(ctx context.Context) (unfinished bool) {
	left := &allowance{mostLooked}
	err := p.consultAll(ctx, left)
	if err == nil {
		err = p.tellRejected(ctx)
	}
	switch {
	case errors.Is(err, errSpentLooking):
		return true
	case err != nil && ctx.Err() == nil:
		p.log.Warn("reactions cannot be read", hls.KeyError, err.Error())
	}
	return false
}

// consultAll goes on where the last pass ran out.
func (p *Pipeline) consultAll(ctx context.Context, left *allowance) error {
	seen := map[string]bool{}
	q := record.LedgerQuery{State: hls.EffectProposed, Since: p.cfg.Now().Add(-p.cfg.Consent), Oldest: true, After: p.consent.after, Limit: 200}
	for {
		rows, err := p.store.Ledger(ctx, q)
		if err != nil {
			return err
		}
		for _, e := range rows {
			s := e.Effect.Subject
			if err := p.consultOnce(ctx, s, seen, left); over(ctx, err) {
				return err
			} else if err != nil {
				p.log.Warn("reactions cannot be read", hls.KeyRepo, s.Repo, hls.KeySubject, s.String(), hls.KeyError, err.Error())
			}
			q.After, p.consent.after = e.ID, e.ID
		}
		if len(rows) < q.Rows() {
			p.consent.after = 0
			return nil
		}
	}
}

func (p *Pipeline) consultOnce(ctx context.Context, s hls.Subject, seen map[string]bool, left *allowance) error {
	if seen[s.Key()] {
		return nil
	}
	seen[s.Key()] = true
	return p.consult(ctx, s, left)
}

// over tells whether an error ends a pass: others would meet it, too.
func over(ctx context.Context, err error) bool {
	var retry *hls.RetryAfter
	return err != nil && (ctx.Err() != nil || errors.Is(err, errSpentLooking) || errors.Is(err, record.ErrUnavailable) || errors.As(err, &retry))
}

// tellRejected brings comments up to date about what was rejected since the last pass, as by hls effects reject.
func (p *Pipeline) tellRejected(ctx context.Context) error {
	now := p.cfg.Now()
	since := p.consent.rejected
	if since.IsZero() {
		since = now.Add(-p.cfg.Consent)
	}
	rows, err := p.store.Ledger(ctx, record.LedgerQuery{State: hls.EffectRejected, Since: since, Limit: 200})
	if err != nil {
		return err
	}
	for _, e := range rows {
		if err := p.refresh(ctx, e); err != nil {
			return err
		}
	}
	p.consent.rejected = now.Add(-time.Minute) // The clock of the database may be another.
	return nil
}

// refresh has the comment that lists a row brought up to date.
func (p *Pipeline) refresh(ctx context.Context, row hls.Entry) error {
	rule, verdict := p.rooms().Router.Standing(row.Effect.Subject.Repo)
	if !verdict.Do {
		return nil
	}
	planner, err := p.store.Task(ctx, row.TaskID)
	if errors.Is(err, hls.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return p.ask(ctx, hls.Task{DeliveryID: planner.DeliveryID}, []hls.Entry{row}, rule)
}

// consult looks whether people have decided about the proposals on a subject, and sees to it.
func (p *Pipeline) consult(ctx context.Context, s hls.Subject, left *allowance) error {
	rule, verdict := p.rooms().Router.Standing(s.Repo)
	if !verdict.Do || !rule.Asks() || p.rooms().Voters == nil {
		return nil
	}
	posted, err := p.store.Posted(ctx, s, hls.ProposalPurpose, hls.UpsertComment)
	if errors.Is(err, hls.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	rows, err := p.store.Ledger(ctx, record.LedgerQuery{State: hls.EffectProposed, Subject: s.Key(), Limit: mostProposed})
	if err != nil {
		return err
	}
	rows = slices.DeleteFunc(rows, func(e hls.Entry) bool { return !slices.Contains(posted.Effect.Rows, e.ID) })
	if len(rows) == 0 || posted.RemoteID == 0 {
		return nil
	}
	by, approve, err := p.votes(ctx, posted, left)
	switch {
	case errors.Is(err, hls.ErrNotFound), errors.Is(err, hls.ErrGone): // Without the comment nobody decides by it.
		return nil
	case err != nil || by == "":
		return err
	}
	return p.decide(ctx, rows, by, approve)
}

// decide has rows carried out, or ends them.
func (p *Pipeline) decide(ctx context.Context, rows []hls.Entry, by string, approve bool) (err error) {
	ids := make([]int64, 0, len(rows))
	for _, e := range slices.Backward(rows) {
		ids = append(ids, e.ID)
	}
	if approve {
		_, err = p.store.Approve(ctx, ids, by)
	} else {
		err = p.store.Reject(ctx, ids, by)
	}
	var decided *record.NotProposed
	if errors.As(err, &decided) { // Somebody else was faster.
		return nil
	}
	if err != nil {
		return fmt.Errorf("decide by reaction: %w", err)
	}
	s := rows[0].Effect.Subject
	p.log.Info("decided by reaction", hls.KeyRepo, s.Repo, hls.KeySubject, s.String(), "approved", approve, "by", by, "effects", len(ids))
	return p.refresh(ctx, rows[0])
}
