package app

import (
	"context"

	"hls/internal/pipeline"
	"hls/internal/web"
)

// undo takes back what HLS did, or tells what would be. A process beside the service, which works on no task, leaves the work
// to the service; one without a door to GitHub refuses, as it could not tell what people have touched since.
func (a *App) undo(ctx context.Context, what web.Undo) (web.Undone, error) {
	report, err := a.pipeline.Undo(ctx, pipeline.Undo{
		Delivery: what.Delivery, Since: what.Since, Prompt: what.Prompt, Repo: what.Repository, Apply: what.Apply, By: what.By,
	})
	if err != nil {
		return web.Undone{}, err
	}
	undone := web.Undone{
		Applied: what.Apply, More: report.More, Blind: report.Blind, Effects: []web.UndoEffect{}, TaskIDs: append([]int64{}, report.Tasks...),
	}
	for _, one := range report.Effects {
		undone.Effects = append(undone.Effects, a.undoneEffect(one))
	}
	return undone, nil
}

func (a *App) undoneEffect(one pipeline.Undone) web.UndoEffect {
	e := one.Entry
	out := web.UndoEffect{
		ID: e.ID, TaskID: e.TaskID, DeliveryID: one.Delivery, Kind: e.Effect.Kind, Subject: e.Effect.Subject.String(), DoneAt: e.At,
		URL: e.URL, By: one.Take.Kind, Stays: a.redactor.Redact(one.Kept), Partly: one.Partly,
	}
	if one.Kept != "" {
		out.By = ""
	}
	for _, l := range e.Effect.Labels {
		out.Labels = append(out.Labels, l.Name)
	}
	return out
}
