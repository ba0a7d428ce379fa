package app_test

import (
	"strings"
	"testing"
	"time"

	"hls/internal/simulate"
)

// Work under way when HLS is told to stop is finished, when that takes no longer than the grace time.
func TestO3_WorkUnderWayFinishes(t *testing.T) {
	t.Parallel()
	cl := simulate.NewClaude(simulate.ClaudeConfig{
		Mode: simulate.Slow, Slow: time.Second, Answer: func(simulate.Request) string { return bugAnswer },
	})
	gh := shop()
	s := start(t, widgetSettings, gh, cl)
	s.send(s.issueOpened())
	eventually(t, func() bool { return strings.Contains(s.log.String(), `"stage":"prompt"`) })
	s.stop()
	if got := gh.Labels(widgets, 7); len(got) != 1 || strings.Contains(s.log.String(), "handed back") {
		t.Errorf("labels %v", got)
	}
}
