package hls_test

import (
	"fmt"
	"testing"

	"hls/internal/hls"
)

func TestFoldTouchesASCIIOnly(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Bug": "bug", "size/XL": "size/xl", "\u212aernel": "\u212aernel", "Stra\u017fe": "stra\u017fe", "ÉTÉ": "ÉtÉ", "": "",
	} {
		if got := hls.Fold(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func TestIsGlob(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{"a/b": false, "a/b.c-d_e": false, "a/*": true, "a/b?": true, "a/[bc]": true, `a/\b`: true} {
		if got := hls.IsGlob(name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestAllowedLabels(t *testing.T) {
	t.Parallel()
	repo := []hls.Label{{Name: "zeta"}, {Name: "Bug"}, {Name: "docs"}}
	configured := hls.LabelPolicy{Categories: []hls.Category{
		{Name: "type", Labels: []hls.Label{{Name: "feature"}, {Name: "Bug"}}},
		{Name: "again", Labels: []hls.Label{{Name: "bug"}, {Name: "area"}}},
	}}
	for _, tc := range []struct {
		policy hls.LabelPolicy
		repo   []hls.Label
		want   string
	}{
		{hls.LabelPolicy{}, repo, "[{Bug  } {docs  } {zeta  }]"},
		{hls.LabelPolicy{}, nil, "[]"},
		{configured, repo, "[{area  } {Bug  } {feature  }]"},
		{configured, nil, "[{area  } {Bug  } {feature  }]"},
	} {
		if got := fmt.Sprint(tc.policy.Allowed(tc.repo)); got != tc.want {
			t.Errorf("got %s, want %s", got, tc.want)
		}
	}
	if repo[0].Name != "zeta" {
		t.Error("the repository's own list was put in order")
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	known := []string{"issues", "issue_comment", "pull_request", "push"}
	for name, want := range map[string]string{
		"isues": "issues", "Issues": "issues", "pull_requests": "pull_request", "pusch": "push", "issue_coment": "issue_comment",
		"deployment": "", "": "",
	} {
		if got := hls.Nearest(name, known); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
