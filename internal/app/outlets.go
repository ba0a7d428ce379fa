package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"hls/internal/config"
	"hls/internal/hls"
	"hls/internal/notify"
	"hls/internal/telemetry"
)

// outlets looks at where traces and messages go.
func (p *inspection) outlets(context.Context) {
	if err := telemetry.Check(p.settings.Telemetry); err != nil {
		p.problem("telemetry.otlp_endpoint", "%v", err)
	}
	if err := notify.Check(p.settings.Notify); err != nil {
		key, what, _ := strings.Cut(err.Error(), ": ")
		p.problem("notify."+key, "%s", what)
	}
}

// openTelemetry makes the tracer and the notifier that the settings ask for.
func (a *App) openTelemetry(ctx context.Context, s *config.Settings) (err error) {
	if a.tracer, err = telemetry.New(ctx, s.Telemetry, telemetry.Deps{Version: a.opts.Version, Redactor: a.redactor, Log: a.log}); err != nil {
		return fmt.Errorf("%w: telemetry: %w", ErrSettings, err)
	}
	if a.notifier, err = notify.New(s.Notify, notify.Deps{Redactor: a.redactor, Log: a.log}); err != nil {
		return fmt.Errorf("%w: notify.%w", ErrSettings, err)
	}
	return nil
}

// sendTraces is the most that the last traces may take when the service stops.
const sendTraces = 3 * time.Second

// closeTraces sends what is left of the traces.
func (a *App) closeTraces(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, sendTraces)
	defer cancel()
	if err := a.tracer.Close(ctx); err != nil {
		a.log.Warn("the last traces were not sent", hls.KeyError, err.Error())
	}
}

// ended tells people of a run that ended in a way that needs one of them.
func (a *App) ended(task hls.Task, o hls.Outcome) {
	switch {
	case o.State == hls.Parked:
		a.notifier.Tell(notify.Notice{Kind: notify.Parked, Name: o.Reason, Where: task.Subject.String()})
	case o.Reason == "spend_stop", strings.HasPrefix(o.Reason, "claude.budget.") && strings.HasSuffix(o.Reason, "_usd"):
		a.notifier.Tell(notify.Notice{Kind: notify.Cap, Name: o.Reason, Where: task.Subject.Repo})
	}
}
