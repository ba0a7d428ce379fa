package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"hls/internal/hls"
)

// Result is what a finished task came to, as `async_processing: false` answers it.
type Result struct {
	TaskID   int64           `json:"task_id"`
	Outcome  hls.State       `json:"outcome"`
	Reason   string          `json:"reason,omitempty"`
	Analysis json.RawMessage `json:"analysis,omitempty"`
	Effects  []EffectResult  `json:"effects"`
}

// EffectResult is one row of the ledger as people read it.
type EffectResult struct {
	Kind  hls.EffectKind  `json:"kind"`
	State hls.EffectState `json:"state"`
	URL   string          `json:"url,omitempty"`
}

// Await waits for a task to end, here or on another instance. done is false when ctx ended first, or when the task
// was put off: to a later try, or until a limit lifts.
func (p *Pipeline) Await(ctx context.Context, taskID int64) (result Result, done bool, err error) {
	for {
		changed := p.changed.wait()
		task, err := p.store.Task(ctx, taskID)
		if err != nil {
			return Result{}, false, err
		}
		switch task.State {
		case hls.Queued, hls.Running:
		default:
			result, err := p.result(ctx, task)
			return result, err == nil, err
		}
		if task.State == hls.Queued && task.Reason != "" && task.RunAt.After(p.cfg.Now()) {
			return Result{}, false, nil
		}
		poll := time.NewTimer(time.Second)
		select {
		case <-changed:
		case <-poll.C:
		case <-ctx.Done():
			poll.Stop()
			return Result{}, false, nil
		}
		poll.Stop()
	}
}

func (p *Pipeline) result(ctx context.Context, task hls.Task) (Result, error) {
	r := Result{TaskID: task.ID, Outcome: task.State, Reason: task.Reason, Effects: []EffectResult{}}
	analysis, err := p.store.Analysis(ctx, task.ID)
	if err != nil && !errors.Is(err, hls.ErrNotFound) {
		return r, err
	}
	r.Analysis = analysis.Answer
	entries, err := p.store.Effects(ctx, task.ID)
	if err != nil {
		return r, err
	}
	for _, e := range entries {
		r.Effects = append(r.Effects, EffectResult{e.Effect.Kind, e.State, e.URL})
	}
	return r, nil
}
