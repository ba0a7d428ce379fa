package hls

// Step is a step of the ladder that work goes down as the money of a cap runs out. Below the last one it waits.
type Step int

// The steps.
const (
	AsAsked    Step = iota // by the model that the settings name for the work
	Cheaper                // by the light model
	LabelsOnly             // by the light model, and nothing is said
)

// Budget caps money and work. Zero means no cap, and of a share no such step, or nothing kept.
type Budget struct {
	DailyUSD           float64
	MonthlyUSD         float64
	PerRepoDailyUSD    float64
	PerRepoMonthlyUSD  float64
	PerActorDailyUSD   float64
	PerActorDailyTasks int

	Ladder
}

// Capped tells whether any of the caps is set.
func (b Budget) Capped() bool {
	return b.DailyUSD > 0 || b.MonthlyUSD > 0 || b.PerRepoDailyUSD > 0 || b.PerRepoMonthlyUSD > 0 || b.PerActorDailyUSD > 0 ||
		b.PerActorDailyTasks > 0
}

// Ladder says how work goes on as the money of a cap runs out. CommandReserve is a share of the cap that is kept for what
// people ask for; the others are shares of what is left of it, which is what ordinary work may spend.
type Ladder struct {
	CheaperAt      float64 // spent or set aside, from which on Cheaper is the step
	LabelsOnlyAt   float64 // spent, from which on LabelsOnly is the step
	CommandReserve float64
}

// Ordinary is how much of a cap work may spend that nobody asked for.
func (l Ladder) Ordinary(usd float64) float64 { return usd * (1 - l.CommandReserve) }
