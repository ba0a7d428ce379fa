package claude

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/anthropics/anthropic-sdk-go"

	"hls/internal/breaker"
	"hls/internal/hls"
)

// The breaker's parts are models: one that is overloaded shuts its own circuit, and others are asked as before.

// verdict is what a call tells of the server. A refusal, a limit and an answer that cannot be used come from a server
// that works.
func (f failure) verdict(ctx context.Context) breaker.Verdict {
	var broken net.Error
	switch {
	case errors.Is(f.err, errRedirected), errors.Is(f.err, errTooLarge):
		return breaker.Answered
	case f.resp != nil && f.resp.StatusCode >= http.StatusInternalServerError:
		return breaker.Failed
	case f.resp != nil && f.resp.StatusCode >= http.StatusMultipleChoices:
		return breaker.Answered
	case ctx.Err() != nil:
		return breaker.Untold
	case f.resp != nil && !errors.As(f.err, &broken) && !errors.Is(f.err, io.ErrUnexpectedEOF):
		return breaker.Answered
	case f.resp != nil, f.sent:
		return breaker.Failed
	}
	return breaker.Unreachable
}

// Ready is for work that comes before a question to a model, "" being the default: its error is the one that the question
// would meet now without being asked. While the model is tried again, few are let begin, and the others wait.
func (c *Client) Ready(ctx context.Context, model string) error {
	if err := c.brake.check(ctx); err != nil {
		return err
	}
	return held(c.breaker.Prospect(ctx, c.resolve(model)))
}

// held is the error of a call that the breaker did not let through. Of the model that was asked nothing is to be had, and
// nothing was paid: another may be asked.
func held(err error) error {
	var open *breaker.Open
	if !errors.As(err, &open) {
		return err
	}
	return &hls.RetryAfter{Err: fmt.Errorf("%w: %w", hls.ErrOverloaded, open), After: time.Until(open.Next), Free: true, Reason: outageReason(open.Cause)}
}

// outageReason names what is wrong with the server.
func outageReason(err error) string {
	var answer *anthropic.Error
	if errors.As(err, &answer) && answer.StatusCode == statusOverloaded {
		return reasonOverloaded
	}
	return reasonUnavailable
}

// schedule says of an outage when trying again is worth it, which the breaker knows once it is open. A call that may
// have been paid for is not made again as soon as that.
func (c *Client) schedule(model string, err error) {
	var (
		retry *hls.RetryAfter
		open  *breaker.Open
	)
	if !errors.As(err, &retry) || !retry.Outage || !errors.As(c.breaker.Check(model), &open) {
		return
	}
	retry.After = max(retry.After, time.Until(open.Next))
	retry.Outage = errors.Is(err, hls.ErrAmbiguous)
}
