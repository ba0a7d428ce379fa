package simulate_test

import (
	"net/http"
	"testing"

	"hls/internal/hls"
	"hls/internal/simulate"
)

func TestCompareKnowsHeads(t *testing.T) {
	t.Parallel()
	g := simulate.NewGitHub(simulate.GitHubConfig{Token: "right"})
	g.AddRepository(simulate.RepositorySeed{FullName: "acme/widgets"})
	c := client(t, g, "right")
	file := func(patch string) []hls.File { return []hls.File{{Filename: "a.go", Status: "added", Patch: patch}} }
	one := "@@ -0,0 +1,1 @@\n+a\n"
	first := g.AddPullRequest("acme/widgets", simulate.PullRequestSeed{IssueSeed: simulate.IssueSeed{Number: 8, Author: "paul"}, Files: file(one)}).Head.SHA
	second := g.Push("acme/widgets", 8, file("@@ -0,0 +1,2 @@\n+a\n+b\n"))
	forced := g.PushForced("acme/widgets", 8, file(one))
	merge := g.PushMerge("acme/widgets", 8, file(one), []hls.File{{Filename: "base.go", Patch: "@@ -1,1 +1,1 @@\n-x\n+y\n"}})
	for _, tc := range []struct {
		base, head, status string
		files              int
	}{
		{first, second, "ahead", 1}, {first, first, "identical", 0}, {second, first, "behind", 0}, {second, forced, "diverged", 1}, {forced, merge, "ahead", 1},
	} {
		got, _, err := c.Repositories.CompareCommits(t.Context(), "acme", "widgets", tc.base, tc.head, nil)
		must(t, err)
		if got.GetStatus() != tc.status || len(got.Files) != tc.files {
			t.Errorf("%s...%s: %s of %d files, want %s of %d", tc.base, tc.head, got.GetStatus(), len(got.Files), tc.status, tc.files)
		}
	}
	if _, _, err := c.Repositories.CompareCommits(t.Context(), "acme", "widgets", first, "nothing", nil); status(err) != http.StatusNotFound {
		t.Errorf("an unknown commit: %v", err)
	}
}
