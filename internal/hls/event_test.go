package hls_test

import (
	"testing"
	"time"

	"hls/internal/hls"
)

func TestDecodeEvent(t *testing.T) {
	t.Parallel()
	body := `{"action":"edited","number":7,"changes":{"title":{"from":"x"}},
		"issue":{"id":1,"number":7,"title":"T","body":null,"state":"open","user":null,"labels":[{"name":"bug","description":null}],
		"updated_at":"2026-01-15T09:30:00Z"},"repository":{"id":9,"name":"r","full_name":"o/r"},"sender":{"id":3,"login":"mona","type":"User"}}`
	e, err := hls.DecodeEvent(hls.Delivery{ID: "d", Event: "issues", Body: []byte(body), ReceivedAt: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := e.Subject.Key(), "9#7"; got != want {
		t.Errorf("subject key %q, want %q", got, want)
	}
	if !e.Changed["title"] || e.Changed["body"] {
		t.Errorf("changed %v", e.Changed)
	}
	if e.OccurredAt.Format(time.DateOnly) != "2026-01-15" {
		t.Errorf("occurred at %s", e.OccurredAt)
	}
	if e.String() != "issues.edited" {
		t.Errorf("name %q", e)
	}
}

// encoding/json would take the lookalike key (long s) and the last of two duplicates.
func TestI4_DecodeIsExact(t *testing.T) {
	t.Parallel()
	e, err := hls.DecodeEvent(hls.Delivery{ID: "d", Event: "issues",
		Body: []byte(`{"repository":{"id":9,"full_name":"o/r"},"repoſitory":{"id":10,"full_name":"evil/r"},"REPOSITORY":{"id":11}}`)})
	if err != nil {
		t.Fatal(err)
	}
	if e.Repo.ID != 9 {
		t.Errorf("repository %d, want the exact key's", e.Repo.ID)
	}
	if _, err := hls.DecodeEvent(hls.Delivery{Event: "issues", Body: []byte(`{"action":"opened","action":"closed"}`)}); err == nil {
		t.Error("duplicate keys were taken")
	}
}

func TestSubjectOfOtherEvents(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ event, body, want string }{
		{"workflow_run", `{"workflow_run":{"id":5},"repository":{"id":9}}`, "9/workflow_run/5"},
		{"issue_comment", `{"issue":{"number":4,"pull_request":{"url":"x"}},"repository":{"id":9}}`, "9#4"},
		{"push", `{"ref":"refs/heads/main","repository":{"id":9}}`, "9/push/d"},
	} {
		e, err := hls.DecodeEvent(hls.Delivery{ID: "d", Event: tc.event, Body: []byte(tc.body)})
		if err != nil {
			t.Fatal(err)
		}
		if e.Subject.Key() != tc.want {
			t.Errorf("%s: %q, want %q", tc.event, e.Subject.Key(), tc.want)
		}
	}
}

// An event of the future would outdate all that are to come, and one of the past none.
func TestE6_OnlyATimeThatCanBeOrdersEvents(t *testing.T) {
	t.Parallel()
	received := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for at, want := range map[string]time.Time{
		"2026-11-23T11:59:58Z": received.Add(-2 * time.Second),
		"2026-11-23T12:00:01Z": received,
		"9999-01-01T00:00:00Z": received,
		"0001-01-01T00:00:01Z": received,
	} {
		e, err := hls.DecodeEvent(hls.Delivery{
			Event: "issues", ReceivedAt: received,
			Body: []byte(`{"repository":{"id":9,"full_name":"o/r"},"issue":{"number":7,"updated_at":"` + at + `"}}`),
		})
		if err != nil || !e.OccurredAt.Equal(want) {
			t.Errorf("%s: occurred at %s, want %s (%v)", at, e.OccurredAt, want, err)
		}
	}
}
