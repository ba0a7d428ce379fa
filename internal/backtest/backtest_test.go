package backtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hls/internal/hls"
)

const head = `{"repository":{"id":7,"full_name":"acme/past","permissions":{"admin":true}},"labels":[{"name":"bug","description":"Broken","color":"ff0000"}],"self":{"id":99,"login":"hls"}}`

// issue is a line of a recorded history.
func issueLine(number int, more, timeline string) string {
	return fmt.Sprintf(`{"issue":{"number":%d,"title":"Now","body":"Now","state":"closed","created_at":"2025-01-01T00:00:%02dZ","closed_at":"2025-02-01T00:00:00Z",`+
		`"user":{"id":5,"login":"nora","type":"User"},"labels":[{"name":"bug"}],"comments":3,"milestone":{"title":"2.0"},"reactions":{"+1":2}%s},"timeline":%s}`, number, number, more, timeline)
}

func read(t *testing.T, lines ...string) *History {
	t.Helper()
	h, err := Read(strings.NewReader(head + "\n" + strings.Join(lines, "\n") + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	h.Index()
	return h
}

const (
	mona   = `"actor":{"id":1,"login":"mona","type":"User"}`
	sorter = `"actor":{"id":2,"login":"sorter[bot]","type":"Bot"}`
	self   = `"actor":{"id":99,"login":"hls","type":"User"}`
	nora   = `"actor":{"id":5,"login":"nora","type":"User"}`
)

func label(kind, name, by, at string) string {
	return fmt.Sprintf(`{"event":%q,"created_at":"2025-%s","label":{"name":%q},%s}`, kind, at, name, by)
}

func closed(at, reason string) string {
	return fmt.Sprintf(`{"event":"closed","created_at":"2025-%s","state_reason":%q,%s}`, at, reason, mona)
}

// An issue is taken back to the moment in which it was opened.
func TestOpening(t *testing.T) {
	t.Parallel()
	h := read(t, strings.Replace(issueLine(1, "", `[`+strings.Join([]string{
		label("labeled", "bug", nora, "01-01T00:00:03Z"), label("labeled", "late", mona, "01-01T00:01:00Z"),
		`{"event":"renamed","created_at":"2025-01-02T00:00:00Z","rename":{"from":"First","to":"Second"},` + mona + `}`,
		`{"event":"renamed","created_at":"2025-01-03T00:00:00Z","rename":{"from":"Second","to":"Now"},` + mona + `}`,
		closed("02-01T00:00:00Z", "completed"),
	}, ",")+`]`), `"timeline"`, `"opening_body":"As written","timeline"`, 1))
	d, err := h.Delivery(h.Issues[0])
	if err != nil {
		t.Fatal(err)
	}
	e, err := hls.DecodeEvent(d)
	if err != nil || e.String() != "issues.opened" || e.Sender.Login != "nora" || e.Subject.Scope != Scope || e.Subject.Number != 1 {
		t.Fatalf("%+v, %v", e, err)
	}
	i := e.Issue
	if i.Title != "First" || i.Body != "As written" || i.State != "open" || len(i.Labels) != 1 || i.Labels[0].Description != "Broken" || !i.UpdatedAt.Equal(i.CreatedAt) {
		t.Errorf("%+v", i)
	}
	for _, later := range []string{"Second", "Now", "late", "2.0", "reactions", "permissions", "completed"} {
		if bytes.Contains(d.Body, []byte(later)) {
			t.Errorf("the payload tells %q:\n%s", later, d.Body)
		}
	}
}

// What people decided is what stood at the last closing and what they had set.
func TestDecisions(t *testing.T) {
	t.Parallel()
	comment := func(body, association, by string) string {
		return fmt.Sprintf(`{"event":"commented","created_at":"2025-01-15T00:00:00Z","body":%q,"author_association":%q,%s}`, body, association, strings.Replace(by, "actor", "user", 1))
	}
	event := func(kind, by string) string {
		return fmt.Sprintf(`{"event":%q,"created_at":"2025-01-15T00:00:00Z",%s}`, kind, by)
	}
	end := closed("02-01T00:00:00Z", "completed")
	bug := label("labeled", "bug", mona, "01-05T00:00:00Z")
	told := func(bodies ...string) []string {
		timeline := []string{bug}
		for _, body := range bodies {
			timeline = append(timeline, comment(body, "MEMBER", mona))
		}
		return append(timeline, end)
	}
	plain, repeats12 := Decision{Labels: []string{"bug"}}, Decision{Labels: []string{"bug"}, Duplicate: true, Of: 12}
	for name, test := range map[string]struct {
		timeline []string
		want     Decision
	}{
		"a person":                  {[]string{label("labeled", "bug", mona, "01-05T00:00:00Z"), end}, Decision{Labels: []string{"bug"}}},
		"the author, later":         {[]string{label("labeled", "bug", nora, "01-05T00:00:00Z"), end}, Decision{Labels: []string{"bug"}}},
		"at the opening":            {[]string{label("labeled", "bug", nora, "01-01T00:00:02Z"), end}, Decision{Open: []string{"bug"}}},
		"a bot":                     {[]string{label("labeled", "bug", sorter, "01-05T00:00:00Z"), end}, Decision{Open: []string{"bug"}}},
		"a bot's, taken away":       {[]string{label("labeled", "x", sorter, "01-05T00:00:00Z"), label("unlabeled", "x", mona, "01-06T00:00:00Z"), label("labeled", "bug", mona, "01-06T00:00:00Z"), end}, Decision{Labels: []string{"bug"}}},
		"HLS":                       {[]string{label("labeled", "bug", self, "01-05T00:00:00Z"), end}, Decision{Open: []string{"bug"}}},
		"HLS, and then a person":    {[]string{label("labeled", "bug", self, "01-05T00:00:00Z"), label("unlabeled", "bug", mona, "01-06T00:00:00Z"), label("labeled", "bug", mona, "01-07T00:00:00Z"), end}, Decision{Labels: []string{"bug"}}},
		"nobody knows":              {[]string{end}, Decision{Open: []string{"bug"}}},
		"after the end":             {[]string{end, label("labeled", "bug", mona, "02-01T00:02:00Z")}, Decision{}},
		"with the end":              {[]string{end, label("labeled", "bug", mona, "02-01T00:00:30Z")}, Decision{Labels: []string{"bug"}}},
		"before the first end only": {[]string{label("labeled", "bug", mona, "01-05T00:00:00Z"), label("labeled", "x", mona, "01-05T00:00:00Z"), closed("01-06T00:00:00Z", "completed"), label("unlabeled", "x", mona, "01-07T00:00:00Z"), end}, Decision{Labels: []string{"bug"}}},
		"closed as a duplicate":     {[]string{label("labeled", "bug", mona, "01-05T00:00:00Z"), closed("02-01T00:00:00Z", "duplicate")}, Decision{Labels: []string{"bug"}, Duplicate: true}},
		"marked as one":             {[]string{label("labeled", "bug", mona, "01-05T00:00:00Z"), event("marked_as_duplicate", mona), end}, Decision{Labels: []string{"bug"}, Duplicate: true}},
		"marked by a bot":           {[]string{label("labeled", "bug", mona, "01-05T00:00:00Z"), event("marked_as_duplicate", sorter), end}, Decision{Labels: []string{"bug"}}},
		"no longer marked":          {[]string{label("labeled", "bug", mona, "01-05T00:00:00Z"), event("marked_as_duplicate", mona), event("unmarked_as_duplicate", mona), end}, Decision{Labels: []string{"bug"}}},
		"told":                      {[]string{label("labeled", "bug", mona, "01-05T00:00:00Z"), comment("This is a duplicate of #12, see there.", "MEMBER", mona), end}, Decision{Labels: []string{"bug"}, Duplicate: true, Of: 12}},
		"told by a stranger":        {[]string{label("labeled", "bug", mona, "01-05T00:00:00Z"), comment("Duplicate of #12", "NONE", nora), end}, Decision{Labels: []string{"bug"}}},
		"told of itself":            {[]string{label("labeled", "bug", mona, "01-05T00:00:00Z"), comment("Duplicate of #1", "OWNER", mona), end}, Decision{Labels: []string{"bug"}}},
		"denied":                    {told("This is not a duplicate of #12."), plain},
		"denied at length":          {told("I don't think that this is a duplicate of #12"), plain},
		"denied in short":           {told("No dupe of #12", "no longer a duplicate of #12", "isnt a duplicate of #12"), plain},
		"denied of something else":  {told("I cannot fix this here, but it is a duplicate of #12"), repeats12},
		"denied and told":           {told("Not a duplicate of #11, I would say. Duplicate of #12."), repeats12},
		"told and denied":           {told("Duplicate of #12", "Sorry, this is not a duplicate of #12"), plain},
		"told and another denied":   {told("Duplicate of #12", "And not a duplicate of #13"), repeats12},
		"quoted":                    {told("> Duplicate of #12\n\nNo, look at the trace."), plain},
		"told below a quotation":    {told("> Is this new?\n\nDuplicate of #12"), repeats12},
		"told by its address":       {told("Duplicate of https://github.com/Acme/past/issues/12"), repeats12},
		"told of another place":     {told("Duplicate of https://github.com/acme/pastry/issues/12"), plain},
		"told of another server":    {told("Duplicate of https://example.com/?github.com/acme/past/issues/12"), plain},
		"told, and unmarked":        {[]string{bug, comment("Duplicate of #12", "MEMBER", mona), event("marked_as_duplicate", mona), event("unmarked_as_duplicate", mona), end}, plain},
		"told, unmarked by a bot":   {[]string{bug, comment("Duplicate of #12", "MEMBER", mona), event("unmarked_as_duplicate", sorter), end}, repeats12},
		"unmarked, and told anew":   {[]string{bug, comment("Duplicate of #11", "MEMBER", mona), event("unmarked_as_duplicate", mona), comment("Duplicate of #12", "MEMBER", mona), end}, repeats12},
		"labeled as one":            {[]string{label("labeled", "bug", mona, "01-05T00:00:00Z"), label("labeled", "Duplicate", mona, "01-05T00:00:00Z"), end}, Decision{Labels: []string{"bug", "Duplicate"}, Duplicate: true}},
	} {
		h := read(t, issueLine(1, `,"html_url":"https://github.com/acme/past/issues/1"`, "["+strings.Join(test.timeline, ",")+"]"))
		got := h.Issues[0].Decision(h.Self)
		if fmt.Sprint(got.Labels, got.Open, got.Duplicate, got.Of) != fmt.Sprint(test.want.Labels, test.want.Open, test.want.Duplicate, test.want.Of) {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}

// A search finds what was there already, as it was.
func TestPastSearch(t *testing.T) {
	t.Parallel()
	h := read(t,
		issueLine(5, "", `[]`),
		issueLine(4, `,"title":"Cart crashes"`, `null`),
		strings.ReplaceAll(issueLine(3, `,"title":"Crash of the cart"`, `[{"event":"renamed","created_at":"2025-01-01T00:00:03Z","rename":{"from":"Help","to":"Crash of the cart"}},`+closed("01-01T00:00:04Z", "not_planned")+`]`), `"body":"Now"`, `"body":"It crashes in the cart"`),
		issueLine(2, `,"title":"Cart"`, `null`),
		issueLine(9, `,"title":"Cart crash, later"`, `null`),
	)
	p, err := h.At(h.Issues[0])
	if err != nil {
		t.Fatal(err)
	}
	found, err := p.Search(t.Context(), "acme/past", "cart crash", 6)
	var got []string
	for _, i := range found {
		got = append(got, fmt.Sprintf("%d %s %s %s", i.Number, i.Title, i.State, i.StateReason))
	}
	if want := "[4 Cart crashes open  3 Crash of the cart closed not_planned]"; err != nil || fmt.Sprint(got) != want {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := p.Issue(t.Context(), hls.Subject{Number: 9}); !errors.Is(err, hls.ErrGone) {
		t.Errorf("an issue of later: %v", err)
	}
	if i, err := p.Issue(t.Context(), hls.Subject{Number: 2}); err != nil || i.State != "open" {
		t.Errorf("an issue of before: %+v, %v", i, err)
	}
}

func TestHistoryIsReadAndWritten(t *testing.T) {
	t.Parallel()
	h := read(t, issueLine(2, "", `[`+closed("02-01T00:00:00Z", "completed")+`]`), issueLine(1, "", `null`))
	var out bytes.Buffer
	if err := h.Write(&out); err != nil {
		t.Fatal(err)
	}
	again, err := Read(&out)
	if err != nil || len(again.Issues) != 2 || again.Issues[1].Timeline != nil || len(again.Issues[0].Timeline) != 1 || again.Self.ID != 99 || len(again.Cases(10)) != 1 {
		t.Errorf("%+v, %v", again, err)
	}
	for name, text := range map[string]string{
		"nothing": "", "no repository": `{"labels":[]}`, "no JSON": "history", "no number": head + "\n" + `{"issue":{}}`,
	} {
		if _, err := Read(strings.NewReader(text)); !errors.Is(err, ErrHistory) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An issue that stands twice in a recorded history is one issue.
func TestHistoryHasAnIssueOnce(t *testing.T) {
	t.Parallel()
	h := read(t, issueLine(2, "", `[]`), issueLine(1, "", `[]`), issueLine(2, `,"title":"Again"`, `[]`))
	if cases := h.Cases(10); len(h.Issues) != 2 || len(cases) != 2 || cases[0].issue.Title != "Now" {
		t.Errorf("%d issues, %d to look at", len(h.Issues), len(cases))
	}
}

// What an issue repeats is in reach where it is an earlier issue of the history: nothing else is ever proposed.
func TestReachOfDuplicates(t *testing.T) {
	t.Parallel()
	for of, want := range map[int]bool{1: true, 2: false, 4: false} { // of 2 there is nothing, as of a pull request
		h := read(t, issueLine(4, "", `[]`), issueLine(3, "", fmt.Sprintf(`[{"event":"commented","created_at":"2025-01-15T00:00:00Z",`+
			`"body":"Duplicate of #%d","author_association":"OWNER",%s},%s]`, of, strings.Replace(mona, "actor", "user", 1), closed("02-01T00:00:00Z", "completed"))),
			issueLine(1, "", `[]`))
		if c := h.Case(h.Issues[1], ""); c.Decision.Of != of || c.Reach != want {
			t.Errorf("of #%d: %+v", of, c)
		}
	}
}

func TestScore(t *testing.T) {
	t.Parallel()
	labels := []hls.Label{{Name: "bug"}, {Name: "priority-high"}, {Name: "priority-low"}, {Name: "never"}}
	s := ScoreOf([]Case{
		{Proposed: []string{"Bug", "priority-low"}, Decision: Decision{Labels: []string{"bug", "priority-high"}}, Duplicates: []int{3}},
		{Proposed: []string{"bug"}, Decision: Decision{Open: []string{"BUG"}, Duplicate: true, Of: 4}, Duplicates: []int{5}, Reach: true},
		{Proposed: []string{"priority-low", "foreign"}, Decision: Decision{Labels: []string{"foreign"}, Duplicate: true, Of: 6}},
		{Decision: Decision{Labels: []string{"bug"}, Duplicate: true}, Duplicates: []int{7, 8}},
		{Decision: Decision{Duplicate: true, Of: 9}, Duplicates: []int{7}},
		{Error: "x", Usage: hls.Usage{CostMicroUSD: 3}}, {Ended: "bot_sender"},
	}, hls.LabelPolicy{}, labels)
	got, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"issues":5,"ended":{"bot_sender":1},"failed":1,"labels":[` +
		`{"label":"bug","undecided":1,"decided":2,"proposed":1,"agreed":1,"missed":1,"precision":1,"recall":0.5},` +
		`{"label":"priority-high","group":"priority","undecided":0,"decided":1,"proposed":0,"agreed":0,"missed":1,"precision":null,"recall":0},` +
		`{"label":"priority-low","group":"priority","undecided":0,"decided":0,"proposed":2,"agreed":0,"missed":0,"precision":0,"recall":null}],` +
		`"groups":[{"group":"priority","decided":1,"same":0,"other":1,"none":0,"unwanted":1}],` +
		`"duplicates":{"decided":4,"proposed":4,"agreed":1,"missed":3,"precision":0.25,"recall":0.25,"other":2,"beyond_reach":2},` +
		`"usage":{"input_tokens":0,"output_tokens":0,"cache_read_tokens":0,"cache_write_tokens":0,"cost_micro_usd":3},"calls":1}`
	if string(got) != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestAdvice(t *testing.T) {
	t.Parallel()
	row := func(name string, agreed, proposed int) LabelRow {
		r := LabelRow{Label: name}
		r.Agreed, r.Proposed, r.Precision = agreed, proposed, share(agreed, proposed)
		return r
	}
	s := Score{Labels: []LabelRow{row("sure", 9, 10), row("few", 4, 4), row("half", 5, 10), row("less", 4, 10), row("wrong", 0, 5)}}
	var got []string
	for _, a := range Advise(s, []hls.Label{{Name: "sure"}, {Name: "few"}, {Name: "half"}, {Name: "less"}, {Name: "wrong"}, {Name: "unseen"}}, 0.9) {
		got = append(got, a.Label+" "+string(a.Mode))
	}
	if want := "[sure apply few suggest half suggest less leave wrong leave unseen suggest]"; fmt.Sprint(got) != want {
		t.Errorf("%s", got)
	}
	if a := Advise(s, []hls.Label{{Name: "less"}}, 0.4); a[0].Mode != hls.ModeApply {
		t.Errorf("%+v", a)
	}
}

// What cannot be patched line by line is refused, and never guessed at.
func TestPatchRefuses(t *testing.T) {
	t.Parallel()
	advice := []Advice{{Label: "bug", Mode: hls.ModeApply}, {Label: "x", Mode: Leave}}
	for name, text := range map[string]string{
		"in braces":           "repositories: [{name: acme/past}]\n",
		"an entry in braces":  "repositories:\n  - {name: acme/past}\n",
		"no line feed":        "repositories:\n  - name: acme/past",
		"of another system":   "repositories:\r\n  - name: acme/past\r\n",
		"no such entry":       "server: {port: 1}\n",
		"labels over lines":   "repositories:\n  - name: acme/past\n    labels: {min_confidence: 0.6,\n      auto_apply: true}\n",
		"something behind":    "repositories:\n  - name: acme/past\n    labels: {min_confidence: 0.6} # so\n",
		"another's by anchor": "x: &x {min_confidence: 0.6}\nrepositories:\n  - name: acme/past\n    labels: *x\n",
	} {
		if diff, _, err := Patch(Target{File: "s.yaml", Text: text, Repo: "acme/past"}, advice); !errors.Is(err, ErrUnpatchable) {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
	diff, _, err := Patch(Target{File: "s.yaml", Text: "repositories:\n  - name: acme/past\n", Repo: "acme/past", Apply: true}, advice)
	if want := "--- s.yaml\n+++ s.yaml\n@@ -1,2 +1,4 @@\n repositories:\n   - name: acme/past\n+    labels:\n+      leave: [\"x\"]\n"; err != nil || diff != want {
		t.Errorf("%v\n%s", err, diff)
	}
}

// A patch names the file so that patch and git find it: by its path where that is below the folder that they run in, else as from
// its own folder.
func TestPatchIsFound(t *testing.T) {
	t.Parallel()
	const text = "repositories:\n  - name: acme/past\n"
	for file, run := range map[string]string{
		"config/settings.yaml": ".", "./config/settings.yaml": ".", "$DIR/config/settings.yaml": "config", "../elsewhere/config/settings.yaml": "config",
		"config/own settings.yaml": ".", "$DIR/config/own settings.yaml": "config",
	} {
		for _, tool := range [][]string{{"patch", "-p0", "--batch"}, {"git", "apply", "-p0"}} {
			if _, err := exec.LookPath(tool[0]); err != nil && tool[0] == "git" {
				continue
			}
			dir := t.TempDir()
			path := filepath.Join(dir, "config", filepath.Base(file))
			if err := errors.Join(os.Mkdir(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
				t.Fatal(err)
			}
			target := Target{File: strings.ReplaceAll(file, "$DIR", dir), Text: text, Repo: "acme/past"}
			diff, after, err := Patch(target, []Advice{{Label: "bug", Mode: hls.ModeApply}})
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), tool[0], tool[1:]...)
			cmd.Stdin, cmd.Dir = strings.NewReader(diff), filepath.Join(dir, run)
			told, err := cmd.CombinedOutput()
			if got, failed := os.ReadFile(path); err != nil || failed != nil || string(got) != after {
				t.Errorf("%v of %s: %v: %s\n%s", tool, file, err, told, diff)
			}
		}
	}
}
