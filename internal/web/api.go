package web

import (
	"encoding/json"
	"errors"
	"net/http"

	"hls/internal/hls"
)

// deliveries lists tasks, newest first: ?repo= ?event= ?state= ?before= ?limit=.
func (s *Server) deliveries(w http.ResponseWriter, r *http.Request) {
	query, err := readQuery(r.URL.RawQuery)
	if err != nil {
		answer(w, http.StatusBadRequest, map[string]string{"status": "error", "reason": err.Error()})
		return
	}
	rows, err := s.deps.Store.List(r.Context(), query)
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	list := make([]map[string]any, 0, len(rows))
	for _, row := range rows {
		list = append(list, s.taskJSON(row.Task))
	}
	answer(w, http.StatusOK, map[string]any{"deliveries": list})
}

func (s *Server) taskJSON(t hls.Task) map[string]any {
	return map[string]any{
		"task_id": t.ID, "delivery_id": t.DeliveryID, "request_id": t.RequestID, "event": t.Event, "action": t.Action,
		"repository": t.Subject.Repo, "subject": t.Subject.String(), "purpose": t.Purpose, "origin": t.Origin,
		"state": t.State, "reason": s.deps.Redactor.Redact(t.Reason), "attempt": t.Attempt, "queued_at": t.QueuedAt, "run_at": t.RunAt,
	}
}

// delivery shows the newest task of a delivery id, with its analysis, plan and effects.
func (s *Server) delivery(w http.ResponseWriter, r *http.Request) {
	shown, err := s.show(r)
	switch {
	case errors.Is(err, hls.ErrNotFound):
		answer(w, http.StatusNotFound, map[string]string{"status": "error", "reason": "no delivery with this id has a task"})
	case err != nil:
		s.unavailable(w, r, err)
	default:
		answer(w, http.StatusOK, shown)
	}
}

func (s *Server) show(r *http.Request) (map[string]any, error) {
	ctx := r.Context()
	task, err := s.deps.Store.TaskOf(ctx, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	shown := s.taskJSON(task)
	analysis, err := s.deps.Store.Analysis(ctx, task.ID)
	if err == nil {
		shown["analysis"] = map[string]any{
			"answer": json.RawMessage(analysis.Answer), "model": analysis.Model, "template": analysis.Template,
			"prompt_hash": analysis.PromptHash, "usage": analysis.Usage, "system": analysis.Prompt.System, "user": analysis.Prompt.User,
		}
	} else if !errors.Is(err, hls.ErrNotFound) {
		return nil, err
	}
	plan, err := s.deps.Store.Plan(ctx, task.ID)
	if err == nil {
		shown["plan"] = plan
	} else if !errors.Is(err, hls.ErrNotFound) {
		return nil, err
	}
	entries, err := s.deps.Store.Effects(ctx, task.ID)
	if err != nil {
		return nil, err
	}
	effects := make([]map[string]any, 0, len(entries))
	for _, e := range entries {
		effects = append(effects, map[string]any{
			"kind": e.Effect.Kind, "state": e.State, "url": e.URL, "error": s.deps.Redactor.Redact(e.Error), "at": e.At,
		})
	}
	shown["effects"] = effects
	return shown, nil
}

func (s *Server) replay(w http.ResponseWriter, r *http.Request) {
	id, err := s.deps.Replay(r.Context(), r.PathValue("id"))
	switch {
	case errors.Is(err, hls.ErrNotFound):
		answer(w, http.StatusNotFound, map[string]string{"status": "error", "reason": "no delivery with this id is stored"})
	case err != nil:
		s.unavailable(w, r, err)
	default:
		answer(w, http.StatusAccepted, map[string]any{"status": "queued", "task_id": id})
	}
}
