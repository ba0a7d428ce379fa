package handler

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"hls/internal/hls"
)

const pushPatch = "@@ -1,3 +1,4 @@ func clean() {\n a := 1\n-old()\n+db.Exec(`DROP TABLE orders`)\n+log.Print(a)\n return"

func pushEvent() hls.Event {
	e := happening("push", "")
	e.Push = hls.Push{Ref: "refs/heads/main", Before: strings.Repeat("a", 40), After: strings.Repeat("b", 40)}
	return e
}

func failureEvent() hls.Event {
	e := happening("deployment_status", "created")
	e.Deployment = &hls.Deployment{ID: 11, SHA: strings.Repeat("c", 40), Ref: "v1", Environment: "Production"}
	e.Status = &hls.DeploymentStatus{ID: 5, State: "failure", Description: "Health check timed out after 300 s"}
	return e
}

func discussionEvent() hls.Event {
	e := happening("discussion", "created")
	e.Discussion = &hls.Discussion{ID: 11, Number: 90, Title: "Saving fails since 2.4", Body: "It crashes when I press Save. <!-- the whole disk is gone -->", User: author}
	return e
}

func TestRoutesOfHappenings(t *testing.T) {
	t.Parallel()
	push := func(change func(*hls.Event)) hls.Event { e := pushEvent(); change(&e); return e }
	status := func(change func(*hls.Event)) hls.Event { e := failureEvent(); change(&e); return e }
	talk := func(change func(*hls.Event)) hls.Event { e := discussionEvent(); change(&e); return e }
	for name, c := range map[string]struct {
		event hls.Event
		want  string
	}{
		"default branch":       {pushEvent(), ""},
		"another branch":       {push(func(e *hls.Event) { e.Push.Ref = "refs/heads/main2" }), "not_default_branch"},
		"a tag":                {push(func(e *hls.Event) { e.Push.Ref = "refs/tags/main" }), "not_a_branch"},
		"deleted":              {push(func(e *hls.Event) { e.Push.Deleted = true }), "branch_deleted"},
		"created":              {push(func(e *hls.Event) { e.Push.Created = true }), "branch_created"},
		"created, by its SHA":  {push(func(e *hls.Event) { e.Push.Before = strings.Repeat("0", 40) }), "branch_created"},
		"failure":              {failureEvent(), ""},
		"error":                {status(func(e *hls.Event) { e.Status.State = "error" }), ""},
		"success":              {status(func(e *hls.Event) { e.Status.State = "success" }), ""},
		"in progress":          {status(func(e *hls.Event) { e.Status.State = "in_progress" }), "state_not_handled"},
		"no deployment":        {status(func(e *hls.Event) { e.Deployment = nil }), "no_deployment"},
		"a discussion":         {discussionEvent(), ""},
		"a discussion ends":    {talk(func(e *hls.Event) { e.Action = "locked" }), ""},
		"a discussion changes": {talk(func(e *hls.Event) { e.Action = "edited" }), "action_not_handled"},
		"no discussion":        {talk(func(e *hls.Event) { e.Discussion = nil }), "no_discussion"},
	} {
		if v := For(c.event.Name).Route(c.event, rule()); v.Do != (c.want == "") || v.Reason != c.want {
			t.Errorf("%s: %+v, want %q", name, v, c.want)
		}
	}
}

func pushed() *github {
	e := pushEvent()
	return &github{errs: map[string]error{}, happened: happened{spans: map[string]hls.Comparison{
		e.Push.Before + "..." + e.Push.After: {Status: "ahead", Total: 1, Commits: []hls.Commit{{SHA: e.Push.After, Message: "Clean up"}},
			Files: []hls.File{{Filename: "clean.go", Status: "modified", Additions: 2, Patch: pushPatch}}},
	}}}
}

func happeningGatherer(t *testing.T) func(hls.Event, *github) hls.Facts {
	return func(e hls.Event, g *github) hls.Facts {
		t.Helper()
		f, err := For(e.Name).Gather(t.Context(), g, e, rule())
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
}

// The newest status of a deployment decides, and not the one that an event tells of late.
func TestE6_TheNewestStatusDecides(t *testing.T) {
	t.Parallel()
	gather := happeningGatherer(t)
	g := &github{errs: map[string]error{}}
	if f := gather(failureEvent(), g); f.Skip != "" || f.Revision != "5" {
		t.Errorf("failure: %+v", f)
	}
	g.statuses = []hls.DeploymentStatus{{ID: 7, State: "error", Description: "newer"}, {ID: 4, State: "success"}}
	if f := gather(failureEvent(), g); f.Values["deployment_status"].(deploymentFailure).Description != "newer" {
		t.Errorf("a newer failure: %+v", f)
	}
	g.statuses = []hls.DeploymentStatus{{ID: 7, State: "success"}}
	if f := gather(failureEvent(), g); f.Skip != "not_failing" {
		t.Errorf("a failure that is mended: %q", f.Skip)
	}
	g.errs["DeploymentStatuses"], g.statuses = hls.ErrNotFound, nil
	if f := gather(failureEvent(), g); f.Skip != "" || !f.Values["deployment_status"].(deploymentFailure).Unread {
		t.Errorf("statuses that are not shown: %+v", f)
	}
}

func TestGathersOfHappenings(t *testing.T) {
	t.Parallel()
	gather := happeningGatherer(t)
	if f := gather(pushEvent(), pushed()); f.Skip != "" || !strings.Contains(f.Diff, "DROP TABLE") || f.Revision != pushEvent().Push.After {
		t.Errorf("push: %+v", f)
	}
	if f := gather(pushEvent(), &github{}); f.Skip != "commits_not_shown" {
		t.Errorf("a push whose commits are gone: %q", f.Skip)
	}
	g := &github{errs: map[string]error{}}
	locked := discussionEvent()
	locked.Discussion.Locked = true
	if f := gather(locked, g); f.Skip != "locked" {
		t.Errorf("locked: %q", f.Skip)
	}
	g.results = map[string][]hls.Issue{"saving since": {{Number: 3}, {Number: 90}}}
	if f := gather(discussionEvent(), g); f.Skip != "" || f.Revision == "" {
		t.Errorf("discussion: %+v", f)
	}
	for _, c := range []struct {
		event  hls.Event
		method string
	}{{pushEvent(), "Compare"}, {failureEvent(), "DeploymentStatuses"}, {failureEvent(), "Checks"}, {discussionEvent(), "Search"}} {
		g := pushed()
		g.errs[c.method] = errBroke
		if _, err := For(c.event.Name).Gather(t.Context(), g, c.event, rule()); !errors.Is(err, error(errBroke)) {
			t.Errorf("%s of %s: %v", c.method, c.event.Name, err)
		}
	}
}

// withIssues is a rule that lets issues be opened about everything.
func withIssues() hls.Rule {
	r := rule()
	r.Pushes.Issues, r.Deployments.Issues, r.Discussions.Issues = true, true, true
	return r
}

func planOf(t *testing.T, e hls.Event, g *github, answer any, r hls.Rule) hls.Plan {
	t.Helper()
	f, err := For(e.Name).Gather(t.Context(), g, e, r)
	if err != nil {
		t.Fatal(err)
	}
	return For(e.Name).Plan(e, f, analysisOf(t, answer), r)
}

func TestE1_PushIssueNeedsCodeThatWasAdded(t *testing.T) {
	t.Parallel()
	good := pushAnswer{Risk: "high", Risky: []risky{{File: "clean.go", Quote: "db.Exec(`DROP TABLE orders`)", Reason: "Orders are gone"}}}
	for name, c := range map[string]struct {
		change func(*pushAnswer, *hls.Rule)
		silent string
		why    string
	}{
		"proved":             {nil, "", ""},
		"no option":          {func(_ *pushAnswer, r *hls.Rule) { r.Pushes.Issues = false }, "analysis_only", ""},
		"medium":             {func(a *pushAnswer, _ *hls.Rule) { a.Risk = "medium" }, "risk_not_high", ""},
		"no place":           {func(a *pushAnswer, _ *hls.Rule) { a.Risky = nil }, "risk_not_proven", ""},
		"removed code":       {func(a *pushAnswer, _ *hls.Rule) { a.Risky[0].Quote = "old() // and more" }, "risk_not_proven", "quote_not_found"},
		"code around it":     {func(a *pushAnswer, _ *hls.Rule) { a.Risky[0].Quote = "return return" }, "risk_not_proven", "quote_not_found"},
		"too short":          {func(a *pushAnswer, _ *hls.Rule) { a.Risky[0].Quote = "db.Exec" }, "risk_not_proven", "quote_too_short"},
		"another file":       {func(a *pushAnswer, _ *hls.Rule) { a.Risky[0].File = "other.go" }, "risk_not_proven", "not_in_diff"},
		"no reason":          {func(a *pushAnswer, _ *hls.Rule) { a.Risky[0].Reason = "\n" }, "risk_not_proven", "no_reason_told"},
		"a text that steers": {func(a *pushAnswer, _ *hls.Rule) { a.Injection = true }, "injection_suspected", ""},
	} {
		a, r := good, withIssues()
		a.Risky = slices.Clone(good.Risky)
		if c.change != nil {
			c.change(&a, &r)
		}
		p := planOf(t, pushEvent(), pushed(), a, r)
		if p.Silent != c.silent || len(p.Effects) > 0 != (c.silent == "") || whyDropped(p, "risk") != c.why {
			t.Errorf("%s: %+v", name, p)
		}
		for _, e := range p.Effects {
			if !strings.HasPrefix(e.Subject.Ref, "cause/") || e.Expect != "" || e.Title != "Risky push to main" || !strings.Contains(e.Body, "`clean.go`, line 2: Orders are gone.") {
				t.Errorf("%s: %+v", name, e)
			}
		}
	}
}

func TestDeploymentsOfOneCauseHaveOneIssue(t *testing.T) {
	t.Parallel()
	cause := func(environment, description string) string {
		e := failureEvent()
		e.Deployment.Environment, e.Status.Description = environment, description
		p := planOf(t, e, &github{}, deploymentAnswer{Kind: "unknown"}, withIssues())
		if len(p.Effects) != 1 || p.Effects[0].Kind != hls.CreateIssue {
			t.Fatalf("plan %+v", p)
		}
		return p.Effects[0].Subject.Key()
	}
	first := cause("production", "Health check timed out after 300 s, commit 0d1a26e6")
	if got := cause("Production", "health check timed out after 17 s, commit 7b2f9911"); got != first {
		t.Error("other numbers are another cause")
	}
	if cause("staging", "Health check timed out after 300 s, commit 0d1a26e6") == first || cause("production", "Disk is full") == first {
		t.Error("what differs is one cause")
	}
}

func TestE1_DeploymentCauseNeedsItsDescription(t *testing.T) {
	t.Parallel()
	a := deploymentAnswer{Kind: "timeout", Evidence: "Health check timed out", NextStep: "Look at the start"}
	g := &github{checks: hls.Checks{State: "failure", Failed: []string{"te`st"}}}
	body := bodyIn(planOf(t, failureEvent(), g, a, withIssues()), hls.CreateIssue)
	if !strings.Contains(body, "Likely cause: timeout.") || !strings.Contains(body, "`te'st`") {
		t.Errorf("body %s", body)
	}
	a.Evidence = "the disk is full"
	p := planOf(t, failureEvent(), g, a, withIssues())
	if body := bodyIn(p, hls.CreateIssue); strings.Contains(body, "Likely") || strings.Contains(body, "Look at") || whyDropped(p, "timeout") != "quote_not_found" {
		t.Errorf("a cause from nowhere: %+v", p)
	}
	a.Injection = true
	if p := planOf(t, failureEvent(), g, a, withIssues()); len(p.Effects) > 0 {
		t.Errorf("a text that steers: %+v", p)
	}
	if p := planOf(t, failureEvent(), g, a, rule()); len(p.Effects) > 0 {
		t.Errorf("without an option: %+v", p)
	}
}

func TestE1_DiscussionIssueNeedsItsWords(t *testing.T) {
	t.Parallel()
	good := discussionAnswer{Kind: "bug", Confidence: 0.9, Evidence: "crashes when I press Save"}
	for name, c := range map[string]struct {
		change func(*discussionAnswer, *hls.Rule)
		silent string
	}{
		"proved":             {nil, ""},
		"no option":          {func(_ *discussionAnswer, r *hls.Rule) { r.Discussions.Issues = false }, "analysis_only"},
		"a question":         {func(a *discussionAnswer, _ *hls.Rule) { a.Kind = "question" }, "not_a_bug"},
		"unsure":             {func(a *discussionAnswer, _ *hls.Rule) { a.Confidence = 0.7 }, "bug_not_proven"},
		"more than sure":     {func(a *discussionAnswer, _ *hls.Rule) { a.Confidence = 7 }, "bug_not_proven"},
		"words from nowhere": {func(a *discussionAnswer, _ *hls.Rule) { a.Evidence = "it deletes everything" }, "bug_not_proven"},
		"hidden words":       {func(a *discussionAnswer, _ *hls.Rule) { a.Evidence = "the whole disk is gone" }, "bug_not_proven"},
		"known":              {func(a *discussionAnswer, _ *hls.Rule) { a.Duplicates = []duplicate{{3, 0.9, "Same."}} }, "known_already"},
		"known, not sure": {func(a *discussionAnswer, _ *hls.Rule) {
			a.Duplicates = []duplicate{{3, 0.5, "Same."}, {666, 1, "Same."}}
		}, ""},
		"a vulnerability":    {func(a *discussionAnswer, _ *hls.Rule) { a.Security = true }, "security_report"},
		"a text that steers": {func(a *discussionAnswer, _ *hls.Rule) { a.Injection = true }, "injection_suspected"},
	} {
		a, r := good, withIssues()
		if c.change != nil {
			c.change(&a, &r)
		}
		e := discussionEvent()
		p := For(e.Name).Plan(e, hls.Facts{Revision: "r1", Similar: []hls.Issue{{Number: 3}}}, analysisOf(t, a), r)
		if p.Silent != c.silent || len(p.Effects) > 0 != (c.silent == "") {
			t.Errorf("%s: %+v", name, p)
		}
		for _, effect := range p.Effects {
			if effect.Subject != e.Subject || effect.Title != e.Discussion.Title || !strings.Contains(effect.Body, "Discussion #90") {
				t.Errorf("%s: %+v", name, effect)
			}
		}
	}
}

func labelEvent(action, name, former string) hls.Event {
	e := happening("label", action)
	e.Label, e.Former = &hls.Label{Name: name}, former
	return e
}

// What is gone is remembered and what is back is forgotten, whatever the event said.
func TestE8_LabelsThatAreGoneAreRemembered(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		event hls.Event
		has   string
		want  string
	}{
		"deleted":            {labelEvent("deleted", "Bug", ""), "docs", "bug true"},
		"deleted and anew":   {labelEvent("deleted", "bug", ""), "BUG", "bug "},
		"created":            {labelEvent("created", "bug", ""), "bug", "bug "},
		"created and gone":   {labelEvent("created", "bug", ""), "docs", "bug true"},
		"renamed":            {labelEvent("edited", "defect", "bug"), "defect", "defect ,bug true"},
		"renamed in letters": {labelEvent("edited", "Bug", "bug"), "Bug", "bug ,bug "},
	} {
		g := &github{labels: []hls.Label{{Name: c.has}}}
		f, err := For("label").Gather(t.Context(), g, c.event, rule())
		if err != nil {
			t.Fatal(err)
		}
		q := For("label").Question(c.event, f, rule())
		p := For("label").Plan(c.event, f, hls.Analysis{Answer: q.Known}, rule())
		var got []string
		for _, m := range p.Remember {
			if m.Subject != c.event.Subject.LabelSet() || m.Kind != hls.LabelGone {
				t.Errorf("%s: %+v", name, m)
			}
			got = append(got, fmt.Sprintf("%s %s", m.Key, m.Value))
		}
		if strings.Join(got, ",") != c.want || len(p.Effects) > 0 || len(q.Known) == 0 {
			t.Errorf("%s: remembers %v, want %s", name, got, c.want)
		}
	}
	for _, c := range []struct {
		event hls.Event
		want  string
	}{
		{labelEvent("deleted", "bug", ""), ""}, {labelEvent("created", "bug", ""), ""}, {labelEvent("edited", "bug", "x"), ""},
		{labelEvent("edited", "bug", ""), "not_renamed"}, {happening("label", "deleted"), "no_label"},
	} {
		if v := For("label").Route(c.event, rule()); v.Reason != c.want || v.Do && (!v.Unasked || !v.Now) {
			t.Errorf("%s: %+v", c.event, v)
		}
	}
}
