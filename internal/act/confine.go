package act

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"hls/internal/hls"
)

// Limits of GitHub's REST API: characters of a label's name, labels of an issue, characters of a text and of a title.
const (
	maxLabelName = 50
	maxLabels    = 100
	maxBody      = 65536
	maxTitle     = 256
)

// Purposes and the names of sections stand in markers, where nothing else may. Causes are fingerprints.
var (
	purposePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]{0,63}$`)
	sectionPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,31}$`)
	causePattern   = regexp.MustCompile(`^cause/[0-9a-f]{8,64}$`)
)

// bounds are what a task's effects are held to. The target comes from gathering, by way of the pipeline.
type bounds struct {
	task   hls.Task
	rule   hls.Rule
	target *hls.Subject
}

// confine refuses a plan that goes beyond the closed set: what handlers guarantee, checked where it counts.
func (b bounds) confine(effects []hls.Effect) error {
	keys := map[string]bool{}
	for _, e := range effects {
		err := b.confineOne(e)
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

func (b bounds) confineOne(e hls.Effect) error {
	switch {
	case b.undoing():
		return b.confineUndo(e)
	case b.asking() || e.Purpose == hls.ProposalPurpose || len(e.Rows) > 0:
		return b.confineAsking(e)
	}
	if err := b.confineSubject(e); err != nil {
		return err
	}
	switch {
	case !purposePattern.MatchString(e.Purpose):
		return fmt.Errorf("has the purpose %q", e.Purpose)
	case !b.rule.Lets(e.Kind):
		return errors.New("is of a kind that the settings do not switch on")
	case e.Head != "" && e.Subject.Kind != hls.KindPullRequest:
		return errors.New("names the head of what is no pull request")
	}
	return b.confineKind(e)
}

// confineSubject: an effect is about the task's own subject, or it is a label or the comment on what gathering found
// beside it, in a state that gathering saw; or it is the issue about a cause.
func (b bounds) confineSubject(e hls.Effect) error {
	switch s := e.Subject; {
	case same(s, b.task.Subject):
		return nil
	case e.Kind == hls.CreateIssue && s.Kind == hls.KindOther && causePattern.MatchString(s.Ref) &&
		s.Beside(b.task.Subject) && s.Repo == b.task.Subject.Repo:
		return nil
	case b.target == nil || !same(s, *b.target) || !s.Beside(b.task.Subject) || s.Repo != b.task.Subject.Repo:
		return fmt.Errorf("is not about the task's subject %s, and not about what was found beside it", b.task.Subject)
	case e.Kind != hls.UpsertComment && !labels(e.Kind):
		return errors.New("is neither a label nor the comment, and about what was found beside the task's subject")
	case e.Expect == "" && e.Head == "":
		return errors.New("does not say which state of its subject it answers to")
	}
	return nil
}

func same(a, b hls.Subject) bool { return a.Key() == b.Key() && a.Kind == b.Kind && a.Repo == b.Repo }

// confineKind: which kinds of subjects a kind of effect is for, and what it has to say.
func (b bounds) confineKind(e hls.Effect) error {
	if e.Subject.Kind == hls.KindOther {
		return b.confineOther(e)
	}
	if e.Subject.Kind != hls.KindIssue && e.Subject.Kind != hls.KindPullRequest || e.Subject.Number <= 0 {
		return errors.New("has a subject that nothing can be done to")
	}
	switch e.Kind {
	case hls.AddLabels:
		return confineLabels(e.Labels, b.rule.Labels)
	case hls.RemoveLabels:
		return confineLabels(e.Labels, hls.LabelPolicy{})
	case hls.UpsertComment, hls.SetBody:
		return confineBody(e.Body)
	case hls.CreateReview:
		return confineReview(e)
	case hls.CloseIssue:
		if e.Subject.Kind != hls.KindIssue {
			return errors.New("closes what is no issue")
		}
		return nil
	case hls.CreateIssue:
		return b.confineIssue(e)
	case hls.AddReaction:
		return confineReaction(e)
	case hls.EditRemark:
		return confineRemark(e)
	case hls.SetSection:
		if e.Subject.Kind != hls.KindIssue {
			return errors.New("sets a section of what is neither an issue nor a release")
		}
		return confineSection(e)
	}
	return errors.New("cannot be done to an issue or a pull request")
}

// confineOther: what is neither an issue nor a pull request is named by a word and a number.
func (b bounds) confineOther(e hls.Effect) error {
	release := numbered(e.Subject, "release") > 0
	if e.Expect != "" && !release {
		return errors.New("expects a state of what has none")
	}
	switch e.Kind {
	case hls.CreateIssue:
		return b.confineIssue(e)
	case hls.RerunFailedJobs:
		if e.Run <= 0 || e.Run != numbered(e.Subject, "workflow_run") || e.Attempt <= 0 {
			return fmt.Errorf("runs run %d again, attempt %d", e.Run, e.Attempt)
		}
		return nil
	case hls.SetSection:
		if !release {
			return errors.New("sets a section of what is neither an issue nor a release")
		}
		return confineSection(e)
	}
	return errors.New("has a subject that this cannot be done to")
}

// numbered is the number in a subject's name, as that of "release/7"; 0 for a subject of another family.
func numbered(s hls.Subject, family string) int64 {
	number, ok := strings.CutPrefix(s.Ref, family+"/")
	n, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil || s.Kind != hls.KindOther || strconv.FormatInt(n, 10) != number {
		return 0
	}
	return n
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
