package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"hls/internal/app"
	"hls/internal/simulate"
)

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

// A cap ends a backtest beside the service, too.
func TestS3_ABacktestBesideTheServiceKeepsToTheCaps(t *testing.T) {
	t.Parallel()
	p := newPast(t)
	file := p.history()
	p.write(strings.ReplaceAll(pastSettings, "daily_usd: 50", "daily_usd: 0.02, command_reserve: 0"))
	p.serve("")
	if code := p.run(t.Context(), "backtest", "acme/past", "--from", file); code != exitFailed || !strings.Contains(p.err, "daily_usd") || !strings.Contains(p.out, "it was not asked about") {
		t.Errorf("%d %s %s", code, p.err, p.out)
	}
	p.end("")
	if stats := p.spend(); stats.Today.All > 20_000 || stats.Today.All == 0 || len(p.claude.Calls()) > 100 {
		t.Errorf("%+v spent, %d questions", stats.Today, len(p.claude.Calls()))
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
	if code := p.run(t.Context(), "backtest", "acme/past", "--from", file, "--resume", "msgbatch_any"); code != exitUsage || !strings.Contains(p.err, "stop the service") {
		t.Errorf("%d %s", code, p.err)
	}
	p.end("")
	if stats := p.spend(); stats.Tallies["aside_calls/backtest"] != 12 || stats.Spend.CostMicroUSD != r.Score.Usage.CostMicroUSD {
		t.Errorf("%v %+v, the answers cost %d", stats.Tallies, stats.Spend, r.Score.Usage.CostMicroUSD)
	}
}

// What a batch has an answer to and is not looked at now is paid for, and told of; whoever is left without the answers is told
// which issues to look at.
func TestBacktestTellsOfResultsThatAreLeftOut(t *testing.T) {
	t.Parallel()
	p := newPast(t)
	file := p.history()
	ctx, leave := context.WithCancel(t.Context())
	p.claude.SetBatchPolls(1 << 30)
	waited := make(chan int)
	go func() { waited <- p.run(ctx, "backtest", "acme/past", "--from", file, "--last", "12", "--batch") }()
	id := p.batch()
	leave()
	if code := <-waited; code != exitFailed || strings.Count(p.err, "--from "+file+" --last 12 --resume "+id) != 2 {
		t.Fatalf("%d %s", code, p.err)
	}
	p.claude.SetBatchPolls(0)
	some := p.backtest("--from", file, "--last", "5", "--resume", id)
	if notes := strings.Join(some.Notes, "\n"); some.Score.Issues != 5 || !strings.Contains(notes, "7 results of the batch") || !strings.Contains(notes, "--last 12") {
		t.Errorf("%d issues, notes %q", some.Score.Issues, notes)
	}
	if paid := p.spend().Spend.CostMicroUSD; paid <= some.Score.Usage.CostMicroUSD {
		t.Errorf("%d paid, of which five answers cost %d", paid, some.Score.Usage.CostMicroUSD)
	}
	if all := p.backtest("--from", file, "--last", "12", "--resume", id); all.Score.Issues != 12 || len(all.Notes) != 0 {
		t.Errorf("%d issues, notes %q", all.Score.Issues, all.Notes)
	}
}

// Without a settings file there is no record that stays: a batch would be paid for, and could never be read.
func TestBatchesNeedSettings(t *testing.T) { //nolint:paralleltest // It sets variables of the environment.
	gh := simulate.NewGitHub(simulate.GitHubConfig{Anonymous: true})
	gh.AddRepository(simulate.RepositorySeed{FullName: "acme/past", Labels: simulate.PastLabels()})
	gh.AddPast("acme/past", 20)
	ghURL, stopGH := gh.Start()
	cl := simulate.NewClaude(simulate.ClaudeConfig{})
	clURL, stopCL := cl.Start()
	defer stopGH()
	defer stopCL()
	t.Chdir(t.TempDir())
	for name, value := range map[string]string{
		"ANTHROPIC_API_KEY": "a-key", "ANTHROPIC_BASE_URL": clURL, "GITHUB_API_URL": ghURL, "GITHUB_TOKEN": "", "HLS_CONFIG": "", "HLS_DATABASE_URL": "",
	} {
		t.Setenv(name, value)
	}
	for _, args := range [][]string{{"--batch"}, {"--resume", "msgbatch_any"}} {
		code, _, told := command(t, append([]string{"backtest", "acme/past"}, args...)...)
		if code != exitUsage || !strings.Contains(told, "hls init") {
			t.Errorf("%v: %d %s", args, code, told)
		}
	}
	if n := len(cl.Batches()); n != 0 {
		t.Errorf("%d batches were handed in", n)
	}
	for _, args := range [][]string{{"--estimate", "--batch"}, {}} {
		if code, out, told := command(t, append([]string{"backtest", "acme/past"}, args...)...); code != exitDone {
			t.Errorf("%v: %d %s%s", args, code, out, told)
		}
	}
}
