package app_test

import (
	"encoding/json"
	"net/http"

	"hls/internal/hls"
	"hls/internal/web"
)

// tryReplay asks for a dry replay.
func (s *service) tryReplay(guid string, c web.Changes) (code int, tried web.Tried, text string) {
	s.t.Helper()
	code, body := s.postAdmin("/api/v1/deliveries/"+guid+"/replay", web.ReplayRequest{DryRun: true, Changes: c})
	if code == http.StatusOK {
		if err := json.Unmarshal(body, &tried); err != nil {
			s.t.Fatal(err)
		}
	}
	return code, tried, string(body)
}

// triedOtherwise are the journeys whose last delivery cannot be thought through as it was, and why.
var triedOtherwise = map[string]string{
	"TestJourneys/workflow_run_default_branch": "another run had told of the cause, and what is remembered of it is written over",
	"TestJourneys/sweep":                       "the answer in the end is one about another delivery",
}

// triedAgain thinks the last delivery of a journey through once more, with nothing changed: what would come of it is what
// came of it, although that is there by now, and GitHub is written nothing.
func (j *journey) triedAgain() {
	j.t.Helper()
	if len(j.sent) == 0 {
		return
	}
	guid := j.sent[len(j.sent)-1].GUID
	if task, err := j.app.Store().TaskOf(j.t.Context(), guid); err != nil || task.State != hls.Done {
		return
	}
	writes := len(j.github.Writes())
	code, tried, text := j.tryReplay(guid, web.Changes{})
	if why := triedOtherwise[j.t.Name()]; why != "" {
		if code == http.StatusOK && (!tried.Difference.Changed || len(tried.Notes) == 0) {
			j.t.Errorf("it is said to differ, for %s: %+v", why, tried)
		}
		return
	}
	if code != http.StatusOK {
		j.t.Errorf("dry replay: %d %s", code, text)
		return
	}
	if d := tried.Difference; d.Changed {
		told, _ := json.MarshalIndent(d, "", " ")
		j.t.Errorf("a dry replay with nothing changed differs: %v\n%s", tried.Notes, told)
	}
	if n := len(j.github.Writes()); n != writes {
		j.t.Errorf("a dry replay wrote %d times", n-writes)
	}
}
