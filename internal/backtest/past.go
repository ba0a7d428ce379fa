package backtest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"hls/internal/handler"
	"hls/internal/hls"
)

// Past is GitHub as it was when an issue was opened, as far as triage reads it. It asks nobody.
type Past struct {
	handler.GitHub // nil: triage reads nothing else

	history *History
	of      *Record
	issue   hls.Issue
	repo    hls.Repository
}

// At is the past of an issue.
func (h *History) At(r *Record) (*Past, error) {
	raw, err := h.opening(r)
	if err != nil {
		return nil, err
	}
	p := &Past{history: h, of: r}
	if p.repo, err = h.Repo(); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, &p.issue); err != nil {
		return nil, fmt.Errorf("read issue #%d: %w", r.issue.Number, err)
	}
	return p, nil
}

// Repository is the one that the history is of.
func (p *Past) Repository(context.Context, hls.Subject) (hls.Repository, error) { return p.repo, nil }

// Issue is the issue itself, or one that there was.
func (p *Past) Issue(_ context.Context, s hls.Subject) (hls.Issue, error) {
	if s.Number == p.issue.Number {
		return p.issue, nil
	}
	for _, r := range p.history.Issues {
		if r.issue.Number == s.Number && r.before(p.issue) {
			return r.then(p.issue.CreatedAt), nil
		}
	}
	return hls.Issue{}, fmt.Errorf("%w: %s is not in the recorded history", hls.ErrGone, s)
}

// Labels are those that the repository has now: GitHub does not tell those that it had.
func (p *Past) Labels(context.Context, string) ([]hls.Label, error) { return p.history.Labels, nil }

// Comments are none: the issue was opened just now.
func (p *Past) Comments(context.Context, hls.Subject) ([]hls.Comment, error) { return nil, nil }

// History is none: what stands on the issue came with it.
func (p *Past) History(context.Context, hls.Subject) ([]hls.LabelEvent, error) { return nil, nil }

// before tells whether an issue was there already when another was opened.
func (r *Record) before(other hls.Issue) bool {
	return r.issue.Number < other.Number && !r.issue.CreatedAt.After(other.CreatedAt)
}

// then is an issue as it was at a time.
func (r *Record) then(at time.Time) hls.Issue {
	issue := r.issue.Issue
	issue.Title, issue.Body, issue.Labels = r.titleAt(at), r.openingBody(), nil
	issue.State, issue.StateReason = r.stateAt(at)
	issue.ClosedBy = nil
	return issue
}

// Search finds issues of the history that were there already and have all the words, as GitHub's search does: those that
// have them in the title come first, and of these the newest.
func (p *Past) Search(_ context.Context, _, query string, limit int) ([]hls.Issue, error) {
	type hit struct {
		r     *Record
		score int
	}
	var hits []hit
	words := textWords(query)
	for _, r := range p.history.Issues {
		if score := r.score(words); score > 0 && r.before(p.issue) && r != p.of {
			hits = append(hits, hit{r, score})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(b.r.issue.Number, a.r.issue.Number))
	})
	var found []hls.Issue
	for _, h := range hits[:min(len(hits), limit)] {
		found = append(found, h.r.then(p.issue.CreatedAt))
	}
	return found, nil
}

// wordsOf are the words of an issue.
type wordsOf struct{ title, body map[string]bool }

// Index makes the history ready for searches, which may then come at the same time.
func (h *History) Index() {
	for _, r := range h.Issues {
		r.words = wordsOf{wordSet(r.titleAt(r.issue.CreatedAt)), wordSet(r.openingBody())}
	}
}

// score is how well an issue fits all the words; 0 when one is missing.
func (r *Record) score(words []string) (score int) {
	for _, w := range words {
		switch {
		case r.words.title[w]:
			score += 3
		case r.words.body[w]:
			score++
		default:
			return 0
		}
	}
	return score
}

func wordSet(text string) map[string]bool {
	set := map[string]bool{}
	for _, w := range textWords(text) {
		set[w] = true
	}
	return set
}

// textWords are the words of a text in lower case, without the s or es that ends many: a report says "crashes" where another
// says "crash".
func textWords(text string) []string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_'
	})
	for i, w := range words {
		words[i] = stem(w)
	}
	return words
}

func stem(word string) string {
	for _, sound := range []string{"sh", "ch", "x", "ss"} {
		if short, ok := strings.CutSuffix(word, "es"); ok && strings.HasSuffix(short, sound) {
			return short
		}
	}
	if len(word) > 3 && strings.HasSuffix(word, "s") && !strings.HasSuffix(word, "ss") {
		return word[:len(word)-1]
	}
	return word
}
