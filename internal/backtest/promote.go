package backtest

import (
	"fmt"

	"hls/internal/hls"
)

// Advice is what to do with a label.
type Advice struct {
	Label string   `json:"label"`
	Mode  hls.Mode `json:"mode"` // apply, suggest, or "leave"
	Why   string   `json:"why"`
}

// Leave is the advice to leave a label to people.
const Leave hls.Mode = "leave"

// Enough is how many proposals have to be held against what people decided before anything is made of them.
const Enough = 5

// worthAsking is the precision from which a label is worth a person's look: every other one is right.
const worthAsking = 0.5

// Advise says of each label that may be set what to do with it: apply it where at least so much of the proposals was right,
// suggest it where enough was for people to be asked, or where there is too little to tell, and leave it to people where most
// was wrong.
func Advise(s Score, allowed []hls.Label, precision float64) []Advice {
	rows := map[string]LabelRow{}
	for _, r := range s.Labels {
		rows[hls.Fold(r.Label)] = r
	}
	var all []Advice
	for _, l := range allowed {
		a := Advice{Label: l.Name, Mode: hls.ModeSuggest}
		switch r := rows[hls.Fold(l.Name)]; {
		case r.Proposed == 0:
			a.Why = "never proposed"
		case r.Proposed < Enough:
			a.Why = fmt.Sprintf("%d of %d right, which is too few to tell", r.Agreed, r.Proposed)
		default:
			a.Why = fmt.Sprintf("%d of %d right (%.2f)", r.Agreed, r.Proposed, *r.Precision)
			a.Mode = modeFor(*r.Precision, precision)
		}
		all = append(all, a)
	}
	return all
}

func modeFor(is, wanted float64) hls.Mode {
	switch {
	case is >= wanted:
		return hls.ModeApply
	case is >= min(worthAsking, wanted):
		return hls.ModeSuggest
	}
	return Leave
}
