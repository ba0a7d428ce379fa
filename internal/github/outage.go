package github

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/google/go-github/v92/github"

	"hls/internal/breaker"
	"hls/internal/hls"
)

// Why a door is shut is known of the server and not of a token: one breaker stands before all the doors of a Client.
// Its parts are repositories, and what is no repository's by its first word, as the search. A repository that GitHub
// cannot serve, as after a corruption of its storage, shuts its own circuit and no other one.

// part is what of GitHub a call is about.
func (c call) part() string {
	path, _, _ := strings.Cut(c.path, "?")
	first, rest, _ := strings.Cut(path, "/")
	if first != "repos" {
		return first
	}
	owner, rest, _ := strings.Cut(rest, "/")
	name, _, _ := strings.Cut(rest, "/")
	return owner + "/" + name
}

// verdict is what the outcome of a call tells of the server. A refusal, a limit and an answer that makes no sense come
// from a server that works.
func (o outcome) verdict(ctx context.Context) breaker.Verdict {
	switch {
	case errors.Is(o.err, errRedirected), errors.Is(o.err, errMoved), errors.Is(o.err, errTooLarge):
		return breaker.Answered
	case o.resp != nil && o.resp.Response != nil:
		if o.resp.StatusCode >= http.StatusInternalServerError || brokenOff(o.err) && ctx.Err() == nil {
			return breaker.Failed
		}
		return breaker.Answered
	case ctx.Err() != nil, errors.Is(o.err, github.ErrPathForbidden):
		return breaker.Untold
	case o.sent:
		return breaker.Failed
	}
	return breaker.Unreachable
}

// brokenOff tells whether an answer ended before its end.
func brokenOff(err error) bool {
	var broken net.Error
	return errors.As(err, &broken) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, context.DeadlineExceeded)
}

// held is the error of a call that the breaker did not let through. Nobody waits for what a search finds.
func (c call) held(err error) error {
	var open *breaker.Open
	switch {
	case !errors.As(err, &open):
		return err
	case c.search:
		return fmt.Errorf("search: %w: %w", hls.ErrNotFound, open)
	}
	return &hls.RetryAfter{Err: open, After: time.Until(open.Next), Free: true, Reason: reasonUnavailable}
}

// schedule says of an outage when trying again is worth it, which the breaker knows once it is open.
func (d *door) schedule(c call, err error) {
	var (
		retry *hls.RetryAfter
		open  *breaker.Open
	)
	if errors.As(err, &retry) && retry.Outage && errors.As(d.breaker.Check(c.part()), &open) {
		retry.After, retry.Outage = max(retry.After, time.Until(open.Next)), false
	}
}
