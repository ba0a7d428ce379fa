package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

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

// AskedAside is the answer, paid for, or what there is in place of one.
type AskedAside struct {
	Analysis hls.Analysis `json:"analysis"`
	Failure  *Failure     `json:"failure,omitempty"`
}

// Failure is why there is no answer, in the words of the error that it was: whoever asked tells by it whether to ask again, and
// what is wrong with all questions from what is wrong with one.
type Failure struct {
	Kind   string    `json:"kind"`             // "capped", "spend_stop", "retry" or "unusable"
	Reason string    `json:"reason,omitempty"` // for people
	Cap    string    `json:"cap,omitempty"`
	Until  time.Time `json:"until,omitzero"`
	Money  bool      `json:"money,omitempty"`
	After  float64   `json:"after_seconds,omitempty"`
	Name   string    `json:"name,omitempty"` // of what made the answer unusable
	Usage  hls.Usage `json:"usage,omitzero"`
}

// failureOf is what went wrong, nil where that is of no kind that whoever asked goes by.
func failureOf(redactor *hls.Redactor, err error) *Failure {
	var (
		capped   *hls.Capped
		stop     *hls.SpendStop
		retry    *hls.RetryAfter
		unusable *hls.Unusable
	)
	switch {
	case errors.As(err, &capped):
		return &Failure{Kind: "capped", Cap: capped.Cap, Until: capped.Until, Money: capped.Money}
	case errors.As(err, &stop):
		return &Failure{Kind: "spend_stop", Reason: redactor.Redact(stop.Err.Error()), Until: stop.Until}
	case errors.As(err, &unusable):
		return &Failure{Kind: "unusable", Reason: redactor.Redact(unusable.Err.Error()), Name: unusable.Reason, Usage: unusable.Usage}
	case errors.As(err, &retry) && !errors.Is(err, hls.ErrAmbiguous):
		return &Failure{Kind: "retry", Reason: redactor.Redact(retry.Err.Error()), After: retry.After.Seconds()}
	}
	return nil
}

// Err is the error that it was.
func (f *Failure) Err() error {
	if f == nil {
		return nil
	}
	cause := errors.New(f.Reason)
	switch f.Kind {
	case "capped":
		return &hls.Capped{Cap: f.Cap, Until: f.Until, Money: f.Money}
	case "spend_stop":
		return &hls.SpendStop{Err: cause, Until: f.Until}
	case "unusable":
		return &hls.Unusable{Err: cause, Reason: f.Name, Usage: f.Usage}
	case "retry":
		return &hls.RetryAfter{Err: cause, After: time.Duration(f.After * float64(time.Second))}
	}
	return fmt.Errorf("%s: %w", f.Kind, cause)
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
		if failure := failureOf(s.deps.Redactor, err); failure != nil && ctx.Err() == nil {
			return AskedAside{Failure: failure}, nil
		}
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
