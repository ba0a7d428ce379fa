package recordtest

import (
	"fmt"
	"sync/atomic"
	"time"

	"hls/internal/record"
	"hls/internal/share"
)

func shareTests() map[string]func(*street) {
	return map[string]func(*street){
		"O2_QuotasAreOfTheWhole":       quotasOfTheWhole,
		"O2_AllIsDrawnOrNone":          allOrNone,
		"O2_UseCountsUntilAfterItsEnd": countsAfterItsEnd,
		"O2_UseOfTheDeadComesToAnEnd":  useOfTheDead,
		"O2_UsageIsSettled":            usageSettled,
		"O2_CallsThatWereNotMade":      notMade,
		"O2_PausesAreOfTheWhole":       pausesOfTheWhole,
		"O2_BucketsAreOfTheWhole":      bucketsOfTheWhole,
	}
}

func sharing(store record.Store) share.Store { return store.(share.Store) }

// quota is one of so many a minute.
func quota(name string, limit int64) share.Quota {
	return share.Quota{Name: name, Limit: limit, Span: time.Minute, Need: 1}
}

func (s *street) draw(n int, d share.Draw) share.Drawn {
	s.Helper()
	drawn, err := sharing(s.stores[n]).Draw(s.ctx, d)
	s.must(err)
	if (drawn.Ticket == "") == (drawn.Wait == 0) {
		s.Fatalf("drew %+v", drawn)
	}
	return drawn
}

// draws takes a share at once.
func (s *street) draws(n int, d share.Draw) string {
	s.Helper()
	drawn := s.draw(n, d)
	same(s.house, "wait", drawn.Wait, 0)
	return drawn.Ticket
}

// waits has to wait for so long, for something.
func (s *street) waits(n int, d share.Draw, wait time.Duration, held string) {
	s.Helper()
	drawn := s.draw(n, d)
	same(s.house, "wait", drawn.Wait.Round(10*time.Millisecond), wait)
	same(s.house, "what makes it", drawn.Held, held)
}

func (s *street) give(n int, u share.Use) {
	s.Helper()
	s.must(sharing(s.stores[n]).Give(s.ctx, u))
}

// quotasOfTheWhole: however many draw at once, wherever, they get no more than there is; another limit is another's.
func quotasOfTheWhole(s *street) {
	const limit = 17
	var drawn atomic.Int32
	s.each(20, func(store record.Store) {
		got, err := sharing(store).Draw(s.ctx, share.Draw{Quotas: []share.Quota{quota("writes", limit)}, Longest: time.Minute})
		if err != nil {
			s.Error(err)
		}
		if got.Ticket != "" {
			drawn.Add(1)
		}
	})
	same(s.house, "drawn", drawn.Load(), limit)
	s.draws(0, share.Draw{Quotas: []share.Quota{quota("others", limit)}})
}

func allOrNone(s *street) {
	both := share.Draw{Quotas: []share.Quota{quota("writes", 4), quota("content", 2)}, Longest: time.Hour}
	s.draws(0, both)
	s.draws(1, both)
	for range 3 {
		s.waits(2, both, time.Minute, "content")
	}
	one := share.Draw{Quotas: both.Quotas[:1]}
	s.draws(2, one)
	s.draws(0, one)
	s.waits(1, one, time.Minute, "writes")
}

// countsAfterItsEnd: a call counts while it lasts, and for a span after its end; nobody can know when one under way ends.
func countsAfterItsEnd(s *street) {
	d := share.Draw{Quotas: []share.Quota{quota("writes", 1)}, Longest: 10 * time.Minute}
	ticket := s.draws(0, d)
	s.pass(90 * time.Second)
	s.waits(1, d, time.Minute, "writes")
	s.give(0, share.Use{Ticket: ticket})
	s.pass(59 * time.Second)
	s.waits(1, d, time.Second, "writes")
	s.pass(time.Second)
	s.draws(1, d)
	s.waits(0, d, time.Minute, "writes")
}

// useOfTheDead: what nobody gives back counts for as long as the call can have lasted, and a span more.
func useOfTheDead(s *street) {
	d := share.Draw{Quotas: []share.Quota{quota("writes", 1)}, Longest: 2 * time.Minute}
	s.draws(0, d)
	s.pass(3*time.Minute - time.Second)
	s.waits(1, d, time.Second, "writes")
	s.pass(time.Second)
	s.draws(1, d)
}

func usageSettled(s *street) {
	tokens := share.Draw{Quotas: []share.Quota{{Name: "tokens", Limit: 100, Span: time.Minute, Need: 10}}}
	first, second := s.draws(0, tokens), s.draws(1, tokens)
	s.give(0, share.Use{Ticket: first, Used: map[string]int64{"tokens": 85, "another": 7}})
	s.waits(2, tokens, time.Minute, "tokens")
	s.pass(20 * time.Second)
	s.give(1, share.Use{Ticket: second, Used: map[string]int64{"tokens": 0}})
	s.draws(2, tokens)
	s.pass(40 * time.Second)
	large := share.Draw{Quotas: []share.Quota{{Name: "tokens", Limit: 100, Span: time.Minute, Need: 1000}}}
	s.waits(0, large, 20*time.Second, "tokens")
	s.pass(time.Minute)
	s.draws(0, large)
}

func notMade(s *street) {
	d := share.Draw{Quotas: []share.Quota{quota("writes", 1)}, Longest: time.Hour}
	s.give(1, share.Use{Ticket: s.draws(0, d), Void: true})
	s.draws(1, d)
}

// pausesOfTheWhole: where one was told to wait all wait, and a shorter word changes nothing.
func pausesOfTheWhole(s *street) {
	d := share.Draw{Quotas: []share.Quota{quota("writes", 5)}, Pauses: []string{"a", "b"}}
	s.must(sharing(s.stores[0]).Pause(s.ctx, "b", time.Hour))
	s.must(sharing(s.stores[1]).Pause(s.ctx, "b", time.Minute))
	s.must(sharing(s.stores[1]).Pause(s.ctx, "c", 2*time.Hour))
	s.waits(2, d, time.Hour, "b")
	left, err := sharing(s.stores[2]).Pauses(s.ctx)
	s.must(err)
	same(s.house, "pauses", fmt.Sprint(left), fmt.Sprint(map[string]time.Duration{"b": time.Hour, "c": 2 * time.Hour}))
	s.pass(time.Hour)
	s.draws(2, d)
	left, err = sharing(s.stores[0]).Pauses(s.ctx)
	s.must(err)
	same(s.house, "pauses", fmt.Sprint(left), fmt.Sprint(map[string]time.Duration{"c": time.Hour}))
}

// bucketsOfTheWhole: what the server told one of its limits holds for all, with what all have taken since.
func bucketsOfTheWhole(s *street) {
	d := share.Draw{Buckets: map[string]float64{"tokens": 2, "unknown": 9}}
	told := share.Bucket{Name: "tokens", Size: 10, Level: 5, Rate: 0.5}
	s.give(0, share.Use{Told: []share.Bucket{told}})
	s.draws(1, d)
	s.draws(2, d)
	s.waits(0, d, 2*time.Second, "tokens")
	s.pass(2 * time.Second)
	s.draws(0, d)
	s.pass(time.Hour)
	large := share.Draw{Buckets: map[string]float64{"tokens": 99}}
	s.draws(1, large)
	s.waits(2, large, 198*time.Second, "tokens")
	s.give(2, share.Use{Told: []share.Bucket{told, {Name: "another", Size: 1, Level: 1, Rate: 1}}})
	s.draws(1, d)
}
