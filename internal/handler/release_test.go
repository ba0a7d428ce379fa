package handler

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
)

var (
	longAgo  = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	errBroke = &hls.RetryAfter{Err: errors.New("broken")}
)

func happening(name, action string) hls.Event {
	e := hls.Event{Name: name, Action: action, DeliveryID: "d1", Sender: author, Changed: map[string]bool{},
		Repo:    hls.Repository{ID: 9, FullName: "acme/widgets", DefaultBranch: "main"},
		Subject: hls.Subject{RepoID: 9, Repo: "acme/widgets", Kind: hls.KindOther, Ref: name + "/11"}}
	return e
}

func releaseEvent(action string, changed ...string) hls.Event {
	e := happening("release", action)
	e.Release = &hls.Release{ID: 11, TagName: "v1.2.0"}
	for _, name := range changed {
		e.Changed[name] = true
	}
	return e
}

func TestReleaseRoute(t *testing.T) {
	t.Parallel()
	draft, none := releaseEvent("created"), releaseEvent("published")
	draft.Release = &hls.Release{ID: 11, Draft: true}
	none.Release = nil
	for _, c := range []struct {
		event hls.Event
		want  string
	}{
		{releaseEvent("published"), ""}, {releaseEvent("created"), ""}, {releaseEvent("deleted"), ""}, {releaseEvent("unpublished"), ""},
		{releaseEvent("edited", "body"), ""}, {releaseEvent("edited", "name"), ""}, {releaseEvent("edited", "tag_name"), ""},
		{releaseEvent("edited", "make_latest"), "nothing_to_analyze"}, {releaseEvent("released"), "action_not_handled"},
		{releaseEvent("prereleased"), "action_not_handled"}, {draft, "draft"}, {none, "no_release"},
	} {
		if v := For("release").Route(c.event, rule()); v.Do != (c.want == "") || v.Reason != c.want {
			t.Errorf("%s %v: %+v, want %q", c.event, c.event.Changed, v, c.want)
		}
	}
}

// published is a GitHub with three releases: 1.2.0 now, its candidate, and 1.1.0 before.
func published() *github {
	at := func(days int) time.Time { return longAgo.Add(time.Duration(days) * 24 * time.Hour) }
	g := &github{errs: map[string]error{}}
	g.release = hls.Release{ID: 11, TagName: "v1.2.0", Name: "1.2", Body: "Saves faster (#5).", PublishedAt: at(30)}
	g.releases = []hls.Release{
		g.release, {ID: 10, TagName: "v1.2.0-rc1", Prerelease: true, PublishedAt: at(20)}, {ID: 9, TagName: "v1.1.0", PublishedAt: at(10)},
		{ID: 8, TagName: "v2.0.0", PublishedAt: at(40)}, {ID: 7, TagName: "v1.3.0", Draft: true},
	}
	span := hls.Comparison{Status: "ahead", Total: 3, Commits: []hls.Commit{
		{SHA: "a", Message: "Save faster (#5)", At: at(12)}, {SHA: "b", Message: "Merge pull request #6 from x\n\nDrop Python 2", At: at(13)}, {SHA: "c", Message: "Mend #99\n\nmore", At: at(14)},
	}}
	g.spans = map[string]hls.Comparison{"v1.1.0...v1.2.0": span, "v1.2.0-rc1...v1.2.0": {Status: "ahead"}}
	g.merged = []hls.MergedPull{
		{PullRequest: hls.PullRequest{Number: 5, Title: "Save faster", UpdatedAt: at(15)}, MergeCommitSHA: "a"},
		{PullRequest: hls.PullRequest{Number: 6, Title: "Drop Python 2", Body: "It no longer runs on Python 2. <!-- hidden words here -->", Labels: []hls.Label{{Name: "breaking"}}, UpdatedAt: at(15)}, MergeCommitSHA: "b"},
		{PullRequest: hls.PullRequest{Number: 99, Title: "Of another branch", UpdatedAt: at(15)}, MergeCommitSHA: "z"},
	}
	g.milestones = []hls.Milestone{{Number: 3, Title: "later"}, {Number: 4, Title: "V1.2.0"}}
	g.blockers = []hls.Issue{{Number: 40, Title: "Data is lost"}}
	return g
}

func gatherRelease(t *testing.T, g *github) (hls.Facts, releaseHistory) {
	t.Helper()
	f, err := For("release").Gather(t.Context(), g, releaseEvent("published"), rule())
	if err != nil {
		t.Fatal(err)
	}
	history, _ := f.Values["history"].(releaseHistory)
	return f, history
}

func TestReleaseGather(t *testing.T) {
	t.Parallel()
	f, h := gatherRelease(t, published())
	if f.Revision == "" {
		t.Error("no revision")
	}
	var numbers []int
	for _, c := range h.Changes {
		numbers = append(numbers, c.Number)
	}
	got := fmt.Sprint(f.Skip, h.Previous, " ", h.Step, " ", numbers, h.Commits, h.Milestone, h.Blockers, h.Unread)
	if want := "v1.1.0 minor [6 5] [Mend #99]V1.2.0[{40 Data is lost}] []"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if strings.Contains(h.Changes[0].Body, "hidden") {
		t.Error("what nobody sees is shown")
	}
}

// What HLS put into the notes is no part of them: an edit of its own asks for nothing new.
func TestE7_OwnNotesAskForNothingNew(t *testing.T) {
	t.Parallel()
	f, _ := gatherRelease(t, published())
	g := published()
	g.release.Body += "\n\n<!-- hls:begin hls-notes -->\n\n- Python 2 is gone. (#6)\n\n<!-- hls:end hls-notes -->"
	again, own := gatherRelease(t, g)
	if again.Revision != f.Revision || own.named[6] || again.Values["notes"] != "Saves faster (#5)." {
		t.Errorf("revision %s, was %s; notes %q", again.Revision, f.Revision, again.Values["notes"])
	}
}

func TestReleaseGatherBounds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*github)
		want   string
	}{
		"a prerelease is compared with any": {func(g *github) {
			g.release.Prerelease, g.releases = true, append(g.releases, hls.Release{ID: 12, TagName: "v1.1.9", PublishedAt: longAgo.Add(25 * 24 * time.Hour)})
			g.spans["v1.1.9...v1.2.0"] = hls.Comparison{Status: "diverged"}
		}, "v1.2.0-rc1 [v1.1.9...v1.2.0 v1.2.0-rc1...v1.2.0]"},
		"not an ancestor":    {func(g *github) { g.spans["v1.1.0...v1.2.0"] = hls.Comparison{Status: "diverged"} }, " [v1.1.0...v1.2.0]"},
		"tags that are gone": {func(g *github) { delete(g.spans, "v1.1.0...v1.2.0") }, " [v1.1.0...v1.2.0]"},
		"releases hidden":    {func(g *github) { g.errs["Releases"], g.releases = hls.ErrNotFound, nil }, " []releases"},
		"pulls hidden":       {func(g *github) { g.errs["MergedPulls"], g.merged = hls.ErrNotFound, nil }, "v1.1.0 [v1.1.0...v1.2.0]pull requests"},
		"milestones hidden":  {func(g *github) { g.errs["Milestones"], g.milestones = hls.ErrNotFound, nil }, "v1.1.0 [v1.1.0...v1.2.0]milestones"},
		"three are tried": {func(g *github) {
			for i := range 5 {
				g.releases = append(g.releases, hls.Release{ID: int64(20 + i), TagName: fmt.Sprint("x", i), PublishedAt: longAgo.Add(time.Duration(600+i) * time.Hour)})
			}
		}, " [x4...v1.2.0 x3...v1.2.0 x2...v1.2.0]"},
		"a long one": {func(g *github) {
			span := hls.Comparison{Status: "ahead", Total: 1500}
			g.merged = nil
			for i := range 1500 {
				sha := fmt.Sprint("s", i)
				span.Commits = append(span.Commits, hls.Commit{SHA: sha, Message: "x", At: longAgo})
				g.merged = append(g.merged, hls.MergedPull{PullRequest: hls.PullRequest{Number: i + 1, Title: strings.Repeat("t", 900), Body: strings.Repeat("b", 9000), UpdatedAt: longAgo}, MergeCommitSHA: sha})
			}
			g.spans["v1.1.0...v1.2.0"] = span
		}, "v1.1.0 [v1.1.0...v1.2.0]500 of 1500 commits,850 of 1000 pull requests"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := published()
			c.change(g)
			_, h := gatherRelease(t, g)
			if got := fmt.Sprintf("%s %v%s", h.Previous, g.reads, strings.Join(h.Unread, ",")); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			size := 0
			for _, one := range h.Changes {
				size += len(one.Title) + len(one.Body)
			}
			if size > 2*roomOfChanges || len(h.Changes) > mostListed {
				t.Errorf("%d bytes of %d changes", size, len(h.Changes))
			}
		})
	}
}

func TestReleaseGatherFails(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"Release", "Releases", "Compare", "MergedPulls", "Milestones", "MilestoneIssues"} {
		g := published()
		g.errs[method] = errBroke
		if _, err := For("release").Gather(t.Context(), g, releaseEvent("published"), rule()); !errors.Is(err, errBroke.Err) && !errors.Is(err, errBroke) {
			t.Errorf("%s: %v", method, err)
		}
	}
	for want, change := range map[string]func(*github){
		"deleted": func(g *github) { g.errs["Release"] = hls.ErrGone },
		"draft":   func(g *github) { g.release.Draft = true },
		"nothing_to_compare": func(g *github) {
			g.releases, g.milestones = nil, nil
		},
	} {
		g := published()
		change(g)
		if f, _ := gatherRelease(t, g); f.Skip != want {
			t.Errorf("skip %q, want %q", f.Skip, want)
		}
	}
}

func TestVersionSteps(t *testing.T) {
	t.Parallel()
	for tags, want := range map[string]string{
		"v1.2.3 v1.2.4": "patch", "1.2.3 1.3.0": "minor", "v1.9.9 v2.0.0": "major", "v1.2.3 v1.2.10": "patch", "api/v1.2.3 api/v1.3.0-rc1": "minor",
		"v1.2.3 v1.2.3": "", "v1.3.0 v1.2.9": "", "nightly-2026 v1.0.0": "", "v1.2 v1.3": "", "2026.01 2026.02": "", "v0.3.0 v0.4.0": "minor",
	} {
		from, to, _ := strings.Cut(tags, " ")
		if got, initial := versionStep(from, to); got != want || initial != strings.HasPrefix(tags, "v0") {
			t.Errorf("%s: %q, %v", tags, got, initial)
		}
	}
}

func planRelease(t *testing.T, change func(*releaseAnswer, *hls.Facts), notes hls.NotesPlace) hls.Plan {
	t.Helper()
	f, _ := gatherRelease(t, published())
	a := releaseAnswer{
		Entries:  []releaseEntry{{6, "other", "Python 2 is no longer supported"}},
		Breaking: []breakingChange{{6, "no longer runs on Python 2", "Scripts of Python 2 stop."}},
		Version:  versionFit{Suggested: "major", Reason: "A platform is gone."}, Blockers: []openBlocker{{40, "Bad."}},
	}
	if change != nil {
		change(&a, &f)
	}
	r := rule()
	r.Releases.Notes = notes
	return For("release").Plan(releaseEvent("published"), f, analysisOf(t, a), r)
}

func TestReleasePlan(t *testing.T) {
	t.Parallel()
	p := planRelease(t, nil, hls.NotesInSection)
	if got, want := bodyIn(p, hls.SetSection), "**Breaking**\n\n- Scripts of Python 2 stop. (#6)"; got != want || len(p.Effects) != 1 {
		t.Errorf("section %q", got)
	}
	if e := p.Effects[0]; e.Section != notesSection || e.Expect != published().release.Revision() {
		t.Errorf("effect %+v", e)
	}
	p = planRelease(t, nil, hls.NotesInIssue)
	for _, want := range []string{"`v1.1.0`", "2 pull requests", "Scripts of Python 2 stop. (#6)", "a minor step; the changes ask for a major one", "- #40: Data is lost"} {
		if !strings.Contains(bodyIn(p, hls.CreateIssue), want) {
			t.Errorf("issue lacks %q: %s", want, bodyIn(p, hls.CreateIssue))
		}
	}
	if p = planRelease(t, nil, hls.NotesNowhere); len(p.Effects) > 0 || p.Silent != "analysis_only" {
		t.Errorf("without an option: %+v", p)
	}
}

// What a text says is no instruction, and what is not proved is not said.
func TestE1_ReleaseDropsWhatIsNotProved(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*releaseAnswer, *hls.Facts)
		what   string
		why    string
	}{
		"a quote from nowhere":  {func(a *releaseAnswer, _ *hls.Facts) { a.Breaking[0].Quote = "everything is different" }, "breaking change #6", "quote_not_found"},
		"a quote of hidden":     {func(a *releaseAnswer, _ *hls.Facts) { a.Breaking[0].Quote = "hidden words here" }, "breaking change #6", "quote_not_found"},
		"a number from nowhere": {func(a *releaseAnswer, _ *hls.Facts) { a.Breaking[0].Number = 99 }, "breaking change #99", "not_in_release"},
		"breaking twice":        {func(a *releaseAnswer, _ *hls.Facts) { a.Breaking = append(a.Breaking, a.Breaking[0]) }, "breaking change #6", "repeated"},
		"breaking what":         {func(a *releaseAnswer, _ *hls.Facts) { a.Breaking[0].Text = " " }, "breaking change #6", "empty"},
		"told by number":        {func(a *releaseAnswer, _ *hls.Facts) { a.Entries[0].Number = 5 }, "entry #5", "in_the_notes"},
		"an entry from nowhere": {func(a *releaseAnswer, _ *hls.Facts) { a.Entries[0].Number = 99 }, "entry #99", "not_in_release"},
		"an entry twice":        {func(a *releaseAnswer, _ *hls.Facts) { a.Entries = append(a.Entries, a.Entries[0]) }, "entry #6", "repeated"},
		"another milestone":     {func(a *releaseAnswer, _ *hls.Facts) { a.Blockers[0].Number = 41 }, "blocker #41", "not_in_milestone"},
		"a blocker twice":       {func(a *releaseAnswer, _ *hls.Facts) { a.Blockers = append(a.Blockers, a.Blockers[0]) }, "blocker #40", "repeated"},
		"a step large enough":   {func(a *releaseAnswer, _ *hls.Facts) { a.Version.Suggested = "minor" }, "version", "step_is_large_enough"},
		"nothing breaks":        {func(a *releaseAnswer, _ *hls.Facts) { a.Breaking = nil }, "version", "nothing_breaks"},
		"other versions": {func(_ *releaseAnswer, f *hls.Facts) {
			h := f.Values["history"].(releaseHistory)
			h.Step = ""
			f.Values["history"] = h
		}, "version", "not_semantic_versions"},
		"major below one": {func(_ *releaseAnswer, f *hls.Facts) {
			h := f.Values["history"].(releaseHistory)
			h.initial = true
			f.Values["history"] = h
		}, "version", "nothing_breaks"},
	} {
		p := planRelease(t, c.change, hls.NotesInIssue)
		if got := whyDropped(p, c.what); got != c.why {
			t.Errorf("%s: %s dropped for %q, want %q", name, c.what, got, c.why)
		}
	}
	p := planRelease(t, func(a *releaseAnswer, _ *hls.Facts) { a.Injection = true }, hls.NotesInSection)
	if len(p.Effects) > 0 || p.Silent != "injection_suspected" {
		t.Errorf("a text that steers: %+v", p)
	}
	p = planRelease(t, func(a *releaseAnswer, _ *hls.Facts) { *a = releaseAnswer{Version: versionFit{Fits: true}} }, hls.NotesInIssue)
	if len(p.Effects) > 0 || p.Silent != "nothing_to_say" {
		t.Errorf("complete notes: %+v", p)
	}
}

func TestNotesThatTellOfAChange(t *testing.T) {
	t.Parallel()
	notes := plain("Fixes #12, see https://github.com/acme/widgets/pull/34 and GH-56. **Widgets can be painted** now.")
	for number, want := range map[int]bool{12: true, 34: true, 56: true, 1: false, 3: false, 123: false} {
		if got := numbersIn(notes)[number]; got != want {
			t.Errorf("#%d: %v", number, got)
		}
	}
	if !titled(notes, "Widgets can be `painted`") || titled(notes, "now") || titled(notes, "Widgets can be sold by weight") {
		t.Error("titles")
	}
}
