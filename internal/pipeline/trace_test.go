package pipeline

import (
	"errors"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

// Any stored delivery is told of with its rules: in full while its payload is kept, and by who did what otherwise.
func TestTraceOfStoredDeliveries(t *testing.T) {
	t.Parallel()
	p, store := shelf(t)
	shelve(t, p, "ignored", "o/another")
	shelve(t, p, "aged", "o/r")
	ended(t, store, hls.Outcome{State: hls.Done})
	if _, err := store.Purge(t.Context(), record.Cutoff{Payloads: time.Now().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	shelve(t, p, "kept", "o/r")
	for id, want := range map[string]struct{ last, stop, partly, ignored string }{
		"kept":    {"asks_for_work", "", "", ""},
		"aged":    {"sender_not_ignored", "", "its payload is not there any more", ""},
		"ignored": {"repository_configured", "repository_not_configured", "no payload is kept of what is passed over", "repository_not_configured"},
	} {
		got, err := p.Trace(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		last := got.Steps[len(got.Steps)-1]
		if last.Rule != want.last || last.Stop != want.stop || !strings.HasPrefix(got.Partly, want.partly) || got.Partly != "" && want.partly == "" {
			t.Errorf("%s: %+v", id, got)
		}
		if got.Delivery.ID != id || got.Delivery.Ignored != want.ignored || len(got.Delivery.Body) > 0 {
			t.Errorf("%s: %+v", id, got.Delivery)
		}
	}
	if _, err := p.Trace(t.Context(), "unknown"); !errors.Is(err, hls.ErrNotFound) {
		t.Errorf("unknown: %v", err)
	}
}

// A trial is held against what is done, or else against what ended; what has not ended, or is not kept, is refused.
func TestRecordedTellsWhatATrialIsHeldAgainst(t *testing.T) {
	t.Parallel()
	p, store := shelf(t)
	shelve(t, p, "d", "o/r")
	if _, err := p.Recorded(t.Context(), "d"); err == nil || !strings.Contains(err.Error(), "is queued: there is nothing to compare with") {
		t.Errorf("queued: %v", err)
	}
	done := ended(t, store, hls.Outcome{State: hls.Done})
	if _, err := p.Replay(t.Context(), "d"); err != nil {
		t.Fatal(err)
	}
	parked := ended(t, store, hls.Outcome{State: hls.Parked, Reason: "refusal"})
	got, err := p.Recorded(t.Context(), "d")
	if err != nil || got.Task.ID != done.ID || got.Task.ID == parked.ID || got.Side.Ended != "" {
		t.Errorf("%+v %v", got, err)
	}
	shelve(t, p, "parked", "o/r")
	ended(t, store, hls.Outcome{State: hls.Parked, Reason: "refusal"})
	got, err = p.Recorded(t.Context(), "parked")
	if err != nil || got.Side.Ended != "refusal" || len(got.Notes(Tried{})) != 1 {
		t.Errorf("%+v %v", got, err)
	}
	shelve(t, p, "ignored", "o/another")
	if _, err := p.Recorded(t.Context(), "ignored"); err == nil || !strings.Contains(err.Error(), "it was ignored") {
		t.Errorf("ignored: %v", err)
	}
	if _, err := p.Recorded(t.Context(), "unknown"); !errors.Is(err, hls.ErrNotFound) {
		t.Errorf("unknown: %v", err)
	}
}
