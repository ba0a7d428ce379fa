package sqlite

import (
	"errors"
	"time"
)

const (
	slack = time.Second    // differences that are no setting of the clock
	leap  = time.Hour      // a clock set forward by more has to be borne out
	trial = 24 * time.Hour // by running on for so long
)

// clock tells the time and notices when it is set. A computer's clock is set forward by days and back again when its
// battery or its time server fails; nothing may be lost, done twice or held up by that for longer than it lasts.
type clock struct {
	// tell returns the time, and how much time has gone by, which no setting of the clock changes.
	tell func() (now time.Time, gone time.Duration)

	now   time.Time
	at    time.Duration // that had gone by at now
	step  time.Duration // by which the clock was set since the last commit
	ahead time.Duration // by which it was ever set, which is 0 when it was set wrong and right again
	right time.Duration // of step what went to set it right again, having been ahead
	doubt time.Duration // by which it was set forward lately
	trust time.Duration // that has to go by before that is believed

	saving, saved time.Time // the time kept by the commit under way, and by the last
}

func newClock(cfg Config) *clock {
	c := &clock{}
	switch start := time.Now(); {
	case cfg.Now == nil:
		c.tell = func() (time.Time, time.Duration) {
			now := time.Now() // One reading of both, lest the process be stopped in between.
			return now.Round(0), now.Sub(start)
		}
	case cfg.steady != nil:
		c.tell = func() (time.Time, time.Duration) { return cfg.Now(), cfg.steady() }
	default:
		c.tell = forward(cfg.Now)
	}
	return c
}

// forward takes for gone by what a clock goes forward, and nothing for what it goes back.
func forward(now func() time.Time) func() (time.Time, time.Duration) {
	var gone time.Duration
	last := now()
	return func() (time.Time, time.Duration) {
		next := now()
		gone += max(next.Sub(last), 0)
		last = next
		return next, gone
	}
}

// read returns the time.
func (c *clock) read() time.Time {
	now, at := c.tell()
	if !c.now.IsZero() {
		c.set(now.Sub(c.now), at-c.at)
	}
	c.now, c.at = now, at
	if c.doubt > 0 && at >= c.trust {
		c.doubt = 0
	}
	return now
}

// resume goes on from what was saved. How much time has passed since is not known.
func (c *clock) resume(saved time.Time, ahead time.Duration) {
	c.ahead = ahead
	if gap := c.now.Sub(saved); gap < 0 || gap > leap {
		c.set(gap, 0)
	}
}

// set notes that the clock went on by told while gone went by.
func (c *clock) set(told, gone time.Duration) {
	step := told - gone
	switch {
	case step.Abs() <= slack:
		return
	case step < 0:
		c.right += max(step, -max(c.ahead, 0))
		c.doubt = max(c.doubt+step, 0)
	case step > leap:
		c.doubt += step
		c.trust = c.at + gone + trial
	}
	c.step += step
	c.ahead += step
	c.saved = time.Time{}
}

// followed notes that a transaction was committed.
func (c *clock) followed() { c.step, c.right, c.saved = 0, 0, c.saving }

// follow keeps what is to come as far away as it was before the clock was set: leases, and tasks that wait. When it was
// set forward, those start early at worst. Money that was spent under a clock that was ahead was spent by now.
func (t *tx) follow(c *clock) error {
	if c.step == 0 {
		return nil
	}
	by, now := c.step.Microseconds(), stamp(t.now)
	err := errors.Join(
		t.exec(`UPDATE tasks SET until = until + ? WHERE state = 'running'`, by),
		t.exec(`UPDATE tasks SET run_at = run_at + ? WHERE state = 'queued' AND run_at > ?`, min(by, 0), now),
		t.exec(`UPDATE spend SET at = at + ? WHERE at > ?`, c.right.Microseconds(), now))
	return errors.Join(err, t.rebuild())
}

const (
	saveEvery  = time.Minute
	clockNow   = "clock/now" // in meta
	clockAhead = "clock/ahead"
)

// saveClock keeps the time, for the next start to compare with.
func (t *tx) saveClock(c *clock) error {
	const q = `INSERT INTO meta (name, value) VALUES (?1, ?2), (?3, ?4) ON CONFLICT (name) DO UPDATE SET value = excluded.value`
	c.saving = c.saved
	if gone := t.now.Sub(c.saved); gone >= 0 && gone < saveEvery {
		return nil
	}
	c.saving = t.now
	return t.exec(q, clockNow, stamp(t.now), clockAhead, c.ahead.Microseconds())
}

// loadClock has the clock go on from what was kept.
func (t *tx) loadClock(c *clock) error {
	const q = `SELECT n.value, a.value FROM meta n, meta a WHERE n.name = ? AND a.name = ?`
	var saved time.Time
	var ahead int64
	err := t.row(q, []any{clockNow, clockAhead}, at{&saved}, &ahead)
	if none(err) {
		return nil
	}
	if err == nil {
		c.resume(saved, time.Duration(ahead)*time.Microsecond)
	}
	return err
}

// aged is the time for whatever ages out. While a leap forward is in doubt, it has not happened.
func (t *tx) aged() time.Time { return t.now.Add(-t.w.clock.doubt) }
