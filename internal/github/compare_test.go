package github

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
)

var published = hls.Subject{RepoID: 77, Repo: "acme/widget", Kind: hls.KindOther, Ref: "release/11"}

func commits(from, to int) string {
	var list []string
	for i := from; i <= to; i++ {
		list = append(list, fmt.Sprintf(`{"sha":"s%d","commit":{"message":"m","committer":{"date":"2026-01-02T03:04:05Z"}}}`, i))
	}
	return strings.Join(list, ",")
}

func TestCompareReadsPageByPage(t *testing.T) {
	t.Parallel()
	s := serve(t, routes{"GET /repos/acme/widget/compare/api/v1...v2#x": func(w http.ResponseWriter, r *http.Request) {
		page := 1
		_, _ = fmt.Sscan(r.URL.Query().Get("page"), &page)
		files := `[]`
		if page == 1 {
			files = `[{"filename":"a.go","patch":"@@"}]`
		}
		_, _ = fmt.Fprintf(w, `{"status":"ahead","total_commits":1234,"commits":[%s],"files":%s}`, commits(page*100-99, page*100), files)
	}})
	c := dial(t, s)
	span, err := c.Compare(t.Context(), published, "api/v1", "v2#x", 250)
	if err != nil || len(span.Commits) != 250 || span.Total != 1234 || len(span.Files) != 1 || !span.Follows() {
		t.Fatalf("%d commits of %d, %d files, %v", len(span.Commits), span.Total, len(span.Files), err)
	}
	if got := s.seen(); len(got) != 3 || got[2].Path != "/repos/acme/widget/compare/api%2Fv1...v2%23x" || got[2].Query != "per_page=100&page=3" {
		t.Errorf("requests %+v", got)
	}
	if last := span.Commits[249]; last.SHA != "s250" || last.At.Year() != 2026 || last.Subject() != "m" {
		t.Errorf("the last is %+v", last)
	}
}

// A name out of an event goes nowhere but to the comparison of two commits.
func TestE2_NamesOfCommitsLeadNowhereElse(t *testing.T) {
	t.Parallel()
	s := serve(t, routes{})
	c := dial(t, s)
	for _, name := range []string{"", "../../user", "a..b", "-x", "a b", "a\nb", "a~1", "a^", "a:b", "a?x=1", "a*", "a[", `a\b`, "\x00"} {
		for _, pair := range [][2]string{{name, "main"}, {"main", name}} {
			if _, err := c.Compare(t.Context(), published, pair[0], pair[1], 10); !errors.Is(err, hls.ErrNotFound) {
				t.Errorf("%q: %v", name, err)
			}
		}
	}
	if got := s.seen(); len(got) > 0 {
		t.Errorf("asked for %+v", got)
	}
}

// What a token may not read is as if the server did not offer it: the rest of the work goes on.
func TestWhatIsNotOfferedIsNotFound(t *testing.T) {
	t.Parallel()
	for code, status := range map[string]int{"forbidden": 403, "not found": 404, "invalid": 422} {
		refuse := answer(status, `{"message":"Resource not accessible by integration"}`)
		c := dial(t, serve(t, routes{
			"GET /repos/acme/widget/compare/a...b": refuse, "GET /repos/acme/widget/releases": refuse, "GET /repos/acme/widget/pulls": refuse,
			"GET /repos/acme/widget/milestones": refuse, "GET /repos/acme/widget/issues": refuse, "GET /repos/acme/widget/deployments/3/statuses": refuse,
		}))
		_, compared := c.Compare(t.Context(), published, "a", "b", 10)
		_, releases := c.Releases(t.Context(), published)
		_, pulls := c.MergedPulls(t.Context(), published, time.Time{})
		_, milestones := c.Milestones(t.Context(), published)
		_, issues := c.MilestoneIssues(t.Context(), published, 2)
		_, statuses := c.DeploymentStatuses(t.Context(), published, 3)
		for i, err := range []error{compared, releases, pulls, milestones, issues, statuses} {
			if !errors.Is(err, hls.ErrNotFound) {
				t.Errorf("%s, reading %d: %v", code, i, err)
			}
		}
	}
}

// The list is read no further than to what has not changed since.
func TestMergedPullsEndWhereNothingIsNew(t *testing.T) {
	t.Parallel()
	pull := func(n, day int, merged string) string {
		return fmt.Sprintf(`{"number":%d,"title":"t","updated_at":"2026-01-%02dT00:00:00Z","merged_at":%s,"merge_commit_sha":"s%d"}`, n, day, merged, n)
	}
	var page []string
	for n := range 99 {
		page = append(page, pull(n, 20, `null`))
	}
	page = append(page, pull(500, 19, `"2026-01-19T00:00:00Z"`))
	s := serve(t, routes{"GET /repos/acme/widget/pulls": func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.RawQuery, "page=1") && !strings.Contains(r.URL.RawQuery, "&page=2") {
			_, _ = fmt.Fprintf(w, "[%s]", strings.Join(page, ","))
			return
		}
		_, _ = fmt.Fprintf(w, "[%s]", pull(501, 2, `"2026-01-02T00:00:00Z"`))
	}})
	pulls, err := dial(t, s).MergedPulls(t.Context(), published, time.Date(2026, 1, 10, 0, 0, 0, 0, time.UTC))
	if err != nil || len(pulls) != 1 || pulls[0].Number != 500 || pulls[0].MergeCommitSHA != "s500" {
		t.Errorf("%+v, %v", pulls, err)
	}
	if got := s.seen(); len(got) != 2 || got[0].Query != "state=closed&sort=updated&direction=desc&per_page=100&page=1" {
		t.Errorf("requests %+v", got)
	}
}

func TestInstallationsAreForgotten(t *testing.T) {
	t.Parallel()
	_, text := newKey(t)
	s := serve(t, routes{
		"GET /repos/acme/widget/installation":     answer(200, `{"id":3}`),
		"POST /app/installations/3/access_tokens": answer(201, fmt.Sprintf(`{"token":"ghs_1","expires_at":%q}`, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))),
		"GET /repos/acme/widget/milestones":       answer(200, `[{"number":1,"title":"1.0"}]`),
	})
	c := dial(t, s, func(cfg *Config) { cfg.Token, cfg.App = "", App{ID: 12, PrivateKey: hls.Secret(text)} })
	read := func(want int) {
		t.Helper()
		if milestones, err := c.Milestones(t.Context(), published); err != nil || len(milestones) != 1 {
			t.Fatalf("%v, %v", milestones, err)
		}
		if got := len(s.seen()); got != want {
			t.Errorf("%d requests, want %d", got, want)
		}
	}
	read(3)
	read(4)
	c.ForgetInstallations()
	read(7)
	dial(t, s).ForgetInstallations() // without an App
}

// Each case is GitHub's answer, and what a comparison comes to. What asking again does not mend is as if it did not exist.
func TestCompare(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		status int
		body   string
		ahead  bool
		absent bool
	}{
		{"ahead", http.StatusOK, `{"status":"ahead","files":[{"filename":"a.go","patch":"@@ -1 +1 @@\n-a\n+b","additions":1}]}`, true, false},
		{"diverged", http.StatusOK, `{"status":"diverged","files":[]}`, false, false},
		{"gone", http.StatusNotFound, `{"message":"Not Found"}`, false, true},
		{"no common ancestor", http.StatusUnprocessableEntity, `{"message":"No common ancestor"}`, false, true},
		{"not allowed", http.StatusForbidden, `{"message":"Resource not accessible by integration"}`, false, true},
		{"down", http.StatusInternalServerError, `{}`, false, false},
	} {
		s := serve(t, routes{"GET /repos/acme/widget/compare/v1/x...abc": answer(tc.status, tc.body)})
		got, err := dial(t, s).Compare(t.Context(), widget, "v1/x", "abc", 0)
		if got.Ahead() != tc.ahead || errors.Is(err, hls.ErrNotFound) != tc.absent || (err != nil) != (tc.status != http.StatusOK) {
			t.Errorf("%s: %+v, %v", tc.name, got, err)
		}
		if seen := s.seen(); seen[0].Path != "/repos/acme/widget/compare/v1%2Fx...abc" || seen[0].Query != "per_page=1&page=1" {
			t.Errorf("%s: asked for %s?%s", tc.name, seen[0].Path, seen[0].Query)
		}
	}
}
