package handler

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"hls/internal/hls"
)

// inquiry is the comment in which HLS asks the author something, or did until it was answered. asking tells which.
func inquiry(f hls.Facts, r hls.Rule) (c hls.Comment, asking, ok bool) {
	for _, c := range f.Comments {
		asking := strings.Contains(c.Body, oneMissing) || strings.Contains(c.Body, someMissing)
		if r.Self.Same(c.User) && (asking || strings.Contains(c.Body, nothingMissing)) {
			return c, asking, true
		}
	}
	return c, false, false
}

// labeledSince is since when the issue bears the label that says that something is asked, whoever put it there: since ever
// where the server keeps no history.
func labeledSince(f hls.Facts, name string) (since time.Time, ok bool) {
	name = hls.Fold(name)
	if name == "" || !slices.ContainsFunc(f.Issue.Labels, func(l hls.Label) bool { return hls.Fold(l.Name) == name }) {
		return since, false
	}
	for _, h := range f.History {
		if h.Added && hls.Fold(h.Label) == name {
			since = h.At
		}
	}
	return since, true
}

// answered finds the newest comment by which the author tells something new since something was asked. asking tells whether
// anything is asked now.
func answered(f hls.Facts, r hls.Rule) (asking bool, answer hls.Comment, ok bool) {
	question, asking, was := inquiry(f, r)
	since, labeled := labeledSince(f, r.Labels.NeedsInformation)
	switch {
	case !was && !labeled:
		return false, answer, false
	case was && (!labeled || question.CreatedAt.Before(since)):
		since = question.CreatedAt
	}
	for _, c := range slices.Backward(f.Comments) {
		if c.User.Same(f.Issue.User) && !c.CreatedAt.Before(since) && !isOrder(c.Body) && tells(c.Body, *f.Issue) {
			return asking || labeled, c, true
		}
	}
	return asking || labeled, answer, false
}

// mark names an answer and its text, so that an edited one is another.
func mark(c hls.Comment) string {
	return fmt.Sprintf("%d.%s", c.ID, digest(c.Body)[:shortDigest])
}

// smallTalk is what people write who have nothing to add: each pattern is taken out before words are counted.
var smallTalk = []*regexp.Regexp{
	regexp.MustCompile(`(?m)^\s*>.*$`), // what others have said
	regexp.MustCompile(`@[\w-]+`),
	regexp.MustCompile(`:[a-z0-9_+-]+:`), // :tada:
	regexp.MustCompile(`(?i)[+-]1\b`),
	regexp.MustCompile(`(?i)\b(any|some) (news|updates?|progress|eta|thoughts|ideas?|luck)\b`),
	regexp.MustCompile(`(?i)\b(is|are) (there|you) (any|still)\b`),
	regexp.MustCompile(`(?i)\b(many |much |a lot of )?(thanks|thank you|thx|ty|cheers)( a lot| so much| very much| in advance)?\b`),
	regexp.MustCompile(`(?i)\b(bump(ing)?|ping(ing)?|up|following|subscrib\w*|friendly reminder|gentle reminder)\b`),
	regexp.MustCompile(`(?i)\b(me too|same (here|for me|problem|issue|thing)|i (also )?have (this|the same))\b`),
	regexp.MustCompile(`(?i)\bstill (waiting|happening|broken|there|not (working|fixed)|an issue|a problem|the same)\b`),
	regexp.MustCompile(`(?i)\b(please|pls|kindly) (fix|help|look|hurry|update|respond|answer|reopen)( (this|it|asap|soon))*\b`),
	regexp.MustCompile(`(?i)\b(when|why) (will|is|was|isn't) (this|it)( be)?( going to be)? (fixed|released|closed|merged|done)\b`),
	regexp.MustCompile(`(?i)\b(great|nice|cool|awesome|good|ok(ay)?|sure|done|hello|hi|hey|anyone|someone|everyone|asap|guys|team|folks)\b`),
}

// tells tells whether a comment has a word that the issue did not have: neither small talk nor one of those that say nothing.
func tells(comment string, issue hls.Issue) bool {
	text := hiddenText.ReplaceAllString(comment, " ")
	for _, pattern := range smallTalk {
		text = pattern.ReplaceAllString(text, " ")
	}
	known := wordSet(issue.Title + " " + issue.Body)
	for word := range wordSet(text) {
		if !known[word] && !strings.Contains(stopWords, " "+word+" ") {
			return true
		}
	}
	return false
}

// wordSet are the words of a text in lower case, numbers with dots among them, such as 2.3.1.
func wordSet(text string) map[string]bool {
	words := map[string]bool{}
	for _, w := range strings.FieldsFunc(strings.ToLower(strings.ReplaceAll(text, "'", "")), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '.'
	}) {
		if w = strings.Trim(w, "."); w != "" {
			words[w] = true
		}
	}
	return words
}

// needsInformation proposes the label that says that something is asked, where the reply asks.
func needsInformation(policy hls.LabelPolicy, reply issueReply) []proposal {
	if policy.NeedsInformation == "" || !reply.asks() {
		return nil
	}
	return []proposal{{name: policy.NeedsInformation, confidence: 1, proven: true, why: "the author is asked: " + reply.questions[0]}}
}

// answeredNow takes the label that says that something is asked away, where HLS put it and nothing is asked any more.
func (l *labeler) answeredNow(c *choice, reply issueReply) {
	name := hls.Fold(l.policy.NeedsInformation)
	if name == "" || len(reply.questions) > 0 || delicate(reply.answer) != "" || !l.mine[name] || !l.policy.AutoApply {
		return
	}
	if !slices.ContainsFunc(c.remove, func(r hls.Label) bool { return hls.Fold(r.Name) == name }) {
		c.remove = append(c.remove, hls.Label{Name: l.policy.NeedsInformation})
	}
}
