package simulate

import (
	"slices"

	"hls/internal/hls"
)

// Lab is a small repository beside that of the scenario, for one that works in the mode suggest: what HLS would write
// there waits for a person. Its second label is named by the settings, and not on GitHub yet.
type Lab struct {
	Repo  string
	steps []Step
}

// NewLab adds the repository to g.
func NewLab(g *GitHub) *Lab {
	l := &Lab{Repo: "acme/gadget-lab"}
	g.AddAccount(hls.Account{Login: "acme", Type: "Organization"})
	g.AddRepository(RepositorySeed{
		FullName: l.Repo, ID: 640_211_078, Description: "Where gadgets are tried (simulated)",
		Labels: []hls.Label{{Name: "bug", Description: "Something behaves otherwise than documented", Color: "d73a4a"}},
	})
	for i, seed := range []IssueSeed{
		{Number: 1, Title: "The gadget crashes when it is switched off", Author: "rita", Body: poem(
			"Switching the gadget off ends in a crash:", "", "```", "panic: send on closed channel", "```", "", "1. Switch it on.", "2. Switch it off.", "", "Version 0.3.1.")},
		{Number: 2, Title: "Lamp broken", Author: "kurt", Body: "it does not work"},
	} {
		l.steps = append(l.steps, Step{
			Title: "Issue in a repository in the mode suggest", Expect: "a plan that waits for approval", Want: taken(),
			prepare: func() Delivery {
				g.AddIssue(l.Repo, seed)
				return Delivery{Event: "issues", GUID: guid(901 + i), Payload: g.IssuePayload(l.Repo, seed.Number, "opened", seed.Author, nil)}
			},
		})
	}
	return l
}

// Deliveries are the steps in the order in which they are sent.
func (l *Lab) Deliveries() []Step { return slices.Clone(l.steps) }
