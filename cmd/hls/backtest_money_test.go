package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"hls/internal/app"
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
	p.end("")
	if stats := p.spend(); stats.Tallies["aside_calls/backtest"] != 12 || stats.Spend.CostMicroUSD != r.Score.Usage.CostMicroUSD {
		t.Errorf("%v %+v, the answers cost %d", stats.Tallies, stats.Spend, r.Score.Usage.CostMicroUSD)
	}
}
