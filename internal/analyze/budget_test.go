package analyze

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
)

// steep is a purse whose caps are some way down the ladder.
type steep struct {
	purse
	at      hls.Step // no money is set aside for a step above it
	room    int64    // of the hard cap
	refused []hls.Reservation
	other   error // in place of a cap on money
}

func (p *steep) Reserve(ctx context.Context, r hls.Reservation) (int64, error) {
	if p.other != nil {
		p.refused = append(p.refused, r)
		return 0, p.other
	}
	if !r.Asked && r.Step < p.at || r.MicroUSD > p.room {
		p.refused = append(p.refused, r)
		return 0, &hls.Capped{Cap: "claude.budget.daily_usd", Until: time.Now().Add(time.Duration(len(p.refused)) * time.Hour), Money: true}
	}
	return p.purse.Reserve(ctx, r)
}

// onLadder asks on a ladder, where h and f cost three and four times as much as l, and tells which model was asked, on which step,
// and how often the purse refused.
func onLadder(t *testing.T, p *steep, in Input, models Models, share float64) (analysis hls.Analysis, asked string, err error) {
	t.Helper()
	m := &model{answer: always(good(), nil), dear: map[string]string{"h": "##", "f": "###"}}
	a, err := New(Config{Models: models}, m, p)
	if err != nil {
		t.Fatal(err)
	}
	in.Rule.Budget.DailyUSD, in.Rule.Budget.CheaperAt = 1, share
	analysis, _, err = a.Analyze(t.Context(), in)
	var names []string
	for _, r := range m.asked {
		names = append(names, r.Model)
	}
	return analysis, strings.Join(names, " "), err
}

func heavy() Input {
	in := input()
	in.Question.Weight = hls.Heavy
	return in
}

func triaging() Input {
	in := input()
	in.Question.Labels = true
	return in
}

// Work goes to the light model from a step on, then only what labels is asked, and then nothing; what a person asked for is
// asked as ever, and by the light model where there is no room for the other.
func TestS3_TheLadder(t *testing.T) {
	t.Parallel()
	const below = hls.LabelsOnly + 1
	asks := func(in Input) Input {
		in.Asked = true
		return in
	}
	for name, c := range map[string]struct {
		in    Input
		at    hls.Step
		room  int64
		model string // "" when nothing is asked
		step  hls.Step
	}{
		"review, money enough":              {heavy(), hls.AsAsked, 9000, "h", hls.AsAsked},
		"review, cheaper":                   {heavy(), hls.Cheaper, 9000, "l", hls.Cheaper},
		"review, labels only":               {heavy(), hls.LabelsOnly, 9000, "", 0},
		"review, waiting":                   {heavy(), below, 9000, "", 0},
		"review that does not fit":          {heavy(), hls.AsAsked, 2999, "l", hls.Cheaper},
		"review that fits by nothing":       {heavy(), hls.AsAsked, 999, "", 0},
		"triage, money enough":              {triaging(), hls.AsAsked, 9000, "l", hls.Cheaper},
		"triage, labels only":               {triaging(), hls.LabelsOnly, 9000, "l", hls.LabelsOnly},
		"triage, waiting":                   {triaging(), below, 9000, "", 0},
		"light without labels, labels only": {input(), hls.LabelsOnly, 9000, "", 0},
		"review on demand":                  {asks(heavy()), below, 9000, "h", hls.AsAsked},
		"review on demand without room":     {asks(heavy()), below, 2999, "l", hls.Cheaper},
		"review on demand without money":    {asks(heavy()), below, 999, "", 0},
		"triage on demand":                  {asks(triaging()), hls.LabelsOnly, 9000, "l", hls.Cheaper},
	} {
		p := &steep{at: c.at, room: c.room}
		analysis, asked, err := onLadder(t, p, c.in, Models{Light: "l", Heavy: "h"}, 0.8)
		var capped *hls.Capped
		switch {
		case c.model == "" && (!errors.As(err, &capped) || asked != "" || len(p.reserved) != 0):
			t.Errorf("%s: asked %q, %v", name, asked, err)
		case c.model != "" && (err != nil || asked != c.model || analysis.Step != c.step || len(p.reserved) != 1):
			t.Errorf("%s: asked %q on step %d, %v", name, asked, analysis.Step, err)
		case c.model != "" && (p.reserved[0].Asked != c.in.Asked || p.reserved[0].MicroUSD != map[string]int64{"l": 1000, "h": 3000}[c.model]):
			t.Errorf("%s: reserved %+v", name, p.reserved[0])
		}
	}
}

// The cheaper model is the repository's light one, whatever is named for the event, and is asked alone: a dear fallback would
// not be cheaper. Where nothing is cheaper the work stays with its model.
func TestTheCheaperModel(t *testing.T) {
	t.Parallel()
	event := hls.Models{Events: map[string]hls.EventModel{"issues": {Model: "f", Fallback: "h"}}}
	own := hls.Models{Weights: map[hls.Weight]string{hls.Light: "o"}}
	for name, c := range map[string]struct {
		all     Models
		rule    hls.Rule
		want    string
		ceiling int64
		refused int
	}{
		"the light one":           {Models{Light: "l", Heavy: "h"}, hls.Rule{}, "l", 1000, 1},
		"without a fallback":      {Models{Light: "l", Heavy: "l", Fallback: "f"}, hls.Rule{}, "l", 1000, 1},
		"whatever the event's is": {Models{Light: "l", Heavy: "h"}, hls.Rule{Models: event}, "l", 1000, 1},
		"the repository's":        {Models{Light: "l", Heavy: "h"}, hls.Rule{Models: own}, "o", 1000, 1},
		"one for all":             {Models{}, hls.Rule{Model: "h"}, "h", 3000, 0},
		"a light one that is not": {Models{Light: "f", Heavy: "h"}, hls.Rule{}, "h", 3000, 0},
	} {
		in := heavy()
		in.Task.Event, in.Rule = "issues", c.rule
		p := &steep{at: hls.Cheaper, room: 9000}
		_, asked, err := onLadder(t, p, in, c.all, 0.8)
		if err != nil || asked != c.want || len(p.refused) != c.refused || p.reserved[0].MicroUSD != c.ceiling {
			t.Errorf("%s: asked %q after %d refusals, reserved %+v, %v", name, asked, len(p.refused), p.reserved, err)
		}
	}
}

// A share of 0 is no step: the work keeps its model for as long as there is room for it.
func TestNoCheaperModelUnlessTheSettingsSaySo(t *testing.T) {
	t.Parallel()
	p := &steep{room: 9000}
	if _, asked, err := onLadder(t, p, heavy(), Models{Light: "l", Heavy: "h"}, 0); err != nil || asked != "h" {
		t.Errorf("asked %q, %v", asked, err)
	}
	p.room = 2999
	var capped *hls.Capped
	if _, asked, err := onLadder(t, p, heavy(), Models{Light: "l", Heavy: "h"}, 0); !errors.As(err, &capped) || asked != "" {
		t.Errorf("asked %q, %v", asked, err)
	}
}

// The last refusal tells how long to wait; a cap that is not one of money is refused once.
func TestTheLadderEnds(t *testing.T) {
	t.Parallel()
	p := &steep{room: 1}
	_, _, err := onLadder(t, p, heavy(), Models{Light: "l", Heavy: "h"}, 0.8)
	var capped *hls.Capped
	if !errors.As(err, &capped) || len(p.refused) != 2 || time.Until(capped.Until) < 90*time.Minute {
		t.Errorf("%d refusals, %+v", len(p.refused), err)
	}
	for _, other := range []error{&hls.Capped{Cap: hls.SubjectCap}, errors.New("the store is gone")} {
		p := &steep{other: other}
		if _, _, err := onLadder(t, p, heavy(), Models{Light: "l", Heavy: "h"}, 0.8); !errors.Is(err, other) || len(p.refused) != 1 {
			t.Errorf("%d refusals, %v", len(p.refused), err)
		}
	}
}

func TestBudgetsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	good := Budget{DailyUSD: 5, CheaperAt: 0.8, LabelsOnlyAt: 0.9, CommandReserve: 0.1}
	for name, c := range map[string]struct {
		change func(*Budget)
		want   string
	}{
		"":                       {func(*Budget) {}, ""},
		"no steps":               {func(b *Budget) { b.CheaperAt, b.LabelsOnlyAt, b.CommandReserve = 0, 0, 0 }, ""},
		"cheaper alone":          {func(b *Budget) { b.CheaperAt, b.LabelsOnlyAt = 1, 0 }, ""},
		"both at once":           {func(b *Budget) { b.CheaperAt = 0.9 }, ""},
		"negative cap":           {func(b *Budget) { b.PerRepositoryMonthlyUSD = -1 }, "negative"},
		"negative cap of actors": {func(b *Budget) { b.PerActorDailyUSD = -1 }, "negative"},
		"percent":                {func(b *Budget) { b.CheaperAt = 80 }, "0 to 1"},
		"negative share":         {func(b *Budget) { b.LabelsOnlyAt = -0.1 }, "0 to 1"},
		"all for commands":       {func(b *Budget) { b.CommandReserve = 1 }, "command_reserve"},
		"upside down":            {func(b *Budget) { b.CheaperAt = 0.95 }, "cheaper_at"},
	} {
		b := good
		c.change(&b)
		_, err := New(Config{Budget: b}, nil, nil)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if caps := good.Caps(); caps.Ladder != (hls.Ladder{CheaperAt: 0.8, LabelsOnlyAt: 0.9, CommandReserve: 0.1}) || caps.Ordinary(10) != 9 {
		t.Errorf("%+v", caps)
	}
}
