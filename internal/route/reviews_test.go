package route

import (
	"slices"
	"strings"
	"testing"

	"hls/internal/hls"
)

func TestLabelsOfReviews(t *testing.T) {
	t.Parallel()
	text := func(s string) *string { return &s }
	for name, tc := range map[string]struct {
		labels  ReviewLabels
		want    hls.ReviewPolicy
		problem string
	}{
		"default":   {ReviewLabels{}, hls.ReviewPolicy{NeedsChanges: needsChanges, Approved: approved, NeedsReview: needsReview}, ""},
		"own":       {ReviewLabels{Approved: text("lgtm")}, hls.ReviewPolicy{NeedsChanges: needsChanges, Approved: "lgtm", NeedsReview: needsReview}, ""},
		"off":       {ReviewLabels{text(""), text(""), text("")}, hls.ReviewPolicy{}, ""},
		"twice":     {ReviewLabels{Approved: text("X"), NeedsReview: text("x")}, hls.ReviewPolicy{}, "reviews.labels.needs_review"},
		"a default": {ReviewLabels{NeedsChanges: text(needsReview)}, hls.ReviewPolicy{}, "reviews.labels.needs_review"},
		"too long":  {ReviewLabels{NeedsChanges: text(strings.Repeat("x", 51))}, hls.ReviewPolicy{}, "reviews.labels.needs_changes"},
	} {
		cfg := Config{Repositories: []Repository{{Name: "acme/widget", Reviews: Reviews{Labels: tc.labels}}}}
		r, err := New(cfg, Features{})
		if tc.problem != "" {
			if err == nil || !strings.Contains(err.Error(), tc.problem) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if rule, _ := r.Rule("acme/widget"); err != nil || rule.Reviews != tc.want {
			t.Errorf("%s: %+v, %v", name, rule.Reviews, err)
		}
	}
}

func TestE1_WithdrawingIsOffByDefault(t *testing.T) {
	t.Parallel()
	for _, on := range []bool{false, true} {
		r, err := New(Config{Repositories: []Repository{{Name: "acme/widget", Reviews: Reviews{Withdraw: on}}}}, Features{})
		if err != nil {
			t.Fatal(err)
		}
		if rule, _ := r.Rule("acme/widget"); slices.Contains(rule.Also, hls.EditRemark) != on || len(rule.Also) > 1 {
			t.Errorf("withdraw %v: %v", on, rule.Also)
		}
	}
}
