package receive

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"hls/internal/hls"
)

const (
	statusError = "error"
	overload    = "overloaded"
	retryAfter  = 30 * time.Second // for people and for proxies; GitHub does not send again by itself
	countWithin = 5 * time.Second
)

// ending is what becomes of a request: one class, one answer.
type ending struct {
	code    int
	class   hls.Class
	status  string
	reason  string // a name in snake_case
	err     error  // for the log alone
	result  any
	counted bool // by Accept
	after   time.Duration
}

func reject(code int, reason string) *ending {
	return &ending{code: code, class: hls.Rejected, status: statusError, reason: reason}
}

func (e *ending) because(err error) *ending {
	e.err = err
	return e
}

// deferred asks for the delivery to be sent again. The caller learns the reason's name and nothing of err.
func deferred(reason string, err error) ending {
	after := retryAfter
	if passing := new(hls.RetryAfter); errors.As(err, &passing) && passing.After > 0 {
		after = passing.After
	}
	return ending{
		code: http.StatusServiceUnavailable, class: hls.Deferred, status: statusError,
		reason: reason, err: err, after: after,
	}
}

// overloaded refuses a request for want of memory.
func overloaded() *ending {
	end := deferred(overload, nil)
	return &end
}

// refusal is the body of an answer about a request of which nothing is believed.
type refusal struct {
	Status    string `json:"status"`
	Reason    string `json:"reason"`
	RequestID string `json:"request_id"`
}

// answered is the body of an answer about an authentic delivery.
type answered struct {
	Status     string          `json:"status"`
	Reason     string          `json:"reason,omitempty"`
	RequestID  string          `json:"request_id"`
	DeliveryID string          `json:"delivery_id"`
	EventType  string          `json:"event_type"`
	Repository string          `json:"repository"`
	Result     json.RawMessage `json:"result,omitempty"`
}

// answer tells GitHub. A result that has no JSON form is left out.
func (x *exchange) answer(end ending) {
	var body any = refusal{end.status, end.reason, x.delivery.RequestID}
	if x.verified {
		d := x.delivery
		full := answered{
			Status: end.status, Reason: end.reason, RequestID: d.RequestID,
			DeliveryID: d.ID, EventType: d.Event, Repository: d.Repo,
		}
		if raw, err := json.Marshal(end.result); err == nil && end.result != nil {
			full.Result = raw
		}
		body = full
	}
	header := x.w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Request-ID", x.delivery.RequestID)
	if x.early() {
		header.Set("Connection", "close")
	}
	if end.after > 0 {
		header.Set("Retry-After", strconv.Itoa(int(math.Ceil(end.after.Seconds()))))
	}
	text, err := json.Marshal(body)
	if err != nil {
		text = []byte(`{"status":"error"}`)
	}
	header.Set("Content-Length", strconv.Itoa(len(text))) // complete when flushed, before the request ends
	x.w.WriteHeader(end.code)
	_, _ = x.w.Write(text) // an error means that the client has gone: there is nobody to tell
}

// count makes sure that the request ends in exactly one class: Accept counted those that it answered for.
func (h *Handler) count(x *exchange, end *ending) {
	if end.counted {
		return
	}
	if beside := h.beside[end.reason]; beside != nil {
		beside.add()
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(x.r.Context()), countWithin)
	defer cancel()
	end.err = errors.Join(end.err, h.deps.Count(ctx, end.class, end.reason))
}

// tell tells of a delivery that was taken in.
func (h *Handler) tell(x *exchange, class hls.Class) {
	if class == hls.Accepted && h.deps.Accepted != nil {
		h.deps.Accepted(x.delivery, x.start)
	}
}

// tallies count the requests of which there may be floods, and which have been answered since.
func (h *Handler) tallies() map[string]*tally {
	beside := map[string]*tally{}
	for reason, class := range map[string]hls.Class{
		overload: hls.Deferred, addressesUnknown: hls.Deferred, addressRefused: hls.Rejected, tooMany: hls.Rejected,
	} {
		beside[reason] = &tally{count: func() { h.countBeside(class, reason) }}
	}
	return beside
}

func (h *Handler) countBeside(class hls.Class, reason string) {
	ctx, cancel := context.WithTimeout(context.Background(), countWithin)
	defer cancel()
	if err := h.deps.Count(ctx, class, reason); err != nil {
		h.deps.Log.Warn("request not counted", hls.KeyStage, string(hls.StageReceive), hls.KeyReason, reason, hls.KeyError, err.Error())
	}
}

// log writes the request's one line. Before the signature held it names nothing that came in the body.
func (h *Handler) log(x *exchange, end ending) {
	if !h.deps.Log.Enabled(x.r.Context(), end.level()) {
		return
	}
	d := x.delivery
	attributes := []slog.Attr{
		slog.String(hls.KeyStage, string(hls.StageReceive)), slog.String(hls.KeyRequestID, d.RequestID),
		slog.String(hls.KeyOutcome, string(end.class)), slog.Int("code", end.code),
		slog.Float64("seconds", time.Since(x.start).Seconds()),
	}
	for _, a := range []struct{ key, value string }{
		{hls.KeyDeliveryID, d.ID}, {hls.KeyEvent, d.Event}, {hls.KeyAction, d.Action}, {hls.KeyRepo, d.Repo},
		{hls.KeyReason, end.reason},
	} {
		if a.value != "" {
			attributes = append(attributes, slog.String(a.key, a.value))
		}
	}
	if end.err != nil {
		attributes = append(attributes, slog.String(hls.KeyError, end.err.Error()))
	}
	h.deps.Log.LogAttrs(x.r.Context(), end.level(), end.message(), attributes...)
}

func (e *ending) level() slog.Level {
	switch e.class {
	case hls.Rejected, hls.Conflict:
		return slog.LevelWarn
	case hls.Deferred:
		if e.err != nil {
			return slog.LevelError
		}
		return slog.LevelWarn
	case hls.Ignored:
		return slog.LevelDebug
	}
	if e.err != nil {
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

func (e *ending) message() string {
	if e.class == hls.Conflict {
		return "delivery refused: its id came before with another body from the same hook, a possible forgery"
	}
	return "delivery " + string(e.class)
}
