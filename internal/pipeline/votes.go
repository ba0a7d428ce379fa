package pipeline

import (
	"context"
	"errors"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

// votes tells who has decided by a reaction on a comment about proposals, and how; by is "" while nobody has. Somebody who
// is against goes before all who are for.
func (p *Pipeline) votes(ctx context.Context, posted hls.Entry, left *allowance) (by string, approve bool, err error) {
	s := posted.Effect.Subject
	if err := left.take(); err != nil {
		return "", false, err
	}
	all, whole, err := p.rooms().Voters.Votes(ctx, s, posted.RemoteID)
	if err != nil {
		return "", false, err
	}
	kinds := []hls.Reaction{hls.ThumbsDown, hls.ThumbsUp}
	if !whole { // Somebody may be against among those that were not read.
		kinds = kinds[:1]
		p.tellCrowded(s)
	}
	var candidates []hls.Vote
	for _, content := range kinds {
		for _, v := range all {
			if v.Content == content && v.User.Type == "User" && !v.User.Same(p.cfg.Self(s.Repo)) && !p.stranger(s, v.User.Login) {
				candidates = append(candidates, v)
			}
		}
	}
	if len(candidates) == 0 {
		return "", false, nil
	}
	counts, err := p.since(ctx, posted, left)
	if err != nil || counts == nil {
		return "", false, err
	}
	for _, v := range candidates {
		if !counts(v) {
			continue
		}
		may, err := p.mayDecide(ctx, s, v.User, left)
		if err != nil {
			return "", false, err
		}
		if may {
			return v.User.Person(), v.Content == hls.ThumbsUp, nil
		}
	}
	return "", false, nil
}

// since tells which reactions are about the comment as it stands: all of them where it was never edited, and otherwise those
// that were heard. GitHub tells times to the second, the ledger whether it was written more than once. It is nil where
// the comment does not say what was stored, or is not HLS's any more.
func (p *Pipeline) since(ctx context.Context, posted hls.Entry, left *allowance) (func(hls.Vote) bool, error) {
	s := posted.Effect.Subject
	if err := left.take(); err != nil {
		return nil, err
	}
	comment, err := p.rooms().Voters.Comment(ctx, s, posted.RemoteID)
	if err != nil {
		return nil, err
	}
	if self := p.cfg.Self(s.Repo); self.ID != 0 && !comment.User.Same(self) {
		return nil, nil
	}
	if same, err := p.rooms().Actor.Says(ctx, comment, posted.Effect); err != nil || !same {
		return nil, err
	}
	written, err := p.store.Ledger(ctx, record.LedgerQuery{
		State: hls.EffectDone, Kind: hls.UpsertComment, Subject: s.Key(), Purpose: hls.ProposalPurpose, Limit: 2,
	})
	first := len(written) == 1 && comment.UpdatedAt.Equal(comment.CreatedAt)
	return func(v hls.Vote) bool { return !v.User.Same(comment.User) && (first || heard(v, comment.UpdatedAt)) }, err
}

// grace is for how long a comment gathers no approval once it was edited. Somebody may look at a page that was opened before,
// and GitHub brings the edit to it a little later: otherwise whoever has HLS propose something else at the right moment has
// it approved by a person who has not seen it.
const grace = 2 * time.Minute

// heard tells whether a reaction was put on after a comment was edited: one that is for it, so long after that who put it on
// has seen the edit. To reject what nobody has seen does no harm.
func heard(v hls.Vote, edited time.Time) bool {
	if v.Content == hls.ThumbsUp {
		return !v.At.Before(edited.Add(grace))
	}
	return v.At.After(edited)
}

// mayDecide tells whether somebody has write access.
func (p *Pipeline) mayDecide(ctx context.Context, s hls.Subject, who hls.Account, left *allowance) (bool, error) {
	if err := left.take(); err != nil {
		return false, err
	}
	access, err := p.rooms().Voters.Access(ctx, s, who.Login)
	if err != nil && !errors.Is(err, hls.ErrNotFound) {
		return false, err
	}
	if err == nil && access.User.Same(who) && access.Writes() {
		return true, nil
	}
	p.consent.mu.Lock()
	defer p.consent.mu.Unlock()
	if len(p.consent.strangers) >= mostStranger {
		clear(p.consent.strangers)
	}
	p.consent.strangers[strangerKey(s, who.Login)] = p.cfg.Now().Add(strangerFor)
	return false, nil
}

func strangerKey(s hls.Subject, login string) string { return hls.Fold(s.Repo + " " + login) }

// stranger tells whether somebody had no write access lately. Otherwise many strangers would keep HLS from the reaction of
// somebody who has.
func (p *Pipeline) stranger(s hls.Subject, login string) bool {
	p.consent.mu.Lock()
	defer p.consent.mu.Unlock()
	until, known := p.consent.strangers[strangerKey(s, login)]
	if known && !until.After(p.cfg.Now()) {
		delete(p.consent.strangers, strangerKey(s, login))
		return false
	}
	return known
}

// tellCrowded tells, now and then, that nobody approves by a reaction: anybody can keep it so.
func (p *Pipeline) tellCrowded(s hls.Subject) {
	now := p.cfg.Now()
	p.consent.mu.Lock()
	again := now.Sub(p.consent.crowded) < crowdedFor
	if !again {
		p.consent.crowded = now
	}
	p.consent.mu.Unlock()
	if !again {
		p.log.Warn("there are too many reactions for any to approve", hls.KeyRepo, s.Repo, hls.KeySubject, s.String())
	}
}

// defaultConsent is for how long reactions are looked for.
const defaultConsent = 14 * 24 * time.Hour
