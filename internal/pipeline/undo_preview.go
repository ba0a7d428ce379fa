package pipeline

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"hls/internal/act"
	"hls/internal/hls"
)

// previews is how many subjects are looked at at a time.
const previews = 8

// preview tells of each effect why it would stay, as far as GitHub tells now.
func (p *Pipeline) preview(ctx context.Context, list []Undone) error {
	actor := p.rooms().Actor
	if actor == nil {
		return refuse("cannot_look", "GitHub cannot be looked at from here: ask the running service")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		all   sync.WaitGroup
		mu    sync.Mutex
		first error
	)
	turn := make(chan struct{}, previews)
	for _, subject := range bySubject(list) {
		turn <- struct{}{}
		all.Go(func() {
			defer func() { <-turn }()
			if err := subject.look(ctx, actor); err != nil {
				mu.Lock()
				defer mu.Unlock()
				if first == nil {
					first = fmt.Errorf("look at what people did since: %w", err)
				}
				cancel() // What is not looked at by now need not be.
			}
		})
	}
	all.Wait()
	return first
}

// foreseen is what is to be taken back on one subject, the last done first. What is taken back of one effect changes what
// is found for those before it: a text is put back step by step, and so are labels.
type foreseen struct {
	effects  []*Undone
	comments map[int64]string // why the text of a comment stays, "" when it is taken back
	labels   map[string]bool  // that are taken back, by folded name
}

func bySubject(list []Undone) (subjects []*foreseen) {
	known := map[string]*foreseen{}
	for i := range list {
		one := &list[i]
		if one.Kept != "" {
			continue
		}
		key := one.Take.Subject.Key()
		if known[key] == nil {
			known[key] = &foreseen{comments: map[int64]string{}, labels: map[string]bool{}}
			subjects = append(subjects, known[key])
		}
		known[key].effects = append(known[key].effects, one)
	}
	return subjects
}

func (f *foreseen) look(ctx context.Context, actor *act.Actor) error {
	for _, one := range f.effects {
		if f.follows(one) {
			continue
		}
		task := one.task
		task.Origin = hls.FromUndo
		found, err := actor.Preview(ctx, task, one.Take)
		var final *hls.Permanent
		switch {
		case errors.As(err, &final):
			found.Stays = final.Error()
		case err != nil:
			return err
		}
		one.Kept, one.Partly = found.Stays, found.Partly
		f.keep(one)
	}
	return nil
}

// follows tells whether what comes of an effect depends on what is taken back before it, and says what.
func (f *foreseen) follows(one *Undone) bool {
	if one.Take.Kind == hls.RevertComment {
		why, seen := f.comments[one.Take.Comment]
		one.Kept = why
		return seen
	}
	for _, l := range one.Take.Labels {
		if f.labels[hls.Fold(l.Name)] {
			f.keep(one)
			return true
		}
	}
	return false
}

// keep remembers what comes of an effect, for those before it.
func (f *foreseen) keep(one *Undone) {
	if one.Take.Kind == hls.RevertComment {
		f.comments[one.Take.Comment] = one.Kept
	}
	for _, l := range one.Take.Labels {
		f.labels[hls.Fold(l.Name)] = f.labels[hls.Fold(l.Name)] || one.Kept == ""
	}
}
