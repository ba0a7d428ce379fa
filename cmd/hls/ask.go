package main

import (
	"context"
	"net/http"

	"hls/internal/analyze"
	"hls/internal/config"
	"hls/internal/hls"
	"hls/internal/web"
)

// elsewhere asks Claude by way of the running service, which has the database to itself, and so the money.
func (r reach) elsewhere(s *config.Settings, model string) func(context.Context, analyze.Input) (hls.Analysis, error) {
	return func(ctx context.Context, in analyze.Input) (hls.Analysis, error) {
		var answer web.AskedAside
		q := web.AskAside{
			Subject: in.Task.Subject, Event: in.Task.Event, Action: in.Task.Action, For: in.Aside, Model: model,
			Question: in.Question, Prompt: in.Prompt, Revision: in.Revision,
		}
		if err := r.service(s, longest).ask(ctx, request{http.MethodPost, "/api/v1/ask", q}, &answer); err != nil {
			return hls.Analysis{}, err
		}
		return answer.Analysis, answer.Failure.Err()
	}
}
