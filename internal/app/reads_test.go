package app_test

import (
	"net/http"
	"testing"

	"hls/internal/hls"
	"hls/internal/simulate"
)

// TestE9_NothingIsReadTwiceForOneEvent: for one event each page of GitHub is read once, until HLS itself changes something.
// What must be fresh before something is written is asked for again with its ETag, which GitHub counts against no limit
// ("Best practices for using the REST API").
func TestE9_NothingIsReadTwiceForOneEvent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, answer string
		event        func(*service) simulate.Delivery
	}{{"issue", bugAnswer, (*service).issueOpened}, {"pull request", reviewAnswer, (*service).pullOpened}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, widgetSettings, shop(), answering(c.answer))
			d := c.event(s)
			s.send(d)
			if task := s.settled(d.GUID); task.State != hls.Done {
				t.Fatalf("task ended as %s (%s)", task.State, task.Reason)
			}
			times := map[string]int{"/user?": -1} // That is read at the start, not for an event.
			for _, c := range s.github.Calls() {
				if c.Method != http.MethodGet {
					clear(times)
				} else if c.Status != http.StatusNotModified {
					page := c.Path + "?" + c.Query
					if times[page]++; times[page] > 1 {
						t.Errorf("%s was read %d times", page, times[page])
					}
				}
			}
		})
	}
}
