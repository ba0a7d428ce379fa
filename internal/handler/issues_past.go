package handler

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"hls/internal/hls"
)

const (
	// kindTriaged is the kind of the memory of what an issue was when it was triaged last.
	kindTriaged = "triaged"
	// mostProposed is how many labels of the analysis before a template is shown.
	mostProposed = 20
)

// triagedIssue is what is remembered of an issue: what GitHub's history does not tell.
type triagedIssue struct {
	Title string `json:"title"`
}

func (t triagedIssue) memory(s hls.Subject) hls.Memory {
	return memory(s, kindTriaged, "issue", t)
}

// earlierTriage is what the template shows of the analysis before, cut to what a prompt can hold.
type earlierTriage struct {
	At        time.Time `json:"at"`
	Summary   string    `json:"summary"`
	Labels    []string  `json:"labels"`
	Questions []string  `json:"questions"`
	Changes   []string  `json:"changes"` // what people changed since, a sentence each
}

// recallTriage finds what the analysis before said, and what people changed since. The first analysis of an issue has none.
func recallTriage(ctx context.Context, read Memory, s hls.Subject, r hls.Rule, f *hls.Facts) error {
	previous, err := read.Of(triage).Previous(ctx)
	if err != nil || previous == nil {
		return err
	}
	remembered, err := read.Recall(ctx, hls.Recall{Subject: s, Kind: kindTriaged, Limit: 1})
	if err != nil {
		return fmt.Errorf("recall issue: %w", err)
	}
	var answer issueAnswer
	if err := json.Unmarshal(previous.Answer, &answer); err != nil { // of another version, or aged out
		return nil //nolint:nilerr // Continuity is a help, and no need.
	}
	earlier := earlierTriage{At: previous.At, Summary: sentence(answer.Summary, 600)}
	for _, l := range answer.Labels[:min(len(answer.Labels), mostProposed)] {
		earlier.Labels = append(earlier.Labels, sentence(l.Name, 50))
	}
	for _, q := range answer.Missing[:min(len(answer.Missing), mostSentences)] {
		earlier.Questions = append(earlier.Questions, sentence(q, 300))
	}
	earlier.Changes = relabeled(f.History, previous.At, r.Self)
	var was triagedIssue
	if len(remembered) > 0 && json.Unmarshal(remembered[0].Value, &was) == nil && was.Title != f.Issue.Title {
		earlier.Changes = append(earlier.Changes, fmt.Sprintf("The title was %q.", cut(was.Title, 256)))
	}
	f.Values = map[string]any{"earlier": earlier}
	return nil
}

// mostChanges is how many changes of labels a template is shown, the last ones.
const mostChanges = 10

// relabeled are the labels that people have added and removed since a time, a sentence each.
func relabeled(history []hls.LabelEvent, since time.Time, self hls.Account) []string {
	var told []string
	for _, h := range history {
		if !h.At.After(since) || self.Same(h.Actor) {
			continue
		}
		did := "removed"
		if h.Added {
			did = "added"
		}
		told = append(told, fmt.Sprintf("%s %s the label %q.", oneLine(h.Actor.Login), did, cut(oneLine(h.Label), 50)))
	}
	return told[max(0, len(told)-mostChanges):]
}

// mention finds the issues that a text names by number alone, which are of the same repository.
var mention = regexp.MustCompile(`(?:^|[\s(\[,;:])#(\d{1,9})\b`)

// mostLinked is how many issues that a text names are read.
const mostLinked = 3

// linked are the numbers that a pattern finds in a text behind a #, the first ones and not its own.
func linked(pattern *regexp.Regexp, text string, own int) []int {
	var numbers []int
	if !strings.Contains(text, "#") { // Most texts name none, and the pattern is slow to tell.
		return nil
	}
	for _, m := range pattern.FindAllStringSubmatch(hiddenText.ReplaceAllString(text, " "), -1) {
		n, err := strconv.Atoi(m[1])
		if err == nil && n > 0 && n != own && !slices.Contains(numbers, n) && len(numbers) < mostLinked {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

// neighbors reads the issues of the subject's repository with these numbers. What is not there, or is a pull request, is
// passed over.
func neighbors(ctx context.Context, read GitHub, s hls.Subject, numbers []int) ([]hls.Issue, error) {
	var found []hls.Issue
	for _, number := range numbers {
		issue, err := read.Issue(ctx, hls.Subject{RepoID: s.RepoID, Repo: s.Repo, Kind: hls.KindIssue, Number: number})
		switch {
		case errors.Is(err, hls.ErrGone), errors.Is(err, hls.ErrNotFound):
		case err != nil:
			return nil, fmt.Errorf("read linked issue: %w", err)
		case issue.PullRequest == nil:
			found = append(found, issue)
		}
	}
	return found, nil
}
