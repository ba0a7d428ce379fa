package pipeline

import (
	"hls/internal/hls"
	"hls/internal/route"
)

// Unwanted is why no rule lets an event of a repository through, whatever its body says, or "". It spares fetching what
// would be ignored.
func (p *Pipeline) Unwanted(repo, event, action string) string {
	_, verdict := p.rooms().Router.Match(hls.Event{Name: event, Action: action, Repo: hls.Repository{FullName: repo}}, hls.Account{})
	switch verdict.Reason {
	case route.NoRepository, route.RepositoryNotConfigured, route.RepositoryDisabled, route.EventNotEnabled:
		return verdict.Reason
	}
	return ""
}
