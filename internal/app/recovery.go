package app

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"hls/internal/config"
	"hls/internal/github"
	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/recovery"
	"hls/internal/rounds"
	"hls/internal/web"
)

// How long GitHub keeps the log of a webhook ("Viewing webhook deliveries").
const (
	logKept           = 3 * 24 * time.Hour
	logKeptEnterprise = 7 * 24 * time.Hour
)

// newRecovery makes the search for deliveries that never came, of what has been made before it.
func (a *App) newRecovery() (*recovery.Recoverer, error) {
	keeps := logKept
	if strings.HasSuffix(strings.TrimSuffix(a.started.GitHub.BaseURL, "/"), "/api/v3") {
		keeps = logKeptEnterprise
	}
	return recovery.New(recovery.Deps{
		GitHub: a.doors.github, Record: a.store, Take: a.door.Take, Unwanted: a.pipeline.Unwanted,
		Targets: func() recovery.Targets { return targets(a.house.Load().settings) },
		Spare:   a.spare, Keeps: keeps, Redactor: a.redactor, Log: a.log,
	})
}

// seekMissed looks for deliveries that never came until ctx ends. The channel closes when it has stopped.
func (a *App) seekMissed(ctx context.Context) <-chan struct{} {
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		a.recovery.Run(ctx, func() rounds.Switch {
			s := a.house.Load().settings
			return rounds.Switch{On: s.Features.RecoverMissed, Every: s.Recovery.Every}
		})
	}()
	return stopped
}

// spareShare of GitHub's limit is left to the work itself.
const spareShare = 4

// spare tells whether GitHub has requests to spare, by what the traffic has shown.
func (a *App) spare() bool {
	s := a.doors.github.Snapshot()
	return s.Limit == 0 || s.Remaining > s.Limit/spareShare || time.Now().After(s.Reset)
}

// targets are what the settings say of webhooks.
func targets(s *config.Settings) recovery.Targets {
	t := recovery.Targets{App: s.GitHub.App != (github.App{}), Address: webhookAddress(s), Path: s.Server.WebhookPath}
	for _, r := range s.Repositories {
		owner, _, _ := strings.Cut(r.Name, "/")
		switch {
		case r.Enabled != nil && !*r.Enabled:
		case !hls.IsGlob(r.Name):
			t.Repos = append(t.Repos, r.Name)
		case !hls.IsGlob(owner) && !slices.Contains(t.Owners, owner):
			t.Owners = append(t.Owners, owner)
		}
	}
	return t
}

// webhookAddress is where GitHub posts deliveries, "" when the settings do not tell.
func webhookAddress(s *config.Settings) string {
	if s.Server.PublicURL == "" {
		return ""
	}
	return strings.TrimSuffix(s.Server.PublicURL, "/") + s.Server.WebhookPath
}

// Recover makes one pass by hand over what the request names.
func (a *App) Recover(ctx context.Context, q web.Recovery) (any, error) {
	report, err := a.recoverByHand(ctx, q)
	if errors.Is(err, recovery.ErrTarget) {
		return nil, &hls.Permanent{Err: err, Reason: "target"}
	}
	return report, err
}

func (a *App) recoverByHand(ctx context.Context, q web.Recovery) (recovery.Report, error) {
	if err := a.auditOperator(ctx, hls.AuditRecovery, q); err != nil {
		return recovery.Report{}, err
	}
	return a.recovery.Pass(ctx, recovery.Request{ByHand: true, Target: q.Target, Apply: q.Apply, Since: q.Since, Answered: q.Answered})
}

// recoveryHealth is healthy while everything was looked through and no gap was found lately.
func (a *App) recoveryHealth() web.Component {
	c := web.Component{Status: web.Healthy, Detail: "off (features.recover_missed)"}
	if !a.house.Load().settings.Features.RecoverMissed {
		return c
	}
	state := a.recovery.State()
	c.Detail = a.redactor.Redact(state.Detail)
	if !state.LastPass.IsZero() {
		c.LastSuccess = &state.LastPass
	}
	if state.Troubled {
		c.Status = web.Degraded
	}
	return c
}

// RecoverBeside makes one pass by hand in a process of its own, with the record of the settings. It fails with
// record.ErrInUse when the service has the record and shares it with none: then the service itself must be asked.
// Taken in, the deliveries wait for the service to be started.
func RecoverBeside(ctx context.Context, s *config.Settings, opts Options, q web.Recovery) (recovery.Report, error) {
	a := beside(s, opts)
	defer a.Close()
	err := a.takeBeside(ctx)
	if err == nil {
		a.recovery, err = a.newRecovery()
	}
	if err != nil {
		return recovery.Report{}, err
	}
	return a.recoverByHand(ctx, q)
}

var _ recovery.Record = (record.Store)(nil)
