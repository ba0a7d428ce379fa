package analyze

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"hls/internal/hls"
)

func TestModelsByRuleWeightAndEvent(t *testing.T) {
	t.Parallel()
	unset := map[hls.Weight]string{hls.Light: "unset-light", hls.Heavy: "unset-heavy"}
	light := func(name string) map[hls.Weight]string { return map[hls.Weight]string{hls.Light: name} }
	for name, test := range map[string]struct {
		cfg    Config
		rule   hls.Rule
		weight hls.Weight
		want   choice
	}{
		"nothing set, light":       {weight: hls.Light, want: choice{model: "unset-light"}},
		"nothing set, heavy":       {weight: hls.Heavy, want: choice{model: "unset-heavy"}},
		"a model of all":           {cfg: Config{Model: "all"}, weight: hls.Light, want: choice{model: "all"}},
		"a weight of all":          {cfg: Config{Model: "all", Models: Models{Light: "l", Heavy: "h"}}, weight: hls.Light, want: choice{model: "l"}},
		"the other weight of all":  {cfg: Config{Model: "all", Models: Models{Light: "l"}}, weight: hls.Heavy, want: choice{model: "all"}},
		"a repository's":           {cfg: Config{Models: Models{Light: "l"}}, rule: hls.Rule{Model: "own"}, weight: hls.Light, want: choice{model: "own"}},
		"a repository's weight":    {rule: hls.Rule{Model: "own", Models: hls.Models{Weights: light("own-l")}}, weight: hls.Light, want: choice{model: "own-l"}},
		"a repository's fallback":  {cfg: Config{Models: Models{Fallback: "f"}}, rule: hls.Rule{Models: hls.Models{Fallback: "own-f"}}, weight: hls.Light, want: choice{"unset-light", "own-f"}},
		"the fallback of all":      {cfg: Config{Models: Models{Fallback: "f"}}, weight: hls.Heavy, want: choice{"unset-heavy", "f"}},
		"itself is no fallback":    {cfg: Config{Model: "m", Models: Models{Fallback: "m"}}, weight: hls.Heavy, want: choice{model: "m"}},
		"an event":                 {rule: events("issues", "e", "ef", light("own-l")), weight: hls.Light, want: choice{"e", "ef"}},
		"an event and its action":  {rule: events("issues.opened", "e", "", light("own-l")), weight: hls.Light, want: choice{model: "e"}},
		"another event":            {rule: events("pull_request", "e", "ef", light("own-l")), weight: hls.Light, want: choice{model: "own-l"}},
		"another action":           {rule: events("issues.edited", "e", "ef", nil), weight: hls.Light, want: choice{model: "unset-light"}},
		"an event's fallback only": {rule: events("issues", "", "ef", light("own-l")), weight: hls.Light, want: choice{"own-l", "ef"}},
	} {
		test.cfg.Unset = unset
		a, _, _ := newAnalyzer(t, test.cfg, always(good(), nil))
		if got := a.choose(hls.Task{Event: "issues", Action: "opened"}, test.rule, test.weight); got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}

// A command is asked of the models of the work that it asks for.
func TestModelsOfTheWorkThatIsAskedFor(t *testing.T) {
	t.Parallel()
	a, m, _ := newAnalyzer(t, Config{Model: "all"}, always(good(), nil))
	in := input()
	in.Task.Event, in.Task.Action, in.Rule = "issue_comment", "created", events("pull_request", "e", "", nil)
	in.Question.Event, in.Question.Action = "pull_request", "review_requested"
	if _, _, err := a.Analyze(t.Context(), in); err != nil || asked(m) != "e" {
		t.Errorf("asked %q, %v", asked(m), err)
	}
}

func events(event, model, fallback string, weights map[hls.Weight]string) hls.Rule {
	return hls.Rule{Models: hls.Models{Weights: weights, Events: map[string]hls.EventModel{event: {Model: model, Fallback: fallback}}}}
}

var errFull = fmt.Errorf("ask: %w", &hls.RetryAfter{Err: fmt.Errorf("%w: 529", hls.ErrOverloaded), After: time.Minute, Free: true, Reason: "claude_overloaded"})

// inTurn answers the first call with an error, and those that follow with another answer.
func inTurn(first error, then hls.Answer, err error) func(int) (hls.Answer, error) {
	return func(n int) (hls.Answer, error) {
		if n == 1 {
			return hls.Answer{}, first
		}
		return then, err
	}
}

func asked(m *model) string {
	var names []string
	for _, r := range m.asked {
		names = append(names, r.Model)
	}
	return strings.Join(names, " ")
}

// An overloaded model has one other asked in its place, at once; the analysis names the one that answered.
func TestFallbackAnswersForAnOverloadedModel(t *testing.T) {
	t.Parallel()
	other := good()
	other.Model = "m-2"
	cfg := Config{Model: "m-1", Models: Models{Fallback: "m-2"}}
	a, m, p := newAnalyzer(t, cfg, inTurn(errFull, other, nil))
	got, reservation, err := a.Analyze(t.Context(), input())
	if err != nil || got.Model != "m-2" || reservation != 1 || asked(m) != "m-1 m-2" || len(p.settled) != 0 {
		t.Errorf("got %+v, %d, %v; asked %s", got, reservation, err, asked(m))
	}
}

// Whatever is an answer, or may have been paid for, has no fallback.
func TestS3_FallbackIsForNothingElse(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]error{
		"refusal":     &hls.Unusable{Err: errors.New("x"), Reason: "refusal", Usage: spent},
		"rate limit":  &hls.RetryAfter{Err: errors.New("x"), After: time.Minute, Free: true, Reason: "claude_rate_limited"},
		"ambiguous":   &hls.RetryAfter{Err: fmt.Errorf("%w: x", hls.ErrAmbiguous), Free: true, Outage: true},
		"broken":      &hls.RetryAfter{Err: errors.New("500"), Free: true, Outage: true, Reason: "claude_unavailable"},
		"spend stop":  &hls.SpendStop{Err: errors.New("x"), Until: time.Now().Add(time.Hour)},
		"permanent":   &hls.Permanent{Err: errors.New("x"), Reason: "claude_invalid"},
		"interrupted": context.Canceled,
	} {
		a, m, _ := newAnalyzer(t, Config{Model: "m-1", Models: Models{Fallback: "m-2"}}, inTurn(first, good(), nil))
		if _, _, err := a.Analyze(t.Context(), input()); !errors.Is(err, first) || asked(m) != "m-1" {
			t.Errorf("%s: %v; asked %s", name, err, asked(m))
		}
	}
	broken := good()
	broken.Text = "prose"
	a, m, _ := newAnalyzer(t, Config{Model: "m-1", Models: Models{Fallback: "m-2"}}, always(broken, nil))
	var unusable *hls.Unusable
	if _, _, err := a.Analyze(t.Context(), input()); !errors.As(err, &unusable) || asked(m) != "m-1" {
		t.Errorf("outside the schema: %v; asked %s", err, asked(m))
	}
}

// What is set aside covers the dearer of the two, and what the fallback cost is settled, whatever came of it.
func TestS3_TheReservationCoversTheFallback(t *testing.T) {
	t.Parallel()
	for name, dear := range map[string]string{"the fallback": "m-2", "the model": "m-1"} {
		a, m, p := newAnalyzer(t, Config{Model: "m-1", Models: Models{Fallback: "m-2"}}, inTurn(errFull, good(), nil))
		m.dear = map[string]string{dear: "++++"}
		if _, _, err := a.Analyze(t.Context(), input()); err != nil || p.reserved[0].MicroUSD != 5000 {
			t.Errorf("%s: reserved %+v, %v", name, p.reserved, err)
		}
	}
	for name, test := range map[string]struct {
		second error
		paid   hls.Usage
	}{
		"full":      {&hls.RetryAfter{Err: hls.ErrOverloaded, After: time.Second, Free: true}, hls.Usage{}},
		"refusal":   {&hls.Unusable{Err: errors.New("x"), Reason: "refusal", Usage: spent}, spent},
		"ambiguous": {&hls.RetryAfter{Err: fmt.Errorf("%w: x", hls.ErrAmbiguous), Free: true}, hls.Usage{CostMicroUSD: 1000}},
	} {
		a, m, p := newAnalyzer(t, Config{Model: "m-1", Models: Models{Fallback: "m-2"}}, inTurn(errFull, hls.Answer{}, test.second))
		if _, _, err := a.Analyze(t.Context(), input()); !errors.Is(err, test.second) || asked(m) != "m-1 m-2" {
			t.Errorf("%s: %v; asked %s", name, err, asked(m))
		}
		if got, ok := p.settled[1]; !ok || got != test.paid {
			t.Errorf("%s: settled %+v", name, p.settled)
		}
	}
}

// budget refuses what would exceed a cap, as the record does, and knows the most that was ever set aside or spent.
type budget struct {
	mu         sync.Mutex
	cap, spent int64
	open       map[int64]int64
	most       int64
}

func (b *budget) Reserve(_ context.Context, r hls.Reservation) (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	sum := b.spent + r.MicroUSD
	for _, n := range b.open {
		sum += n
	}
	if sum > b.cap {
		return 0, &hls.Capped{Cap: "claude.budget.daily_usd"}
	}
	id := int64(len(b.open) + 1)
	for ; b.open[id] != 0; id++ {
	}
	b.open[id] = r.MicroUSD
	return id, nil
}

func (b *budget) Settle(_ context.Context, id int64, _ string, u hls.Usage) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.open, id)
	b.spent += u.CostMicroUSD
	b.most = max(b.most, b.spent)
	return nil
}

// 64 workers whose model is overloaded and whose fallback costs four times as much spend no more than the cap.
func TestS3_SixtyFourWorkersOnADearerFallback(t *testing.T) {
	t.Parallel()
	dear := good()
	dear.Usage.CostMicroUSD = 4000
	purse := &budget{cap: 50_000, open: map[int64]int64{}}
	m := &byName{full: "m-1", dear: "m-2", answer: dear}
	a, err := New(Config{Model: "m-1", Models: Models{Fallback: "m-2"}}, m, purse)
	if err != nil {
		t.Fatal(err)
	}
	var workers sync.WaitGroup
	for range 64 {
		workers.Go(func() {
			for range 20 {
				analysis, reservation, err := a.Analyze(t.Context(), input())
				if err == nil {
					_ = purse.Settle(t.Context(), reservation, analysis.Model, analysis.Usage)
				}
			}
		})
	}
	workers.Wait()
	if purse.most > purse.cap || purse.most < purse.cap-4000 || len(purse.open) != 0 {
		t.Errorf("spent %d of %d, %d open", purse.most, purse.cap, len(purse.open))
	}
}

// byName is a model of which one has no room and another costs four times as much.
type byName struct {
	full, dear string
	answer     hls.Answer
}

func (m *byName) Ask(_ context.Context, r hls.Request) (hls.Answer, error) {
	if r.Model == m.full {
		return hls.Answer{}, errFull
	}
	return m.answer, nil
}

func (m *byName) Ceiling(r hls.Request) int64 {
	if r.Model == m.dear {
		return 4000
	}
	return 1000
}

func (m *byName) Ready(context.Context, string) error { return nil }

// Work begins while one of the models that it may be asked with would be asked.
func TestReadyKnowsTheFallback(t *testing.T) {
	t.Parallel()
	later := &hls.RetryAfter{Err: hls.ErrOverloaded, After: time.Hour, Free: true}
	soon := &hls.RetryAfter{Err: hls.ErrOverloaded, After: time.Second, Free: true}
	stop := &hls.SpendStop{Err: errors.New("x"), Until: time.Now().Add(time.Hour)}
	for name, test := range map[string]struct {
		held   map[string]error
		weight hls.Weight
		want   error
	}{
		"all well":                     {weight: hls.Light},
		"the fallback is there":        {held: map[string]error{"l": later}, weight: hls.Light},
		"neither":                      {held: map[string]error{"l": later, "f": soon}, weight: hls.Light, want: soon},
		"neither, the other way round": {held: map[string]error{"l": soon, "f": later}, weight: hls.Light, want: soon},
		"another weight is there":      {held: map[string]error{"l": later, "f": soon}, weight: ""},
		"of no weight":                 {held: map[string]error{"l": later, "h": later, "f": soon}, weight: "", want: soon},
		"it is not that weight's":      {held: map[string]error{"h": later, "f": later}, weight: hls.Light},
		"a spend stop is of all":       {held: map[string]error{"l": stop}, weight: hls.Light, want: stop},
	} {
		a, m, _ := newAnalyzer(t, Config{Models: Models{Light: "l", Heavy: "h", Fallback: "f"}}, nil)
		m.held = test.held
		if got := a.Ready(t.Context(), hls.Task{}, hls.Rule{}, test.weight); !errors.Is(got, test.want) || (got == nil) != (test.want == nil) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}
