package handler

import (
	"cmp"
	"context"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"hls/internal/hls"
)

// issues handles the events of issues: it triages what is open.
type issues struct{}

const (
	triage     = "triage"
	candidates = 5 // for duplicates
)

// Route: a closed issue is worked on as well, so that its task supersedes what is pending; Gather then finds that
// there is nothing to do.
func (issues) Route(e hls.Event, _ hls.Rule) hls.Verdict {
	switch e.Action {
	case "opened", "reopened", "closed":
		return hls.Go(triage)
	case "edited":
		if e.Changed["title"] || e.Changed["body"] {
			return hls.Go(triage)
		}
		return hls.Pass("nothing_to_analyze")
	}
	return hls.Pass("action_not_handled")
}

// Gather: the issue as it is now decides, whatever the action was.
func (issues) Gather(ctx context.Context, read Reader, e hls.Event, r hls.Rule) (hls.Facts, error) {
	f, err := presentIssue(ctx, read, e, r)
	if err != nil || f.Skip != "" {
		return f, err
	}
	return f, related(ctx, read, e.Subject, &f)
}

// presentIssue reads the issue and what was said and done on it.
func presentIssue(ctx context.Context, read Reader, e hls.Event, r hls.Rule) (hls.Facts, error) {
	if e.Subject.Kind != hls.KindIssue {
		return hls.Facts{Skip: "not_an_issue"}, nil
	}
	issue, err := read.Issue(ctx, e.Subject)
	if errors.Is(err, hls.ErrGone) {
		return hls.Facts{Skip: "deleted"}, nil
	}
	if err != nil {
		return hls.Facts{}, fmt.Errorf("read issue: %w", err)
	}
	f := hls.Facts{Issue: &issue, Revision: issue.Revision()}
	if f.Skip = leaveIssue(issue); f.Skip != "" {
		return f, nil
	}
	if err := around(ctx, read, e.Subject, &f); err != nil {
		return hls.Facts{}, err
	}
	if _, answer, ok := answered(f, r); ok {
		f.Revision += "+" + mark(answer)
	}
	return f, recallTriage(ctx, read, e.Subject, r, &f)
}

// related reads other issues: those that the text names, and the candidates for duplicates.
func related(ctx context.Context, read Reader, s hls.Subject, f *hls.Facts) error {
	return together(ctx, func(ctx context.Context) (err error) {
		f.Linked, err = neighbors(ctx, read, s, linked(mention, f.Issue.Body, s.Number))
		return err
	}, func(ctx context.Context) (err error) {
		f.Similar, err = similar(ctx, read, s, f.Issue.Title)
		return err
	})
}

// leaveIssue is why an issue in its present state is left alone, or "".
func leaveIssue(i hls.Issue) string {
	switch {
	case i.PullRequest != nil:
		return "not_an_issue"
	case i.State == "closed":
		return "closed"
	case i.Locked:
		return "locked"
	}
	return ""
}

// around reads what issues and pull requests share: the conversation, and what labels rest on.
func around(ctx context.Context, read Reader, s hls.Subject, f *hls.Facts) error {
	return together(ctx, func(ctx context.Context) (err error) {
		if f.Comments, err = read.Comments(ctx, s); optional(err) != nil {
			return fmt.Errorf("read comments: %w", err)
		}
		return nil
	}, func(ctx context.Context) error {
		return labeled(ctx, read, s, f)
	})
}

// labeled reads the repository's labels, and who put which on the subject.
func labeled(ctx context.Context, read Reader, s hls.Subject, f *hls.Facts) error {
	return together(ctx, func(ctx context.Context) (err error) {
		if f.Labels, err = read.Labels(ctx, s.Repo); optional(err) != nil {
			return fmt.Errorf("read labels: %w", err)
		}
		return nil
	}, func(ctx context.Context) (err error) {
		if f.History, err = read.History(ctx, s); optional(err) != nil {
			return fmt.Errorf("read history: %w", err)
		}
		return nil
	})
}

// optional forgives that a server does not offer something.
func optional(err error) error {
	if errors.Is(err, hls.ErrNotFound) {
		return nil
	}
	return err
}

// similar finds the candidates for duplicates. When all the words together find nothing, two of them are tried.
func similar(ctx context.Context, read Reader, s hls.Subject, title string) ([]hls.Issue, error) {
	words := distinctive(title)
	if len(words) == 0 {
		return nil, nil
	}
	for n := len(words); ; n = 2 {
		found, err := read.Search(ctx, s.Repo, strings.Join(words[:n], " "), candidates+1)
		if optional(err) != nil {
			return nil, fmt.Errorf("search similar issues: %w", err)
		}
		found = slices.DeleteFunc(slices.Clone(found), func(i hls.Issue) bool { return i.Number == s.Number || i.PullRequest != nil })
		if len(found) > 0 || n <= 2 {
			return found[:min(len(found), candidates)], nil
		}
	}
}

func (issues) Question(_ hls.Event, _ hls.Facts, r hls.Rule) hls.Question {
	return hls.Question{Group: "issues", Step: "analyze", Schema: stdjson.RawMessage(issueSchema), Weight: hls.Light, Labels: r.Labels.AutoApply}
}

// Plan: labels that the issue's own words prove, the one that says that something is asked, and a comment when the author
// can act on it.
func (issues) Plan(e hls.Event, f hls.Facts, a hls.Analysis, r hls.Rule) hls.Plan {
	d := newDraft(e, f, a, triage)
	var answer issueAnswer
	if err := json.Unmarshal(a.Answer, &answer); err != nil {
		return d.silent("answer_unreadable")
	}
	if f.Issue == nil || f.Skip != "" {
		return d.silent("nothing_to_plan")
	}
	if reportsVulnerability(f, answer) {
		d.remember(triagedIssue{Title: f.Issue.Title}.memory(e.Subject))
		return planSecurityReport(d, e, f, answer, r)
	}
	_, asked, _ := inquiry(f, r)
	reply := issueReply{
		answer: answer, questions: d.sentences("question", answer.Missing), silent: cmp.Or(muted(e, r.Comments), delicate(answer)),
		policy: r.Comments, minimum: r.Labels.MinConfidence, asked: asked,
	}
	planIssueLabels(d, f, reply, r)
	d.remember(triagedIssue{Title: f.Issue.Title}.memory(e.Subject))
	return planIssueComment(d, f, reply)
}

// planIssueLabels takes no label at all from an answer about a text that tries to steer it.
func planIssueLabels(d *draft, f hls.Facts, reply issueReply, r hls.Rule) {
	a := reply.answer
	proven := evidenceOf(*f.Issue, f.Comments)
	var proposals []proposal
	for _, n := range a.Labels {
		switch {
		case a.Injection:
			d.drop(quoted("label", n.Name), "injection_suspected")
			continue
		case r.Labels.NeedsInformation != "" && hls.Fold(n.Name) == hls.Fold(r.Labels.NeedsInformation):
			d.drop(quoted("label", n.Name), "follows_from_questions")
			continue
		}
		why := fmt.Sprintf("%q (confidence %.2f)", sentence(n.Evidence, 200), n.Confidence)
		proposals = append(proposals, proposal{strings.TrimSpace(n.Name), n.Confidence, proven.supports(n.Evidence), why})
	}
	if a.Injection {
		return
	}
	l := newLabeler(r, f, f.Issue.Labels)
	for _, dimension := range []struct {
		category string
		level    level
	}{{"priority", a.Priority}, {"difficulty", a.Difficulty}} {
		if p, ok := l.fromLevel(dimension.category, dimension.level, proposals); ok {
			proposals = append(proposals, p)
		}
	}
	proposals = append(proposals, needsInformation(r.Labels, reply)...)
	c := l.choose(proposals)
	l.answeredNow(&c, reply)
	d.label(c, r.Labels)
}
