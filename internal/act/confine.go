package act

import (
	"errors"
	"fmt"
	"regexp"
	"unicode/utf8"

	"hls/internal/hls"
)

// Limits of GitHub's REST API: characters of a label's name, labels of an issue, characters of a text.
const (
	maxLabelName = 50
	maxLabels    = 100
	maxBody      = 65536
)

// Purposes stand in markers, where nothing else may.
var purposePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]{0,63}$`)

// confine refuses a plan that goes beyond the closed set: what handlers guarantee, checked where it counts.
func confine(task hls.Task, rule hls.Rule, effects []hls.Effect) error {
	keys := map[string]bool{}
	for _, e := range effects {
		err := confineOne(task, rule, e)
		if err == nil && keys[e.Key()] {
			err = errors.New("is planned twice")
		}
		if err != nil {
			return &hls.Permanent{Err: fmt.Errorf("effect %s on %s: %w", e.Kind, e.Subject, err), Reason: "outside_closed_set"}
		}
		keys[e.Key()] = true
	}
	return nil
}

func confineOne(task hls.Task, rule hls.Rule, e hls.Effect) error {
	s := task.Subject
	switch {
	case e.Subject.Key() != s.Key() || e.Subject.Kind != s.Kind || e.Subject.Repo != s.Repo:
		return fmt.Errorf("is not about the task's subject %s", s)
	case s.Kind != hls.KindIssue && s.Kind != hls.KindPullRequest, s.Number <= 0:
		return errors.New("has a subject that nothing can be done to")
	case !purposePattern.MatchString(e.Purpose):
		return fmt.Errorf("has the purpose %q", e.Purpose)
	}
	switch e.Kind {
	case hls.AddLabels:
		return confineLabels(e.Labels, rule.Labels)
	case hls.RemoveLabels:
		return confineLabels(e.Labels, hls.LabelPolicy{})
	case hls.UpsertComment:
		return confineBody(e.Body)
	case hls.CreateReview:
		return confineReview(e)
	case hls.CloseIssue:
		if s.Kind != hls.KindIssue {
			return errors.New("closes what is no issue")
		}
		return nil
	case hls.SetBody:
		return confineBody(e.Body)
	}
	return errors.New("is of an unknown kind")
}

func confineLabels(labels []hls.Label, policy hls.LabelPolicy) error {
	if len(labels) == 0 || len(labels) > maxLabels {
		return fmt.Errorf("has %d labels", len(labels))
	}
	allowed := map[string]bool{}
	for _, l := range policy.Allowed(nil) {
		allowed[hls.Fold(l.Name)] = true
	}
	for _, l := range labels {
		n := utf8.RuneCountInString(l.Name)
		switch {
		case n == 0 || n > maxLabelName || !utf8.ValidString(l.Name):
			return fmt.Errorf("has a label of %d characters", n)
		case len(policy.Categories) > 0 && !allowed[hls.Fold(l.Name)]:
			return fmt.Errorf("has the label %q, which is not configured", l.Name)
		}
	}
	return nil
}

func confineBody(body string) error {
	if body == "" {
		return errors.New("has no text")
	}
	return nil
}

func confineReview(e hls.Effect) error {
	switch {
	case e.Subject.Kind != hls.KindPullRequest:
		return errors.New("reviews what is no pull request")
	case e.Head == "":
		return errors.New("names no commit")
	case e.Body == "" && len(e.Remarks) == 0:
		return errors.New("has no text")
	}
	for _, r := range e.Remarks {
		if r.Path == "" || r.Line <= 0 || r.EndLine < r.Line && r.EndLine != 0 || r.Body == "" {
			return fmt.Errorf("has a remark on %q, lines %d to %d, that cannot stand there", r.Path, r.Line, r.EndLine)
		}
	}
	return nil
}
