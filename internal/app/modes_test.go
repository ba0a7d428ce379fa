package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/simulate"
	"hls/internal/web"
)

// ledger reads the rows of a delivery, oldest first, as "kind: state".
func (s *service) ledger(guid string) (rows []hls.Entry, said string) {
	s.t.Helper()
	rows, err := s.app.Store().Ledger(s.t.Context(), record.LedgerQuery{Delivery: guid})
	if err != nil {
		s.t.Fatal(err)
	}
	slices.Reverse(rows)
	for _, e := range rows {
		said += fmt.Sprintf("%s: %s\n", e.Effect.Kind, e.State)
	}
	return rows, said
}

// decide asks the API for a decision.
func (s *service) decide(approve bool, entries ...hls.Entry) (int, string) {
	s.t.Helper()
	what := web.Decision{Approve: approve}
	for _, e := range entries {
		what.IDs = append(what.IDs, e.ID)
	}
	code, text := s.postAdmin("/api/v1/effects/decide", what)
	return code, string(text)
}

func withMode(mode string) string { return widgetSettings + "    mode: " + mode + "\n" }

// A repository in shadow sees no write, whatever comes, and everything planned is there to read.
func TestShadow_WritesNothing(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string]string{
		"mode":    withMode("shadow"),
		"dry_run": widgetSettings + "    dry_run: true\n",
		"feature": widgetSettings + "\nfeatures: {dry_run: true}\n",
		"glob":    strings.Replace(widgetSettings, "acme/widget-shop", `"acme/*"`, 1),
		"kinds": withMode("apply") + "    modes: {add_labels: shadow, remove_labels: shadow, upsert_comment: shadow, create_review: shadow, " +
			"close_issue: shadow, set_body: shadow, create_issue: shadow, rerun_failed_jobs: shadow, add_reaction: shadow, edit_remark: shadow, set_section: shadow}\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, settings, shop(), answering(bugAnswer))
			d := s.issueOpened()
			s.send(d)
			if task := s.settled(d.GUID); task.State != hls.Done {
				t.Fatalf("task ended as %s (%s)", task.State, task.Reason)
			}
			if n := len(s.github.Writes()); n != 0 {
				t.Errorf("%d writes", n)
			}
			rows, said := s.ledger(d.GUID)
			if said != "add_labels: shadow\nupsert_comment: shadow\n" || rows[0].Effect.Labels[0].Name != "bug" {
				t.Errorf("ledger:\n%s", said)
			}
			if code, answer := s.decide(true, rows[0]); code != http.StatusConflict {
				t.Errorf("what is in shadow was approved: %d %s", code, answer)
			}
		})
	}
}

// What a glob stands for is worked for once the settings say so.
func TestGlobAppliesWhenTold(t *testing.T) {
	t.Parallel()
	s := start(t, strings.Replace(withMode("apply"), "acme/widget-shop", `"acme/*"`, 1), shop(), answering(bugAnswer))
	d := s.issueOpened()
	s.send(d)
	s.settled(d.GUID)
	if got := s.github.Labels(widgets, 7); !slices.Equal(got, []string{"bug"}) {
		t.Errorf("labels %v", got)
	}
}

// Proposals wait; what is approved is written exactly as it was stored, once, and Claude is not asked again.
func TestSuggest_ApprovedIsWhatWasStored(t *testing.T) {
	t.Parallel()
	cl := answering(bugAnswer)
	s := start(t, withMode("suggest"), shop(), cl)
	d := s.issueOpened()
	s.send(d)
	first := s.settled(d.GUID)
	rows, said := s.ledger(d.GUID)
	if said != "add_labels: proposed\nupsert_comment: proposed\n" || len(s.github.Writes()) != 0 {
		t.Fatalf("ledger:\n%s%d writes", said, len(s.github.Writes()))
	}
	cl.SetAnswer(func(simulate.Request) string { return strings.ReplaceAll(bugAnswer, `"bug"`, `"enhancement"`) })
	asked := len(cl.Calls())
	if code, answer := s.decide(true, rows[1]); code != http.StatusOK {
		t.Fatalf("approve: %d %s", code, answer)
	}
	carrier := s.settled(d.GUID)
	if carrier.ID == first.ID || carrier.Origin != hls.FromApproval || carrier.State != hls.Done {
		t.Fatalf("the approval ended as %s (%s)", carrier.State, carrier.Reason)
	}
	comments := s.github.Comments(widgets, 7)
	if len(comments) != 1 || !strings.HasPrefix(comments[0].Body, rows[1].Effect.Body) {
		t.Errorf("comments %+v, stored %q", comments, rows[1].Effect.Body)
	}
	if got := s.github.Labels(widgets, 7); len(got) != 0 {
		t.Errorf("labels %v were not approved", got)
	}
	if n := len(cl.Calls()); n != asked {
		t.Errorf("Claude was asked %d times more", n-asked)
	}
	if code, _ := s.decide(true, rows[1]); code != http.StatusConflict {
		t.Errorf("approved twice: %d", code)
	}
	if code, _ := s.decide(false, rows[0]); code != http.StatusOK {
		t.Errorf("reject: %d", code)
	}
	if _, said := s.ledger(d.GUID); said != "add_labels: rejected\nupsert_comment: done\n" {
		t.Errorf("ledger:\n%s", said)
	}
	code, text := s.fetch("/api/v1/deliveries/"+d.GUID, adminToken)
	var shown web.Shown
	if err := json.Unmarshal(text, &shown); err != nil || code != http.StatusOK || shown.TaskID != first.ID || len(shown.Approvals) != 1 || shown.Plan == nil {
		t.Errorf("shown: %d %s", code, text)
	}
}

// One label waits where others are set, until a person approves it; one that is left to people is not set at all.
func TestSuggest_OneLabelWaits(t *testing.T) {
	t.Parallel()
	s := start(t, withMode("apply")+"    labels: {suggest: [bug]}\n", shop(), answering(bugAnswer))
	d := s.issueOpened()
	s.send(d)
	s.settled(d.GUID)
	rows, said := s.ledger(d.GUID)
	if said != "add_labels: proposed\nupsert_comment: done\n" || len(s.github.Labels(widgets, 7)) != 0 {
		t.Fatalf("ledger:\n%slabels %v", said, s.github.Labels(widgets, 7))
	}
	if code, answer := s.decide(true, rows[0]); code != http.StatusOK {
		t.Fatalf("approve: %d %s", code, answer)
	}
	s.settled(d.GUID)
	if got := s.github.Labels(widgets, 7); !slices.Equal(got, []string{"bug"}) {
		t.Errorf("labels %v", got)
	}
	left := start(t, withMode("apply")+"    labels: {leave: [bug]}\n", shop(), answering(bugAnswer))
	d = left.issueOpened()
	left.send(d)
	left.settled(d.GUID)
	if _, said := left.ledger(d.GUID); said != "upsert_comment: done\n" || len(left.github.Labels(widgets, 7)) != 0 {
		t.Errorf("ledger:\n%s", said)
	}
}

// E6: what was proposed about a subject that has changed since is not written when it is approved.
func TestE6_ApprovedTooLateIsStale(t *testing.T) {
	t.Parallel()
	for name, moves := range map[string]func(s *service){
		"edited": func(s *service) { s.github.EditIssue(widgets, 7, "Crash when saving as", "Another text.") },
		"closed": func(s *service) { s.github.CloseIssue(widgets, 7) },
		"newer": func(s *service) { // and what it found is not known
			s.claude.SetMode(simulate.Refuse)
			s.github.EditIssue(widgets, 7, "Crash when saving", "Another text.")
			d := s.issueOpened()
			s.send(d)
			s.settled(d.GUID)
			s.github.EditIssue(widgets, 7, "Crash when saving", "The app panics with a nil pointer every time I press Save. Version 2.3.1, on Linux.")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, withMode("suggest"), shop(), answering(bugAnswer))
			d := s.issueOpened()
			s.send(d)
			s.settled(d.GUID)
			moves(s)
			before := len(s.github.Writes())
			rows, _ := s.ledger(d.GUID)
			s.decide(true, rows...)
			if task := s.settled(d.GUID); task.State != hls.Superseded {
				t.Errorf("the approval ended as %s (%s)", task.State, task.Reason)
			}
			if n := len(s.github.Writes()) - before; n != 0 {
				t.Errorf("%d writes", n)
			}
			if _, said := s.ledger(d.GUID); !strings.Contains(said, "stale") || strings.Contains(said, "done") {
				t.Errorf("ledger:\n%s", said)
			}
		})
	}
}

// Kinds have modes of their own, and a switch to shadow holds what was approved before.
func TestModesOfKinds(t *testing.T) {
	t.Parallel()
	s := start(t, withMode("suggest")+"    modes: {add_labels: apply}\n", shop(), answering(bugAnswer))
	d := s.issueOpened()
	s.send(d)
	s.settled(d.GUID)
	rows, said := s.ledger(d.GUID)
	if said != "add_labels: done\nupsert_comment: proposed\n" {
		t.Fatalf("ledger:\n%s", said)
	}
	s.stop()
	s.run(strings.Replace(s.text, "mode: suggest", "mode: shadow", 1))
	if code, answer := s.decide(true, rows[1]); code != http.StatusOK {
		t.Fatalf("approve: %d %s", code, answer)
	}
	s.settled(d.GUID)
	if _, said := s.ledger(d.GUID); said != "add_labels: done\nupsert_comment: shadow\n" {
		t.Errorf("ledger:\n%s", said)
	}
	if n := len(s.github.Comments(widgets, 7)); n != 0 {
		t.Errorf("%d comments", n)
	}
}

// Who may ask for work by a command has approved of its answer by asking.
func TestSuggest_CommandsAreAnswered(t *testing.T) {
	t.Parallel()
	s := start(t, talking+"    mode: suggest\n", shop(), answering(bugAnswer))
	s.github.SetPermission(widgets, "mona", "write")
	if task := s.commanded(7, "mona", "/hls help"); task.State != hls.Done {
		t.Fatalf("task ended as %s (%s)", task.State, task.Reason)
	}
	if n := len(s.github.Comments(widgets, 7)); n != 2 {
		t.Errorf("%d comments, want the command and its answer", n)
	}
}
