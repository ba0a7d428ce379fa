package backtest

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"hls/internal/hls"
)

// atClosing is how long after an issue was closed what people do to it still belongs to the closing.
const atClosing = time.Minute

// Decision is what maintainers made of an issue until they closed it for the last time.
type Decision struct {
	ClosedAt time.Time `json:"closed_at"`
	// Labels stood on it then, set by people after it was opened.
	Labels []string `json:"labels"`
	// Open are labels that stood on it then and that no person decided about: it was opened with them, or a bot set them, or
	// GitHub does not tell who did. They count neither for nor against anybody.
	Open []string `json:"open_labels,omitempty"`
	// Duplicate tells that people closed it as a duplicate, and Of the issue that they named, 0 where they named none.
	Duplicate bool `json:"duplicate"`
	Of        int  `json:"duplicate_of,omitempty"`
}

// Decision reads it from the timeline. What HLS did itself, acting as self, is nobody's decision.
func (r *Record) Decision(self hls.Account) Decision {
	d := Decision{ClosedAt: r.issue.ClosedAt, Labels: []string{}}
	events := r.events()
	var closing Event
	for _, e := range events {
		if e.Event == "closed" {
			closing = e
		}
	}
	if !closing.At.IsZero() {
		d.ClosedAt = closing.At
	}
	until := slices.DeleteFunc(events, func(e Event) bool { return e.At.After(d.ClosedAt.Add(atClosing)) })
	d.labels(r, until, self)
	d.duplicate(r, until, closing, self)
	return d
}

// labels says who put each label there that stood on the issue at its closing.
func (d *Decision) labels(r *Record, events []Event, self hls.Account) {
	last := map[string]Event{}
	var order []string
	for _, e := range events {
		if e.Label == nil || e.Event != "labeled" && e.Event != "unlabeled" {
			continue
		}
		name := hls.Fold(e.Label.Name)
		if _, known := last[name]; !known {
			order = append(order, name)
		}
		last[name] = e
	}
	opened := r.openingLabels()
	for _, name := range order {
		e := last[name]
		came := slices.ContainsFunc(opened, func(n string) bool { return hls.Fold(n) == name })
		switch {
		case came:
			d.Open = append(d.Open, e.Label.Name) // Whether it stands or not: HLS was shown it, and would not set it.
		case e.Event == "unlabeled":
		case person(e.Actor, self):
			d.Labels = append(d.Labels, e.Label.Name)
		default:
			d.Open = append(d.Open, e.Label.Name)
		}
	}
	for _, l := range r.issue.Labels {
		if _, told := last[hls.Fold(l.Name)]; !told && !r.later(l.Name, events) {
			d.Open = append(d.Open, l.Name)
		}
	}
}

// later tells whether a label came after the events that are looked at.
func (r *Record) later(label string, events []Event) bool {
	return slices.ContainsFunc(r.events()[len(events):], func(e Event) bool {
		return e.Event == "labeled" && e.Label != nil && hls.Fold(e.Label.Name) == hls.Fold(label)
	})
}

// person tells whether an account is a person's, and not HLS's own. Of a deleted one GitHub tells nothing.
func person(a *hls.Account, self hls.Account) bool {
	return a != nil && a.ID != 0 && a.Type != "Bot" && !strings.HasSuffix(a.Login, "[bot]") && !a.Same(self)
}

var (
	// duplicateOf is how people say which issue another one repeats: GitHub marks it by these words, too.
	duplicateOf = regexp.MustCompile(`(?i)\bdup(?:licate|e)? of (?:#|https?://(\S+/)issues/)(\d{1,9})\b`)
	// denial turns what follows it in the same clause into its opposite.
	denial = regexp.MustCompile(`(?i)\b(?:not|never|cannot)\b|n['’]t\b|\b(?:is|was|do|does|did|ca)nt\b|\bno(?: longer)?(?: an?)?[ ]*$`)
	// clauseEnd stands between clauses: "I cannot fix it here, duplicate of #12" denies nothing.
	clauseEnd = regexp.MustCompile(`[.!?;:,(–—]| - |\b(?i:but)\b`)
)

// duplicateLabel is the label that GitHub gives each new repository for this.
const duplicateLabel = "duplicate"

// duplicate: people marked it as one, closed it as one, put the label on it, or named what it repeats.
func (d *Decision) duplicate(r *Record, events []Event, closing Event, self hls.Account) {
	marked := false
	for _, e := range events {
		switch e.Event {
		case "marked_as_duplicate", "unmarked_as_duplicate":
			if !person(e.Actor, self) {
				continue
			}
			if marked = e.Event == "marked_as_duplicate"; !marked {
				d.Of = 0 // Whatever it was said to repeat: it does not.
			}
		case "commented":
			if person(e.User, self) && maintains(e.Association) {
				d.told(r, e.Body)
			}
		}
	}
	if d.Of == r.issue.Number {
		d.Of = 0
	}
	labeled := slices.ContainsFunc(d.Labels, func(n string) bool { return hls.Fold(n) == duplicateLabel })
	closed := closing.StateReason == duplicateLabel && person(closing.Actor, self)
	d.Duplicate = marked || labeled || closed || d.Of != 0
}

// told takes in what a comment says about the issue that another one repeats: the first that is named stays, until it is
// denied. What it quotes was said by somebody else.
func (d *Decision) told(r *Record, comment string) {
	for line := range strings.Lines(comment) {
		if strings.HasPrefix(strings.TrimSpace(line), ">") {
			continue
		}
		for _, m := range duplicateOf.FindAllStringSubmatchIndex(line, -1) {
			if m[2] >= 0 && !r.besides(line[m[2]:m[3]]) {
				continue
			}
			of, _ := strconv.Atoi(line[m[4]:m[5]])
			switch denied := denies(line[:m[0]]); {
			case denied && d.Of == of:
				d.Of = 0
			case !denied && d.Of == 0:
				d.Of = of
			}
		}
	}
}

// denies tells whether the words before something turn it into its opposite.
func denies(before string) bool {
	if ends := clauseEnd.FindAllStringIndex(before, -1); ends != nil {
		before = before[ends[len(ends)-1][1]:]
	}
	return denial.MatchString(before)
}

// besides tells whether the start of an issue's address, as "github.com/acme/shop/", is that of the issue's own repository.
func (r *Record) besides(start string) bool {
	_, own, _ := strings.Cut(r.issue.HTMLURL, "://")
	return hls.Fold(own) == hls.Fold(fmt.Sprintf("%sissues/%d", start, r.issue.Number))
}

// maintains tells whether GitHub counts the author of a comment to those who may decide ("author_association").
func maintains(association string) bool {
	return association == "OWNER" || association == "MEMBER" || association == "COLLABORATOR"
}
