package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hls/internal/app"
	"hls/internal/backtest"
	"hls/internal/record"
	"hls/internal/record/sqlite"
	"hls/internal/simulate"
)

// past is a repository with a past at the stand-ins, and settings for it.
type past struct {
	*script
	settings string
}

const pastSettings = `
server: {host: 127.0.0.1, port: $PORT, admin_token: a-token-of-the-scripts}
github: {base_url: "$GITHUB", token: a-token, webhook_secret: "$SECRET"}
claude: {base_url: "$CLAUDE", api_key: a-key, budget: {daily_usd: 50}}
storage: {url: "sqlite:$DIR/hls.db"}
processing: {debounce: 0s}
repositories:
  - name: acme/past   # with a past
    mode: shadow
    labels:
      min_confidence: 0.6
`

// pastIssues are so many that more than a hundred of them are closed and have labels.
const pastIssues = 130

func newPast(t *testing.T) *past {
	t.Helper()
	s := newScript(t, nil)
	s.github.AddRepository(simulate.RepositorySeed{FullName: "acme/past", Labels: simulate.PastLabels()})
	s.github.AddPast("acme/past", pastIssues)
	p := &past{script: s, settings: filepath.Join(s.dir, "settings.yaml")}
	p.write(pastSettings)
	return p
}

func (p *past) write(text string) {
	p.Helper()
	if err := os.WriteFile(p.settings, []byte(p.expand(text)), 0o600); err != nil {
		p.Fatal(err)
	}
}

// run runs a command by the settings and tells its exit code.
func (p *past) run(ctx context.Context, args ...string) int {
	p.Helper()
	var out, errs strings.Builder
	code := run(ctx, append([]string{"--config", p.settings}, args...), streams{strings.NewReader(""), &out, &errs})
	p.out, p.err = out.String(), errs.String()
	return code
}

// backtest makes one to its end and returns its report.
func (p *past) backtest(args ...string) (r app.BacktestReport) {
	p.Helper()
	if code := p.run(p.Context(), append([]string{"backtest", "acme/past", "--output", "json"}, args...)...); code != exitDone {
		p.Fatalf("exit code %d: %s", code, p.err)
	}
	if err := json.Unmarshal([]byte(p.out), &r); err != nil {
		p.Fatal(err)
	}
	return r
}

// opened gives the record to look at, while nobody else has it.
func (p *past) opened(look func(record.Store)) {
	p.Helper()
	store, err := sqlite.Open(p.Context(), sqlite.Config{URL: "sqlite:" + filepath.Join(p.dir, "hls.db")})
	if err != nil {
		p.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	look(store)
}

func (p *past) spend() (stats record.Stats) {
	p.Helper()
	p.opened(func(s record.Store) {
		var err error
		if stats, err = s.Stats(p.Context()); err != nil {
			p.Fatal(err)
		}
	})
	return stats
}

// history records the past and returns its file.
func (p *past) history() string {
	p.Helper()
	file := filepath.Join(p.dir, "history.jsonl")
	if code := p.run(p.Context(), "backtest", "acme/past", "--estimate", "--save", file); code != exitDone {
		p.Fatalf("exit code %d: %s", code, p.err)
	}
	return file
}

// byHand is what was read in the recorded history of ten issues, with the labels that the rules of the stand-in for Claude
// come to by the issue's first title and text: written down by hand, and not computed.
var byHand = []struct {
	number             int
	decided, open      string // labels that people set, and that nobody decided about
	proposed           string
	duplicate, repeats int // 1 for one, and of which issue
}{
	{13, "area-checkout bug priority-medium", "", "bug priority-medium area-checkout", 0, 0}, // wontfix came a day after its end, the crash with a new title
	{21, "", "area-login bug", "priority-high area-login", 0, 0},                             // HLS itself set bug, a bot the area
	{22, "enhancement priority-low", "", "priority-low area-reports", 0, 0},                  // question was taken away again
	{26, "bug priority-high duplicate", "area-login", "priority-high area-login", 1, 21},
	{32, "documentation priority-medium", "area-login", "documentation priority-low area-login", 0, 0},
	{34, "priority-high", "bug", "priority-high area-invoices", 1, 7}, // it was opened with bug
	{47, "documentation priority-low", "area-checkout", "documentation priority-low area-checkout", 0, 0},
	{66, "bug priority-medium duplicate", "", "bug priority-high area-invoices", 1, 9},
	{75, "priority-medium", "bug area-catalog", "priority-low area-catalog", 0, 0},
	{136, "area-search question priority-medium", "", "question priority-low area-search", 0, 0},
}

// countedByHand are the sums of the ten above, counted on paper: proposed, agreed, missed, undecided.
var countedByHand = map[string][4]int{
	"bug": {2, 2, 1, 0}, "documentation": {2, 2, 0, 0}, "question": {1, 1, 0, 0}, "enhancement": {0, 0, 1, 0}, "duplicate": {0, 0, 2, 0},
	"priority-high": {4, 2, 0, 0}, "priority-medium": {1, 1, 4, 0}, "priority-low": {5, 2, 0, 0},
	"area-search": {1, 1, 0, 0}, "area-catalog": {0, 0, 0, 1}, "area-invoices": {2, 0, 0, 0}, "area-checkout": {1, 1, 0, 1},
	"area-login": {0, 0, 0, 3}, "area-reports": {1, 0, 0, 0},
}

// only rewrites a recorded history so that these issues alone are held against what people decided.
func only(t *testing.T, file string, keep func(number int) bool) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	for i, line := range lines[1:] {
		var one map[string]json.RawMessage
		var issue struct{ Number int }
		if json.Unmarshal([]byte(line), &one) != nil || json.Unmarshal(one["issue"], &issue) != nil {
			t.Fatal(line)
		}
		if !keep(issue.Number) {
			one["timeline"] = json.RawMessage("null")
		}
		short, err := json.Marshal(one)
		if err != nil {
			t.Fatal(err)
		}
		lines[i+1] = string(short)
	}
	out := filepath.Join(filepath.Dir(file), "some.jsonl")
	if err := os.WriteFile(out, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return out
}

// Of a recorded history of more than a hundred issues the figures agree with a count by hand of ten, and with a second count
// of all.
func TestBacktestAgreesWithACountByHand(t *testing.T) {
	t.Parallel()
	p := newPast(t)
	file := p.history()
	some := p.backtest("--from", only(t, file, func(n int) bool {
		return slices.ContainsFunc(byHand, func(h struct {
			number             int
			decided, open      string
			proposed           string
			duplicate, repeats int
		}) bool {
			return h.number == n
		})
	}))
	if some.Score.Issues != len(byHand) {
		t.Fatalf("%d issues were looked at", some.Score.Issues)
	}
	for _, want := range byHand {
		i := slices.IndexFunc(some.Cases, func(c backtest.Case) bool { return c.Number == want.number })
		c := some.Cases[i]
		got := fmt.Sprint(sorted(c.Decision.Labels), sorted(c.Decision.Open), sorted(c.Proposed), c.Decision.Duplicate, c.Decision.Of)
		if got != fmt.Sprint(words(want.decided), words(want.open), words(want.proposed), want.duplicate == 1, want.repeats) {
			t.Errorf("#%d: decided, open, proposed, duplicate: %s\nwant %+v", want.number, got, want)
		}
	}
	for _, row := range some.Score.Labels {
		if got := [4]int{row.Proposed, row.Agreed, row.Missed, row.Undecided}; got != countedByHand[row.Label] {
			t.Errorf("%s: proposed, agreed, missed, undecided %v, counted %v", row.Label, got, countedByHand[row.Label])
		}
	}
	if len(some.Score.Labels) != len(countedByHand) {
		t.Errorf("%d labels, counted %d", len(some.Score.Labels), len(countedByHand))
	}
	if want := (backtest.GroupRow{Group: "priority", Decided: 9, Same: 5, Other: 4, Unwanted: 1}); !slices.Equal(some.Score.Groups, []backtest.GroupRow{want}) {
		t.Errorf("groups %+v", some.Score.Groups)
	}
	if d := some.Score.Duplicates; d.Decided != 3 || d.Agreed+d.Missed != 3 {
		t.Errorf("duplicates %+v", d)
	}
	whole := p.backtest("--from", file)
	if whole.Score.Issues < 100 {
		t.Errorf("only %d issues", whole.Score.Issues)
	}
	recount(t, file, whole)
}

func words(text string) []string { return sorted(strings.Fields(text)) }

func sorted(names []string) []string {
	names = slices.Clone(names)
	slices.Sort(names)
	return names
}

// recount counts a report once more from the recorded history and the proposals, in a way of its own.
func recount(t *testing.T, file string, r app.BacktestReport) {
	t.Helper()
	proposals, issues := map[int]backtest.Case{}, 0
	for _, c := range r.Cases {
		proposals[c.Number] = c
	}
	counts, dup := map[string]*[4]int{}, [3]int{}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
		var one struct {
			Issue    map[string]any
			Timeline []map[string]any
		}
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatal(err)
		}
		c, among := proposals[int(one.Issue["number"].(float64))]
		if !among {
			continue
		}
		issues++
		stands, duplicate := standing2(one.Issue, one.Timeline)
		for _, l := range simulate.PastLabels() {
			if counts[l.Name] == nil {
				counts[l.Name] = &[4]int{}
			}
			n, proposed := counts[l.Name], slices.Contains(c.Proposed, l.Name)
			switch by := stands[l.Name]; {
			case by == "nobody":
				if proposed {
					n[3]++
				}
			case proposed && by == "person":
				n[0]++
				n[1]++
			case proposed:
				n[0]++
			case by == "person":
				n[2]++
			}
		}
		if named := duplicate; named != 0 {
			dup[0]++
			if slices.Contains(c.Duplicates, named) {
				dup[1]++
			}
		}
		if len(c.Duplicates) > 0 {
			dup[2]++
		}
	}
	if issues != r.Score.Issues {
		t.Errorf("%d issues, counted %d", r.Score.Issues, issues)
	}
	for _, row := range r.Score.Labels {
		if got := [4]int{row.Proposed, row.Agreed, row.Missed, row.Undecided}; got != *counts[row.Label] {
			t.Errorf("%s: %v, counted %v", row.Label, got, *counts[row.Label])
		}
	}
	if d := r.Score.Duplicates; [3]int{d.Decided, d.Agreed, d.Proposed} != dup {
		t.Errorf("duplicates %+v, counted %v", d, dup)
	}
}

// standing2 is who put each label there that stood on an issue when it was closed ("person" or "nobody"), and the issue that it
// was said to repeat.
func standing2(issue map[string]any, timeline []map[string]any) (map[string]string, int) {
	stands, at := map[string]string{}, func(s any) time.Time {
		when, _ := time.Parse(time.RFC3339, fmt.Sprint(s))
		return when
	}
	named, template := 0, map[string]bool{}
	for _, e := range timeline {
		if at(e["created_at"]).After(at(issue["closed_at"]).Add(time.Minute)) {
			continue
		}
		actor, _ := e["actor"].(map[string]any)
		label, _ := e["label"].(map[string]any)
		name := fmt.Sprint(label["name"])
		switch e["event"] {
		case "labeled":
			stands[name] = "person"
			if actor["type"] == "Bot" || actor["login"] == "hls-bot" || template[name] {
				stands[name] = "nobody"
			}
			if at(e["created_at"]).Equal(at(issue["created_at"])) {
				stands[name], template[name] = "nobody", true
			}
		case "unlabeled":
			delete(stands, name)
		case "commented":
			_, _ = fmt.Sscanf(fmt.Sprint(e["body"]), "Duplicate of #%d", &named)
		}
	}
	return stands, named
}

// A backtest looks at issues as they were opened: nothing that came later reaches Claude, and nothing is written.
func TestE1_ABacktestSeesTheOpeningAndWritesNothing(t *testing.T) {
	t.Parallel()
	p := newPast(t)
	r := p.backtest()
	if n := len(p.github.Writes()); n != 0 {
		t.Errorf("%d writes", n)
	}
	p.opened(func(s record.Store) {
		list, err := s.List(t.Context(), record.Query{})
		entries, failed := s.Ledger(t.Context(), record.LedgerQuery{})
		if err != nil || failed != nil || len(list) != 0 || len(entries) != 0 {
			t.Errorf("%d tasks, %d effects, %v, %v", len(list), len(entries), err, failed)
		}
	})
	calls, asOpened, told := p.claude.Calls(), 0, 0
	if len(calls) != r.Score.Issues || len(calls) < 100 {
		t.Fatalf("%d questions about %d issues", len(calls), r.Score.Issues)
	}
	for _, c := range calls {
		own, candidates, _ := strings.Cut(c.User, "Candidates for duplicates")
		for _, later := range []string{"exception in the logs", "Duplicate of", "comment by"} {
			if strings.Contains(c.User, later) {
				t.Errorf("Claude was told %q, which came later:\n%s", later, c.User)
			}
		}
		for _, later := range []string{"Bug: crash, ", "Edit: ", "priority-", "enhancement", "question\n", "area-", "wontfix", "closed"} {
			if strings.Contains(own, later) || !strings.Contains(own, ", open, opened") {
				t.Errorf("the issue is not as it was opened (%s):\n%s", later, own)
			}
		}
		asOpened += strings.Count(own, "Labels now: bug")
		told += strings.Count(candidates, "candidate, ")
	}
	if asOpened < 5 || told < 100 {
		t.Errorf("%d had a label of a template, %d candidates were told", asOpened, told)
	}
	if r.Recorded <= r.Score.Issues {
		t.Errorf("%d recorded, %d looked at: open ones are candidates, too", r.Recorded, r.Score.Issues)
	}
}

// What was recorded gives the same result without GitHub, whatever has happened since.
func TestBacktestFromARecordedHistory(t *testing.T) {
	t.Parallel()
	p := newPast(t)
	first := p.backtest("--last", "20", "--save", filepath.Join(p.dir, "twenty.jsonl"))
	p.write(strings.ReplaceAll(p.expand(pastSettings), p.vars["GITHUB"], "http://127.0.0.1:1"))
	second := p.backtest("--last", "20", "--from", filepath.Join(p.dir, "twenty.jsonl"))
	if a, b := toldScore(first), toldScore(second); a != b || first.Score.Issues != 20 {
		t.Errorf("fetched %s\nrecorded %s", a, b)
	}
	if code := p.run(t.Context(), "backtest", "acme/other", "--from", filepath.Join(p.dir, "twenty.jsonl")); code != exitUsage || !strings.Contains(p.err, "is the history of acme/past") {
		t.Errorf("%d %s", code, p.err)
	}
}

// toldScore is a score without what it cost: of a prompt part of which is in the cache that differs.
func toldScore(r app.BacktestReport) string {
	s := *r.Score
	s.Usage.CostMicroUSD, s.Usage.InputTokens, s.Usage.CacheReadTokens, s.Usage.CacheWriteTokens = 0, 0, 0, 0
	text, err := json.Marshal(s)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func TestBacktestEstimateAsksNobody(t *testing.T) {
	t.Parallel()
	p := newPast(t)
	p.write(strings.ReplaceAll(pastSettings, ", api_key: a-key", ""))
	r := p.backtest("--estimate")
	if n := len(p.claude.Calls()); n != 0 || r.Score != nil || r.Estimate.Issues < 100 || r.Estimate.InputTokens < 100_000 || r.Estimate.MicroUSD <= 0 {
		t.Errorf("%d questions, %+v", n, r)
	}
	half := p.backtest("--estimate", "--batch").Estimate
	if d := half.MicroUSD*2 - r.Estimate.MicroUSD; d < 0 || d > int64(2*r.Estimate.Issues) || half.MostMicroUSD >= r.Estimate.MostMicroUSD {
		t.Errorf("a batch: %+v, single questions: %+v", half, r.Estimate)
	}
	if stats := p.spend(); stats.Today.All != 0 {
		t.Errorf("spent %+v", stats.Today)
	}
}

// A batch comes to the same as single questions, for half the money, and one that was left behind is gone on with by its id.
func TestS3_ABatchIsPaidOnceAtHalfThePrice(t *testing.T) {
	t.Parallel()
	p := newPast(t)
	file := p.history()
	single := p.backtest("--from", file)
	before := p.spend()
	ctx, leave := context.WithCancel(t.Context())
	p.claude.SetBatchPolls(1 << 30)
	waited := make(chan int)
	go func() { waited <- p.run(ctx, "backtest", "acme/past", "--from", file, "--batch") }()
	id := p.batch()
	leave()
	if code := <-waited; code != exitFailed || !strings.Contains(p.err, "--resume "+id+" reads it") {
		t.Fatalf("%d %s", code, p.err)
	}
	held := p.spend()
	if aside := held.Today.All - before.Today.All; aside <= single.Score.Usage.CostMicroUSD || held.Calls != before.Calls {
		t.Errorf("%d are set aside while the batch is out, %d calls", aside, held.Calls-before.Calls)
	}
	p.claude.SetBatchPolls(0)
	batch := p.backtest("--from", file, "--resume", id)
	if a, b := toldScore(single), toldScore(batch); a != b {
		t.Errorf("single %s\nbatch %s", a, b)
	}
	after := p.spend()
	cost := batch.Score.Usage.CostMicroUSD
	if paid := after.Spend.CostMicroUSD - before.Spend.CostMicroUSD; paid != cost || after.Today.All-before.Today.All != cost {
		t.Errorf("paid %d, of the day %d; the answers cost %d", paid, after.Today.All-before.Today.All, cost)
	}
	if whole := priced(single); cost < whole*45/100 || cost > whole*55/100 {
		t.Errorf("a batch costs %d, single questions %d", cost, whole)
	}
	again := p.backtest("--from", file, "--resume", id)
	if last := p.spend(); toldScore(again) != toldScore(batch) || last.Spend != after.Spend || last.Today != after.Today || last.Tallies["aside_calls/backtest"] != after.Tallies["aside_calls/backtest"] {
		t.Error("results that are read again are paid again")
	}
	if code := p.run(t.Context(), "backtest", "acme/past", "--from", file, "--resume", "msgbatch_none"); code != exitUsage {
		t.Errorf("%d %s", code, p.err)
	}
}

// priced is what single questions cost.
func priced(r app.BacktestReport) int64 { return r.Score.Usage.CostMicroUSD }

// batch waits until a batch is waited for, and returns its id.
func (p *past) batch() string {
	p.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if ids := p.claude.Batches(); len(ids) > 0 && p.claude.Looks(ids[0]) > 0 {
			return ids[0]
		}
	}
	p.Fatal("no batch was handed in")
	return ""
}

// A cap that is reached ends a backtest; a batch that does not fit as a whole is not handed in, and nothing stays set aside.
func TestS3_ABacktestKeepsToTheCaps(t *testing.T) {
	t.Parallel()
	p := newPast(t)
	file := p.history()
	p.write(strings.ReplaceAll(pastSettings, "daily_usd: 50", "daily_usd: 0.05, command_reserve: 0"))
	if code := p.run(t.Context(), "backtest", "acme/past", "--from", file, "--batch"); code != exitFailed || !strings.Contains(p.err, "daily_usd") {
		t.Errorf("%d %s", code, p.err)
	}
	if stats := p.spend(); stats.Today.All != 0 || len(p.claude.Batches()) != 0 {
		t.Errorf("%+v is set aside, %d batches", stats.Today, len(p.claude.Batches()))
	}
	p.write(strings.ReplaceAll(pastSettings, "daily_usd: 50", "daily_usd: 0.02, command_reserve: 0"))
	if code := p.run(t.Context(), "backtest", "acme/past", "--from", file); code != exitFailed || !strings.Contains(p.err, "daily_usd") || !strings.Contains(p.out, "it was not asked about") {
		t.Errorf("%d %s %s", code, p.err, p.out)
	}
	if stats := p.spend(); stats.Today.All > 20_000 || stats.Today.All == 0 || len(p.claude.Calls()) > 100 {
		t.Errorf("%+v spent, %d questions", stats.Today, len(p.claude.Calls()))
	}
}

// What a backtest proposes is a patch that applies, and that hls check accepts; labels are then as it says.
func TestBacktestPromotes(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string]string{
		"an entry":             pastSettings,
		"in braces":            strings.ReplaceAll(pastSettings, "    labels:\n      min_confidence: 0.6\n", "    labels: {min_confidence: 0.6, suggest: [wontfix]}\n"),
		"a glob":               strings.ReplaceAll(strings.ReplaceAll(pastSettings, "- name: acme/past ", `- name: "acme/*" `), "    mode: shadow\n", ""),
		"a dry run":            strings.ReplaceAll(pastSettings, "mode: shadow", "dry_run: true"),
		"said before":          strings.ReplaceAll(pastSettings, "min_confidence: 0.6\n", "min_confidence: 0.6\n      leave: [bug]\n      suggest:\n        - question\n    modes: {upsert_comment: suggest}\n"),
		"nothing but the name": strings.ReplaceAll(pastSettings, "    mode: shadow\n    labels:\n      min_confidence: 0.6\n", ""),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPast(t)
			p.write(settings)
			r := p.backtest("--promote", "0.9")
			if r.Promotion == nil || r.Promotion.Patch == "" {
				t.Fatalf("%+v", r.Promotion)
			}
			p.patched(r.Promotion.Patch)
			if code := p.run(t.Context(), "check"); code != exitDone {
				t.Fatalf("hls check: %d %s\n%s", code, p.out+p.err, r.Promotion.Patch)
			}
			for _, a := range r.Promotion.Advice {
				if a.Mode == "apply" && slices.Contains([]string{"documentation", "enhancement", "question"}, a.Label) || a.Mode != "apply" {
					continue
				}
				t.Errorf("%+v", a)
			}
			again := p.backtest("--promote", "0.9")
			if again.Promotion.Patch != "" || again.Promotion.Note != "the settings say so already" {
				t.Errorf("a second time: %s %s", again.Promotion.Note, again.Promotion.Patch)
			}
			if toldScore(r) != toldScore(again) {
				t.Error("labels that are left to people are no longer looked at")
			}
		})
	}
}

// patched applies a patch of the settings file as people do.
func (p *past) patched(patch string) {
	p.Helper()
	for _, args := range [][]string{{"git", "apply", "-p0", "--unsafe-paths", "--check", "--directory", p.dir, "-"}, {"patch", "-p0", p.settings}} {
		if args[0] == "git" {
			continue // It takes names below the folder alone: see the next.
		}
		cmd := exec.CommandContext(p.Context(), args[0], args[1:]...)
		cmd.Stdin, cmd.Dir = strings.NewReader(patch), p.dir
		if text, err := cmd.CombinedOutput(); err != nil {
			p.Fatalf("%v: %v: %s\n%s", args, err, text, patch)
		}
	}
}

// While the service has the database to itself, it asks Claude and pays.
func TestS3_ABacktestBesideTheService(t *testing.T) {
	t.Parallel()
	p := newPast(t)
	file := p.history()
	p.serve("")
	r := p.backtest("--from", file, "--last", "12")
	if r.Score.Failed > 0 {
		t.Error(r.Cases[0].Error)
	}
	if r.Score.Issues != 12 || len(p.claude.Calls()) != 12 {
		t.Errorf("%+v, %d questions", r.Score, len(p.claude.Calls()))
	}
	if code := p.run(t.Context(), "backtest", "acme/past", "--from", file, "--batch"); code != exitUsage || !strings.Contains(p.err, "leave --batch out") {
		t.Errorf("%d %s", code, p.err)
	}
	p.end("")
	if stats := p.spend(); stats.Tallies["aside_calls/backtest"] != 12 || stats.Spend.CostMicroUSD != r.Score.Usage.CostMicroUSD {
		t.Errorf("%v %+v, the answers cost %d", stats.Tallies, stats.Spend, r.Score.Usage.CostMicroUSD)
	}
}

// What is amiss with one answer is told of that issue, and paid for; the others are counted.
func TestBacktestGoesOnAfterABadAnswer(t *testing.T) {
	t.Parallel()
	p := newPast(t)
	p.claude.Queue(simulate.NotSchema, simulate.Refuse)
	r := p.backtest("--last", "10")
	if r.Score.Failed != 2 || r.Score.Issues != 8 {
		t.Errorf("%+v", r.Score)
	}
	if code := p.run(t.Context(), "backtest", "acme/past", "--last", "3"); code != exitDone || !strings.Contains(p.out, "duplicates: ") || !strings.Contains(p.out, "PRECISION") {
		t.Errorf("%d %s", code, p.out)
	}
}

// What HLS remembers of an issue plays no part: it is looked at as on its first day.
func TestE1_ABacktestKnowsNothingOfLater(t *testing.T) {
	t.Parallel()
	p := newPast(t)
	issue := p.github.AddIssue("acme/past", simulate.IssueSeed{Title: "Crash of the cart", Body: "It crashes.", Author: "nora"})
	subject := fmt.Sprintf("acme/past#%d", issue.Number)
	for _, again := range []bool{false, true} {
		if code := p.run(p.Context(), "analyze", subject); code != exitDone {
			t.Fatalf("%d %s", code, p.err)
		}
		calls := p.claude.Calls()
		if earlier := strings.Contains(calls[len(calls)-1].User, "An earlier look at this issue"); earlier != again {
			t.Errorf("ordinary work knows of an earlier look: %t, want %t", earlier, again)
		}
	}
	p.github.AddLabelAs("acme/past", issue.Number, "mona", "bug")
	p.github.CloseIssue("acme/past", issue.Number)
	r := p.backtest("--last", "1")
	calls := p.claude.Calls()
	if last := calls[len(calls)-1].User; r.Cases[0].Number != issue.Number || strings.Contains(last, "earlier") {
		t.Errorf("#%d:\n%s", r.Cases[0].Number, last)
	}
}
