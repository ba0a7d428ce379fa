package receive_test

import (
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/receive"
)

// What is taken in is told of once, whichever way it came, with its names and without its body; what is refused or only greets
// is not.
func TestOnlyAcceptedDeliveriesAreToldOf(t *testing.T) {
	t.Parallel()
	told := make(chan hls.Delivery, 10)
	d := open(t, receive.Config{}, func(deps *receive.Deps) {
		deps.Accepted = func(delivery hls.Delivery, began time.Time) {
			if began.IsZero() || time.Since(began) > time.Minute {
				t.Errorf("it began at %s", began)
			}
			told <- delivery
		}
	})
	d.post(t, "issues", issue)
	d.post(t, "issues", issue, set("X-Hub-Signature-256", sign("another secret", issue)))
	d.post(t, "ping", `{"zen":"Keep it logically awesome.","hook_id":42}`)
	d.take(t, fetched(issue, issue))
	d.Close() // after the last answer
	close(told)
	n := 0
	for delivery := range told {
		n++
		if delivery.ID != someone || delivery.Event != "issues" || delivery.Repo == "" || n == 1 && delivery.Body != nil {
			t.Errorf("told of %+v", delivery)
		}
	}
	if n != 2 {
		t.Errorf("told of %d, want 2", n)
	}
}
