package pipeline

import (
	"testing"
	"time"

	"hls/internal/hls"
)

// A 👍 counts from two minutes after an edit on, and a 👎 from the next second on: GitHub tells times to the second.
func TestE6_AReactionIsHeardAfterTheEdit(t *testing.T) {
	t.Parallel()
	edited := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	for after, want := range map[time.Duration]struct{ up, down bool }{
		-time.Second: {}, 0: {}, time.Second: {false, true}, 119 * time.Second: {false, true}, 2 * time.Minute: {true, true}, time.Hour: {true, true},
	} {
		for content, want := range map[hls.Reaction]bool{hls.ThumbsUp: want.up, hls.ThumbsDown: want.down} {
			if got := heard(hls.Vote{Content: content, At: edited.Add(after)}, edited); got != want {
				t.Errorf("%s after %s: %t", content, after, got)
			}
		}
	}
}
