package handler

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
)

var reviewedAt = time.Date(2026, 1, 15, 9, 30, 0, 0, time.UTC)

// second is goPatch after a push that ends the second hunk in another way.
const second = "@@ -10,5 +10,7 @@ func Save(w Widget) error {\n \tif w.Name == \"\" {\n-\t\treturn nil\n+\t\treturn errEmpty\n \t}\n" +
	"+\tdata, _ := json.Marshal(w)\n+\n+\tos.WriteFile(w.Name, data, 0o777)\n \treturn nil\n" +
	"@@ -40,2 +42,4 @@ func Load() {\n \ta()\n+\tb()\n+\td()\n \tc()"

const deltaPatch = "@@ -42,3 +42,4 @@ func Load() {\n \ta()\n \tb()\n+\td()\n \tc()"

// pushedTo is a reader of a pull request that was reviewed at head "old", with one finding, and then pushed to.
func pushedTo() *github {
	pull := openPull()
	old := pull
	old.Head.SHA, old.Title = "old", "Save it"
	f := hls.Facts{PullRequest: &old, Files: []hls.File{{Filename: "save.go", Status: "modified", Patch: goPatch}}}
	found := goodFinding()
	found.Quote = "data, _ := json.Marshal(w)"
	said := remark(found)
	return &github{
		pull: pull, files: []hls.File{{Filename: "save.go", Status: "modified", Additions: 5, Deletions: 1, Patch: second}},
		compared: hls.Comparison{Status: "ahead", Files: []hls.File{{Filename: "save.go", Status: "modified", Additions: 1, Patch: deltaPatch}}},
		previous: &hls.Analysis{Revision: old.Revision(), Answer: []byte(`{"summary":"Saves widgets","risk":"high","type":"feature","effort":3}`), At: reviewedAt},
		raised:   []hls.Remark{{Body: "Saves widgets."}, said},
		memories: []hls.Memory{reviewedNow(f, false).remember(pullEvent("").Subject), raise(found, "old").remember(pullEvent("").Subject)},
		talk: talk{comments: []hls.ReviewComment{{ID: 31, User: self, Body: said.Body}, {ID: 32, InReplyTo: 31, User: person, Body: "A widget always <!-- x -->encodes."},
			{ID: 33, InReplyTo: 30, User: person, Body: "Elsewhere."}, {ID: 34, User: person, Body: said.Body}, {ID: 35, InReplyTo: 34, User: author, Body: "To a forgery."},
			{ID: 36, InReplyTo: 31, User: person, Body: "/hls explain why a widget encodes"}}},
		history: []hls.LabelEvent{{Label: "bug", Added: true, Actor: person, At: reviewedAt.Add(-1)}, {Label: "docs", Actor: person, At: reviewedAt.Add(1)},
			{Label: "size/S", Added: true, Actor: self, At: reviewedAt.Add(1)}},
	}
}

func lookedBack(t *testing.T, g *github, e hls.Event, r hls.Rule) (hls.Facts, round) {
	t.Helper()
	f, err := For("pull_request").Gather(t.Context(), g, e, r)
	if err != nil {
		t.Fatal(err)
	}
	return f, roundOf(f)
}

func TestAPushIsReviewedByWhatCame(t *testing.T) {
	t.Parallel()
	g := pushedTo()
	f, r := lookedBack(t, g, pullEvent("synchronize"), rule())
	if !slices.Equal(g.reads, []string{"old...abc"}) || r.Since != "old" {
		t.Errorf("since %q, compared %v", r.Since, g.reads)
	}
	if want := "=== save.go (modified, +1 -0)\n@@ -42,3 +42,4 @@ func Load() {\n    42  \ta()\n    43  \tb()\n    44 +\td()\n    45  \tc()\n"; f.Diff != want {
		t.Errorf("diff\n%s", f.Diff)
	}
	if r.Summary != "Saves widgets" || strings.Join(r.Changes, " ") != `The title was "Save it". mona removed the label "docs".` {
		t.Errorf("summary %q, changes %q", r.Summary, r.Changes)
	}
	want := openFinding{ID: findingID("save.go", "data,_:=json.marshal(w)"), Path: "save.go", Line: 13, Code: "\tdata, _ := json.Marshal(w)",
		Problem: goodFinding().Problem, Replies: []string{"mona: A widget always  encodes."}}
	if len(r.Open) != 1 || fmt.Sprint(r.Open[0]) != fmt.Sprint(want) {
		t.Errorf("open %+v", r.Open)
	}
	q := For("pull_request").Question(pullEvent("synchronize"), f, rule())
	closed(t, "later", decodeSchema(t, q.Schema))
	if !strings.Contains(string(q.Schema), `"earlier"`) || q.Known != nil {
		t.Errorf("question %s, known %s", q.Schema, q.Known)
	}
}

// Each case is a way in which the last review does not tell what has been seen: then all is looked at.
func TestAllIsReviewedWhereNobodyKnowsWhatCame(t *testing.T) {
	t.Parallel()
	many := make([]hls.File, 300)
	for _, tc := range []struct {
		name   string
		change func(*github, *hls.Event, *hls.Rule)
	}{
		{"first review", func(g *github, _ *hls.Event, _ *hls.Rule) { g.previous = nil }},
		{"another base", func(g *github, _ *hls.Event, _ *hls.Rule) { g.previous.Revision = "old@develop" }},
		{"force push", func(g *github, _ *hls.Event, _ *hls.Rule) { g.compared.Status = "diverged" }},
		{"back to an earlier commit", func(g *github, _ *hls.Event, _ *hls.Rule) { g.compared.Status = "behind" }},
		{"old head gone", func(g *github, _ *hls.Event, _ *hls.Rule) { g.errs = map[string]error{"Compare": hls.ErrNotFound} }},
		{"too much came", func(g *github, _ *hls.Event, _ *hls.Rule) { g.compared.Files = many }},
		{"asked by a person", func(_ *github, e *hls.Event, _ *hls.Rule) { e.Action, e.Reviewer = "review_requested", &self }},
		{"asked by a command", func(_ *github, e *hls.Event, _ *hls.Rule) { e.Name = "issue_comment" }},
		{"never posted", func(g *github, _ *hls.Event, _ *hls.Rule) { g.raised = nil }},
		{"a sweep said nothing", func(g *github, _ *hls.Event, _ *hls.Rule) { g.memories = nil }},
		{"comments were off", func(g *github, _ *hls.Event, _ *hls.Rule) {
			off := rule()
			off.Comments.Post = hls.PostNever
			g.memories, g.raised = lastReview(t, off).Remember, nil
		}},
		{"the same line elsewhere", func(g *github, _ *hls.Event, _ *hls.Rule) {
			g.files[0].Additions, g.files[0].Deletions = 0, 0
			g.files[0].Patch, g.compared.Status = strings.Replace(goPatch, "-40,2 +42,3", "-50,2 +52,3", 1), "diverged"
		}},
		{"another context", func(g *github, _ *hls.Event, _ *hls.Rule) {
			g.files[0].Additions, g.files[0].Deletions = 0, 0
			g.files[0].Patch, g.compared.Status = strings.Replace(goPatch, " \ta()", " \taa()", 1), "diverged"
		}},
		{"what was left out is not remembered", func(g *github, _ *hls.Event, _ *hls.Rule) { g.memories = g.memories[1:] }},
		{"another head's is remembered", func(g *github, _ *hls.Event, _ *hls.Rule) { g.memories[0].Key = "other" }},
		{"too much was left out", func(g *github, _ *hls.Event, _ *hls.Rule) {
			g.memories[0] = reviewedState{Head: "old", Partly: true}.remember(pullEvent("").Subject)
		}},
		{"replayed", func(g *github, _ *hls.Event, _ *hls.Rule) { g.previous.Revision = g.pull.Revision() }},
	} {
		g, e, r := pushedTo(), pullEvent("synchronize"), rule()
		tc.change(g, &e, &r)
		f, before := lookedBack(t, g, e, r)
		if before.Since != "" || !strings.Contains(f.Diff, "json.Marshal") {
			t.Errorf("%s: since %q\n%s", tc.name, before.Since, f.Diff)
		}
	}
	g, r := pushedTo(), rule()
	g.raised, r.DryRun = nil, true
	if _, before := lookedBack(t, g, pullEvent("synchronize"), r); before.Since == "" || len(before.Open) != 1 {
		t.Error("what was planned in a dry run does not count in the next")
	}
	off := rule()
	off.Comments.Post = hls.PostNever
	g = pushedTo()
	g.memories = lastReview(t, off).Remember
	if _, before := lookedBack(t, g, pullEvent("synchronize"), off); before.Since != "old" {
		t.Error("where comments are off for good, all is looked at after every push")
	}
}

// lastReview is the plan of a review of pushedTo's old head.
func lastReview(t *testing.T, r hls.Rule) hls.Plan {
	t.Helper()
	g := pushedTo()
	g.previous, g.memories, g.raised, g.pull.Head.SHA = nil, nil, nil, "old"
	g.files[0].Patch = goPatch
	f, _ := lookedBack(t, g, pullEvent("opened"), r)
	return For("pull_request").Plan(pullEvent("opened"), f, analysisOf(t, goodReviewAnswer()), r)
}

// Where nothing of the pull request's own came, nobody is asked: the last answer stands, without what it found.
func TestNobodyIsAskedWhereNothingCame(t *testing.T) {
	t.Parallel()
	merged := pushedTo()
	merged.compared.Files = []hls.File{{Filename: "base.go", Patch: "@@ -1 +1,2 @@\n a\n+b"},
		{Filename: "save.go", Patch: "@@ -1,2 +1,3 @@\n package save\n+import \"os\"\n var x int\n@@ -20,3 +21,2 @@\n y\n-gone\n z"}}
	rebased := pushedTo()
	rebased.files = []hls.File{{Filename: "save.go", Status: "modified", Patch: goPatch}}
	rebased.compared.Status = "diverged"
	empty := pushedTo()
	empty.compared.Files = nil
	for name, g := range map[string]*github{"merge of the base": merged, "rebase": rebased, "empty commit": empty} {
		f, r := lookedBack(t, g, pullEvent("synchronize"), rule())
		f.Previous = g.previous
		q := For("pull_request").Question(pullEvent("synchronize"), f, rule())
		if r.Since == "" || f.Diff != "" || string(q.Known) !=
			`{"summary":"Saves widgets","risk":"high","type":"feature","effort":3,"findings":[],"missing_tests":[]}` {
			t.Errorf("%s: since %q, known %s\n%s", name, r.Since, q.Known, f.Diff)
		}
		p := For("pull_request").Plan(pullEvent("synchronize"), f, hls.Analysis{Answer: q.Known}, rule())
		if p.Silent != "nothing_new" {
			t.Errorf("%s: %+v", name, p)
		}
		f.Previous = &hls.Analysis{}
		if q := For("pull_request").Question(pullEvent("synchronize"), f, rule()); !strings.Contains(string(q.Known), `"risk":"low"`) {
			t.Errorf("%s, after a purge: known %s", name, q.Known)
		}
	}
}

// Each case is what a comparison says of a file, and the lines of the pull request's own that came.
func TestDelta(t *testing.T) {
	t.Parallel()
	own := hls.File{Filename: "save.go", Status: "modified", Additions: 5, Deletions: 1, Patch: second}
	for _, tc := range []struct {
		name, patch string
		lines       int // added and removed, as the comparison counts them
		want        string
	}{
		{"an own line", deltaPatch, 1, "44"},
		{"a line of the base", "@@ -1,2 +1,3 @@\n a\n+b\n c", 1, ""},
		{"both", "@@ -1,2 +1,3 @@\n a\n+b\n c\n" + deltaPatch, 2, "44"},
		{"an own line removed", "@@ -42,4 +42,3 @@\n \ta()\n-\tx()\n \tb()\n \tc()", 1, "42 43"},
		{"a line of the base removed", "@@ -20,3 +20,2 @@\n a\n-x()\n b", 1, ""},
		{"a line removed that the pull request removes", "@@ -9,3 +9,2 @@\n x\n \tif w.Name == \"\" {\n-\t\treturn nil\n \t\treturn errEmpty", 1, "10 11"},
		{"too large to be told", "", 90_000, "10 11 12 13 14 15 16 42 43 44 45"},
		{"renamed, or another mode", "", 0, ""},
	} {
		d := between([]hls.File{own}, []hls.File{{Filename: "save.go", Patch: tc.patch, Additions: tc.lines}}, lastSeen{}, nil)
		var lines []int
		for line := range d.touched["save.go"] {
			lines = append(lines, line)
		}
		slices.Sort(lines)
		if got := strings.Trim(fmt.Sprint(lines), "[]"); got != tc.want || (len(d.files) > 0) != (tc.want != "") {
			t.Errorf("%s: lines %s of %d files, want %s", tc.name, got, len(d.files), tc.want)
		}
		if tc.name == "both" && strings.Contains(d.files[0].Patch, "+1,3") {
			t.Errorf("what came with the base is shown:\n%s", d.files[0].Patch)
		}
	}
	sum := hls.File{Filename: "go.sum", Patch: "@@ -1 +1,2 @@\n a\n+b"}
	text, omitted := pack(between([]hls.File{own, sum}, []hls.File{sum}, lastSeen{}, nil).files, nil, diffBudget)
	if text != "" || fmt.Sprint(omitted) != "[{go.sum lock_file}]" {
		t.Errorf("%q, omitted %v", text, omitted)
	}
}

// Each case is a file, and what is known of it, that is in the delta as a whole although nothing was pushed to it, or too little.
func TestE6_AFileThatWasNotSeenIsShownWhole(t *testing.T) {
	t.Parallel()
	own := hls.File{Filename: "save.go", Status: "modified", Patch: second}
	unseen := func(name string) lastSeen { return lastSeen{unseen: []string{nameKey(name)}} }
	then := func(patch string) lastSeen { return lastSeen{own: []hls.File{{Filename: "save.go", Patch: patch}}} }
	again := strings.Replace(second, "+\td()\n", "+\td()\n+\td()\n", 1)
	for _, tc := range []struct {
		name     string
		own      hls.File
		compared []hls.File
		last     lastSeen
		want     bool
	}{
		{"seen", own, nil, lastSeen{}, false},
		{"not shown", own, nil, unseen("save.go"), true},
		{"another was not shown", own, nil, unseen("load.go"), false},
		{"renamed by the pull request", hls.File{Filename: "save.go", PreviousFilename: "vendor/save.go", Patch: second}, nil, unseen("vendor/save.go"), true},
		{"renamed by the push", own, []hls.File{{Filename: "save.go", PreviousFilename: "vendor/save.go"}}, unseen("vendor/save.go"), true},
		{"still left out", hls.File{Filename: "go.sum", Patch: second}, nil, unseen("go.sum"), false},
		{"merged, the same", own, nil, then(second), false},
		{"merged, elsewhere", own, nil, then(strings.Replace(second, "-40,2 +42,4", "-50,2 +52,4", 1)), false},
		{"merged, one line pushed", own, []hls.File{{Filename: "save.go", Patch: deltaPatch}}, then(goPatch), false},
		{"merged, one line pushed elsewhere", own, []hls.File{{Filename: "save.go", Patch: "@@ -1 +1,2 @@\n a\n+\td()"}}, then(goPatch), true},
		{"merged, one line more", own, nil, then(goPatch), true},
		{"merged, one line again", hls.File{Filename: "save.go", Patch: again}, nil, then(second), true},
		{"merged, the base has it now", own, nil, then(again), false},
		{"merged, another file", own, nil, lastSeen{own: []hls.File{{Filename: "load.go", Patch: second}}}, true},
	} {
		d := between([]hls.File{tc.own}, tc.compared, tc.last, nil)
		if got := len(d.touched["save.go"]) == len(rightOf(tc.own)); got != tc.want {
			t.Errorf("%s: %v", tc.name, d.touched)
		}
	}
}

// What a round leaves out stays unseen until one shows it.
func TestE6_WhatWasLeftOutIsRemembered(t *testing.T) {
	t.Parallel()
	r := round{Since: "old", unseen: []string{nameKey("a.go"), nameKey("b.go")}, delta: delta{files: []hls.File{{Filename: "a.go"}, {Filename: "c.go"}}}}
	got := r.leaves([]hls.Omission{{Filename: "c.go", Why: "partly_over_budget"}, {Filename: "c.go", Why: "lines_cut"}})
	want := []string{nameKey("b.go"), nameKey("c.go")}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if r.Since = ""; len(r.leaves(nil)) != 0 {
		t.Error("a look at everything leaves something")
	}
	f := hls.Facts{PullRequest: &hls.PullRequest{}}
	for n := range mostUnseen + 1 {
		f.Omitted = append(f.Omitted, hls.Omission{Filename: fmt.Sprint(n)})
	}
	if v := reviewedNow(f, false); !v.Partly || v.Unseen != nil {
		t.Errorf("%d are remembered", len(v.Unseen))
	}
}

// GitHub lists 3,000 files of a pull request. Those beyond are told of, and the next look is at everything.
func TestE6_FilesBeyondTheListAreTold(t *testing.T) {
	t.Parallel()
	g := pushedTo()
	g.previous, g.pull.ChangedFiles = nil, 4
	f, _ := lookedBack(t, g, pullEvent("opened"), rule())
	if fmt.Sprint(f.Omitted) != "[{3 more files not_listed}]" || !reviewedNow(f, false).Partly {
		t.Errorf("omitted %v", f.Omitted)
	}
}

// A merge is followed only where the diff of the last review can be told.
func TestE6_AMergeIsHeldAgainstTheDiffBefore(t *testing.T) {
	t.Parallel()
	merge := hls.Comparison{Status: "ahead", Total: 1, Commits: []hls.Commit{{SHA: "abc", Merge: true}}}
	for name, tc := range map[string]struct {
		merge, before hls.Comparison
		want          string
	}{
		"the same":       {merge, hls.Comparison{Status: "diverged", Files: []hls.File{{Filename: "save.go", Patch: second}}}, "old"},
		"something new":  {merge, hls.Comparison{Status: "diverged", Files: []hls.File{{Filename: "save.go", Patch: goPatch}}}, "old shown"},
		"too many files": {merge, hls.Comparison{Status: "diverged", Files: make([]hls.File, 300)}, " shown"},
		"commits untold": {hls.Comparison{Status: "ahead", Total: 101}, hls.Comparison{Files: []hls.File{{Filename: "save.go", Patch: goPatch}}}, "old shown"},
	} {
		g := pushedTo()
		g.spans = map[string]hls.Comparison{"old...abc": tc.merge, "main...old": tc.before}
		f, r := lookedBack(t, g, pullEvent("synchronize"), rule())
		got := r.Since
		if strings.Contains(f.Diff, "+\td()") {
			got += " shown"
		}
		if got != tc.want {
			t.Errorf("%s: %q of %v\n%s", name, got, g.reads, f.Diff)
		}
	}
	g := pushedTo()
	g.spans = map[string]hls.Comparison{"old...abc": merge}
	if _, r := lookedBack(t, g, pullEvent("synchronize"), rule()); r.Since != "" {
		t.Error("what nobody can tell is taken for seen")
	}
}

func TestUnparseIsTheInverse(t *testing.T) {
	t.Parallel()
	hunks := parsePatch(goPatch)
	patch, added, removed := unparse(hunks)
	if fmt.Sprint(parsePatch(patch)) != fmt.Sprint(hunks) || added != 5 || removed != 1 {
		t.Errorf("+%d -%d\n%s", added, removed, patch)
	}
}

func TestGatherOfLaterRoundsFails(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"Previous", "Raised", "Recall", "Compare", "ReviewComments"} {
		g, down := pushedTo(), &hls.RetryAfter{Err: errors.New("down")}
		g.errs = map[string]error{method: down}
		if _, err := For("pull_request").Gather(t.Context(), g, pullEvent("synchronize"), rule()); !errors.Is(err, down) {
			t.Errorf("%s fails: %v", method, err)
		}
	}
	g := pushedTo()
	g.errs = map[string]error{"ReviewComments": hls.ErrNotFound}
	if _, r := lookedBack(t, g, pullEvent("synchronize"), rule()); len(r.Open) != 1 || len(r.Open[0].Replies) != 0 {
		t.Errorf("without replies: %+v", r.Open)
	}
}

// What is told of earlier findings has a bound, and the diff makes room for it.
func TestOpenFindingsHaveABudget(t *testing.T) {
	t.Parallel()
	g := pushedTo()
	g.memories = g.memories[:1]
	g.raised = nil
	var patch strings.Builder
	patch.WriteString("@@ -0,0 +1,400 @@\n")
	for i := range 400 {
		fmt.Fprintf(&patch, "+\tcall(%d000)\n", i)
		g.raised = append(g.raised, hls.Remark{Path: "save.go", Quote: fmt.Sprintf("call(%d000)", i), Body: "**Major.** " + strings.Repeat("word ", 100)})
	}
	g.files[0].Patch = patch.String()
	_, r := lookedBack(t, g, pullEvent("synchronize"), rule())
	size := 0
	for _, open := range r.Open {
		size += open.size()
	}
	if len(r.Open) == 0 || size > earlierBudget || r.cost() < size/3 || r.Open[0].Code != "\tcall(399000)" {
		t.Errorf("%d findings in %d bytes, %d tokens", len(r.Open), size, r.cost())
	}
}
