package app_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"hls/internal/app"
	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/simulate"
)

// replay asks the API for a replay.
func (s *service) replay(guid string) (code int, answer map[string]any) {
	s.t.Helper()
	code, text := s.postAdmin("/api/v1/deliveries/"+guid+"/replay", nil)
	if err := json.Unmarshal(text, &answer); err != nil {
		s.t.Fatal(err)
	}
	return code, answer
}

func TestReplayThroughTheAPI(t *testing.T) {
	t.Parallel()
	cl := simulate.NewClaude(simulate.ClaudeConfig{Mode: simulate.Refuse})
	s := start(t, widgetSettings, shop(), cl)
	d := s.issueOpened()
	s.send(d)
	parked := s.settled(d.GUID)
	cl.SetMode(simulate.Good)
	cl.SetAnswer(func(simulate.Request) string { return bugAnswer })
	if code, answer := s.replay(d.GUID); code != http.StatusAccepted || answer["resumed"] != true || answer["status"] != "queued" {
		t.Fatalf("replay: %d %v", code, answer)
	}
	if task := s.settled(d.GUID); task.ID != parked.ID || task.State != hls.Done {
		t.Errorf("the parked task ended as %s (%s)", task.State, task.Reason)
	}
	if got := s.github.Labels(widgets, 7); len(got) != 1 {
		t.Errorf("labels %v", got)
	}
	if code, answer := s.replay(d.GUID); code != http.StatusAccepted || answer["resumed"] != false {
		t.Fatalf("replay of what is done: %d %v", code, answer)
	}
	if task := s.settled(d.GUID); task.ID == parked.ID || task.Origin != hls.FromReplay || task.State != hls.Done {
		t.Errorf("the new task ended as %s (%s)", task.State, task.Reason)
	}
	if _, err := s.app.Store().Purge(t.Context(), record.Cutoff{Payloads: time.Now().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if code, answer := s.replay(d.GUID); code != http.StatusConflict || !strings.Contains(answer["reason"].(string), "no longer kept") {
		t.Errorf("replay of what has aged out: %d %v", code, answer)
	}
}

// GitHub refuses the label, and the delivery is parked with its analysis. Resumed, it does what is left, once, and Claude
// is not asked again.
func TestE5_ResumedIsNotPaidTwice(t *testing.T) {
	t.Parallel()
	cl := answering(bugAnswer)
	s := start(t, widgetSettings, shop(), cl)
	s.github.Fail(simulate.Fault{Method: http.MethodPost, PathGlob: "/repos/*/*/issues/*/labels", Kind: simulate.FailBefore, Status: http.StatusForbidden, Times: -1})
	d := s.issueOpened()
	s.send(d)
	parked := s.settled(d.GUID)
	if parked.State != hls.Parked {
		t.Fatalf("it ended as %s (%s)", parked.State, parked.Reason)
	}
	s.github.Heal()
	if code, answer := s.replay(d.GUID); code != http.StatusAccepted {
		t.Fatalf("replay: %d %v", code, answer)
	}
	if task := s.settled(d.GUID); task.ID != parked.ID || task.State != hls.Done {
		t.Errorf("it ended as %s (%s)", task.State, task.Reason)
	}
	if n := len(cl.Calls()); n != 1 {
		t.Errorf("Claude was asked %d times", n)
	}
	if got := s.github.Labels(widgets, 7); len(got) != 1 {
		t.Errorf("labels %v", got)
	}
}

// Beside the service nobody reads a database that belongs to it, and none is made where there is none.
func TestDeliveriesBeside(t *testing.T) {
	t.Parallel()
	s := start(t, widgetSettings, shop(), answering(bugAnswer))
	settings, err := parse(s.text)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := app.DeliveriesBeside(t.Context(), settings, app.Options{LogTo: s.log}); !errors.Is(err, record.ErrInUse) {
		t.Errorf("while the service runs: %v", err)
	}
	s.stop()
	log, done, err := app.DeliveriesBeside(t.Context(), settings, app.Options{LogTo: s.log})
	if err != nil {
		t.Fatal(err)
	}
	if page, err := log.List(t.Context(), ""); err != nil || len(page.Deliveries) != 0 {
		t.Errorf("%+v %v", page, err)
	}
	done()
}
