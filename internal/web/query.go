package web

import (
	"fmt"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/route"
)

// parameters are what a list of deliveries can be asked for.
var parameters = []string{"repo", "event", "state", "reason", "actor", "subject", "text", "newest", "before", "limit"}

// mostText is how long a text to search for may be.
const mostText = 200

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
	q := record.Query{
		Repo: form.Get("repo"), Event: form.Get("event"), State: hls.State(form.Get("state")), Reason: form.Get("reason"),
		Actor: form.Get("actor"), Text: strings.TrimSpace(form.Get("text")), Newest: form.Get("newest") == "true",
	}
	if len(q.Text) > mostText {
		return q, fmt.Errorf("text takes %d bytes at most", mostText)
	}
	for _, choice := range []struct {
		name  string
		known []string
	}{{"event", route.Events()}, {"state", states}, {"newest", []string{"true", "false"}}} {
		if err := oneOf(choice.name, form.Get(choice.name), choice.known); err != nil {
			return q, err
		}
	}
	if err := readSubject(form.Get("subject"), &q); err != nil {
		return q, err
	}
	if q.Before, err = number("before", form.Get("before")); err != nil {
		return q, err
	}
	limit, err := number("limit", form.Get("limit"))
	q.Limit = int(min(limit, math.MaxInt32))
	return q, err
}

// listAt is the address of a page of the list that is asked for in the same way, from a task on; 0 is the newest.
func listAt(query url.Values, before int64) string {
	next := url.Values{}
	for name, values := range query {
		if name != "before" && len(values) > 0 && values[0] != "" {
			next.Set(name, values[0])
		}
	}
	if before > 0 {
		next.Set("before", strconv.FormatInt(before, 10))
	}
	if len(next) == 0 {
		return "/ui/deliveries"
	}
	return "/ui/deliveries?" + next.Encode()
}

// subject is one as people write it: see hls.Subject.String.
var subject = regexp.MustCompile(`^([^/#]+/[^/#]+)(?:#([1-9][0-9]{0,17})|/(.+))$`)

func readSubject(text string, q *record.Query) error {
	if text == "" {
		return nil
	}
	parts := subject.FindStringSubmatch(text)
	if parts == nil {
		return fmt.Errorf("subject %q is none: want one as the list shows it, such as owner/repo#42", text)
	}
	if q.Repo != "" && q.Repo != parts[1] {
		return fmt.Errorf("subject %q is not one of repo %q", text, q.Repo)
	}
	q.Repo, q.Ref = parts[1], parts[3]
	q.Number, _ = strconv.Atoi(parts[2]) // "" is 0
	return nil
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
