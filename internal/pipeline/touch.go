package pipeline

import (
	"context"
	"errors"

	"hls/internal/handler"
	"hls/internal/hls"
	"hls/internal/route"
)

// touch remembers what an event tells of labels, wherever a repository is worked for: also where `events` does not name it,
// nothing follows from it, and HLS itself is the sender. It comes before the delivery is stored, so that one which could not
// be remembered is sent again; remembering twice changes nothing.
func (p *Pipeline) touch(ctx context.Context, e hls.Event, verdict hls.Verdict) error {
	switch verdict.Reason {
	case route.NoRepository, route.RepositoryNotConfigured, route.RepositoryDisabled:
		return nil
	}
	touches := touched(e, p.cfg.Self(e.Repo.FullName))
	if len(touches) == 0 {
		return nil
	}
	return p.store.Touch(ctx, touches)
}

// touched is what an event of an issue or a pull request tells of its labels.
func touched(e hls.Event, self hls.Account) []hls.Touch {
	var labels []hls.Label
	switch {
	case e.Name == "issues" && e.Issue != nil:
		labels = e.Issue.Labels
	case e.Name == "pull_request" && e.PullRequest != nil:
		labels = e.PullRequest.Labels
	default:
		return nil
	}
	one := hls.Touch{Subject: e.Subject, By: e.Sender, At: e.OccurredAt, Self: self}
	switch {
	case e.Action == "closed":
		one.Fate = hls.LabelKept
	case e.Action == "labeled" && e.Label != nil:
		one.Fate, labels = hls.LabelAdded, []hls.Label{*e.Label}
	case e.Action == "unlabeled" && e.Label != nil:
		one.Fate, labels = hls.LabelRemoved, []hls.Label{*e.Label}
	default:
		return nil
	}
	var touches []hls.Touch
	for _, l := range labels {
		if l.Name != "" {
			one.Label = l.Name
			touches = append(touches, one)
		}
	}
	return touches
}

// History is what GitHub tells of the labels of a subject, and what is remembered of them: a person's removal counts also
// where GitHub does not show the history. What an operator had taken back counts as removed.
func (r reader) History(ctx context.Context, s hls.Subject) ([]hls.LabelEvent, error) {
	history, err := r.GitHub.History(ctx, s)
	if err != nil && !errors.Is(err, hls.ErrNotFound) {
		return nil, err
	}
	memories, failed := r.Recall(ctx, hls.Recall{Subject: s, Kind: hls.Touched, Limit: hls.MostTouched})
	if failed != nil {
		return nil, failed
	}
	states, failed := hls.LabelStates(memories)
	if failed != nil {
		return nil, failed
	}
	all := hls.Remembered(history, states)
	if r.task.Origin != hls.FromReplay && !handler.IsCommandPurpose(r.task.Purpose) { // Nobody asks for it.
		all = append(all, hls.TakenBack(states)...)
	}
	if len(all) > 0 {
		return all, nil
	}
	return history, err
}
