package config

import (
	"net/url"
	"slices"

	"hls/internal/route"
)

// Warning is something that the service can run with, and that its operator should know.
type Warning = Problem

// At makes a problem of a key, at its place in the file or at the nearest above it.
func (s *Settings) At(key, message string) Problem {
	p := Problem{File: s.file, Key: key, Message: message}
	if name := s.above[key]; name != "" {
		p.Message += "; the environment variable " + name + " gives it"
		return p
	}
	if s.tree != nil && s.tree.root != nil {
		n := s.tree.find(split(key))
		p.Line, p.Col = n.Line, n.Column
	}
	return p
}

// Warnings tell what the settings ask for that is retired, unsafe or of no effect.
func (s *Settings) Warnings() []Warning {
	var out []Warning
	warn := func(key, message string) { out = append(out, s.At(key, message)) }
	s.warnModels(warn)
	if len(s.Repositories) == 0 {
		warn("repositories", "no repository is configured: every delivery will be ignored")
	}
	if !s.Features.SignatureValidation {
		warn("features.signature_validation", "signatures are not checked: whoever reaches the port can send deliveries")
	}
	switch {
	case s.Server.AdminToken != "":
	case len(s.Server.TrustedProxies) > 0:
		warn("server.admin_token", "no admin token is set, and behind a proxy nobody counts as this machine: the dashboard, /stats and /metrics answer nobody")
	case !isLoopback(s.Server.Host):
		warn("server.admin_token", "no admin token is set: the dashboard, /stats and /metrics answer only this machine")
	}
	if s.Server.PProf && len(s.Server.TrustedProxies) > 0 {
		warn("server.pprof", "behind a proxy nobody counts as this machine: the profiles answer nobody")
	}
	if s.Logging.LogPayloads {
		warn("logging.log_payloads", "payloads are logged: the log will hold whatever people write on GitHub")
	}
	if s.uncapped() {
		warn("claude.budget", "no cap on money is set: set daily_usd or monthly_usd, or a limit in the Anthropic console")
	}
	for _, at := range s.urls() {
		if u, err := url.Parse(at.text); err == nil && u.Scheme == "http" && !isLoopback(u.Hostname()) {
			warn(at.key, "the URL is plain http: what is sent there, credentials among it, can be read on the way")
		}
	}
	return out
}

// uncapped tells whether some repository may cost any amount of money.
func (s *Settings) uncapped() bool {
	all := s.Claude.Analyze.Budget
	if all.DailyUSD > 0 || all.MonthlyUSD > 0 {
		return false
	}
	return len(s.Repositories) == 0 || slices.ContainsFunc(s.Repositories, func(r route.Repository) bool {
		return of(r.Budget.DailyUSD, all.PerRepositoryDailyUSD) == 0 && of(r.Budget.MonthlyUSD, all.PerRepositoryMonthlyUSD) == 0
	})
}

// of is a repository's own cap, or that of all.
func of(own *float64, all float64) float64 {
	if own != nil {
		return *own
	}
	return all
}

// warnModels tells of models that are no longer there or cost nobody knows what, and of what a model does not take.
func (s *Settings) warnModels(warn func(key, message string)) {
	for _, w := range s.Claude.Warnings() {
		warn("claude."+w.Key, w.Text)
	}
	for _, named := range s.Models() {
		if named.Key == "claude.model" {
			continue // It is among those.
		}
		for _, text := range s.Claude.WarnModel(named.Model) {
			warn(named.Key, text)
		}
	}
}
