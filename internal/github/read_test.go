package github

import (
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
)

// listed answers a list of total items page by page, with Link when linked is set: true but for its host.
func listed(total int, linked bool, item func(i int) string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var page, size int
		_, _ = fmt.Sscan(r.URL.Query().Get("page"), &page)
		_, _ = fmt.Sscan(r.URL.Query().Get("per_page"), &size)
		var items []string
		for i := (page - 1) * size; i < min(page*size, total); i++ {
			items = append(items, item(i))
		}
		if linked && page*size < total {
			w.Header().Set("Link", fmt.Sprintf(`<https://evil.example/steal?page=%d>; rel="next", <https://evil.example/?page=%d>; rel="last"`,
				page+1, (total+size-1)/size))
		}
		_, _ = fmt.Fprintf(w, "[%s]", strings.Join(items, ","))
	}
}

// collect keeps what is read, up to the first error.
func collect[T any](items iter.Seq2[T, error]) (all []T, err error) {
	for item, err := range items {
		if err != nil {
			return nil, err
		}
		all = append(all, item)
	}
	return all, nil
}

func numbered(i int) string { return fmt.Sprintf(`{"id":%d,"filename":"f%d","name":"l%d"}`, i+1, i, i) }

// All pages are read, from URLs of our own: Link only tells that there is more.
func TestE5_ListsAreReadToTheEnd(t *testing.T) {
	t.Parallel()
	for _, linked := range []bool{true, false} {
		s := serve(t, routes{
			"GET /repos/acme/widget/issues/7/comments": listed(250, linked, numbered),
			"GET /repos/acme/widget/pulls/7/reviews":   listed(100, linked, numbered),
			"GET /repos/acme/widget/labels":            listed(101, linked, numbered),
			"GET /repos/acme/widget/pulls/7/files":     listed(3500, linked, numbered),
		})
		c := dial(t, s)
		comments, err := collect(c.AllComments(t.Context(), widget))
		if err != nil || len(comments) != 250 || comments[0].ID != 1 || comments[249].ID != 250 {
			t.Errorf("%d comments, %v", len(comments), err)
		}
		reviews, err := collect(c.AllReviews(t.Context(), widget))
		if err != nil || len(reviews) != 100 {
			t.Errorf("%d reviews, %v", len(reviews), err)
		}
		labels, err := c.Labels(t.Context(), "acme/widget")
		if err != nil || len(labels) != 101 || labels[100].Name != "l100" {
			t.Errorf("%d labels, %v", len(labels), err)
		}
		files, err := c.Files(t.Context(), widget)
		if err != nil || len(files) != maxFiles {
			t.Errorf("%d files, %v", len(files), err)
		}
	}
}

// Of a long conversation only the beginning and the end are read. A last page that is full may be followed by another.
func TestALongConversationIsReadAtItsEnds(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		total, requests int
		linked          bool
		want            []int64 // first and last ids of the stretches
	}{
		{0, 1, true, nil},
		{49, 1, true, []int64{1, 49}},
		{50, 2, true, []int64{1, 50}},
		{51, 2, true, []int64{1, 51}},
		{149, 3, true, []int64{1, 149}},
		{150, 4, true, []int64{1, 150}},
		{151, 3, true, []int64{1, 50, 101, 151}},
		{2400, 4, true, []int64{1, 50, 2301, 2400}},
		{9001, 3, true, []int64{1, 50, 8951, 9001}},
		{220, 5, false, []int64{1, 50, 151, 220}},
		{200, 5, false, []int64{1, 50, 101, 200}},
	} {
		s := serve(t, routes{"GET /repos/acme/widget/issues/7/comments": listed(test.total, test.linked, numbered)})
		comments, err := dial(t, s).Comments(t.Context(), widget)
		if err != nil {
			t.Fatal(err)
		}
		var got []int64
		for i, c := range comments {
			if i == 0 || comments[i-1].ID != c.ID-1 {
				got = append(got, c.ID)
			}
			if i == len(comments)-1 || comments[i+1].ID != c.ID+1 {
				got = append(got, c.ID)
			}
		}
		if !slices.Equal(got, test.want) || len(s.seen()) != test.requests {
			t.Errorf("%d comments: read %v in %d requests", test.total, got, len(s.seen()))
		}
	}
}

// What looks for one comment stops reading where it is found.
func TestListsAreReadNoFurtherThanWanted(t *testing.T) {
	t.Parallel()
	s := serve(t, routes{"GET /repos/acme/widget/issues/7/comments": listed(2400, true, numbered)})
	for comment, err := range dial(t, s).AllComments(t.Context(), widget) {
		if err != nil {
			t.Fatal(err)
		}
		if comment.ID == 101 {
			break
		}
	}
	if n := len(s.seen()); n != 2 {
		t.Errorf("%d requests", n)
	}
}

// A list that is longer than can be read is no list: a marker might stand on the rest of it.
func TestE5_AListTooLongIsAnError(t *testing.T) {
	t.Parallel()
	s := serve(t, routes{"GET /repos/acme/widget/issues/7/comments": listed(maxComments+1, true, numbered)})
	_, err := collect(dial(t, s).AllComments(t.Context(), widget))
	wantReason(t, err, reasonTooMany)
	if n := len(s.seen()); n > maxComments/perPage+1 {
		t.Errorf("%d requests", n)
	}
}

// A server that names a next page for ever is not followed for ever.
func TestListsEndWhereAPageIsEmpty(t *testing.T) {
	t.Parallel()
	s := serve(t, routes{
		"GET /repos/acme/widget/labels": with(answer(200, `[]`), "Link", `</labels?page=2>; rel="next"`),
		"GET /repos/acme/gadget/labels": with(answer(200, `[{"name":"a"}]`), "Link", `</labels?page=2>; rel="next"`),
	})
	c := dial(t, s)
	if labels, err := c.Labels(t.Context(), "acme/widget"); err != nil || len(labels) != 0 || len(s.seen()) != 1 {
		t.Errorf("%d labels, %v, %d requests", len(labels), err, len(s.seen()))
	}
	if _, err := c.Labels(t.Context(), "acme/gadget"); err != nil || len(s.seen()) > 60 {
		t.Errorf("%v, %d requests", err, len(s.seen()))
	}
}

func TestE8_HistoryIsWhoSetWhichLabel(t *testing.T) {
	t.Parallel()
	s := serve(t, routes{"GET /repos/acme/widget/issues/7/events": answer(200, `[
		{"event":"labeled","actor":{"id":1,"login":"ann","type":"User"},"created_at":"2026-01-02T03:04:05Z","label":{"name":"bug","color":"f00"}},
		{"event":"closed","actor":{"id":1,"login":"ann"},"created_at":"2026-01-02T03:04:06Z"},
		{"event":"unlabeled","actor":null,"created_at":"2026-01-02T03:04:07Z","label":{"name":"bug"}}]`)})
	got, err := dial(t, s).History(t.Context(), widget)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	want := []hls.LabelEvent{
		{Label: "bug", Added: true, Actor: hls.Account{ID: 1, Login: "ann", Type: "User"}, At: at},
		{Label: "bug", At: at.Add(2 * time.Second)},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %+v", got)
	}
}

func TestChecksSumUpStatusesAndRuns(t *testing.T) {
	t.Parallel()
	none := answer(404, `{}`)
	for name, test := range map[string]struct {
		statuses, runs http.HandlerFunc
		want           hls.Checks
	}{
		"none offered":  {none, answer(403, `{"message":"Resource not accessible"}`), hls.Checks{}},
		"none made":     {answer(200, `{"state":"pending","statuses":[]}`), answer(200, `{"check_runs":[]}`), hls.Checks{}},
		"green":         {answer(200, `{"statuses":[{"state":"success"}]}`), answer(200, `{"check_runs":[{"status":"completed","conclusion":"skipped"}]}`), hls.Checks{State: "success"}},
		"only statuses": {answer(200, `{"statuses":[{"state":"success"}]}`), none, hls.Checks{State: "success"}},
		"running":       {none, answer(200, `{"check_runs":[{"status":"in_progress"},{"status":"completed","conclusion":"success"}]}`), hls.Checks{State: "pending"}},
		"red": {
			answer(200, `{"statuses":[{"state":"error","context":"ci/old"}]}`),
			answer(200, `{"check_runs":[{"name":"test","status":"completed","conclusion":"timed_out"},{"name":"lint","status":"queued"}]}`),
			hls.Checks{State: "failure", Failed: []string{"ci/old", "test"}},
		},
	} {
		s := serve(t, routes{
			"GET /repos/acme/widget/commits/0123abc/status":     test.statuses,
			"GET /repos/acme/widget/commits/0123abc/check-runs": test.runs,
		})
		got, err := dial(t, s).Checks(t.Context(), "acme/widget", "0123abc")
		if err != nil || fmt.Sprint(got) != fmt.Sprint(test.want) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
	s := serve(t, routes{"GET /repos/acme/widget/commits/0123abc/status": answer(500, `{}`)})
	if _, err := dial(t, s).Checks(t.Context(), "acme/widget", "0123abc"); kindOf(err) != "outage" {
		t.Errorf("got %v", err)
	}
}

// Checks are an extra: what GitHub refuses for good, and a head that is no commit, leave a task as it was without.
func TestChecksAreOptional(t *testing.T) {
	t.Parallel()
	s := serve(t, routes{})
	for _, sha := range []string{"", "main", "main/../../x", "0123abc?x=1", strings.Repeat("a", 65)} {
		if got, err := dial(t, s).Checks(t.Context(), "acme/widget", sha); err != nil || got.State != "" {
			t.Errorf("%q: got %+v, %v", sha, got, err)
		}
	}
	if n := len(s.seen()); n != 0 {
		t.Errorf("%d requests for no commit", n)
	}
	for _, refuse := range []http.HandlerFunc{
		answer(403, `{"message":"no"}`), answer(404, `{}`), answer(409, `{}`), answer(422, `{"message":"No commit found for SHA"}`),
		to(302, "/login"), to(301, "/repositories/78/commits/feed/status"), bomb(maxResponseBytes),
	} {
		s := serve(t, routes{
			"GET /repos/acme/widget/commits/0123abc/status":     refuse,
			"GET /repos/acme/widget/commits/0123abc/check-runs": answer(200, `{"check_runs":[{"status":"completed","conclusion":"success"}]}`),
		})
		if got, err := dial(t, s).Checks(t.Context(), "acme/widget", "0123abc"); err != nil || got.State != "success" {
			t.Errorf("got %+v, %v", got, err)
		}
	}
}

// Words of a title carry no qualifiers into a search.
func TestE1_SearchWordsAreOnlyWords(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"crash on save":                       "crash on save",
		`repo:evil/x is:pr "quoted" -not`:     "repo evil x is pr quoted",
		"a OR b AND (c) NOT d":                "a b c d",
		"label:bug user:octocat org:github":   "label bug user octocat org github",
		"größe ファイル don't v1.2.3 a_b foo-bar": "größe ファイル don t v1.2.3 a_b foo-bar",
		"--- \"\" ()":                         "",
	} {
		if got := searchWords(query); got != want {
			t.Errorf("%q: got %q, want %q", query, got, want)
		}
	}
	if got := searchWords(strings.Repeat("word ", 100)); len(got) > maxSearchQuery {
		t.Errorf("%d bytes", len(got))
	}
}

func TestSearchIsOptional(t *testing.T) {
	t.Parallel()
	s := serve(t, routes{"GET /search/issues": answer(200, `{"total_count":3,"items":[{"number":1},{"number":2,"pull_request":{}},{"number":3},{"number":4}]}`)})
	c := dial(t, s)
	found, err := c.Search(t.Context(), "acme/widget", "crash save", 2)
	if err != nil || len(found) != 2 || found[1].Number != 3 {
		t.Errorf("got %+v, %v", found, err)
	}
	if got := s.seen()[0].Query; got != "per_page=2&q=repo%3Aacme%2Fwidget+is%3Aissue+crash+save" {
		t.Errorf("asked %s", got)
	}
	for _, status := range []int{403, 404, 422} {
		s := serve(t, routes{"GET /search/issues": answer(status, `{"message":"no"}`)})
		if _, err := dial(t, s).Search(t.Context(), "acme/widget", "crash", 5); !errors.Is(err, hls.ErrNotFound) {
			t.Errorf("%d: %v", status, err)
		}
	}
}

// Names that would change the path are refused before anything is sent.
func TestE2_RepositoriesAreOwnerAndName(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	c := dial(t, s)
	for _, repo := range []string{"", "acme", "../user", "acme/..", "acme/.", "acme/a/b", "acme/a?x=y", "acme/a%2fb", "acme/a#b", "http://x/y"} {
		bad := widget
		bad.Repo = repo
		_, err := c.Issue(t.Context(), bad)
		wantReason(t, err, reasonInvalid)
	}
	if n := len(s.seen()); n != 0 {
		t.Errorf("%d requests", n)
	}
	good := widget
	good.Repo = "acme/.github"
	if _, err := c.Issue(t.Context(), good); !errors.Is(err, hls.ErrGone) {
		t.Errorf("got %v", err)
	}
}

// Enterprise Server has its API below a path.
func TestEveryURLIsBuiltFromTheBase(t *testing.T) {
	t.Parallel()
	s := serve(t, routes{
		"GET /api/v3/repos/acme/widget/issues/7": answer(200, `{"number":7,"body":null,"user":null}`),
		"GET /api/v3/repos/acme/widget/pulls/7":  answer(200, `{"number":7,"head":{"sha":"abc"}}`),
	})
	c := dial(t, s, func(cfg *Config) { cfg.BaseURL += "/api/v3/" })
	if _, err := c.Issue(t.Context(), widget); err != nil {
		t.Error(err)
	}
	if pr, err := c.PullRequest(t.Context(), widget); err != nil || pr.Head.SHA != "abc" {
		t.Error(err)
	}
}
