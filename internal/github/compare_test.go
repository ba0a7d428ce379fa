package github

import (
	"errors"
	"net/http"
	"testing"

	"hls/internal/hls"
)

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
		got, err := dial(t, s).Compare(t.Context(), widget, "v1/x", "abc")
		if got.Ahead() != tc.ahead || errors.Is(err, hls.ErrNotFound) != tc.absent || (err != nil) != (tc.status != http.StatusOK) {
			t.Errorf("%s: %+v, %v", tc.name, got, err)
		}
		if seen := s.seen(); seen[0].Path != "/repos/acme/widget/compare/v1%2Fx...abc" || seen[0].Query != "per_page=1" {
			t.Errorf("%s: asked for %s?%s", tc.name, seen[0].Path, seen[0].Query)
		}
	}
}
