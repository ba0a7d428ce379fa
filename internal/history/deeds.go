package history

import (
	"regexp"
	"slices"
	"time"
)

// closedSet: HLS does nothing but the allowed kinds of things, with the allowed labels, on subjects that it had work on,
// and signs what it says.
func (b *book) closedSet() {
	worked := map[Subject]bool{}
	for _, t := range b.tasks {
		worked[t.Subject] = true
	}
	for _, e := range b.timeline {
		d := e.Deed
		if !b.own(d) {
			continue
		}
		switch {
		case !slices.Contains(b.rules.Deeds, d.Kind):
			b.violated(Double, "%s on %s is outside the closed set", d.Kind, d.Subject)
		case d.Label != "" && !slices.Contains(b.rules.Labels, d.Label):
			b.violated(Double, "label %q on %s is outside the closed set", d.Label, d.Subject)
		case d.Number > 0 && !worked[d.Subject]:
			b.violated(Double, "%s on %s, on which there was no work", d.Kind, d.Subject)
		case speaks(d) && marker(d.Body) == "":
			b.violated(Double, "%s on %s without a marker", d.Kind, d.Subject)
		}
	}
}

// speaks tells whether a change is a text that people read.
func speaks(d *Deed) bool { return creates(d) || d.Kind == "comment_edited" }

func creates(d *Deed) bool { return d.Kind == "commented" || d.Kind == "reviewed" }

var markers = regexp.MustCompile(`<!-- hls:v1 purpose=\S+( ref=\S+)? sig=\S+ -->\s*$`)

func marker(body string) string { return markers.FindString(body) }

// answered: before HLS does anything to a subject, Claude has answered about it, and normally. What HLS says answers
// to a state of the subject that Claude was asked about.
func (b *book) answered() {
	type question struct {
		Subject
		round int
	}
	rounds, heard := map[question]bool{}, map[Subject]bool{}
	for _, e := range b.timeline {
		if a := e.Asked; a != nil && a.Status == 200 && a.Stop == "end_turn" && a.Valid {
			rounds[question{a.Subject, a.Round}], heard[a.Subject] = true, true
		}
		d := e.Deed
		switch {
		case !b.own(d) || d.Number == 0:
		case !heard[d.Subject]:
			b.violated(Double, "%s on %s without an answer of Claude", d.Kind, d.Subject)
		case speaks(d) && !rounds[question{d.Subject, d.Round}]:
			b.violated(Double, "%s on %s about round %d, about which Claude gave no answer", d.Kind, d.Subject, d.Round)
		}
	}
}

// fresh: nothing older is said after something newer, nor once the subject has moved on for longer than the grace.
func (b *book) fresh() {
	now := map[Subject]*state{}
	for _, e := range b.timeline {
		d := e.Deed
		if d == nil || d.Number == 0 {
			continue
		}
		s := now[d.Subject]
		if s == nil {
			s = &state{pushed: map[string]int{}}
			now[d.Subject] = s
		}
		if !b.own(d) {
			s.moved(e)
			continue
		}
		if s.closed && e.At.Sub(s.closedAt) > b.rules.Grace {
			b.violated(Double, "%s on %s, which was closed %s before", d.Kind, d.Subject, e.At.Sub(s.closedAt))
		}
		if speaks(d) {
			b.freshWords(e, s)
		}
	}
}

// state is how a subject stands at a point of the history.
type state struct {
	rounds   []turn         // of its text or head, as they came
	said     int            // the newest round that HLS spoke about
	pushed   map[string]int // rounds of commits
	closed   bool
	closedAt time.Time
}

// turn is when a subject came to a round.
type turn struct {
	round int
	at    time.Time
}

// moved follows what people do.
func (s *state) moved(e Entry) {
	d := e.Deed
	switch d.Kind {
	case "body_set", "pushed":
		s.rounds = append(s.rounds, turn{d.Round, e.At})
		if d.Commit != "" {
			s.pushed[d.Commit] = d.Round
		}
	case "closed", "locked":
		s.closed, s.closedAt = true, e.At
	case "reopened":
		s.closed = false
	}
}

// outdated tells since when a round is no longer the newest.
func (s *state) outdated(round int) (since time.Time, old bool) {
	for _, t := range s.rounds {
		if t.round > round {
			return t.at, true
		}
	}
	return time.Time{}, false
}

func (b *book) freshWords(e Entry, s *state) {
	d := e.Deed
	if d.Round < s.said {
		b.violated(Double, "%s on %s about round %d after one about round %d", d.Kind, d.Subject, d.Round, s.said)
	}
	s.said = max(s.said, d.Round)
	if since, old := s.outdated(d.Round); old && e.At.Sub(since) > b.rules.Grace {
		b.violated(Double, "%s on %s about round %d, which had been another for %s", d.Kind, d.Subject, d.Round, e.At.Sub(since))
	}
	if round, known := s.pushed[d.Commit]; known && round != d.Round {
		b.violated(Double, "%s on %s about round %d stands on the commit of round %d", d.Kind, d.Subject, d.Round, round)
	}
}
