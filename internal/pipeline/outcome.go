package pipeline

import (
	"context"
	"errors"

	"hls/internal/hls"
)

// skipped ends a journey early, for a reason that is nobody's fault.
type skipped struct{ reason string }

func (s *skipped) Error() string { return "skipped: " + s.reason }

func skip(reason string) error { return &skipped{reason} }

// unusableAttempts is how often Claude is asked again after an answer that cannot be used. More would pay for the
// same refusal.
const unusableAttempts = 3

// judge says what becomes of a task whose run ended with err. The order matters: the first that fits decides.
func (p *Pipeline) judge(task hls.Task, err error) hls.Outcome {
	var (
		skip      *skipped
		capped    *hls.Capped
		stop      *hls.SpendStop
		retry     *hls.RetryAfter
		permanent *hls.Permanent
		unusable  *hls.Unusable
	)
	switch {
	case err == nil:
		return hls.Outcome{State: hls.Done}
	case errors.As(err, &skip):
		return hls.Outcome{State: hls.Skipped, Reason: skip.reason}
	case errors.Is(err, hls.ErrStale):
		return hls.Outcome{State: hls.Superseded, Reason: "subject_moved_on"}
	case errors.As(err, &retry):
		return p.later(task, retry)
	case errors.As(err, &stop):
		return hls.Outcome{State: hls.Queued, Reason: "spend_stop", RetryAt: stop.Until, Free: true}
	case errors.As(err, &capped):
		return p.capped(capped)
	case errors.As(err, &unusable):
		if task.Attempt >= unusableAttempts {
			return hls.Outcome{State: hls.Parked, Reason: unusable.Reason}
		}
		return p.again(task, 0, unusable.Reason)
	case errors.As(err, &permanent):
		return hls.Outcome{State: hls.Parked, Reason: permanent.Reason}
	case errors.Is(err, hls.ErrGone), errors.Is(err, hls.ErrNotFound):
		return hls.Outcome{State: hls.Skipped, Reason: "gone"}
	case errors.Is(err, context.DeadlineExceeded):
		return p.again(task, 0, "timeout")
	}
	return p.again(task, 0, "max_attempts")
}

// capped waits for a cap that lifts by itself. The daily cap of one subject is not waited for: by then the subject
// has moved on, and its next event starts anew.
func (p *Pipeline) capped(c *hls.Capped) hls.Outcome {
	if c.Until.IsZero() || c.Cap == hls.SubjectCap {
		return hls.Outcome{State: hls.Skipped, Reason: c.Cap}
	}
	return hls.Outcome{State: hls.Queued, Reason: c.Cap, RetryAt: c.Until, Free: true}
}
