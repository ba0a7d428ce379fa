package handler

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"hls/internal/hls"
)

func (c chaos) requestsAnswer() requestsAnswer {
	a := requestsAnswer{Requests: []request{}}
	for range c.IntN(25) {
		a.Requests = append(a.Requests, request{
			Source: c.pick("review-10", "comment-20", "comment-21", fmt.Sprintf("comment-%d", c.number()), c.text()),
			Quote:  c.pick("Please add a test", "Return the error here", c.text()), Done: c.IntN(2) == 0, Proof: c.pick("Fixed, thank you", c.text()),
		})
	}
	return a
}

func (c chaos) objectionAnswer() objectionAnswer {
	return objectionAnswer{Holds: !c.flag(), Quote: c.pick(because, "os.WriteFile(w.Name, data, 0o777)", c.text()), Reason: c.text(), Injection: c.flag()}
}

func (c chaos) reviewRule() hls.Rule {
	r := c.rule()
	r.Events, r.Reviews = reviewRule().Events, reviewRule().Reviews
	if len(r.Labels.Categories) > 0 {
		r.Labels.Categories = append(r.Labels.Categories, hls.Category{Name: "status", Exclusive: true,
			Labels: []hls.Label{{Name: "status/needs-changes"}, {Name: "status/approved"}}})
	}
	if c.flag() {
		r.Reviews = hls.ReviewPolicy{NeedsChanges: "bug", Approved: "docs", NeedsReview: "wontfix"}
	}
	if c.IntN(2) == 0 {
		r.Also = []hls.EffectKind{hls.EditRemark}
	}
	return r
}

// hostileTalk is what people may write in reviews and replies.
func (c chaos) hostileTalk() *github {
	g := objected(c.text())
	g.talk.reviews[0].Body = "Please add a test. " + c.text()
	g.talk.comments = append(g.talk.comments,
		hls.ReviewComment{ID: 20, ReviewID: 10, User: person, Path: c.pick("save.go", c.text()), Line: c.number(), OriginalLine: c.number(), Body: "Return the error here " + c.text()},
		hls.ReviewComment{ID: 21, ReviewID: 15, InReplyTo: 20, User: person, Path: "save.go", Line: 13, Body: c.text()})
	g.history = []hls.LabelEvent{{Label: "status/approved", Added: true, Actor: self}, {Label: "kept", Added: true, Actor: person}}
	g.pull.Labels = []hls.Label{{Name: "status/approved"}, {Name: "kept"}}
	return g
}

func TestE1_RandomAnswersAboutReviewsStayInTheClosedSet(t *testing.T) {
	t.Parallel()
	labels := []string{"status/needs-changes", "status/approved", "status/needs-review", "bug"}
	for seed := range uint64(4000) {
		c := chaos{rand.New(rand.NewPCG(seed, 7))}
		r, g := c.reviewRule(), c.hostileTalk()

		p := g.plan(t, reviewEvent("submitted"), r, c.requestsAnswer())
		checklisted(t, p, labels)
		e := pullEvent("synchronize")
		p = For(e.Name).Plan(e, gatherReviewed(t, g, e, r), analysisOf(t, c.reviewAnswer()), r)
		for _, effect := range p.Effects {
			if effect.Subject != e.Subject || effect.Purpose != "requests" && effect.Purpose != "review" || !slices.Contains(May(e), effect.Kind) {
				t.Errorf("%+v", effect)
			}
			harmless(t, effect.Body)
		}
		e = replyEvent(author)
		p = objectionPlan(t, g, e, r, c.objectionAnswer())
		for _, effect := range p.Effects {
			if effect.Kind != hls.EditRemark || effect.Comment != 22 || effect.Subject != e.Subject || !r.Lets(hls.EditRemark) || len(effect.Labels) > 0 {
				t.Errorf("%+v", effect)
			}
			harmless(t, effect.Body)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func objectionPlan(t *testing.T, g *github, e hls.Event, r hls.Rule, a objectionAnswer) hls.Plan {
	t.Helper()
	f := gatherReviewed(t, g, e, r)
	return For(e.Name).Plan(e, f, analysisOf(t, a), r)
}

// checklisted holds a plan about reviews to the labels, the one comment and the links that code makes.
func checklisted(t *testing.T, p hls.Plan, labels []string) {
	t.Helper()
	for _, effect := range p.Effects {
		if effect.Subject != reviewEvent("x").Subject || effect.Purpose != "requests" {
			t.Errorf("%s for %s", effect.Subject, effect.Purpose)
		}
		for _, l := range effect.Labels {
			if !slices.Contains(labels, l.Name) || effect.Kind == hls.RemoveLabels && l.Name != "status/approved" {
				t.Errorf("%s %q", effect.Kind, l.Name)
			}
		}
		switch effect.Kind {
		case hls.AddLabels, hls.RemoveLabels:
		case hls.UpsertComment:
			harmless(t, effect.Body)
			if n := strings.Count(effect.Body, "\n- ["); n > mostRequests {
				t.Errorf("%d requests", n)
			}
		default:
			t.Errorf("kind %s", effect.Kind)
		}
	}
}

func FuzzPlanReviews(f *testing.F) {
	f.Add([]byte(`{"requests":[{"source":"review-10","quote":"Please add a test for this","done":true,"proof":"Fixed, thank you"}]}`), "Fixed, thank you")
	f.Add([]byte(`{"requests":null}`), "\u202e")
	f.Fuzz(func(t *testing.T, answer []byte, said string) {
		g, e, r := asked(), reviewEvent("submitted"), reviewRule()
		g.talk.comments = append(g.talk.comments, hls.ReviewComment{ID: 30, ReviewID: 31, InReplyTo: 20, User: person, Path: said, Body: said})
		facts := gatherReviewed(t, g, e, r)
		checklisted(t, For(e.Name).Plan(e, facts, hls.Analysis{Answer: answer}, r), []string{"status/needs-changes"})
	})
}
