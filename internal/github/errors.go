package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-github/v92/github"

	"hls/internal/breaker"
	"hls/internal/hls"
)

var (
	errPaced      = errors.New("held back by github.limits")
	errUnshared   = errors.New("what other instances write is not known")
	errPaused     = errors.New("GitHub asked to wait")
	errRefused    = errors.New("the token or App is not accepted")
	errRedirected = errors.New("redirected to where HLS does not follow")
	errMoved      = errors.New("moved to another repository or subject")
	errTooLarge   = errors.New("the answer is too large")
	errTooMany    = errors.New("the list is too long")
	errNoID       = errors.New("the answer names nothing that was created")
)

// Reasons of permanent failures, and of those that did not pass in time.
const (
	reasonForbidden    = "github_forbidden"
	reasonInvalid      = "github_invalid"
	reasonNotFound     = "github_not_found"
	reasonRejected     = "github_rejected"
	reasonRedirected   = "github_redirected"
	reasonMoved        = "github_moved"
	reasonTooLarge     = "github_too_large"
	reasonTooMany      = "github_too_many"
	reasonNotInstalled = "github_not_installed"
	reasonUnauthorized = "github_unauthorized"
	reasonUnavailable  = "github_unavailable"
	reasonLimited      = "github_rate_limited"
	reasonUnshared     = "github_limits_unknown"
)

// Waits of "Best practices for using the REST API" and "Rate limits for the REST API".
const (
	secondaryWait    = time.Minute      // at least, when no header tells; then exponentially longer
	maxSecondaryWait = 15 * time.Minute // where that growth ends
	contentWait      = 30 * time.Second // at least, after a block of content creation, whatever Retry-After says
	maxRetryAfter    = 24 * time.Hour
)

// consequence is what a call does, and so what its failure means.
type consequence int

const (
	reads        consequence = iota
	readsSubject             // what is not there is gone
	writes                   // done twice, it does no harm
	creates                  // done twice, there are two
)

func (c consequence) writing() bool { return c == writes || c == creates }

// judge turns what became of a call into one of the kinds of errors that someone decides on. Rate limits are not its
// business.
func (c call) judge(ctx context.Context, o outcome) error {
	resp, err := o.resp, o.err
	if final := c.judgeRefusal(err); final != nil {
		return final
	}
	status := 0
	if resp != nil && resp.Response != nil {
		status = resp.StatusCode
	}
	if final := c.judgeStatus(status, err); final != nil {
		return final
	}
	// What is left is a fault that passes: 5xx, a timeout, a broken connection, an answer that cannot be read.
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	ambiguous := c.does.writing() && o.sent
	if ambiguous {
		err = fmt.Errorf("%w: %w", hls.ErrAmbiguous, err)
	}
	if ctx.Err() != nil || (ambiguous && c.does == creates) {
		return err
	}
	retry := &hls.RetryAfter{Err: err, After: retryAfter(resp)}
	if o.told == breaker.Failed || o.told == breaker.Unreachable {
		retry.Free, retry.Outage, retry.Reason = true, true, reasonUnavailable
	}
	return retry
}

// judgeRefusal knows the failures that this door makes itself.
func (c call) judgeRefusal(err error) error {
	switch {
	case errors.Is(err, errMoved) && c.does == readsSubject:
		return fmt.Errorf("%w: %w: %w", hls.ErrGone, hls.ErrNotFound, err)
	case errors.Is(err, errMoved):
		return &hls.Permanent{Err: err, Reason: reasonMoved}
	case errors.Is(err, errRedirected):
		return &hls.Permanent{Err: err, Reason: reasonRedirected}
	case errors.Is(err, github.ErrPathForbidden):
		return &hls.Permanent{Err: err, Reason: reasonInvalid}
	case errors.Is(err, errTooLarge) && !c.does.writing():
		return &hls.Permanent{Err: err, Reason: reasonTooLarge}
	}
	return nil
}

func (c call) judgeStatus(status int, err error) error {
	switch status {
	case http.StatusNotFound, http.StatusGone, http.StatusUnavailableForLegalReasons:
		return c.missing(err)
	case http.StatusUnauthorized: // as while a token is being replaced
		return refused(err)
	case http.StatusForbidden:
		if strings.Contains(strings.ToLower(err.Error()), "suspended") { // the account, or the App's installation
			return refused(err)
		}
		return &hls.Permanent{Err: err, Reason: reasonForbidden}
	case http.StatusUnprocessableEntity:
		return &hls.Permanent{Err: err, Reason: reasonInvalid}
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return nil
	}
	if status >= 300 && status < 500 {
		return &hls.Permanent{Err: err, Reason: reasonRejected}
	}
	return nil
}

// refused is of the credential, not of one request.
func refused(err error) error {
	return &hls.RetryAfter{Err: fmt.Errorf("%w: %w", errRefused, err), Reason: reasonUnauthorized}
}

func (c call) missing(err error) error {
	err = fmt.Errorf("%w: %w", hls.ErrNotFound, err)
	switch {
	case c.does.writing():
		return &hls.Permanent{Err: err, Reason: reasonNotFound}
	case c.does == readsSubject:
		return fmt.Errorf("%w: %w", hls.ErrGone, err)
	}
	return err
}

// notOffered is the error of reading something that work can do without: what the server refuses for good, as for want of
// a permission, is hls.ErrNotFound.
func notOffered(err error) error {
	var final *hls.Permanent
	if errors.As(err, &final) {
		return fmt.Errorf("%w: %w", hls.ErrNotFound, final.Err)
	}
	return err
}

// limited tells how long a rate limit asks to wait and for which resource, all of them ("") for a secondary
// limit. strikes is how many secondary limits in a row came before.
func limited(c call, resp *github.Response, err error, strikes int) (wait time.Duration, resource string, ok bool) {
	if resp == nil || resp.Response == nil {
		return 0, "", false
	}
	message := strings.ToLower(err.Error())
	hasty := strings.Contains(message, "submitted too quickly")
	switch resp.StatusCode {
	case http.StatusForbidden, http.StatusTooManyRequests:
	case http.StatusUnprocessableEntity:
		if !hasty {
			return 0, "", false
		}
	default:
		return 0, "", false
	}
	var abuse *github.AbuseRateLimitError
	switch {
	case resp.Header.Get("Retry-After") != "":
		wait = max(retryAfter(resp), time.Second)
	case resp.Header.Get("X-RateLimit-Remaining") == "0" && !resp.Rate.Reset.IsZero():
		wait, resource = max(time.Until(resp.Rate.Reset.Time), 0)+time.Second, resp.Rate.Resource
		if resource == "" {
			resource = c.resource()
		}
	case errors.As(err, &abuse), resp.StatusCode == http.StatusTooManyRequests,
		strings.Contains(message, "secondary rate limit"), hasty:
		wait = min(secondaryWait<<min(strikes, 10), maxSecondaryWait)
	default:
		return 0, "", false
	}
	if c.content || strings.Contains(message, "content creation") {
		wait = max(wait, contentWait)
	}
	return min(wait, maxRetryAfter), resource, true
}

// retryAfter reads the header of that name: seconds, or a date. It is 0 when absent.
func retryAfter(resp *github.Response) time.Duration {
	if resp == nil || resp.Response == nil {
		return 0
	}
	value := resp.Header.Get("Retry-After")
	if seconds, err := strconv.ParseInt(value, 10, 32); err == nil {
		return min(max(time.Duration(seconds)*time.Second, 0), maxRetryAfter)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(time.Until(at), 0), maxRetryAfter)
	}
	return 0
}
