package sqlite

import (
	"crypto/sha256"
	"errors"
	"testing"

	"hls/internal/hls"
)

// TestI3_BodiesOfBefore: what an older version stored, whose table of bodies has every body, is met again as what this
// version stores.
func TestI3_BodiesOfBefore(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	first := intake("a", 1, 1)
	first.Delivery.HookID = "1"
	_, err := s.Add(t.Context(), first)
	must(t, err)
	must(t, s.write(t.Context(), func(t *tx) error {
		return errors.Join(
			t.exec(`INSERT INTO bodies (delivery_id, hook_id, hash, accepted_at) SELECT id, hook_id, hash, accepted_at FROM deliveries`),
			t.exec(`UPDATE deliveries SET accepted_at = 0`))
	}))
	for _, c := range []struct {
		name, id, hook, body string
		want                 hls.Receipt
	}{
		{"the same", "a", "1", "a", hls.Receipt{Class: hls.Duplicate, Reason: "delivery_id"}},
		{"another body of the hook", "a", "1", "b", hls.Receipt{Class: hls.Conflict}},
		{"another hook", "a", "2", "b", hls.Receipt{Class: hls.Duplicate, Reason: "alias"}},
		{"the body under another id", "b", "1", "a", hls.Receipt{Class: hls.Duplicate, Reason: "body"}},
	} {
		in := intake(c.id, 1, 1)
		in.Delivery.HookID, in.Delivery.Body, in.Delivery.Hash = c.hook, []byte(c.body), sha256.Sum256([]byte(c.body))
		got, err := s.Add(t.Context(), in)
		must(t, err)
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}
