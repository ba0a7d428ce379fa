package web

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"hls/internal/hls"
	"hls/internal/record"
)

// AskAside has Claude asked about something that another process thinks through, because this one has the database and so the
// money. Nothing else is kept, and nothing follows from it here.
type AskAside struct {
	Subject  hls.Subject  `json:"subject"`
	Event    string       `json:"event"`
	Action   string       `json:"action"`
	For      string       `json:"for"`             // what it is for, as "backtest"
	Model    string       `json:"model,omitempty"` // asked in place of what the settings say
	Question hls.Question `json:"question"`
	Prompt   hls.Prompt   `json:"prompt"`
	Revision string       `json:"revision"`
}

// AskedAside is the answer, paid for.
type AskedAside struct {
	Analysis hls.Analysis `json:"analysis"`
}

// Analyze asks for one issue or pull request to be worked on as it is now.
type Analyze struct {
	Subject string `json:"subject"` // as owner/repo#42
}

func (AskAside) members() string {
	return "subject, event, action, for, model, question, prompt and revision"
}

func (Analyze) members() string { return "subject" }

// mostAsked is how many bytes a question may have: a prompt has at most 180,000 of a text, and its instructions besides.
const mostAsked = 4 << 20

func (s *Server) ask(w http.ResponseWriter, r *http.Request) {
	byHand(s, w, r, func(ctx context.Context, q AskAside) (any, error) {
		asked, err := s.deps.Ask(ctx, q)
		return asked, refusalOf(ctx, s.deps.Redactor, err)
	})
}

func (s *Server) analyze(w http.ResponseWriter, r *http.Request) { byHand(s, w, r, s.deps.Analyze) }

// refusalOf is the error of a trial as those who asked for it are told of it.
func refusalOf(ctx context.Context, redactor *hls.Redactor, err error) error {
	var final *hls.Permanent
	var capped *hls.Capped
	switch {
	case err == nil, errors.Is(err, record.ErrUnavailable), ctx.Err() != nil:
		return err
	case errors.As(err, &capped):
		return &Refused{http.StatusConflict, strings.TrimSpace("a cap is reached: " + capped.Cap + " " + lifts(capped.Until))}
	case errors.As(err, &final):
		return &Refused{http.StatusConflict, redactor.Redact(final.Err.Error())}
	}
	return &Refused{http.StatusBadGateway, redactor.Redact(err.Error())}
}
