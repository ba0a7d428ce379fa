package app

import (
	"fmt"

	"hls/internal/config"
	"hls/internal/hls"
)

// RuleOf is what the settings say about a repository, whoever HLS acts as.
func RuleOf(s *config.Settings, repo string) (hls.Rule, error) {
	router, err := newRouter(s)
	if err != nil {
		return hls.Rule{}, err
	}
	rule, ok := router.Rule(repo)
	if !ok {
		return rule, fmt.Errorf("%w: no entry of repositories has the name %s", ErrRequest, repo)
	}
	return rule, nil
}
