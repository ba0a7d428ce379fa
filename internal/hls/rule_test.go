package hls_test

import (
	"testing"

	"hls/internal/hls"
)

func TestHears(t *testing.T) {
	t.Parallel()
	r := hls.Rule{Events: []string{"issues", "pull_request_review.submitted"}}
	for event, want := range map[string]bool{
		"issues": true, "pull_request_review": true, "pull_request": false, "pull_request_review_comment": false, "": false,
	} {
		if got := r.Hears(event); got != want {
			t.Errorf("%q: %v", event, got)
		}
	}
}
