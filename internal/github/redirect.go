package github

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// followNarrowly is the redirect policy. GitHub redirects requests for a renamed repository to its number, and those
// for a moved issue to another repository ("REST API: Follow redirects"). Only the former is followed, once and
// within home (see RoundTrip), and a write only where it stays the write it was: net/http turns others into a GET.
func followNarrowly(home *url.URL) func(*http.Request, []*http.Request) error {
	return func(req *http.Request, via []*http.Request) error {
		if len(via) > 1 {
			return fmt.Errorf("%w: twice", errRedirected)
		}
		if req.Method != via[0].Method {
			return fmt.Errorf("%w: a %s would become a %s", errRedirected, via[0].Method, req.Method)
		}
		return sameThing(home, req, via[0])
	}
}

// sameThing refuses a redirect to anything but what was asked for, below the number of its repository. Where that
// number is not known, reading follows it and writing does not.
func sameThing(home *url.URL, to, from *http.Request) error {
	asked, named := strings.CutPrefix(below(home, from.URL), "repos/")
	got := below(home, to.URL)
	if !named || !strings.HasPrefix(got, "repos") || !within(home, to.URL) {
		return fmt.Errorf("%w: %s", errRedirected, to.URL.Path)
	}
	_, asked, _ = strings.Cut(asked, "/") // the owner
	_, asked, _ = strings.Cut(asked, "/") // the repository
	got, _ = strings.CutPrefix(got, "repositories/")
	number, got, _ := strings.Cut(got, "/")
	id, err := strconv.ParseInt(number, 10, 64)
	want := tripOf(to.Context()).repoID
	switch {
	case err != nil, want != 0 && id != want, !samePath(got, asked), to.URL.Query().Encode() != from.URL.Query().Encode():
		return fmt.Errorf("%w: %s", errMoved, to.URL.RequestURI())
	case want == 0 && to.Method != http.MethodGet:
		return fmt.Errorf("%w: %s; name the repository as it is called now", errMoved, to.URL.RequestURI())
	}
	return nil
}

// below is the escaped path of u as seen from home.
func below(home, u *url.URL) string { return strings.TrimPrefix(u.EscapedPath(), home.EscapedPath()) }

// samePath tells whether two escaped paths name the same, however each is escaped.
func samePath(a, b string) bool {
	plainA, errA := url.PathUnescape(a)
	plainB, errB := url.PathUnescape(b)
	return errA == nil && errB == nil && plainA == plainB && strings.Count(a, "/") == strings.Count(b, "/")
}
