package app_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/simulate"
)

// Work that begins before GitHub has told who HLS is waits for that: otherwise what HLS itself took off would count as
// taken off by a person, and stay off for good.
func TestE8_OwnDeedsAreKnownRightAfterTheStart(t *testing.T) {
	t.Parallel()
	gh := shop()
	self := gh.Self().Login
	gh.AddLabelAs(widgets, 7, self, "bug")
	gh.RemoveLabelAs(widgets, 7, self, "bug")
	gh.Fail(simulate.Fault{Method: http.MethodGet, PathGlob: "/user", Kind: simulate.Delay, Wait: 500 * time.Millisecond, Times: -1})
	s := start(t, widgetSettings, gh, answering(bugAnswer))
	d := s.issueOpened()
	s.send(d)
	if task := s.settled(d.GUID); task.State != hls.Done {
		t.Fatalf("ended as %s (%s)", task.State, task.Reason)
	}
	if labels := gh.Labels(widgets, 7); !slices.Equal(labels, []string{"bug"}) {
		t.Errorf("labels %v", labels)
	}
}
