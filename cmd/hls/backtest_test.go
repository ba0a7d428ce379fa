package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hls/internal/app"
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

// What a backtest proposes is a patch that applies, and that hls check accepts; labels are then as it says.
func TestBacktestPromotes(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string]string{
		"an entry":             pastSettings,
		"in braces":            strings.ReplaceAll(pastSettings, "    labels:\n      min_confidence: 0.6\n", "    labels: {min_confidence: 0.6, suggest: [wontfix]}\n"),
		"a glob":               strings.ReplaceAll(strings.ReplaceAll(pastSettings, "- name: acme/past ", `- name: "acme/*" `), "    mode: shadow\n", ""),
		"a dry run":            strings.ReplaceAll(pastSettings, "mode: shadow", "dry_run: true"),
		"said before":          strings.ReplaceAll(pastSettings, "min_confidence: 0.6\n", "min_confidence: 0.6\n      leave: [bug]\n      suggest:\n        - question\n    modes: {upsert_comment: suggest}\n"),
		"a name with a space":  pastSettings,
		"nothing but the name": strings.ReplaceAll(pastSettings, "    mode: shadow\n    labels:\n      min_confidence: 0.6\n", ""),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPast(t)
			if strings.Contains(name, "space") {
				p.settings = filepath.Join(p.dir, "own settings.yaml")
			}
			p.write(settings)
			r := p.backtest("--promote", "0.9")
			if r.Promotion == nil || r.Promotion.Patch == "" {
				t.Fatalf("%+v", r.Promotion)
			}
			p.patched(r.Promotion)
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

// patched applies a patch of the settings file as people do: by the command that comes with it, from anywhere; and it is found
// in the file's own folder without being told where.
func (p *past) patched(promotion *app.Promotion) {
	p.Helper()
	file := filepath.Join(p.TempDir(), "promote.patch")
	if err := os.WriteFile(file, []byte(promotion.Patch), 0o600); err != nil {
		p.Fatal(err)
	}
	if !strings.Contains(promotion.Apply, p.settings) || !strings.HasSuffix(promotion.Apply, "< FILE") {
		p.Fatal(promotion.Apply)
	}
	for _, one := range []struct{ dir, command string }{
		{p.dir, "patch --batch --dry-run -p0 < FILE"}, {filepath.Dir(file), promotion.Apply},
	} {
		cmd := exec.CommandContext(p.Context(), "sh", "-c", strings.ReplaceAll(one.command, "FILE", file))
		cmd.Dir = one.dir
		if text, err := cmd.CombinedOutput(); err != nil {
			p.Fatalf("%s: %v: %s\n%s", one.command, err, text, promotion.Patch)
		}
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

// A repository that has another name now is not looked at by the rules of the old one, which would pass over every issue.
func TestBacktestOfARenamedRepository(t *testing.T) {
	t.Parallel()
	p := newPast(t)
	p.github.RenameRepository("acme/past", "acme/newer")
	file := filepath.Join(p.dir, "history.jsonl")
	for _, more := range [][]string{{"--estimate"}, {"--save", file}} {
		code := p.run(t.Context(), append([]string{"backtest", "acme/past"}, more...)...)
		if code != exitUsage || !strings.Contains(p.err, "acme/past is acme/newer now") {
			t.Errorf("%v: %d %s%s", more, code, p.out, p.err)
		}
	}
	if _, err := os.Stat(file); err == nil || len(p.claude.Calls()) != 0 {
		t.Errorf("it was recorded (%v), or %d questions were asked", err, len(p.claude.Calls()))
	}
	if code := p.run(t.Context(), "backtest", "ACME/Newer", "--last", "3"); code != exitDone || !strings.Contains(p.out, "3 issues held") {
		t.Errorf("%d %s%s", code, p.out, p.err)
	}
}

// Issues that are opened while the pages are read push others to the next page, which are then listed twice.
func TestBacktestSeesEachIssueOnce(t *testing.T) {
	t.Parallel()
	p := newPast(t)
	to, err := url.Parse(p.vars["GITHUB"])
	if err != nil {
		t.Fatal(err)
	}
	proxy, opened := httputil.NewSingleHostReverseProxy(to), 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/issues") && r.URL.Query().Get("page") == "2" {
			for range 5 {
				p.github.AddIssue("acme/past", simulate.IssueSeed{Title: "New", Body: "Opened just now.", Author: "nora"})
				opened++
			}
		}
		proxy.ServeHTTP(w, r)
	}))
	defer server.Close()
	p.write(strings.ReplaceAll(pastSettings, "$GITHUB", server.URL))
	text, err := os.ReadFile(p.history())
	if err != nil || opened != 5 {
		t.Fatal(opened, err)
	}
	listed := map[int]int{}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
		var one struct{ Issue struct{ Number int } }
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatal(err)
		}
		if listed[one.Issue.Number]++; listed[one.Issue.Number] > 1 {
			t.Errorf("#%d is listed %d times", one.Issue.Number, listed[one.Issue.Number])
		}
	}
	if len(listed) != pastIssues {
		t.Errorf("%d issues, want %d", len(listed), pastIssues)
	}
}
