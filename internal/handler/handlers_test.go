package handler

import (
	stdjson "encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hls/internal/hls"
	"hls/prompts"
)

// answers are the types that Plan reads each handler's answer into.
var answers = map[string]any{
	"issues": issueAnswer{}, "issue_comment": issueAnswer{}, "pull_request": reviewAnswer{},
	"pull_request_review": requestsAnswer{}, "pull_request_review_comment": requestsAnswer{}, "pull_request_review_thread": requestsAnswer{},
	"release": releaseAnswer{}, "push": pushAnswer{}, "deployment_status": deploymentAnswer{}, "discussion": discussionAnswer{},
	"label": labelAnswer{}, "check_run": ciAnswer{}, "workflow_job": ciAnswer{}, "workflow_run": ciAnswer{},
}

// TestTable walks the table and names what an event lacks.
func TestTable(t *testing.T) {
	t.Parallel()
	played := journeys(t)
	for name, h := range table {
		q := h.Question(hls.Event{Name: name}, hls.Facts{}, hls.Rule{})
		for _, file := range []string{q.Group + "/system.j2", q.Group + "/" + q.Step + ".j2"} {
			if _, err := fs.Stat(prompts.FS, file); err != nil {
				t.Errorf("%s: template prompts/%s is missing", name, file)
			}
		}
		schema := decodeSchema(t, q.Schema)
		closed(t, name, schema)
		if answer, ok := answers[name]; !ok {
			t.Errorf("%s: the type that Plan reads its answer into is missing: add it to answers at the top of this file", name)
		} else if got, want := members(schema), fields(answer); !slices.Equal(got, want) {
			t.Errorf("%s: the schema has %v, the answer's type %v", name, got, want)
		}
		if !strings.Contains(played, "deliver "+name+".") && !strings.Contains(played, "deliver "+name+" ") {
			t.Errorf("%s: no file of testdata/journeys delivers it", name)
		}
		if v := h.Route(hls.Event{Name: name, Action: "no_such_action"}, hls.Rule{}); v.Do || v.Reason == "" {
			t.Errorf("%s: an unknown action is %+v", name, v)
		}
	}
	if h, ok := For("gollum").(generic); !ok {
		t.Errorf("an event that the table does not name has %T", h)
	}
	if got := Names(); !slices.Contains(got, "generic") || len(got) != len(table)+1 {
		t.Errorf("names %v", got)
	}
}

func TestGenericIsAnalyzedOnly(t *testing.T) {
	t.Parallel()
	for _, event := range []string{"check_suite", "fork", "discussion_comment"} {
		h := generic{}
		e := hls.Event{Name: event, DeliveryID: "d1"}
		f, err := h.Gather(t.Context(), nil, e, rule())
		if v := h.Route(e, rule()); !v.Do || err != nil || f.Revision != "d1" {
			t.Errorf("%s: %+v, %+v, %v", event, v, f, err)
		}
		q := h.Question(e, f, rule())
		if q.Group != "generic" || q.Weight != hls.Light {
			t.Errorf("%s: %+v", event, q)
		}
		closed(t, event, decodeSchema(t, q.Schema))
		if p := h.Plan(e, f, hls.Analysis{Answer: []byte(`{"importance":"high"}`)}, rule()); len(p.Effects) > 0 || p.Silent != "analysis_only" {
			t.Errorf("%s: %+v", event, p)
		}
	}
}

func journeys(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob("../../testdata/journeys/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

func decodeSchema(t *testing.T, raw []byte) map[string]any {
	t.Helper()
	var schema map[string]any
	if err := stdjson.Unmarshal(raw, &schema); err != nil {
		t.Fatalf("schema: %v", err)
	}
	return schema
}

// unchecked are the words of JSON Schema that the API does not take: what they would say is checked by Plan.
var unchecked = regexp.MustCompile(`^(minimum|maximum|exclusiveM.*|m(in|ax)Length|m(in|ax)Items|uniqueItems|pattern|format)$`)

// closed holds a schema to what structured output needs: no further members, every member required.
func closed(t *testing.T, where string, schema map[string]any) {
	t.Helper()
	for word := range schema {
		if unchecked.MatchString(word) {
			t.Errorf("%s: the API does not take %s", where, word)
		}
	}
	if schema["type"] == "object" {
		if schema["additionalProperties"] != false {
			t.Errorf("%s: further members are allowed", where)
		}
		var required []string
		for _, r := range schema["required"].([]any) {
			required = append(required, r.(string))
		}
		if slices.Sort(required); !slices.Equal(required, members(schema)) {
			t.Errorf("%s: %v are required of %v", where, required, members(schema))
		}
		for name, below := range schema["properties"].(map[string]any) {
			closed(t, where+"."+name, below.(map[string]any))
		}
	}
	if items, ok := schema["items"].(map[string]any); ok {
		closed(t, where+"[]", items)
	}
}

func members(schema map[string]any) []string {
	return slices.Sorted(maps.Keys(schema["properties"].(map[string]any)))
}

func fields(answer any) []string {
	var names []string
	for f := range reflect.TypeOf(answer).Fields() {
		if name := f.Tag.Get("json"); name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Anybody can star a repository as often as they like: what is about no lasting thing counts as its sender's.
func TestE7_EventsAboutNothingAreCountedBySender(t *testing.T) {
	t.Parallel()
	e := hls.Event{Name: "star", DeliveryID: "d1", Sender: person, Subject: hls.Subject{RepoID: 9, Kind: hls.KindOther, Ref: "star/d1"}}
	f, err := generic{}.Gather(t.Context(), nil, e, rule())
	if err != nil || f.Counted == nil || f.Counted.Key() != "9/star/by/2" {
		t.Errorf("counted under %v, %v", f.Counted, err)
	}
	e.Subject.Ref = "check_suite/7"
	if f, err = (generic{}).Gather(t.Context(), nil, e, rule()); err != nil || f.Counted != nil {
		t.Errorf("what has a subject is counted under %v, %v", f.Counted, err)
	}
}
