package analyze

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hls/internal/hls"
)

// model answers from a script.
type model struct {
	mu     sync.Mutex
	asked  []hls.Request
	answer func(n int) (hls.Answer, error)
	dear   map[string]string // by name, a mark for each thousand that a call can cost besides
	held   map[string]error  // of Ready
	half   bool              // in a batch it costs half
}

func (m *model) Ask(_ context.Context, r hls.Request) (hls.Answer, error) {
	m.mu.Lock()
	m.asked = append(m.asked, r)
	n := len(m.asked)
	m.mu.Unlock()
	return m.answer(n)
}

func (m *model) Ceiling(r hls.Request) int64 {
	most := int64(1000 + 1000*len(m.dear[r.Model]))
	if m.half && r.Batch {
		return most / 2
	}
	return most
}

func (m *model) Ready(_ context.Context, name string) error { return m.held[name] }

// purse keeps its books in memory.
type purse struct {
	mu       sync.Mutex
	refuse   error
	reserved []hls.Reservation
	settled  map[int64]hls.Usage
	broken   error
	deadline bool // Settle came with an ended context
}

func (p *purse) Reserve(_ context.Context, r hls.Reservation) (int64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refuse != nil {
		return 0, p.refuse
	}
	p.reserved = append(p.reserved, r)
	return int64(len(p.reserved)), nil
}

func (p *purse) Settle(ctx context.Context, id int64, _ string, u hls.Usage) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.settled == nil {
		p.settled = map[int64]hls.Usage{}
	}
	p.settled[id] = u
	p.deadline = ctx.Err() != nil
	return p.broken
}

const schema = `{"type":"object","additionalProperties":false,"required":["priority"],
	"properties":{"priority":{"enum":["high","low"]},"labels":{"type":"array","maxItems":2,"items":{"type":"string"}}}}`

var spent = hls.Usage{InputTokens: 10, OutputTokens: 5, CostMicroUSD: 70}

func good() hls.Answer {
	return hls.Answer{Text: `{"priority":"high","labels":["bug"]}`, Model: "m-1", StopReason: "end_turn", Usage: spent}
}

func input() Input {
	return Input{
		Task:     hls.Task{ID: 9, DeliveryID: "d", Purpose: "triage", Subject: hls.Subject{RepoID: 1, Repo: "a/b", Kind: hls.KindIssue, Number: 3}},
		Question: hls.Question{Schema: []byte(schema), Weight: hls.Light},
		Prompt:   hls.Prompt{System: "s", User: "u", Template: "issues/analyze.j2", Hash: "h"},
		Revision: "r1",
	}
}

func newAnalyzer(t *testing.T, cfg Config, answer func(int) (hls.Answer, error)) (*Analyzer, *model, *purse) {
	t.Helper()
	m, p := &model{answer: answer}, &purse{}
	a, err := New(cfg, m, p)
	if err != nil {
		t.Fatal(err)
	}
	return a, m, p
}

func always(a hls.Answer, err error) func(int) (hls.Answer, error) {
	return func(int) (hls.Answer, error) { return a, err }
}

// What others bring about at will has half of what its subject may have, and one of one.
func TestE7_WorkBesideLeavesRoom(t *testing.T) {
	t.Parallel()
	for daily, want := range map[int]int{0: 0, 1: 1, 2: 1, 10: 5, 11: 6} {
		a, _, p := newAnalyzer(t, Config{SubjectDaily: daily}, always(good(), nil))
		in, together := input(), hls.Subject{RepoID: 1, Kind: hls.KindOther, Ref: "ci/pull/3"}
		in.Question.Beside, in.Counted = true, &together
		if _, _, err := a.Analyze(t.Context(), in); err != nil || p.reserved[0].SubjectDaily != want || p.reserved[0].CountedKey() != together.Key() {
			t.Errorf("of %d: %+v, %v", daily, p.reserved, err)
		}
	}
}

func TestAValidAnswerIsAnAnalysis(t *testing.T) {
	t.Parallel()
	a, m, p := newAnalyzer(t, Config{SubjectDaily: 10}, always(good(), nil))
	got, reservation, err := a.Analyze(t.Context(), input())
	if err != nil || reservation != 1 || string(got.Answer) != good().Text {
		t.Fatalf("got %+v, %d, %v", got, reservation, err)
	}
	if got.TaskID != 9 || got.DeliveryID != "d" || got.Purpose != "triage" || got.Revision != "r1" || got.Model != "m-1" ||
		got.Template != "issues/analyze.j2" || got.PromptHash != "h" || got.Usage != spent || got.At.IsZero() ||
		got.Prompt.System != "s" || string(got.Prompt.Schema) != schema || got.Subject.Number != 3 {
		t.Errorf("got %+v", got)
	}
	if len(p.settled) != 0 {
		t.Error("the reservation is settled by whoever stores the analysis")
	}
	if r := p.reserved[0]; r.MicroUSD != 1000 || r.SubjectDaily != 10 || r.Task.ID != 9 {
		t.Errorf("reserved %+v", r)
	}
	if m.asked[0].Repo != "a/b" || string(m.asked[0].Prompt.Schema) != schema {
		t.Errorf("asked %+v", m.asked[0])
	}
}

// Nothing but end_turn with exactly one valid object is an analysis.
func TestE4_NothingElseIsAnAnalysis(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"prose":             `The priority is high.`,
		"prose around":      `Here it is: {"priority":"high"}`,
		"fence":             "```json\n{\"priority\":\"high\"}\n```",
		"two objects":       `{"priority":"high"} {"priority":"low"}`,
		"trailing text":     `{"priority":"high"} hope this helps`,
		"duplicate name":    `{"priority":"high","priority":"low"}`,
		"deep duplicate":    `{"priority":"high","labels":[{"a":1,"a":2}]}`,
		"cut off":           `{"priority":"high","labels":["bu`,
		"array":             `[{"priority":"high"}]`,
		"string":            `"high"`,
		"null":              `null`,
		"empty":             ``,
		"missing":           `{"labels":[]}`,
		"wrong value":       `{"priority":"urgent"}`,
		"wrong case":        `{"Priority":"high"}`,
		"wrong type":        `{"priority":"high","labels":"bug"}`,
		"too many":          `{"priority":"high","labels":["a","b","c"]}`,
		"unknown member":    `{"priority":"high","close":true}`,
		"invalid utf-8":     "{\"priority\":\"high\",\"labels\":[\"\xff\"]}",
		"comment":           `{"priority":"high" /* sure */}`,
		"not a number":      `{"priority":NaN}`,
		"byte order mark":   "\ufeff{\"priority\":\"high\"}",
		"deep beyond sense": strings.Repeat(`{"a":`, 100_000),
	} {
		bad := good()
		bad.Text = text
		a, _, p := newAnalyzer(t, Config{}, always(bad, nil))
		got, reservation, err := a.Analyze(t.Context(), input())
		var unusable *hls.Unusable
		if !errors.As(err, &unusable) || unusable.Reason != "schema" || reservation != 0 || got.Answer != nil {
			t.Errorf("%s: got %+v, %d, %v", name, got, reservation, err)
		}
		if p.settled[1] != spent {
			t.Errorf("%s: settled %+v", name, p.settled)
		}
	}
	for _, stop := range []string{"", "max_tokens", "refusal", "tool_use", "END_TURN"} {
		bad := good()
		bad.StopReason = stop
		a, _, p := newAnalyzer(t, Config{}, always(bad, nil))
		_, _, err := a.Analyze(t.Context(), input())
		var unusable *hls.Unusable
		if !errors.As(err, &unusable) || p.settled[1] != spent {
			t.Errorf("stop_reason %q: got %v, settled %+v", stop, err, p.settled)
		}
	}
}

// S3: whatever fails, the reservation becomes what was really paid; what nobody knows counts in full.
func TestS3_EveryFailureSettles(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err  error
		paid hls.Usage
	}{
		"refusal":     {&hls.Unusable{Err: errors.New("x"), Reason: "refusal", Usage: spent}, spent},
		"wrapped":     {fmt.Errorf("ask: %w", &hls.Unusable{Err: errors.New("x"), Reason: "max_tokens", Usage: spent}), spent},
		"rate limit":  {&hls.RetryAfter{Err: errors.New("x"), After: time.Minute, Free: true}, hls.Usage{}},
		"overloaded":  {&hls.RetryAfter{Err: errors.New("x")}, hls.Usage{}},
		"permanent":   {&hls.Permanent{Err: errors.New("x"), Reason: "claude_invalid"}, hls.Usage{}},
		"spend stop":  {&hls.SpendStop{Err: errors.New("x"), Until: time.Now().Add(time.Hour)}, hls.Usage{}},
		"timeout":     {&hls.RetryAfter{Err: fmt.Errorf("%w: x", hls.ErrAmbiguous)}, hls.Usage{CostMicroUSD: 1000}},
		"interrupted": {fmt.Errorf("%w: %w", hls.ErrAmbiguous, context.Canceled), hls.Usage{CostMicroUSD: 1000}},
	} {
		a, _, p := newAnalyzer(t, Config{}, always(hls.Answer{}, test.err))
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // it is settled all the same
		_, reservation, err := a.Analyze(ctx, input())
		if !errors.Is(err, test.err) || reservation != 0 {
			t.Errorf("%s: got %d, %v", name, reservation, err)
		}
		if got, ok := p.settled[1]; !ok || got != test.paid || p.deadline {
			t.Errorf("%s: settled %+v", name, p.settled)
		}
	}
	a, _, p := newAnalyzer(t, Config{}, always(hls.Answer{}, &hls.RetryAfter{Err: errors.New("x")}))
	p.broken = errors.New("disk full")
	var retry *hls.RetryAfter
	if _, _, err := a.Analyze(t.Context(), input()); !errors.Is(err, p.broken) || !errors.As(err, &retry) {
		t.Errorf("got %v", err)
	}
}

// S3: without money set aside, nobody is asked.
func TestS3_NoReservationNoCall(t *testing.T) {
	t.Parallel()
	a, m, p := newAnalyzer(t, Config{}, always(good(), nil))
	p.refuse = &hls.Capped{Cap: "claude.budget.daily_usd"}
	var capped *hls.Capped
	if _, _, err := a.Analyze(t.Context(), input()); !errors.As(err, &capped) || len(m.asked) != 0 {
		t.Errorf("got %v, asked %d", err, len(m.asked))
	}
}

// The caps are the rule's, in which a 0 is no cap, and not those of the section a second time.
func TestS3_TheCapsAreTheRules(t *testing.T) {
	t.Parallel()
	cfg := Config{Budget: Budget{DailyUSD: 10, PerRepositoryDailyUSD: 2, PerActorDailyEvents: 5}}
	a, _, p := newAnalyzer(t, cfg, always(good(), nil))
	for _, budget := range []hls.Budget{
		{},
		{DailyUSD: 10, PerRepoDailyUSD: 0, PerActorDailyTasks: 0},
		{DailyUSD: 10, MonthlyUSD: 50, PerRepoDailyUSD: 3, PerActorDailyTasks: 9},
	} {
		in := input()
		in.Rule.Budget = budget
		if _, _, err := a.Analyze(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		if got := p.reserved[len(p.reserved)-1].Budget; got != budget {
			t.Errorf("reserved with %+v, want %+v", got, budget)
		}
	}
	if _, err := New(Config{Budget: Budget{DailyUSD: -1}}, nil, nil); err == nil {
		t.Error("a negative cap passes")
	}
}

// What is no task's is kept within the caps on money, and takes nothing from the subject and from the person that it is
// about.
func TestS3_AsideTheCapsOnMoneyHold(t *testing.T) {
	t.Parallel()
	a, _, p := newAnalyzer(t, Config{SubjectDaily: 10}, always(good(), nil))
	in := input()
	in.Aside, in.Task.Actor, in.Rule.Budget = "dry_replay", "mona", hls.Budget{DailyUSD: 10, PerRepoDailyUSD: 3, PerActorDailyTasks: 9}
	if _, _, err := a.Analyze(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	got := p.reserved[0]
	if want := (hls.Budget{DailyUSD: 10, PerRepoDailyUSD: 3}); got.Budget != want || got.SubjectDaily != 0 || got.MicroUSD != 1000 {
		t.Errorf("reserved %+v", got)
	}
	if got.Task.ID != 0 || got.Task.Actor != "" || got.Task.Subject.RepoID != 1 || got.CountedKey() != "1/dry_replay" {
		t.Errorf("it is kept as %+v under %s", got.Task, got.CountedKey())
	}
}

// A question of a batch sets half aside, by the model that would be asked by itself, and under the same caps. What it is
// answered with is judged like any other.
func TestS3_ABatchSetsHalfAside(t *testing.T) {
	t.Parallel()
	a, m, p := newAnalyzer(t, Config{Model: "m-1"}, always(good(), nil))
	m.half = true
	in := input()
	in.Aside = "backtest"
	got, err := a.Prepare(t.Context(), in)
	if err != nil || got.Reservation != 1 || got.MicroUSD != 500 || got.Request.Model != "m-1" || !got.Request.Batch || len(m.asked) != 0 || p.reserved[0].MicroUSD != 500 {
		t.Errorf("%+v, %v; reserved %+v", got, err, p.reserved)
	}
	if model, most := a.Most(in, true); model != "m-1" || most != 500 {
		t.Errorf("%s %d", model, most)
	}
	if _, most := a.Most(in, false); most != 1000 {
		t.Errorf("by itself %d", most)
	}
	if analysis, err := a.Read(in, good()); err != nil || analysis.Usage != good().Usage || string(analysis.Answer) != good().Text {
		t.Errorf("%+v, %v", analysis, err)
	}
	prose, cut := good(), good()
	prose.Text, cut.StopReason = "prose", "max_tokens"
	for _, answer := range []hls.Answer{prose, cut} {
		var unusable *hls.Unusable
		if _, err := a.Read(in, answer); !errors.As(err, &unusable) || unusable.Usage != answer.Usage {
			t.Errorf("%q: %v", answer.Text, err)
		}
	}
	p.refuse = &hls.Capped{Cap: "claude.budget.daily_usd"}
	var capped *hls.Capped
	if _, err := a.Prepare(t.Context(), in); !errors.As(err, &capped) {
		t.Errorf("beyond the cap: %v", err)
	}
}

// A schema loads nothing, neither a file nor an address.
func TestE2_SchemasLoadNothing(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "schema.json")
	if err := os.WriteFile(file, []byte(`{"type":"object"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, ref := range []string{"file://" + file, "http://127.0.0.1:1/x.json", "other.json", "https://json-schema.org/draft/2020-12/nothing"} {
		in := input()
		in.Question.Schema = fmt.Appendf(nil, `{"$ref":%q}`, ref)
		a, m, p := newAnalyzer(t, Config{}, always(good(), nil))
		var final *hls.Permanent
		if _, _, err := a.Analyze(t.Context(), in); !errors.As(err, &final) || len(m.asked)+len(p.reserved) != 0 {
			t.Errorf("%s: got %v", ref, err)
		}
	}
	for _, text := range []string{``, `{`, `{"type":"object","type":"array"}`, `{"type":"thing"}`} {
		if _, err := compile([]byte(text)); err == nil {
			t.Errorf("%q is a schema", text)
		}
	}
	v, err := compile([]byte(`{"$defs":{"p":{"enum":["high"]}},"type":"object","properties":{"priority":{"$ref":"#/$defs/p"}}}`))
	if err != nil || v.check([]byte(`{"priority":"high"}`)) != nil || v.check([]byte(`{"priority":"low"}`)) == nil {
		t.Errorf("a reference within: %v", err)
	}
}
