package handler

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"hls/internal/hls"
)

const lostError = "526e680d" // the finding of pushedTo

func laterFacts(t *testing.T, change func(*github)) hls.Facts {
	t.Helper()
	g := pushedTo()
	if change != nil {
		change(g)
	}
	f, _ := lookedBack(t, g, pullEvent("synchronize"), rule())
	f.Previous = g.previous
	return f
}

func planLater(t *testing.T, f hls.Facts, a laterAnswer, r hls.Rule) hls.Plan {
	t.Helper()
	return For("pull_request").Plan(pullEvent("synchronize"), f, analysisOf(t, a), r)
}

// findingIn is what a plan remembers of a finding, newest last.
func findingIn(t *testing.T, p hls.Plan, id string) (f raisedFinding) {
	t.Helper()
	for _, m := range p.Remember {
		if m.Kind == kindFinding && m.Key == id {
			if err := json.Unmarshal(m.Value, &f); err != nil {
				t.Fatal(err)
			}
		}
	}
	return f
}

// Each case is what the model says of an earlier finding, and the state that it comes to or why the word does not count.
func TestE1_WordsOnEarlierFindingsAreProved(t *testing.T) {
	t.Parallel()
	loop := goodFinding()
	loop.Quote = "os.WriteFile(w.Name, data, 0o777)"
	leftAlone := raise(loop, "old")
	leftAlone.State = ignored
	for _, tc := range []struct {
		name string
		said earlierFinding
		want string
	}{
		{"open", earlierFinding{lostError, "open", "As it was.", ""}, ""},
		{"resolved by an added line", earlierFinding{lostError, "resolved", "Checked.", "+\tcheck(data)"}, "resolved"},
		{"resolved by a line that is not there", earlierFinding{lostError, "resolved", "Checked.", "panic(data)"}, "quote_not_found"},
		{"resolved by a line of before", earlierFinding{lostError, "resolved", "Checked.", "os.WriteFile(w.Name, data, 0o777)"}, "quote_not_found"},
		{"resolved by next to nothing", earlierFinding{lostError, "resolved", "Checked.", "c"}, "quote_not_found"},
		{"resolved by itself", earlierFinding{lostError, "resolved", "Checked.", "json.Marshal(w)"}, "quote_not_found"},
		{"justified by a reply", earlierFinding{lostError, "justified", "It encodes.", "A widget always encodes"}, "justified"},
		{"justified by a comment", earlierFinding{lostError, "justified", "It encodes.", "Marshal is total for it"}, "justified"},
		{"justified by our own comment", earlierFinding{lostError, "justified", "It encodes.", "this is justified by itself"}, "quote_not_found"},
		{"justified by hidden text", earlierFinding{lostError, "justified", "It encodes.", "hidden in the comment"}, "quote_not_found"},
		{"justified by code", earlierFinding{lostError, "justified", "It encodes.", "os.WriteFile(w.Name, data, 0o777)"}, "justified"},
		{"justified by its own code", earlierFinding{lostError, "justified", "It encodes.", "data, _ := json.Marshal(w)"}, "quote_not_found"},
		{"justified by words of nobody", earlierFinding{lostError, "justified", "It encodes.", "A maintainer has approved it"}, "quote_not_found"},
		{"ignored, which is for people to say", earlierFinding{lostError, "ignored", "So it is.", "A widget always encodes"}, "unknown_state"},
		{"a finding that there is not", earlierFinding{"00000000", "resolved", "Gone.", "check(data)"}, "not_an_open_finding"},
		{"a finding that a maintainer ignores", earlierFinding{leftAlone.ID, "resolved", "Gone.", "check(data)"}, "not_an_open_finding"},
	} {
		f := laterFacts(t, func(g *github) {
			g.memories = append(g.memories, leftAlone.remember(pullEvent("").Subject))
			g.comments = []hls.Comment{{User: person, Body: "Marshal is total for it. <!-- hidden in the comment -->"}, {User: self, Body: "this is justified by itself"}}
			g.files[0].Patch = strings.ReplaceAll(second, "+\td()", "+\tcheck(data)")
			g.compared.Files[0].Patch = strings.ReplaceAll(deltaPatch, "+\td()", "+\tcheck(data)")
		})
		p := planLater(t, f, laterAnswer{goodReviewAnswer(), []earlierFinding{tc.said, tc.said}}, rule())
		got := string(findingIn(t, p, lostError).State) + string(findingIn(t, p, leftAlone.ID).State)
		if got == "" {
			got = whyDropped(p, "word on finding")
		}
		if tc.want == "" && got == "repeated" || got == tc.want {
			continue
		}
		t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
	}
}

// Each case is the state of an earlier finding, and why the model's raising it again comes to nothing.
func TestE5_NoFindingIsRaisedTwice(t *testing.T) {
	t.Parallel()
	for state, want := range map[findingState]string{stillOpen: "raised_before", resolved: "resolved_before", justified: "justified_before",
		withdrawn: "withdrawn_before", ignored: "ignored_before"} {
		f := laterFacts(t, func(g *github) {
			found := raise(goodFinding(), "old")
			found.State = state
			g.memories = append([]hls.Memory{found.remember(pullEvent("").Subject)}, g.memories[0])
			g.compared.Status = "diverged"
		})
		again, wider, other := goodFinding(), goodFinding(), goodFinding()
		wider.Quote, wider.Line, wider.EndLine, wider.Problem = "}\ndata, _ := json.Marshal(w)", 12, 13, "What cannot be encoded is lost"
		other.Category, other.Line, other.EndLine, other.Quote, other.Problem = "security", 15, 15, "os.WriteFile(w.Name, data, 0o777)", "Everyone can write it"
		for _, f2 := range []finding{again, wider} {
			p := planLater(t, f, laterAnswer{reviewAnswer: goodReviewAnswer(f2)}, rule())
			if why := whyDropped(p, "finding"); why != want || len(remarksIn(p)) != 0 {
				t.Errorf("%s, %q: dropped for %q, want %q", state, f2.Quote, why, want)
			}
		}
		if p := planLater(t, f, laterAnswer{reviewAnswer: goodReviewAnswer(other)}, rule()); len(remarksIn(p)) != 1 {
			t.Errorf("%s: another finding beside it is dropped: %+v", state, p.Dropped)
		}
	}
}

// What was found for a head that was overtaken, and so never posted, is said of the next one.
func TestE5_WhatWasNeverPostedIsSaid(t *testing.T) {
	t.Parallel()
	f := laterFacts(t, func(g *github) {
		found := raise(goodFinding(), "overtaken")
		g.memories, g.raised = []hls.Memory{found.remember(pullEvent("").Subject)}, nil
		g.compared.Files[0].Patch = "@@ -12,1 +12,2 @@\n \t}\n+\tdata, _ := json.Marshal(w)"
	})
	if p := planLater(t, f, laterAnswer{reviewAnswer: goodReviewAnswer(goodFinding())}, rule()); len(remarksIn(p)) != 1 || len(roundOf(f).Open) != 0 {
		t.Errorf("dropped %v, open %v", p.Dropped, roundOf(f).Open)
	}
}

func TestE5_FindingsStandOnWhatCame(t *testing.T) {
	t.Parallel()
	f := laterFacts(t, nil)
	old, fresh := goodFinding(), goodFinding()
	old.Line, old.EndLine, old.Quote, old.Problem = 15, 15, "os.WriteFile(w.Name, data, 0o777)", "Everyone can write it"
	fresh.Line, fresh.EndLine, fresh.Quote, fresh.Problem = 43, 44, "b()\nd()", "It runs twice"
	p := planLater(t, f, laterAnswer{reviewAnswer: goodReviewAnswer(old, fresh)}, rule())
	if why := whyDropped(p, "save.go:15"); why != "outside_delta" {
		t.Errorf("an old line: %q", why)
	}
	if r := remarksIn(p); len(r) != 1 || r[0].EndLine != 44 {
		t.Errorf("remarks %+v", r)
	}
	if body := bodyIn(p, hls.CreateReview); !strings.Contains(body, "Looked at: what came since `old`.") || strings.Contains(body, "Earlier findings") {
		t.Errorf("body\n%s", body)
	}
	id := findingID("save.go", "b()\nd()")
	if got := findingIn(t, p, id); got.State != stillOpen || got.Head != "abc" || got.Problem != "It runs twice" {
		t.Errorf("remembered %+v", got)
	}
}

// What was settled is told once, with the next thing that is said, and not by itself.
func TestSettledFindingsAreToldOnce(t *testing.T) {
	t.Parallel()
	mended := func(g *github) {
		g.files[0].Patch = strings.ReplaceAll(second, "data, _ :=", "data, err :=")
		g.compared.Files[0].Patch = "@@ -13,1 +13,1 @@\n-\tdata, _ := json.Marshal(w)\n+\tdata, err := json.Marshal(w)"
	}
	fresh := goodFinding()
	fresh.Quote, fresh.Problem = "data, err := json.Marshal(w)", "It is not looked at"
	always := rule()
	always.Comments.Post = hls.PostAlways
	const line = "Earlier findings: " + lostError + " resolved."
	f := laterFacts(t, mended)
	for _, tc := range []struct {
		name   string
		answer reviewAnswer
		rule   hls.Rule
		told   bool
	}{{"silence", goodReviewAnswer(), rule(), false}, {"a review", goodReviewAnswer(fresh), rule(), true}, {"always", goodReviewAnswer(), always, true}} {
		p := planLater(t, f, laterAnswer{reviewAnswer: tc.answer}, tc.rule)
		found := findingIn(t, p, lostError)
		body := bodyIn(p, hls.CreateReview) + bodyIn(p, hls.UpsertComment)
		if found.State != resolved || found.Told != tc.told || strings.Contains(body, line) != tc.told || tc.told == (p.Silent != "") {
			t.Errorf("%s: %+v, silent %q, body\n%s", tc.name, found, p.Silent, body)
		}
		later := laterFacts(t, func(g *github) {
			mended(g)
			g.memories[1] = found.remember(pullEvent("").Subject)
		})
		again := bodyIn(planLater(t, later, laterAnswer{reviewAnswer: goodReviewAnswer(fresh)}, rule()), hls.CreateReview)
		if strings.Contains(again, line) == tc.told {
			t.Errorf("%s, and a review later\n%s", tc.name, again)
		}
	}
}

// A finding whose file can no longer be seen whole stays open, and one whose file is no longer changed is resolved.
func TestOnlyWhatIsSeenToBeGoneIsResolved(t *testing.T) {
	t.Parallel()
	found := raise(goodFinding(), "old")
	many := make([]hls.File, 3000)
	for _, tc := range []struct {
		name  string
		files []hls.File
		want  bool
	}{
		{"still there", []hls.File{{Filename: "save.go", Patch: goPatch}}, false},
		{"changed", []hls.File{{Filename: "save.go", Patch: strings.ReplaceAll(goPatch, "Marshal(w)", "Marshal(w, true)")}}, true},
		{"file no longer changed", []hls.File{{Filename: "load.go", Patch: "@@ -1 +1,2 @@\n a\n+b"}}, true},
		{"under another name", []hls.File{{Filename: "store.go", Status: "added", Patch: goPatch}}, false},
		{"too large to be shown", []hls.File{{Filename: "save.go", Additions: 90_000}}, false},
		{"beyond the files that are listed", many, false},
	} {
		if got := sidesOf(tc.files).lack(found); got != tc.want {
			t.Errorf("%s: %v", tc.name, got)
		}
	}
}

func (c chaos) laterAnswer() laterAnswer {
	a := laterAnswer{reviewAnswer: c.reviewAnswer()}
	for i := range a.Findings {
		if c.IntN(3) == 0 {
			a.Findings[i].Line, a.Findings[i].Quote = 44, "d() // it calls"
		}
	}
	for range c.IntN(5) {
		a.Earlier = append(a.Earlier, earlierFinding{c.pick(lostError, lostError, "00000000", c.text()), c.pick("open", "resolved", "justified", "withdrawn", c.text()),
			c.text(), c.pick("A widget always encodes", "d() // it calls", c.text())})
	}
	return a
}

// Whatever the answer says: nothing beyond the closed set, remarks on what came alone, nothing twice, and of memories only
// those of this pull request's findings, in states that an answer can lead to.
func TestE1_RandomAnswersOfLaterRoundsStayInTheClosedSet(t *testing.T) {
	t.Parallel()
	longer := func(g *github) {
		g.files[0].Patch = strings.ReplaceAll(second, "+\td()", "+\td() // it calls")
		g.compared.Files[0].Patch = strings.ReplaceAll(deltaPatch, "+\td()", "+\td() // it calls")
	}
	narrow := laterFacts(t, longer)
	whole := laterFacts(t, func(g *github) { longer(g); g.compared.Status = "diverged" })
	posted, settled := 0, 0
	for seed := range uint64(randomAnswers / 4) {
		c := chaos{rand.New(rand.NewPCG(seed, 4))}
		f := narrow
		if c.IntN(2) == 0 {
			f = whole
		}
		r, e := c.rule(), pullEvent("synchronize")
		f.Files = slices.Clone(f.Files)
		f.Files[0].Additions = c.IntN(200)
		f.Labels = issueFacts().Labels
		p := For(e.Name).Plan(e, f, analysisOf(t, c.laterAnswer()), r)
		confined(t, e, p, hls.AddLabels, hls.RemoveLabels, hls.UpsertComment, hls.CreateReview)
		standing(t, p, f)
		for _, remark := range remarksIn(p) {
			posted++
			if findingID(remark.Path, remark.Quote) == lostError {
				t.Error("an earlier finding is raised again")
			}
			if roundOf(f).Since != "" && (remark.Line > 44 || remark.EndLine < 44) {
				t.Errorf("a remark on lines %d to %d, where nothing came", remark.Line, remark.EndLine)
			}
		}
		for _, m := range p.Remember {
			if m.Subject != e.Subject || m.Kind != kindFinding && m.Kind != kindReviewed {
				t.Errorf("remembers %s of %s", m.Kind, m.Subject)
			}
		}
		switch found := findingIn(t, p, lostError); found.State {
		case resolved, justified:
			settled++
		case "":
		default:
			t.Errorf("an earlier finding becomes %s", found.State)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	if posted == 0 || settled == 0 {
		t.Errorf("%d remarks, %d findings settled: the answers prove nothing", posted, settled)
	}
}

func TestManyOmittedFilesAreAllNamed(t *testing.T) {
	t.Parallel()
	var omitted []hls.Omission
	for i := range 300 {
		omitted = append(omitted, hls.Omission{Filename: fmt.Sprintf("internal/part/file%03d.go", i), Why: "over_budget"})
	}
	omitted = append(omitted, hls.Omission{Filename: "go.sum", Why: "lock_file"})
	line := omittedLine(omitted)
	for _, o := range omitted {
		if !strings.Contains(line, "`"+o.Filename+"`") {
			t.Errorf("%s is not named", o.Filename)
		}
	}
	if !strings.HasSuffix(line, "\n\nNot looked at (lock file): `go.sum`.") {
		t.Errorf("ends %q", line[len(line)-60:])
	}
	for i := range omitted {
		omitted[i].Filename = strings.Repeat("n", 190) + fmt.Sprint(i)
	}
	if line := omittedLine(omitted); len(line) > longOmitted+1000 || !strings.Contains(line, " more.") {
		t.Errorf("%d bytes", len(line))
	}
}
