package backtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"hls/internal/hls"
)

// GitHub is what a history is fetched from.
type GitHub interface {
	WholeRepository(ctx context.Context, repo string) (json.RawMessage, error)
	Labels(ctx context.Context, repo string) ([]hls.Label, error)
	// AllSubjects reads a page of a repository's issues and pull requests, whatever their state, the last created first.
	AllSubjects(ctx context.Context, repo string, page int) (items []json.RawMessage, more bool, err error)
	// Timeline reads what happened to an issue, oldest first.
	Timeline(context.Context, hls.Subject) iter.Seq2[json.RawMessage, error]
	// OpeningBodies are the texts that issues were opened with, of those that were edited; hls.ErrNotFound where GitHub does
	// not tell.
	OpeningBodies(ctx context.Context, repo string, numbers []int) (map[int]string, error)
}

// mostPages is how many pages of a hundred are looked through.
const mostPages = 100

// atOnce is how many issues are asked about together.
const atOnce = 25

// Wanted says what is fetched.
type Wanted struct {
	Repo string
	Last int // closed, labeled issues
	Tell func(done, of int)
}

// ErrRenamed says that a repository has another name now: what the settings say of the old one does not hold for it.
var ErrRenamed = errors.New("the repository was renamed")

// Fetch reads a history: the newest closed, labeled issues with their timelines, and the others among them as candidates.
func Fetch(ctx context.Context, gh GitHub, w Wanted) (*History, []string, error) {
	h := &History{FetchedAt: time.Now().UTC().Truncate(time.Second)}
	var err error
	if h.Repository, err = gh.WholeRepository(ctx, w.Repo); err != nil {
		return nil, nil, fmt.Errorf("read repository %s: %w", w.Repo, err)
	}
	repo, err := h.Repo()
	if err != nil {
		return nil, nil, err
	}
	if hls.Fold(repo.FullName) != hls.Fold(w.Repo) {
		return nil, nil, fmt.Errorf("%w: %s is %s now; name it so, in the settings too", ErrRenamed, w.Repo, repo.FullName)
	}
	if h.Labels, err = gh.Labels(ctx, repo.FullName); err != nil {
		return nil, nil, fmt.Errorf("read labels of %s: %w", repo.FullName, err)
	}
	if err := h.list(ctx, gh, repo.FullName, w.Last); err != nil {
		return nil, nil, err
	}
	notes, err := h.deepen(ctx, gh, repo, w)
	return h, notes, err
}

// list reads issues until enough of them can be held against what people decided.
func (h *History) list(ctx context.Context, gh GitHub, repo string, enough int) error {
	found := 0
	for page := 1; page <= mostPages; page++ {
		items, more, err := gh.AllSubjects(ctx, repo, page)
		if err != nil {
			return fmt.Errorf("list issues of %s: %w", repo, err)
		}
		for _, raw := range items {
			r, err := newRecord(raw, nil)
			if err != nil || r.issue.PullRequest != nil {
				continue
			}
			if h.add(r) && r.eligible() {
				found++
			}
		}
		if !more || found >= enough {
			return nil
		}
	}
	return nil
}

// deepen reads what happened to the issues that are to be held against what people decided.
func (h *History) deepen(ctx context.Context, gh GitHub, repo hls.Repository, w Wanted) (notes []string, err error) {
	var chosen []*Record
	for _, r := range h.Issues {
		if r.eligible() && len(chosen) < w.Last {
			chosen = append(chosen, r)
		}
	}
	for i, r := range chosen {
		s := hls.Subject{RepoID: repo.ID, Repo: repo.FullName, Kind: hls.KindIssue, Number: r.issue.Number}
		if r.Timeline, err = timeline(gh.Timeline(ctx, s)); err != nil {
			return nil, fmt.Errorf("read timeline of %s: %w", s, err)
		}
		if w.Tell != nil {
			w.Tell(i+1, len(chosen))
		}
	}
	for len(chosen) > 0 {
		part := chosen[:min(len(chosen), atOnce)]
		err := openingBodies(ctx, gh, repo.FullName, part)
		if errors.Is(err, hls.ErrNotFound) {
			return []string{"GitHub tells the edits of texts only to a token: issues whose text was edited are shown as they read now"}, nil
		}
		if err != nil {
			return nil, err
		}
		chosen = chosen[len(part):]
	}
	return nil, nil
}

func timeline(events iter.Seq2[json.RawMessage, error]) ([]Event, error) {
	all := []Event{}
	for raw, err := range events {
		if err != nil {
			return nil, err
		}
		var e Event
		if json.Unmarshal(raw, &e) == nil && kept[e.Event] { // There are events of other shapes, none of which counts.
			all = append(all, e)
		}
	}
	return all, nil
}

func openingBodies(ctx context.Context, gh GitHub, repo string, part []*Record) error {
	numbers := make([]int, 0, len(part))
	for _, r := range part {
		numbers = append(numbers, r.issue.Number)
	}
	bodies, err := gh.OpeningBodies(ctx, repo, numbers)
	if err != nil {
		return fmt.Errorf("read edits of issues of %s: %w", repo, err)
	}
	for _, r := range part {
		if body, edited := bodies[r.issue.Number]; edited && body != r.issue.Body {
			r.OpeningBody = &body
		}
	}
	return nil
}
