package act

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"hls/internal/hls"
)

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

func (b bounds) confineIssue(e hls.Effect) error {
	if n := utf8.RuneCountInString(e.Title); n == 0 || n > maxTitle {
		return fmt.Errorf("has a title of %d characters", n)
	}
	if len(e.Labels) > 0 {
		if err := confineLabels(e.Labels, b.rule.Labels); err != nil {
			return err
		}
	}
	return confineBody(e.Body)
}

func confineReaction(e hls.Effect) error {
	switch {
	case e.Comment <= 0:
		return errors.New("names no comment")
	case e.Inline && e.Subject.Kind != hls.KindPullRequest:
		return errors.New("reacts to a remark on what is no pull request")
	case e.Reaction != hls.Eyes && e.Reaction != hls.Confused:
		return fmt.Errorf("is the reaction %q", e.Reaction)
	}
	return nil
}

func confineRemark(e hls.Effect) error {
	switch {
	case e.Subject.Kind != hls.KindPullRequest:
		return errors.New("edits a remark on what is no pull request")
	case e.Comment <= 0:
		return errors.New("names no remark")
	}
	return confineBody(e.Body)
}

func confineSection(e hls.Effect) error {
	if !sectionPattern.MatchString(e.Section) {
		return fmt.Errorf("has the section %q", e.Section)
	}
	return confineBody(e.Body)
}
