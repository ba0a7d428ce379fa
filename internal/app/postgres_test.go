package app_test

import (
	"path/filepath"
	"strings"
	"testing"

	"hls/internal/hls"
	"hls/internal/record/recordtest/pgtest"
	"hls/internal/simulate"
)

// The same program does its job on PostgreSQL, and goes on after a restart.
func TestMainJobOnPostgreSQL(t *testing.T) {
	t.Parallel()
	s := start(t, widgetSettings, shop(), answering(bugAnswer))
	s.stop()
	text := strings.Replace(s.text, "sqlite:"+filepath.Join(s.dir, "hls.db"), pgtest.Database(t), 1)
	s.run(text)
	d := s.issueOpened()
	s.send(d)
	if task := s.settled(d.GUID); task.State != hls.Done || len(s.github.Comments(widgets, 7)) != 1 {
		t.Errorf("ended as %s (%s)", task.State, task.Reason)
	}
	s.stop()
	s.run(text)
	if code, body := s.send(d); code != 200 || body["status"] != "duplicate" {
		t.Errorf("after a restart: %d %v", code, body)
	}
	if strings.Contains(s.log.String(), "postgres://") {
		t.Error("the log shows the database's address")
	}
}

// What one service was told holds for the next on the same database: the doors are wired to keep it there.
func TestO2_ASpendStopOutlivesTheInstance(t *testing.T) {
	t.Parallel()
	cl := answering(bugAnswer)
	s := start(t, widgetSettings, shop(), cl)
	s.stop()
	text := strings.Replace(s.text, "sqlite:"+filepath.Join(s.dir, "hls.db"), pgtest.Database(t), 1)
	s.run(text)
	stopped := func(d simulate.Delivery) {
		t.Helper()
		s.send(d)
		eventually(t, func() bool {
			task, err := s.app.Store().TaskOf(t.Context(), d.GUID)
			return err == nil && task.State == hls.Queued && task.Reason == "spend_stop"
		})
	}
	cl.SetMode(simulate.SpendStop)
	stopped(s.issueOpened())
	cl.SetMode(simulate.Good)
	s.stop()
	s.run(text)
	stopped(s.pullOpened())
	if n := len(cl.Calls()); n != 1 {
		t.Errorf("Claude was asked %d times", n)
	}
}
