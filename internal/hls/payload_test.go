package hls_test

import (
	"fmt"
	"strings"
	"testing"

	"hls/internal/hls"
)

// Members of a size that GitHub bounds are refused beyond it, and no other tree is kept: what an event takes follows
// from what it decides on and not from what was sent.
func TestI6_DecodeKeepsNoTrees(t *testing.T) {
	t.Parallel()
	const many = 400_000
	list := "[{}" + strings.Repeat(",{}", many) + "]"
	var names strings.Builder
	for i := range many / 4 {
		fmt.Fprintf(&names, `,"n%d":0`, i)
	}
	for name, tc := range map[string]struct {
		event, body string
		refused     bool
	}{
		"labels":       {"issues", `{"issue":{"number":7,"labels":` + list + `}}`, true},
		"pull labels":  {"pull_request", `{"pull_request":{"number":7,"labels":` + list + `}}`, true},
		"changes":      {"issues", `{"changes":{"title":{}` + names.String() + `}}`, true},
		"former value": {"issues", `{"changes":{"body":{"from":` + list + `}}}`, false},
		"commits":      {"push", `{"ref":"refs/heads/main","commits":` + list + `}`, false},
		"unknown":      {"issues", `{"issue":{"number":7,"more":` + list + `}}`, false},
		"no object":    {"issues", `{"issue":` + list + `}`, false},
	} {

		event, err := hls.DecodeEvent(hls.Delivery{ID: "d", Event: tc.event, Body: []byte(tc.body)})
		if (err != nil) != tc.refused {
			t.Errorf("%s: %v", name, err)
		}
		if len(event.Changed) > 1 || event.Issue != nil && event.Issue.Labels != nil {
			t.Errorf("%s: kept %d changes and %v", name, len(event.Changed), event.Issue)
		}
	}
}

func TestDecodeTakesWhatGitHubAllows(t *testing.T) {
	t.Parallel()
	label := `{"name":"bug","description":null,"color":"ff0000"}`
	full := "[" + label + strings.Repeat(","+label, 99) + "]"
	for _, tc := range []struct {
		body            string
		labels, changes int
	}{
		{`{"issue":{"number":7,"labels":` + full + `},"changes":{"title":{"from":"x"},"body":null}}`, 100, 2},
		{`{"pull_request":{"number":7,"labels":` + full + `}}`, 100, 0},
		{`{"issue":{"number":7,"labels":null},"changes":null}`, 0, 0},
		{`{"issue":{"number":7,"labels":[]},"pull_request":null}`, 0, 0},
		{`{"issue":{"number":7},"pull_request":"https://example.com"}`, 0, 0},
	} {
		e, err := hls.DecodeEvent(hls.Delivery{ID: "d", Event: "issues", Body: []byte(tc.body)})
		if err != nil {
			t.Errorf("%s: %v", tc.body, err)
			continue
		}
		labels := 0
		if e.Issue != nil {
			labels += len(e.Issue.Labels)
		}
		if e.PullRequest != nil {
			labels += len(e.PullRequest.Labels)
		}
		if labels != tc.labels || len(e.Changed) != tc.changes || e.Subject.Number != 7 {
			t.Errorf("%s: %d labels, %v, subject %s", tc.body, labels, e.Changed, e.Subject.Key())
		}
	}
	for _, body := range []string{`{"issue":{"labels":{}}}`, `{"changes":[]}`, `{"changes":"x"}`, `{"issue":{"labels":[1]}}`, `{"issue":{"number":"7"}}`} {
		if _, err := hls.DecodeEvent(hls.Delivery{ID: "d", Event: "issues", Body: []byte(body)}); err == nil {
			t.Errorf("%s was taken", body)
		}
	}
}

// A thread is known by its first comment; the others are passed over.
func TestDecodeThread(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]int64{
		`{"thread":{"node_id":"x","comments":[{"id":20,"body":"a"},{"id":21},[1]]}}`:              20,
		`{"thread":{"node_id":"x","comments":[{"id":20}` + strings.Repeat(",{}", 400_000) + `]}}`: 20,
		`{"thread":{"comments":[]}}`: 0, `{"thread":{"comments":null}}`: 0, `{"thread":{"comments":["x"]}}`: 0,
		`{"thread":{}}`: 0, `{"thread":null}`: 0, `{"thread":"x"}`: 0, `{}`: 0,
	} {
		e, err := hls.DecodeEvent(hls.Delivery{ID: "d", Event: "pull_request_review_thread", Body: []byte(body)})
		if err != nil || e.Thread != want {
			t.Errorf("%.60s: %d, %v", body, e.Thread, err)
		}
	}
	for _, body := range []string{`{"thread":{"comments":[{"id":"x"}]}}`, `{"thread":{"comments":[{"id":1},`} {
		if _, err := hls.DecodeEvent(hls.Delivery{ID: "d", Event: "pull_request_review_thread", Body: []byte(body)}); err == nil {
			t.Errorf("%s: no error", body)
		}
	}
}
