package analyze

import (
	"context"
	"errors"

	"hls/internal/hls"
)

// Budget caps what Claude may cost. Zero means no cap.
type Budget struct {
	// US dollars in a day (UTC), over all repositories; 0 means no cap.
	DailyUSD float64 `yaml:"daily_usd" jsonschema:"minimum=0"`
	// US dollars in a month, over all repositories; 0 means no cap.
	MonthlyUSD float64 `yaml:"monthly_usd" jsonschema:"minimum=0"`
	// US dollars in a day for each repository; 0 means no cap.
	PerRepositoryDailyUSD float64 `yaml:"per_repository_daily_usd" jsonschema:"minimum=0"`
	// US dollars in a month for each repository; 0 means no cap.
	PerRepositoryMonthlyUSD float64 `yaml:"per_repository_monthly_usd" jsonschema:"minimum=0"`
	// US dollars in a day for the events of each person; 0 means no cap.
	PerActorDailyUSD float64 `yaml:"per_actor_daily_usd" jsonschema:"minimum=0"`
	// Events of one person in a day that are analyzed; 0 means no cap.
	PerActorDailyEvents int `yaml:"per_actor_daily_events" jsonschema:"minimum=0"`
	// Share of what ordinary work may spend of a cap on dollars: once so much is spent or set aside, work goes to the light
	// model; 0 means never.
	CheaperAt float64 `yaml:"cheaper_at" default:"0.8" jsonschema:"minimum=0,maximum=1"`
	// Share of the same: once so much is spent, issues get labels alone, and what could only speak waits for the next day or
	// month of the cap; 0 means never.
	LabelsOnlyAt float64 `yaml:"labels_only_at" default:"0.9" jsonschema:"minimum=0,maximum=1"`
	// Share of each cap on dollars that is kept for commands of people: ordinary work may spend the rest; 0 keeps nothing.
	CommandReserve float64 `yaml:"command_reserve" default:"0.1" jsonschema:"minimum=0,maximum=0.9"`
}

// mostReserve is the most of a cap that can be kept for commands.
const mostReserve = 0.9

// Caps is the budget as a reservation has it.
func (b Budget) Caps() hls.Budget {
	return hls.Budget{
		DailyUSD: b.DailyUSD, MonthlyUSD: b.MonthlyUSD, PerRepoDailyUSD: b.PerRepositoryDailyUSD,
		PerRepoMonthlyUSD: b.PerRepositoryMonthlyUSD, PerActorDailyUSD: b.PerActorDailyUSD, PerActorDailyTasks: b.PerActorDailyEvents,
		Ladder: hls.Ladder{CheaperAt: b.CheaperAt, LabelsOnlyAt: b.LabelsOnlyAt, CommandReserve: b.CommandReserve},
	}
}

func (b Budget) check() error {
	for _, usd := range []float64{b.DailyUSD, b.MonthlyUSD, b.PerRepositoryDailyUSD, b.PerRepositoryMonthlyUSD, b.PerActorDailyUSD} {
		if !(usd >= 0) {
			return errors.New("a cap is negative")
		}
	}
	within := func(share, most float64) bool { return share >= 0 && share <= most }
	switch {
	case b.PerActorDailyEvents < 0:
		return errors.New("a cap is negative")
	case !within(b.CheaperAt, 1), !within(b.LabelsOnlyAt, 1):
		return errors.New("budget.cheaper_at and budget.labels_only_at are shares: want numbers from 0 to 1")
	case !within(b.CommandReserve, mostReserve):
		return errors.New("budget.command_reserve is a share: want a number from 0 to 0.9, so that something is left for other work")
	case b.LabelsOnlyAt > 0 && b.CheaperAt > b.LabelsOnlyAt:
		return errors.New("budget.cheaper_at is more than budget.labels_only_at: the cheaper model comes first; set it to the same or less")
	}
	return nil
}

// rung is how a question can be asked on a step of the ladder.
type rung struct {
	choice
	step    hls.Step
	ceiling int64 // the most that it can cost
}

// ladder is how a question can be asked, the best first. The cheaper model is asked without a fallback. Where nothing is
// cheaper, or the settings have no such step, the first step is that of the cheaper model already.
func (a *Analyzer) ladder(of hls.Task, in Input) []rung {
	best := a.rung(in, a.choose(of, in.Rule, in.Question.Weight), hls.AsAsked)
	if !in.Rule.Budget.Capped() {
		return []rung{best}
	}
	low := a.rung(in, choice{model: a.light(in.Rule)}, hls.Cheaper)
	if low.ceiling >= best.ceiling || in.Rule.Budget.CheaperAt == 0 {
		low.choice, low.ceiling = best.choice, best.ceiling
	}
	rungs := []rung{best, low}
	if low.choice == best.choice {
		rungs = rungs[1:]
	}
	if in.Question.Labels && !in.Asked {
		low.step = hls.LabelsOnly
		rungs = append(rungs, low)
	}
	return rungs
}

func (a *Analyzer) rung(in Input, c choice, step hls.Step) rung {
	return rung{c, step, a.ceiling(in.request(c.model), c.fallback)}
}

// reserve sets money aside on the first step of the ladder that the caps have room for. The error is that of the last.
func (a *Analyzer) reserve(ctx context.Context, in Input, ladder []rung) (on rung, id int64, err error) {
	for _, on = range ladder {
		id, err = a.purse.Reserve(ctx, a.reservation(in, on))
		var capped *hls.Capped
		if !errors.As(err, &capped) || !capped.Money {
			break
		}
	}
	return on, id, err
}
