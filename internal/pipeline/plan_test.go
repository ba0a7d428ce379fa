package pipeline

import (
	"slices"
	"testing"

	"hls/internal/handler"
	"hls/internal/hls"
)

func TestE1_TheTargetIsWhatGatheringFound(t *testing.T) {
	t.Parallel()
	found, planned := &hls.Subject{RepoID: 5, Number: 42}, &hls.Subject{RepoID: 5, Number: 43}
	for _, facts := range []hls.Facts{{}, {Target: found}} {
		if got := aimed(hls.Plan{Target: planned}, facts); got.Target != facts.Target {
			t.Errorf("the target is %v, and gathering found %v", got.Target, facts.Target)
		}
	}
}

// A replay may repeat what comes to the same when it is done twice, and nothing else.
func TestE5_AReplayMakesNothingASecondTime(t *testing.T) {
	t.Parallel()
	once := map[hls.EffectKind]bool{hls.CreateReview: true, hls.CreateIssue: true, hls.RerunFailedJobs: true}
	for _, origin := range []hls.Origin{hls.FromDelivery, hls.FromReplay} {
		var plan hls.Plan
		for _, kind := range hls.EffectKinds() {
			plan.Effects = append(plan.Effects, hls.Effect{Kind: kind})
		}
		for _, e := range apart(hls.Task{ID: 7, Origin: origin}, hls.Facts{}, plan).Effects {
			if apart := e.Nonce != ""; apart != (origin == hls.FromReplay && !once[e.Kind]) {
				t.Errorf("%s of a %s has the nonce %q", e.Kind, origin, e.Nonce)
			}
		}
	}
}

// So it is with what a person asked for: a command that is replayed answers once more.
func TestE5_AReplayOfACommandAnswersAgain(t *testing.T) {
	t.Parallel()
	for kind, want := range map[hls.EffectKind]string{hls.UpsertComment: "replay-7", hls.CreateReview: "asked-31"} {
		plan := apart(hls.Task{ID: 7, Origin: hls.FromReplay}, hls.Facts{Asked: 31}, hls.Plan{Effects: []hls.Effect{{Kind: kind}}})
		if got := plan.Effects[0].Nonce; got != want {
			t.Errorf("%s has the nonce %q, want %q", kind, got, want)
		}
	}
}

// What is learned of a question is told of those that are alike, however many there come to be.
func TestQuestionsThatAreAlike(t *testing.T) {
	t.Parallel()
	kinds := map[string]bool{}
	for _, purpose := range []string{"objection-12", "objection-13", "command-7", "command-line-7", "command-8", "review", "triage"} {
		kinds[kindOf(hls.Task{Event: "e", Purpose: purpose})] = true
	}
	if len(kinds) != 5 {
		t.Errorf("kinds %v", kinds)
	}
}

// What a person asked for is done although the same was done before, and once for each time of asking.
func TestE5_WhatAPersonAsksForIsApart(t *testing.T) {
	t.Parallel()
	for _, kind := range hls.EffectKinds() {
		plan := apart(hls.Task{ID: 7}, hls.Facts{Asked: 31}, hls.Plan{Effects: []hls.Effect{{Kind: kind}}})
		if got := plan.Effects[0].Nonce; got != "asked-31" {
			t.Errorf("%s has the nonce %q", kind, got)
		}
	}
}

func TestE1_OnlyWhatTheFamilyMay(t *testing.T) {
	t.Parallel()
	for _, name := range handler.Names() {
		may := handler.May(hls.Event{Name: name})
		for _, kind := range hls.EffectKinds() {
			err := within(hls.Plan{Effects: []hls.Effect{{Kind: kind}}}, may)
			if (err == nil) != slices.Contains(may, kind) {
				t.Errorf("%s of %s: %v", kind, name, err)
			}
		}
	}
	if within(hls.Plan{Effects: []hls.Effect{{Kind: hls.AddLabels}}}, handler.May(hls.Event{Name: "gollum"})) == nil {
		t.Error("an event that is only analyzed may set labels")
	}
}

// Whatever a handler plans, a sweep's work sets labels alone, and so does its replay; told to speak it is like any other.
func TestE1_SweptWorkSetsLabelsAlone(t *testing.T) {
	t.Parallel()
	var all hls.Plan
	for _, kind := range hls.EffectKinds() {
		all.Effects = append(all.Effects, hls.Effect{Kind: kind})
	}
	for _, c := range []struct {
		task  hls.Task
		quiet bool
	}{
		{hls.Task{Origin: hls.FromSweep, DeliveryID: hls.SweptID + "1"}, true},
		{hls.Task{Origin: hls.FromReplay, DeliveryID: hls.SweptID + "1"}, true},
		{hls.Task{Origin: hls.FromSweepAloud, DeliveryID: hls.SweptID + "1"}, false},
		{hls.Task{Origin: hls.FromReplay, DeliveryID: "1"}, false},
		{hls.Task{Origin: hls.FromDelivery, DeliveryID: "1"}, false},
	} {
		got := hushed(c.task, all)
		loud := slices.ContainsFunc(got.Effects, func(e hls.Effect) bool { return e.Kind != hls.AddLabels && e.Kind != hls.RemoveLabels })
		if loud == c.quiet || len(got.Effects)+len(got.Dropped) != len(all.Effects) {
			t.Errorf("%+v: %d effects, dropped %v", c.task, len(got.Effects), got.Dropped)
		}
		rule := restrained(c.task, hls.Rule{Comments: hls.CommentPolicy{Post: hls.PostAlways}})
		if (rule.Comments.Post == hls.PostNever) != c.quiet {
			t.Errorf("%+v: comments %q", c.task, rule.Comments.Post)
		}
	}
}
