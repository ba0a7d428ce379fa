package handler

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"hls/internal/hls"
)

// kindRequests is the kind of the memory of what reviewers ask for on a pull request; there is one of it.
const (
	kindRequests = "requests"
	keyRequests  = "checklist"
)

const (
	mostRequests = 15
	longQuote    = 200 // characters of a request that are told
)

// checklist is what reviewers ask for, as Claude found it and code proved it.
type checklist struct {
	Read     map[string]string `json:"read"` // by the key of each text that Claude has seen: its hash
	Requests []request         `json:"requests"`
	Posted   bool              `json:"posted"`        // a comment was planned
	Dry      bool              `json:"dry,omitempty"` // in dry runs alone
}

func recallChecklist(ctx context.Context, read Memory, pull hls.Subject) (list checklist, err error) {
	list, _, err = recallOne[checklist](ctx, read, hls.Recall{Subject: pull, Kind: kindRequests, Key: keyRequests})
	return list, err
}

// postedNow is the checklist once something open is posted, or nothing is.
func (c checklist) postedNow(open, dry bool) checklist {
	if open {
		c.Dry = dry && (c.Dry || !c.Posted)
		c.Posted = true
	}
	return c
}

func (c checklist) remember(pull hls.Subject) hls.Memory {
	return memory(pull, kindRequests, keyRequests, c)
}

// texts are the hashes of what reviewers said, by its key. What the author says asks for nothing.
func (v reviewed) texts() map[string]string {
	texts := map[string]string{}
	for _, s := range v.Said {
		if !s.Author {
			texts[s.Key] = digest(s.full)[:shortDigest]
		}
	}
	return texts
}

// unread tells whether reviewers said something that Claude has not seen, or not as it is now.
func (v reviewed) unread() bool {
	for key, hash := range v.texts() {
		if v.list.Read[key] != hash {
			return true
		}
	}
	return false
}

// told is a request that code proved, with what became of it.
type told struct {
	request
	said statement
	done string // why it is done; "" while it is not
}

func (t told) open() bool { return t.done == "" }

// prove keeps the requests whose words stand in what a reviewer said, each once and at most fifteen.
func (v reviewed) prove(d *draft, requests []request) []told {
	var kept []told
	for _, r := range requests {
		at := slices.IndexFunc(v.all, func(s statement) bool { return s.Key == r.Source })
		why := ""
		switch {
		case at < 0:
			why = "not_said"
		case v.all[at].Author:
			why = "said_by_author"
		case !evidence{plain(v.all[at].full)}.supports(r.Quote):
			why = "quote_not_found"
		case slices.ContainsFunc(kept, func(k told) bool { return k.Source == r.Source && overlap(k.Quote, r.Quote) }):
			why = "repeated"
		case len(kept) == mostRequests:
			why = "over_fifteen"
		}
		if why != "" {
			d.drop(quoted("request", r.Source+": "+r.Quote), why)
			continue
		}
		one := told{request: r, said: v.all[at]}
		if one.Done && !v.confirmed(one) {
			d.drop(quoted("done", r.Source+": "+r.Proof), "proof_not_found")
			one.Done = false
		}
		one.done = v.done(one)
		kept = append(kept, one)
	}
	return kept
}

// overlap tells whether one of two quotes says what the other does.
func overlap(a, b string) bool {
	a, b = plain(a), plain(b)
	return strings.Contains(a, b) || strings.Contains(b, a)
}

// done is why a request is no longer open: a fact, or later words of the very reviewer.
func (v reviewed) done(t told) string {
	latest := v.latest[t.said.who]
	switch {
	case t.said.thread != 0 && v.resolved[t.said.thread]:
		return "resolved"
	case latest.State == stateApproved && latest.ID > t.said.review:
		return "approved since"
	case t.Done:
		return "confirmed by the reviewer"
	}
	return ""
}

// confirmed tells whether the reviewer said the words of the proof later, in the thread or in the text of a review.
func (v reviewed) confirmed(t told) bool {
	later := false
	for _, s := range v.all {
		if s.Key == t.Source {
			later = true
			continue
		}
		if later && s.who == t.said.who && s.thread == t.said.thread && says(s.full, t.Proof) {
			return true
		}
	}
	return false
}

// says tells whether a quote proves that a text says something: a short text has to be quoted whole.
func says(text, quote string) bool {
	text = plain(text)
	return evidence{text}.supports(quote) || text != "" && text == plain(quote)
}

// checklistBody is the comment. It links by numbers of GitHub's, and what it quotes is cut.
func checklistBody(all []told, pull hls.PullRequest) string {
	head := "What the reviewers ask for:"
	switch {
	case len(all) == 0:
		return "The reviewers ask for nothing any more.\n\n" + automatedList
	case !slices.ContainsFunc(all, told.open):
		head = "All that the reviewers asked for is done:"
	}
	var lines []string
	for _, t := range all {
		box := "[x]"
		if t.open() {
			box = "[ ]"
		}
		line := fmt.Sprintf("- %s %s, %s: “%s”", box, inCode(t.said.By), t.said.link(pull), sentence(t.Quote, longQuote))
		switch {
		case !t.open():
			line += " (" + t.done + ")"
		case t.said.moved:
			line += " (the code here has changed since)"
		}
		lines = append(lines, line)
	}
	return head + "\n\n" + strings.Join(lines, "\n") + "\n\n" + automatedList
}

const automatedList = "*This list follows the reviews by itself; the reviewers decide.*"

// link leads to where something was said.
func (s statement) link(pull hls.PullRequest) string {
	place := "in the review"
	if s.Path != "" {
		place = inCode(s.Path)
		if s.Line > 0 {
			place = inCode(fmt.Sprintf("%s:%d", s.Path, s.Line))
		}
	}
	if pull.HTMLURL == "" {
		return place
	}
	return fmt.Sprintf("[%s](%s%s)", place, pull.HTMLURL, s.anchor)
}
