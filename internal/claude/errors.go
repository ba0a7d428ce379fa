package claude

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/anthropics/anthropic-sdk-go"

	"hls/internal/breaker"
	"hls/internal/hls"
)

// Reasons of permanent failures, and of those that did not pass in time.
const (
	reasonInvalid      = "claude_invalid"
	reasonTooLarge     = "claude_too_large"
	reasonRejected     = "claude_rejected"
	reasonRedirected   = "claude_redirected"
	reasonUnauthorized = "claude_unauthorized"
	reasonNoModel      = "claude_model_unknown"
	reasonLimited      = "claude_rate_limited"
	reasonOverloaded   = "claude_overloaded"
	reasonUnavailable  = "claude_unavailable"
	reasonUnshared     = "claude_limits_unknown"
)

const statusOverloaded = 529

// errRefused is of the account, not of one request: the key may be about to be replaced, the model to be granted.
var errRefused = errors.New("the key or the model is not accepted")

// spendPause is how long nothing is asked after the account ran out: it may be a month, or until a person raises
// a limit, and asking once an hour costs nothing.
const spendPause = time.Hour

const maxRetryAfter = 24 * time.Hour

// failure is a call without a usable HTTP answer.
type failure struct {
	err  error
	resp *http.Response // nil when there was none
	sent bool           // the server may have seen the request
}

// judge gives a failure its kind ("Errors" and "Rate limits" in Anthropic's documentation).
func judge(ctx context.Context, f failure) error {
	status := 0
	if f.resp != nil {
		status = f.resp.StatusCode
	}
	wait, told := retryAfter(f.resp)
	switch {
	case errors.Is(f.err, errRedirected):
		return &hls.Permanent{Err: f.err, Reason: reasonRedirected}
	case status < 300:
		return f.unanswered(ctx)
	case f.spendStop(status, told):
		return &hls.SpendStop{Err: f.err, Until: time.Now().Add(spendPause)}
	case status == http.StatusTooManyRequests:
		return &hls.RetryAfter{Err: f.err, After: max(wait, time.Second), Free: true, Reason: reasonLimited}
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return &hls.RetryAfter{Err: fmt.Errorf("%w: %w", errRefused, f.err), After: wait, Reason: reasonUnauthorized}
	case status == http.StatusNotFound:
		return &hls.RetryAfter{Err: fmt.Errorf("%w: %w", errRefused, f.err), After: wait, Reason: reasonNoModel}
	case status == statusOverloaded:
		err := fmt.Errorf("%w: %w", hls.ErrOverloaded, f.err)
		return &hls.RetryAfter{Err: err, After: wait, Free: true, Outage: true, Reason: reasonOverloaded}
	case status >= 500:
		return &hls.RetryAfter{Err: f.err, After: wait, Free: true, Outage: true, Reason: outageReason(f.err)}
	case status == http.StatusRequestTimeout, status == http.StatusConflict:
		return &hls.RetryAfter{Err: f.err, After: wait}
	}
	return &hls.Permanent{Err: f.err, Reason: refusal(status)}
}

// unanswered is a broken connection, a timeout, or a 200 that cannot be read: the call may have been paid for.
func (f failure) unanswered(ctx context.Context) error {
	err := f.err
	if f.sent {
		err = fmt.Errorf("%w: %w", hls.ErrAmbiguous, err)
	}
	if ctx.Err() != nil {
		return err
	}
	if f.verdict(ctx) == breaker.Answered {
		return &hls.RetryAfter{Err: err}
	}
	return &hls.RetryAfter{Err: err, Free: true, Outage: true, Reason: reasonUnavailable}
}

// spendStop tells whether the account may spend no more: a 429 that names no time to come back, or a refusal that
// speaks of limits of usage or of the credit balance.
func (f failure) spendStop(status int, told bool) bool {
	text := strings.ToLower(f.text())
	switch status {
	case http.StatusTooManyRequests:
		return !told || strings.Contains(text, "enforced_spend_limit_reached")
	case http.StatusPaymentRequired:
		return true
	case http.StatusBadRequest, http.StatusForbidden:
		return strings.Contains(text, "usage limits") || strings.Contains(text, "credit balance")
	}
	return false
}

func (f failure) text() string {
	var answer *anthropic.Error
	if errors.As(f.err, &answer) {
		return answer.RawJSON()
	}
	return f.err.Error()
}

func refusal(status int) string {
	switch status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return reasonInvalid
	case http.StatusRequestEntityTooLarge:
		return reasonTooLarge
	}
	return reasonRejected
}

// retryAfter reads the header of that name: seconds, or a date.
func retryAfter(resp *http.Response) (wait time.Duration, told bool) {
	if resp == nil {
		return 0, false
	}
	value := resp.Header.Get("Retry-After")
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds >= 0 {
		return time.Duration(min(seconds, maxRetryAfter.Seconds()) * float64(time.Second)), true
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(time.Until(at), 0), maxRetryAfter), true
	}
	return 0, false
}
