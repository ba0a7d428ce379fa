package postgres

import (
	"fmt"
	"testing"
	"time"

	"hls/internal/share"
)

// TestO2_SharesAreCleared: what no longer counts is gone within a second, and nothing else.
func TestO2_SharesAreCleared(t *testing.T) {
	t.Parallel()
	s, other, pass := two(t)
	d := share.Draw{Quotas: []share.Quota{
		{Name: "minute", Limit: 9, Span: time.Minute, Need: 1}, {Name: "hour", Limit: 9, Span: time.Hour, Need: 1},
	}}
	drawn, err := s.Draw(t.Context(), d)
	must(t, err)
	must(t, other.Give(t.Context(), share.Use{Ticket: drawn.Ticket, Told: []share.Bucket{{Name: "told", Size: 1}}}))
	must(t, s.Pause(t.Context(), "short", time.Minute))
	must(t, s.Pause(t.Context(), "long", time.Hour))
	left := func(uses, buckets, pauses int) {
		t.Helper()
		eventually(t, func() error {
			var u, b, p int
			const q = `SELECT (SELECT count(*) FROM uses), (SELECT count(*) FROM buckets), (SELECT count(*) FROM pauses)`
			must(t, s.pool.QueryRow(t.Context(), q).Scan(&u, &b, &p))
			if u != uses || b != buckets || p != pauses {
				return fmt.Errorf("%d uses, %d buckets and %d pauses are kept, want %d, %d and %d", u, b, p, uses, buckets, pauses)
			}
			return nil
		})
	}
	left(2, 1, 2)
	pass(time.Minute)
	left(1, 1, 1)
	pass(time.Hour)
	left(0, 1, 0)
	pass(outlived)
	left(0, 0, 0)
}
