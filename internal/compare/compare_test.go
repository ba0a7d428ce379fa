package compare_test

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"hls/internal/compare"
	"hls/internal/hls"
)

func labels(kind hls.EffectKind, names ...string) hls.Effect {
	e := hls.Effect{Kind: kind}
	for _, n := range names {
		e.Labels = append(e.Labels, hls.Label{Name: n})
	}
	return e
}

func TestDifference(t *testing.T) {
	t.Parallel()
	was := compare.Side{
		Analysis: hls.Analysis{Answer: json.RawMessage(`{"type":"bug"}`)},
		Plan: hls.Plan{
			Effects: []hls.Effect{
				labels(hls.AddLabels, "bug", "area-ui"), labels(hls.RemoveLabels, "question"),
				{Kind: hls.UpsertComment, Body: "Thanks.\n\nWhich version is it?\n\nWhich system?"},
				{Kind: hls.CreateReview, Remarks: []hls.Remark{{Path: "a.go", EndLine: 7, Body: "**major** It panics.\n\nMore."}}},
			},
			Dropped: []hls.Drop{{What: `label "ui"`, Why: "quote_not_found"}},
		},
	}
	is := compare.Side{
		Analysis: hls.Analysis{Answer: json.RawMessage(`{"type":"feature"}`)},
		Plan: hls.Plan{
			Effects: []hls.Effect{
				labels(hls.AddLabels, "bug", "priority-high"),
				{Kind: hls.UpsertComment, Body: "Thanks.\n\nWhich version is it?\n\nCan you run it with -v?"},
			},
			Silent: "nothing_new",
		},
	}
	got, err := json.MarshalIndent(compare.Between(was, is), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	want := `{
 "changed": true,
 "labels": {
  "added": [
   "priority-high"
  ],
  "removed": [
   "-question",
   "area-ui"
  ]
 },
 "findings": {
  "added": [],
  "removed": [
   "a.go:7: **major** It panics."
  ]
 },
 "effects": {
  "added": [],
  "removed": [
   "create_review",
   "remove_labels"
  ]
 },
 "dropped": {
  "added": [],
  "removed": [
   "label \"ui\": quote_not_found"
  ]
 },
 "comment": "@@ -3,4 +3,4 @@\n \n Which version is it?\n \n-Which system?\n+Can you run it with -v?\n",
 "answer": "@@ -1,3 +1,3 @@\n {\n-  \"type\": \"bug\"\n+  \"type\": \"feature\"\n }\n",
 "silent": {
  "old": "",
  "new": "nothing_new"
 },
 "ended": {
  "old": "",
  "new": ""
 }
}`
	if string(got) != want {
		t.Errorf("got:\n%s", got)
	}
	if d := compare.Between(was, was); d.Changed || d.Comment != "" || d.Answer != "" {
		t.Errorf("the same: %+v", d)
	}
}

// Whatever the texts are, the diff has all lines of both that it shows, and taking it for a recipe makes one of the other.
func TestUnifiedIsARecipe(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		was, is := randomLines(r), randomLines(r)
		if got := apply(t, was, compare.Unified(strings.Join(was, "\n"), strings.Join(is, "\n"))); strings.Join(got, "\n") != strings.Join(is, "\n") {
			t.Fatalf("seed %d: %q to %q gives %q", seed, was, is, got)
		}
	}
}

func randomLines(r *rand.Rand) []string {
	lines := []string{"first"}
	for range r.IntN(30) {
		lines = append(lines, string(rune('a'+r.IntN(4))))
	}
	return lines
}

// apply does to lines what a diff says: what it does not show stays.
func apply(t *testing.T, lines []string, diff string) (out []string) {
	t.Helper()
	next := 0
	for _, line := range strings.Split(strings.TrimSuffix(diff, "\n"), "\n") {
		switch {
		case line == "":
		case strings.HasPrefix(line, "@@ "):
			var from, n int
			from, n = oldSpan(t, line)
			if n > 0 {
				from--
			}
			out = append(out, lines[next:from]...)
			next = from
		case line[0] == '+':
			out = append(out, line[1:])
		default:
			if lines[next] != line[1:] {
				t.Fatalf("line %d is %q, and the diff has %q", next, lines[next], line)
			}
			if line[0] == ' ' {
				out = append(out, lines[next])
			}
			next++
		}
	}
	return append(out, lines[next:]...)
}

// oldSpan reads "@@ -3,4 +3,4 @@".
func oldSpan(t *testing.T, head string) (from, n int) {
	t.Helper()
	words := strings.Split(strings.TrimPrefix(strings.Fields(head)[1], "-"), ",")
	n = 1
	for i, into := range []*int{&from, &n} {
		if i >= len(words) {
			continue
		}
		if err := json.Unmarshal([]byte(words[i]), into); err != nil {
			t.Fatal(err)
		}
	}
	return from, n
}

func TestTooLongIsOnlyTold(t *testing.T) {
	t.Parallel()
	if got := compare.Unified(strings.Repeat("a\n", 3000), "b"); got != "@@ 3000 and 1 lines are too many to be compared @@\n" {
		t.Errorf("%q", got)
	}
}
