package pipeline

import (
	"context"
	"log/slog"
	"maps"
	"time"

	"hls/internal/hls"
	"hls/internal/telemetry"
)

// journey is one run of one task: where it stands, for the log and the metrics.
type journey struct {
	task    hls.Task
	log     *slog.Logger
	trace   *telemetry.Run
	observe func(hls.Stage, time.Duration)
	now     func() time.Time
	started time.Time
	stage   hls.Stage
	since   time.Time
	took    map[hls.Stage]float64 // seconds
}

func (p *Pipeline) begin(task hls.Task) *journey {
	now := p.cfg.Now()
	return &journey{
		task: task, trace: p.cfg.Tracer.Begin(task, now), observe: p.cfg.Observe, now: p.cfg.Now, started: now, since: now, stage: hls.StageRecord, took: map[hls.Stage]float64{},
		log: p.log.With(
			hls.KeyRequestID, task.RequestID, hls.KeyDeliveryID, task.DeliveryID, hls.KeyEvent, task.Event,
			hls.KeyAction, task.Action, hls.KeyRepo, task.Subject.Repo, hls.KeySubject, task.Subject.String(),
			hls.KeyTask, task.ID, hls.KeyAttempt, task.Attempt),
	}
}

// enter marks the start of a stage and closes the one before.
func (j *journey) enter(s hls.Stage) {
	j.leave()
	j.stage = s
}

func (j *journey) leave() {
	now := j.now()
	j.observe(j.stage, now.Sub(j.since))
	j.trace.Stage(j.stage, j.since, now)
	j.took[j.stage] += now.Sub(j.since).Seconds()
	j.log.Debug("stage ended", hls.KeyStage, j.stage, "seconds", now.Sub(j.since).Seconds())
	j.since = now
}

// gathered is what the plan rests on, with the time that the stages have taken so far.
func (j *journey) gathered(q question, settings string) *hls.Gathered {
	g := q.facts.Gathered()
	g.Rule, g.Settings, g.Took = q.rule.Name, settings, maps.Clone(j.took)
	g.Took[j.stage] += j.now().Sub(j.since).Seconds()
	return g
}

func (j *journey) analyzed(a hls.Analysis) {
	j.log.Info("analyzed", hls.KeyStage, j.stage, "model", a.Model, "template", a.Template,
		"input_tokens", a.Usage.InputTokens, "output_tokens", a.Usage.OutputTokens,
		"cache_read_tokens", a.Usage.CacheReadTokens, "cost_usd", float64(a.Usage.CostMicroUSD)/1e6)
}

func (j *journey) plan(plan hls.Plan) hls.Plan {
	for _, d := range plan.Dropped {
		j.log.Info("dropped", hls.KeyStage, j.stage, "what", d.What, "why", d.Why)
	}
	if plan.Silent != "" {
		j.log.Info("silent", hls.KeyStage, j.stage, hls.KeyReason, plan.Silent)
	}
	return plan
}

func (j *journey) acted(entries []hls.Entry) {
	for _, e := range entries {
		j.log.Info("effect", hls.KeyStage, j.stage, "kind", e.Effect.Kind, "state", e.State, "url", e.URL, hls.KeyError, e.Error)
	}
}

// end logs the outcome, once, at the level that its reader wants to be woken at.
func (j *journey) end(o hls.Outcome, err error) hls.Outcome {
	j.leave()
	o.Spent = j.now().Sub(j.started)
	j.trace.End(o, j.since)
	level := slog.LevelInfo
	args := []any{hls.KeyStage, j.stage, hls.KeyOutcome, o.State, hls.KeyReason, o.Reason, "seconds", o.Spent.Seconds()}
	switch o.State {
	case hls.Parked:
		level = slog.LevelError
	case hls.Queued:
		level = slog.LevelWarn
		if turnedAway(err) && !j.task.FailingAt.IsZero() { // It was told when the door turned it away first.
			level = slog.LevelDebug
		}
		args = append(args, "retry_at", o.RetryAt)
	}
	if err != nil && level > slog.LevelInfo {
		args = append(args, hls.KeyError, err.Error())
	}
	j.log.Log(context.Background(), level, "ended", args...)
	return o
}

// leaveTo ends the trace of a run whose outcome is not this process's to tell.
func (j *journey) leaveTo(whom string) {
	j.leave()
	j.trace.End(hls.Outcome{Reason: whom}, j.since)
}

// accepted logs what was stored. A delivery that could not be is the door's to log.
func (p *Pipeline) accepted(ctx context.Context, e hls.Event, rule hls.Rule, r hls.Receipt) {
	if !p.log.Enabled(ctx, slog.LevelInfo) {
		return
	}
	log := p.log.With(hls.KeyRequestID, e.RequestID, hls.KeyDeliveryID, e.DeliveryID, hls.KeyEvent, e.Name,
		hls.KeyAction, e.Action, hls.KeyRepo, e.Repo.FullName, hls.KeySubject, e.Subject.String(), hls.KeyStage, hls.StageRecord)
	if p.cfg.LogPayloads {
		log.InfoContext(ctx, "payload", "payload", string(e.Body))
	}
	log.InfoContext(ctx, "recorded", hls.KeyOutcome, r.Class, hls.KeyReason, r.Reason, hls.KeyTask, r.TaskID, "rule", rule.Name)
}
