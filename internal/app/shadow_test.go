package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/simulate"
	"hls/internal/web"
)

// Two hundred deliveries to a repository in shadow lead to no write, and what would have happened is told, by the explanation
// of each and by its page.
func TestShadow_TwoHundredDeliveriesWriteNothing(t *testing.T) {
	t.Parallel()
	const issues, pulls = 100, 50
	gh := market(issues, pulls)
	s := start(t, strings.Replace(undoSettings, "    events:", "    mode: shadow\n    events:", 1), gh, simulate.NewClaude(simulate.ClaudeConfig{}))
	before := s.everything(issues, pulls)
	sent := map[int]string{}
	for n := 1; n <= issues; n++ {
		sent[n] = s.issueEvent(n, "opened", nil)
	}
	for n := 101; n <= 100+pulls; n++ {
		sent[n] = s.delivers("pull_request", gh.PullRequestPayload(widgets, n, "opened", "paul", nil))
	}
	for n := 1; n <= 25; n++ { // Who may write asks, which in shadow is not answered either.
		s.send(s.says(n, "mona", "/hls help"))
	}
	s.idle()
	for n := 26; n <= 50; n++ {
		s.issueEvent(n, "edited", simulate.Change{"body": "x"})
	}
	s.idle()
	if n := len(gh.Writes()); n != 0 {
		t.Errorf("%d writes", n)
	}
	if after := s.everything(issues, pulls); len(before) != issues+pulls {
		t.Fatalf("%d subjects", len(before))
	} else {
		for n := range before {
			if n > 25 && !reflect.DeepEqual(before[n], after[n]) {
				t.Errorf("#%d shows %q, and before %q", n, after[n], before[n])
			}
		}
	}
	stats, err := s.app.Store().Stats(t.Context())
	if err != nil || stats.Requests["accepted"] != 200 {
		t.Errorf("%d deliveries were taken in: %v", stats.Requests["accepted"], err)
	}
	planned := 0
	for n, guid := range sent {
		rows, said := s.ledger(guid)
		planned += len(rows)
		for _, row := range rows {
			if row.State != hls.EffectShadow {
				t.Errorf("#%d:\n%s", n, said)
			}
		}
	}
	if planned < issues {
		t.Errorf("only %d effects were planned", planned)
	}
	for _, n := range []int{1, 60, 101} {
		s.tellsOfShadow(n, sent[n])
	}
}

// tellsOfShadow holds the explanation and the page of a delivery to what it would have done.
func (s *service) tellsOfShadow(number int, guid string) {
	s.t.Helper()
	code, text := s.fetch(fmt.Sprintf("/api/v1/why?subject=acme%%2Fwidget-shop%%23%d", number), adminToken)
	var why web.Why
	if err := json.Unmarshal(text, &why); err != nil || code != http.StatusOK || len(why.Tasks) == 0 {
		s.t.Fatalf("why #%d: %d %s", number, code, text)
	}
	told := 0
	for _, task := range why.Tasks {
		for _, e := range task.Effects {
			if told++; e.State != hls.EffectShadow {
				s.t.Errorf("why #%d tells of an effect that is %s", number, e.State)
			}
		}
	}
	rows := 0
	for _, task := range s.tasks(record.Query{Repo: widgets, Number: number}) {
		effects, err := s.app.Store().Effects(s.t.Context(), task.ID)
		if err != nil {
			s.t.Fatal(err)
		}
		rows += len(effects)
	}
	if told == 0 || told != rows {
		s.t.Errorf("why #%d tells of %d effects, of %d", number, told, rows)
	}
	if code, page := s.fetch("/ui/deliveries/"+guid, adminToken); code != http.StatusOK || !strings.Contains(string(page), "nothing is written in this mode") {
		s.t.Errorf("the page of #%d: %d", number, code)
	}
}
