package handler

import (
	"slices"

	"hls/internal/hls"
)

// draft is a plan in the making. Every effect is a copy of base, so that no effect can have another subject.
type draft struct {
	base hls.Effect
	plan hls.Plan
}

// newDraft starts a plan for the task's own subject. The revision is the one that the analysis was made from; what has to
// hold still is the state of the issue or pull request that was gathered.
func newDraft(e hls.Event, f hls.Facts, a hls.Analysis, purpose string) *draft {
	revision := a.Revision
	if revision == "" {
		revision = f.Revision
	}
	return &draft{base: hls.Effect{Subject: e.Subject, Purpose: purpose, Revision: revision, Expect: gathered(e.Subject, f)}}
}

// gathered is the state in which gathering saw the subject, "" for one that is neither an issue nor a pull request.
func gathered(s hls.Subject, f hls.Facts) string {
	switch {
	case s.Kind == hls.KindPullRequest && f.PullRequest != nil:
		return f.PullRequest.Revision()
	case s.Kind == hls.KindIssue && f.Issue != nil:
		return f.Issue.Revision()
	}
	return ""
}

func (d *draft) drop(what, why string) {
	d.plan.Dropped = append(d.plan.Dropped, hls.Drop{What: what, Why: why})
}

func (d *draft) remember(m hls.Memory) { d.plan.Remember = append(d.plan.Remember, m) }

func (d *draft) silent(why string) hls.Plan {
	d.plan.Silent = why
	return d.plan
}

// mostSentences is how many questions are asked, or missing tests named.
const mostSentences = 3

// sentences are the texts of one kind that are worth telling, each once and at most three.
func (d *draft) sentences(kind string, texts []string) []string {
	var kept []string
	for _, text := range texts {
		told := ended(sentence(text, 300))
		switch {
		case told == "":
			d.drop(quoted(kind, text), "empty")
		case slices.Contains(kept, told):
			d.drop(quoted(kind, text), "repeated")
		case len(kept) == mostSentences:
			d.drop(quoted(kind, text), "over_three")
		default:
			kept = append(kept, told)
		}
	}
	return kept
}

// label adds the effects of a choice of labels. The addition comes first: a failure between the two leaves a
// label too many rather than none.
func (d *draft) label(c choice, policy hls.LabelPolicy) {
	d.plan.Dropped = append(d.plan.Dropped, c.dropped...)
	for _, part := range []struct {
		add, remove []hls.Label
		hold        string
	}{{c.add, c.remove, ""}, {c.suggest, c.retract, hls.HeldBySettings}} {
		effect := d.base
		effect.Hold = part.hold
		if len(part.add) > 0 {
			effect.Kind, effect.Labels, effect.Why, effect.Create = hls.AddLabels, part.add, reasons(c.why, part.add), policy.CreateMissing
			d.plan.Effects = append(d.plan.Effects, effect)
		}
		if len(part.remove) > 0 {
			effect.Kind, effect.Labels, effect.Why, effect.Create = hls.RemoveLabels, part.remove, nil, false
			d.plan.Effects = append(d.plan.Effects, effect)
		}
	}
}

// reasons are those of some labels.
func reasons(why map[string]string, labels []hls.Label) map[string]string {
	some := map[string]string{}
	for _, l := range labels {
		some[l.Name] = why[l.Name]
	}
	return some
}

// issue opens an issue about the task's own subject, or about a cause.
func (d *draft) issue(about hls.Subject, title, body string, labels ...hls.Label) {
	effect := d.base
	if about != effect.Subject {
		effect.Subject, effect.Expect = about, ""
	}
	effect.Kind, effect.Title, effect.Body, effect.Labels = hls.CreateIssue, title, body, labels
	d.plan.Effects = append(d.plan.Effects, effect)
}

// section sets what stands between the markers of that name.
func (d *draft) section(name, body string) {
	effect := d.base
	effect.Kind, effect.Section, effect.Body = hls.SetSection, name, body
	d.plan.Effects = append(d.plan.Effects, effect)
}

func (d *draft) comment(body string) {
	effect := d.base
	effect.Kind, effect.Body = hls.UpsertComment, body
	d.plan.Effects = append(d.plan.Effects, effect)
}

func (d *draft) review(head, body string, remarks []hls.Remark) {
	effect := d.base
	effect.Kind, effect.Head, effect.Body, effect.Remarks = hls.CreateReview, head, body, remarks
	d.plan.Effects = append(d.plan.Effects, effect)
}

// muted is the rule's reason for saying nothing about an event, or "".
func muted(e hls.Event, p hls.CommentPolicy) string {
	switch {
	case p.Post == hls.PostNever:
		return "comments_off"
	case len(p.EventTypes) > 0 && !slices.Contains(p.EventTypes, e.Name) && !slices.Contains(p.EventTypes, e.String()):
		return "event_type_not_commented"
	}
	return ""
}
