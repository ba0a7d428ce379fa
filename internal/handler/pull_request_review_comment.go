package handler

import (
	"cmp"
	"context"
	stdjson "encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json"

	"hls/internal/hls"
)

// reviewComments handles comments on lines: a reply may object to a finding of HLS's own, and everything else belongs to
// a review. Of a reply to a person's comment GitHub sends a review of its own, so that nothing is lost with it.
type reviewComments struct{ reviews }

// kindObjection is the kind of the memories of objections that were weighed, each under the number of its remark.
const kindObjection = "objection"

// objectionBudget is how many tokens the code around a remark may have.
const objectionBudget = 6000

// weighed is what became of the objections to a remark. They are weighed once.
type weighed struct {
	Holds    bool   `json:"holds"`
	Delivery string `json:"delivery"`
}

// objection is a remark of HLS's and what people answered.
type objection struct {
	Remark  statement   `json:"remark"`
	Replies []statement `json:"replies"`

	id      int64
	finding *raisedFinding
}

// Route: whose remark a reply is about, gathering tells.
func (reviewComments) Route(e hls.Event, _ hls.Rule) hls.Verdict {
	switch {
	case e.Comment == nil, !slices.Contains([]string{"created", "edited", "deleted"}, e.Action):
		return hls.Pass("action_not_handled")
	case e.Action != "deleted" && isOrder(e.Comment.Body):
		return hls.Pass("command")
	case objects(e):
		return hls.Go(objectionPurpose(e))
	}
	return hls.Go(requestsPurpose)
}

// objectionPurpose is of the work on one remark, whoever answers it.
func objectionPurpose(e hls.Event) string { return fmt.Sprintf("objection-%d", e.Comment.InReplyTo) }

func objects(e hls.Event) bool {
	return e.Name == remarkEvent && e.Action == "created" && e.Comment != nil && e.Comment.InReplyTo > 0
}

func (h reviewComments) Gather(ctx context.Context, read Reader, e hls.Event, r hls.Rule) (hls.Facts, error) {
	if !objects(e) {
		return h.reviews.Gather(ctx, read, e, r)
	}
	f, err := presentPull(ctx, read, e, r)
	if err != nil || f.Skip != "" {
		return f, err
	}
	comments, err := read.ReviewComments(ctx, e.Subject)
	if err != nil {
		return f, fmt.Errorf("read review comments: %w", err)
	}
	o := objection{id: e.Comment.InReplyTo}
	at := slices.IndexFunc(comments, func(c hls.ReviewComment) bool { return c.ID == o.id })
	if at < 0 {
		f.Skip = "remark_gone"
		return f, nil
	}
	if f.Skip, err = o.leave(ctx, read, comments[at], e, r); err != nil || f.Skip != "" {
		return f, err
	}
	if err := o.hear(ctx, read, comments, hearing{e.Subject, f.PullRequest.User, r}); err != nil {
		return f, err
	}
	if len(o.Replies) == 0 {
		f.Skip = "not_heard"
		return f, nil
	}
	return f, o.surround(ctx, read, e, &f)
}

func (h reviewComments) Question(e hls.Event, f hls.Facts, r hls.Rule) hls.Question {
	if !objects(e) {
		return h.reviews.Question(e, f, r)
	}
	return hls.Question{Group: "objections", Step: "weigh", Schema: stdjson.RawMessage(objectionSchema), Weight: hls.Heavy, Beside: true}
}

// Plan: an objection that holds withdraws the finding for good; one that does not changes nothing. Either way it was
// weighed.
func (h reviewComments) Plan(e hls.Event, f hls.Facts, a hls.Analysis, r hls.Rule) hls.Plan {
	if !objects(e) {
		return h.reviews.Plan(e, f, a, r)
	}
	d := newDraft(e, f, a, objectionPurpose(e))
	var answer objectionAnswer
	if err := json.Unmarshal(a.Answer, &answer); err != nil {
		return d.silent("answer_unreadable")
	}
	o, ok := f.Values["objection"].(objection)
	if !ok || f.PullRequest == nil || f.Skip != "" {
		return d.silent("nothing_to_plan")
	}
	why := ""
	if answer.Holds {
		if why = o.refuse(answer, f.Files); why != "" {
			d.drop(quoted("withdrawal", answer.Quote), why)
		}
	}
	holds := answer.Holds && why == ""
	d.remember(memory(e.Subject, kindObjection, strconv.FormatInt(o.id, 10), weighed{Holds: holds, Delivery: e.DeliveryID}))
	if !holds {
		return d.silent(cmp.Or(why, "objection_does_not_hold"))
	}
	return o.withdraw(d, answer, r)
}

// withdraw remembers that the finding is not to be raised again and, where the rule lets it, strikes the remark through.
func (o objection) withdraw(d *draft, a objectionAnswer, r hls.Rule) hls.Plan {
	reason := ended(sentence(a.Reason, 300))
	by := o.objector(a.Quote)
	if o.finding != nil {
		gone := *o.finding
		gone.State, gone.By, gone.Why = withdrawn, by, reason
		d.remember(gone.remember(d.base.Subject))
	}
	if !r.Lets(hls.EditRemark) {
		return d.silent("withdraw_off")
	}
	effect := d.base
	effect.Kind, effect.Comment = hls.EditRemark, o.id
	effect.Expect = "" // A finding that is wrong is wrong at every later head.
	problem, _, _ := strings.Cut(o.Remark.full, "\n\n")
	struck := strings.NewReplacer("*", "", "~", "", "`", "'").Replace(problem)
	effect.Body = fmt.Sprintf("~~%s~~\n\n**Withdrawn** after what %s said. %s", sentence(struck, 600), inCode(by), reason)
	d.plan.Effects = append(d.plan.Effects, effect)
	return d.plan
}

// objector is who said what withdraws the finding; where code says it, who spoke last.
func (o objection) objector(quote string) string {
	for _, reply := range o.Replies {
		if says(reply.full, quote) {
			return reply.By
		}
	}
	return o.Replies[len(o.Replies)-1].By
}

// refuse is why an objection cannot be believed, or "": it takes other code than the finding's own, or words of a reply
// that name something of the code. That somebody wants a finding gone is no reason.
func (o objection) refuse(a objectionAnswer, files []hls.File) string {
	code := codeLines(a.Quote)
	joined := strings.Join(code, "\n")
	switch {
	case a.Injection:
		return "injection_suspected"
	case sentence(a.Reason, 10) == "":
		return "no_reason_told"
	case len(joined) < minCode:
		return "quote_too_short"
	}
	for _, f := range files {
		stands := len(rightOf(f).find(code)) > 0
		switch {
		case stands && o.finding != nil && strings.Contains(o.finding.Code, joined):
			return "quote_is_the_finding"
		case stands:
			return ""
		}
	}
	var said evidence
	for _, reply := range o.Replies {
		said = append(said, plain(reply.full))
	}
	switch {
	case !said.supports(a.Quote):
		return "quote_not_found"
	case !namesCode(a.Quote, files):
		return "quote_names_no_code"
	}
	return ""
}

// namesCode tells whether a text has a word of the code: one that says something and is written there as a whole.
func namesCode(text string, files []hls.File) bool {
	for _, f := range files {
		names := strings.FieldsFunc(f.Patch, func(r rune) bool { return !nameRune(r) })
		for _, word := range strings.FieldsFunc(text, func(r rune) bool { return !nameRune(r) }) {
			if len(word) > 2 && !strings.Contains(stopWords, " "+strings.ToLower(word)+" ") && slices.Contains(names, word) {
				return true
			}
		}
	}
	return false
}

func nameRune(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }
