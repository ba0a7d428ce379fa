package pipeline

import (
	"cmp"
	"errors"
	"math/rand/v2"
	"time"

	"hls/internal/fault"
	"hls/internal/hls"
)

const (
	defaultGiveUpAfter = 24 * time.Hour
	longestBackoff     = 2 * time.Hour
)

// Backoff is the default schedule of retries: 15 to 30 seconds, which outlasts a blip, then a minute, and four times as
// long each, up to two hours. Chance keeps tasks that failed together from coming back together.
func Backoff(attempt int) time.Duration {
	wait := 15 * time.Second
	if attempt <= 1 {
		return wait + rand.N(wait)
	}
	for range attempt - 1 {
		wait = min(4*wait, longestBackoff)
	}
	return wait + rand.N(wait/4)
}

// again queues the task once more, no sooner than after, or parks it when its attempts are used up.
func (p *Pipeline) again(task hls.Task, after time.Duration, reason string) hls.Outcome {
	if task.Attempt >= p.cfg.MaxAttempts {
		return hls.Outcome{State: hls.Parked, Reason: reason}
	}
	wait := max(after, fault.Scaled(p.cfg.Backoff(task.Attempt)))
	return hls.Outcome{State: hls.Queued, Reason: "retry", RetryAt: p.cfg.Now().Add(wait)}
}

// later puts a task off that met a failure which passes. What is the door's doing uses up no attempt, and ends when it
// has put the task off for as long as the settings have patience: that counts from the first time, and not from when the
// task was queued, for it may have waited for a budget since.
func (p *Pipeline) later(task hls.Task, retry *hls.RetryAfter) hls.Outcome {
	if !retry.Free {
		return p.again(task, retry.After, cmp.Or(retry.Reason, "max_attempts"))
	}
	now := p.cfg.Now()
	o := hls.Outcome{State: hls.Queued, Reason: cmp.Or(retry.Reason, "waiting_for_limit"), Free: true}
	if retry.Reason != "" {
		if o.FailingAt = task.FailingAt; o.FailingAt.IsZero() {
			o.FailingAt = now
		}
		if now.Sub(o.FailingAt) >= fault.Scaled(p.cfg.GiveUpAfter) {
			return hls.Outcome{State: hls.Parked, Reason: retry.Reason}
		}
	}
	if retry.Outage {
		o.RetryAt = now.Add(max(retry.After, p.outage(now.Sub(o.FailingAt))))
		return o
	}
	o.RetryAt = p.inOrder(task, now.Add(max(retry.After, 0)))
	return o
}

// outage is how long a task is put off by an outage that it has met for so long already: at first as by any failure,
// then for about as long again.
func (p *Pipeline) outage(lasted time.Duration) time.Duration {
	wait := min(lasted, fault.Scaled(longestBackoff))
	return max(fault.Scaled(p.cfg.Backoff(1)), wait*7/8+rand.N(wait/4+1))
}

// inOrder is a time within the second after at: the sooner, the longer the task has been queued, so that tasks which wait
// for one and the same moment begin in their old order.
func (p *Pipeline) inOrder(task hls.Task, at time.Time) time.Time {
	second := fault.Scaled(time.Second)
	at = at.Truncate(second).Add(second)
	age := min(max(at.Sub(task.QueuedAt), 0), p.cfg.GiveUpAfter)
	return at.Add(time.Duration((1 - float64(age)/float64(p.cfg.GiveUpAfter)) * float64(second)))
}

// turnedAway tells whether a run ended because a door let nothing through, and said for how long.
func turnedAway(err error) bool {
	var retry *hls.RetryAfter
	return errors.As(err, &retry) && retry.Free && !retry.Outage && retry.Reason != ""
}
