package config

import (
	"errors"
	"fmt"

	"go.yaml.in/yaml/v4"

	"hls/internal/route"
)

// checkRepositories asks the room whose section it is, and puts its problems in their places. A key that has a problem
// already is not reported twice.
func (b *binder) checkRepositories(s *Settings) {
	for i, r := range s.Repositories {
		if r.Name == "" {
			b.missing(fmt.Sprintf("repositories[%d].name", i), "set it to owner/repo, or to a glob such as owner/*")
		}
	}
	told := map[string]bool{}
	for _, p := range b.problems.List {
		told[p.Key] = true
	}
	_, err := route.New(route.Config{Repositories: s.Repositories}, route.Features{})
	for _, one := range flatten(err) {
		var problem *route.Problem
		if !errors.As(one, &problem) {
			b.at("repositories", "%v", one)
			continue
		}
		if key, n := b.locate(problem); !told[key] {
			b.fail(n, key, "%v", problem.Err)
		}
	}
}

// locate finds the end of a problem's path, or the nearest value above it.
func (b *binder) locate(p *route.Problem) (string, *yaml.Node) {
	key, steps := "", make([]string, 0, len(p.Path))
	for _, step := range p.Path {
		steps = append(steps, fmt.Sprint(step))
		if i, isIndex := step.(int); isIndex {
			key += fmt.Sprintf("[%d]", i)
		} else {
			key = join(key, fmt.Sprint(step))
		}
	}
	return key, b.find(steps)
}

// ownSecrets tells whether every repository has a webhook secret of its own.
func (s *Settings) ownSecrets() bool {
	for _, r := range s.Repositories {
		if len(r.WebhookSecret) == 0 {
			return false
		}
	}
	return len(s.Repositories) > 0
}
