package web

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/route"
)

// parameters are what a list of deliveries can be asked for.
var parameters = []string{"repo", "event", "state", "before", "limit"}

var states = []string{string(hls.Queued), string(hls.Running), string(hls.Done), string(hls.Skipped), string(hls.Superseded), string(hls.Parked)}

// readQuery refuses what would find nothing whatever is stored: a slip of the keyboard must not look like an empty list.
func readQuery(raw string) (record.Query, error) {
	form, err := url.ParseQuery(raw)
	if err != nil {
		return record.Query{}, fmt.Errorf("the query cannot be read: %w", err)
	}
	for name, values := range form {
		if err := oneOf("parameter", name, parameters); err != nil {
			return record.Query{}, err
		}
		if len(values) > 1 {
			return record.Query{}, fmt.Errorf("%s is given %d times", name, len(values))
		}
	}
	q := record.Query{Repo: form.Get("repo"), Event: form.Get("event"), State: hls.State(form.Get("state"))}
	if err := oneOf("event", q.Event, route.Events()); err != nil {
		return q, err
	}
	if err := oneOf("state", string(q.State), states); err != nil {
		return q, err
	}
	if q.Before, err = number("before", form.Get("before")); err != nil {
		return q, err
	}
	limit, err := number("limit", form.Get("limit"))
	q.Limit = int(min(limit, math.MaxInt32))
	return q, err
}

func oneOf(what, value string, known []string) error {
	if value == "" || slices.Contains(known, value) {
		return nil
	}
	return fmt.Errorf("%s %q does not exist: want one of %s", what, value, strings.Join(known, ", "))
}

// number reads a positive whole number; none is 0.
func number(name, text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%s takes a whole number from 1, got %q", name, text)
	}
	return n, nil
}
