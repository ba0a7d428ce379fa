package share_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"hls/internal/share"
)

// Wherever in its flight the server sees a call, it never sees more than the limit in a span; and who has waited as long
// as he was told, while nobody else came and all calls had ended, has room.
func TestO2_NoSpanHasMoreThanTheLimit(t *testing.T) {
	t.Parallel()
	const longest = 40 * time.Second
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 1))
		q := share.Quota{Name: "writes", Limit: 1 + random.Int64N(12), Span: time.Minute, Need: 1}
		now := time.Unix(1_000_000, 0)
		var uses []share.Counted
		var ends, seen []time.Time
		for range 600 {
			now = now.Add(time.Duration(random.Int64N(int64(8 * time.Second))))
			for i := range uses {
				if uses[i].Flying && !ends[i].After(now) {
					uses[i] = share.Counted{Amount: 1, Until: ends[i].Add(q.Span)}
				}
			}
			if wait := q.Wait(uses, now); wait > 0 {
				if left := q.Wait(landed(uses, now, q.Span), now.Add(wait)); left > 0 {
					t.Fatalf("seed %d: after a wait of %s there were %s left", seed, wait, left)
				}
				continue
			}
			lasts := time.Duration(random.Int64N(int64(longest)))
			uses = append(uses, share.Counted{Amount: 1, Flying: true, Until: now.Add(longest + q.Span)})
			ends, seen = append(ends, now.Add(lasts)), append(seen, now.Add(time.Duration(random.Int64N(int64(lasts)+1))))
		}
		slices.SortFunc(seen, time.Time.Compare)
		for i := q.Limit; i < int64(len(seen)); i++ {
			if seen[i].Sub(seen[i-q.Limit]) < q.Span {
				t.Fatalf("seed %d: more than %d in a span", seed, q.Limit)
			}
		}
	}
}

// landed are uses whose calls all end now.
func landed(uses []share.Counted, now time.Time, span time.Duration) []share.Counted {
	uses = slices.Clone(uses)
	for i := range uses {
		if uses[i].Flying {
			uses[i] = share.Counted{Amount: uses[i].Amount, Until: now.Add(span)}
		}
	}
	return uses
}

func TestO2_BucketsFillSteadily(t *testing.T) {
	t.Parallel()
	b := share.Bucket{Size: 10, Level: -2, Rate: 0.5}
	for _, c := range []struct {
		need float64
		ago  time.Duration
		want time.Duration
	}{
		{1, 0, 6 * time.Second}, {1, 6 * time.Second, 0}, {10, time.Hour, 0}, {500, time.Hour, 0}, {500, 0, 24 * time.Second}, {1, -time.Hour, 6 * time.Second},
	} {
		if got := b.Wait(c.need, c.ago).Round(10 * time.Millisecond); got != c.want {
			t.Errorf("%v after %s waits %s, want %s", c.need, c.ago, got, c.want)
		}
	}
	if got := (share.Bucket{Size: 10}).Wait(1, 0); got != time.Minute {
		t.Errorf("one that does not fill: %s", got)
	}
	if got := (share.Bucket{}).Wait(1, 0); got != 0 {
		t.Errorf("one that is not known: %s", got)
	}
}

// kept is a store of pauses that counts how often it is looked at.
type kept struct {
	share.Store
	pauses map[string]time.Duration
	looked int
	fails  bool
}

func (k *kept) Pauses(context.Context) (map[string]time.Duration, error) {
	if k.looked++; k.fails {
		return nil, errors.New("out of reach")
	}
	return k.pauses, nil
}

// Pauses are looked up once a second, however many ask; what is known stays while the store is out of reach.
func TestO2_PausesAreKnownWithinASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := &kept{}
		p := share.New(k)
		for range 100 {
			if left := p.Left(t.Context(), "a", "b"); left > 0 {
				t.Fatalf("a pause of %s", left)
			}
		}
		k.pauses = map[string]time.Duration{"b": time.Minute}
		time.Sleep(time.Second)
		for range 100 {
			if left := p.Left(t.Context(), "a", "b"); left != time.Minute {
				t.Fatalf("a pause of %s", left)
			}
		}
		if k.looked != 2 || p.Left(t.Context(), "a") > 0 {
			t.Errorf("looked %d times", k.looked)
		}
		k.fails = true
		time.Sleep(10 * time.Second)
		if left := p.Left(t.Context(), "b"); left != 50*time.Second {
			t.Errorf("out of reach: a pause of %s", left)
		}
	})
}
