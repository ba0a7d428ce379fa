package app_test

import (
	"slices"
	"strings"
	"testing"

	"hls/internal/hls"
	"hls/internal/simulate"
	"hls/internal/telemetry/collector"
)

// stages are the eight words, in their order.
var stages = []hls.Stage{
	hls.StageReceive, hls.StageRecord, hls.StageRoute, hls.StageGather, hls.StagePrompt, hls.StageAnalyze, hls.StagePlan, hls.StageAct,
}

// traced is what a span of HLS may tell besides its name and its times.
var traced = []string{
	hls.KeyRequestID, hls.KeyDeliveryID, hls.KeyEvent, hls.KeyAction, hls.KeyRepo, hls.KeySubject, hls.KeyStage, hls.KeyAttempt, hls.KeyTask,
	hls.KeyOutcome, hls.KeyReason,
}

// One delivery is one trace with all eight stages, from the request to the labels on GitHub, and a replay goes into it. Nothing
// that people wrote is in it, and no secret.
func TestS1_TraceOfADeliveryHasTheEightStages(t *testing.T) {
	t.Parallel()
	c := collector.Start()
	t.Cleanup(c.Stop)
	gh := shop()
	gh.AddIssue(widgets, simulate.IssueSeed{Number: 9, Title: "canary-of-the-title", Author: "mona",
		Body: "canary-of-the-body: The app panics with a nil pointer every time I press Save."})
	s := start(t, widgetSettings+"telemetry: {otlp_endpoint: "+c.URL+"}\n", gh, answering(bugAnswer))
	d := simulate.Delivery{Event: "issues", GUID: simulate.NewGUID(), HookID: 1, Payload: gh.IssuePayload(widgets, 9, "opened", "mona", nil)}
	s.send(d)
	task := s.settled(d.GUID)
	if task.State != hls.Done {
		t.Fatalf("it is %s (%s)", task.State, task.Reason)
	}
	s.send(simulate.Delivery{Event: "issues", GUID: d.GUID, HookID: 1, Payload: d.Payload}) // a duplicate
	s.stop()

	spans := c.Spans()
	var names []hls.Stage
	ids, trace := map[string]bool{}, spans[0].Trace
	for _, span := range spans {
		ids[span.ID] = true
		names = append(names, hls.Stage(span.Name))
	}
	for _, span := range spans {
		if span.Trace != trace || span.Name != "receive" && !ids[span.Parent] || span.Start > span.End {
			t.Errorf("%s is of trace %s under %q, and not whole in %s", span.Name, span.Trace, span.Parent, trace)
		}
		for key := range span.Attributes {
			if !slices.Contains(traced, key) {
				t.Errorf("%s tells %s", span.Name, key)
			}
		}
		if span.Attributes[hls.KeyDeliveryID] != d.GUID || span.Attributes[hls.KeyRepo] != widgets {
			t.Errorf("%s is about %v", span.Name, span.Attributes)
		}
		for _, text := range []string{"canary-of-the", "nil pointer", webhookSecret, adminToken, "of-the-tests", "mona"} {
			if strings.Contains(span.Raw, text) {
				t.Errorf("%s tells %q", span.Name, text)
			}
		}
	}
	for _, stage := range stages {
		if !slices.Contains(names, stage) {
			t.Errorf("no span of %s among %v", stage, names)
		}
	}
	if first := slices.Index(names, hls.StageReceive); slices.Contains(names[first+1:], hls.StageReceive) {
		t.Errorf("more than one request in %v", names)
	}
}
