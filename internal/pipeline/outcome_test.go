package pipeline

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"hls/internal/hls"
)

// judging is a pipeline that only judges, at a time of the test's own.
func judging(now *time.Time) *Pipeline {
	return &Pipeline{cfg: Config{
		MaxAttempts: 4, GiveUpAfter: 24 * time.Hour, Now: func() time.Time { return *now }, Backoff: func(int) time.Duration { return time.Minute },
	}}
}

// Every error that a stage can return has one outcome, and no error becomes done.
func TestO1_JudgeEndsEveryRun(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	tomorrow := now.Add(12 * time.Hour)
	p := judging(&now)
	cause := errors.New("cause")
	second := time.Second
	for _, tc := range []struct {
		name    string
		err     error
		attempt int
		want    hls.Outcome
	}{
		{"nothing wrong", nil, 1, hls.Outcome{State: hls.Done}},
		{"skipped", skip("closed"), 1, hls.Outcome{State: hls.Skipped, Reason: "closed"}},
		{"moved on", fmt.Errorf("act: %w", hls.ErrStale), 1, hls.Outcome{State: hls.Superseded, Reason: "subject_moved_on"}},
		{"fault", &hls.RetryAfter{Err: cause}, 1, hls.Outcome{State: hls.Queued, Reason: "retry", RetryAt: now.Add(time.Minute)}},
		{"fault with a time", &hls.RetryAfter{Err: cause, After: time.Hour}, 1, hls.Outcome{State: hls.Queued, Reason: "retry", RetryAt: now.Add(time.Hour)}},
		{"fault too often", &hls.RetryAfter{Err: cause}, 4, hls.Outcome{State: hls.Parked, Reason: "max_attempts"}},
		{"limit", &hls.RetryAfter{Err: cause, After: time.Hour, Free: true}, 4,
			hls.Outcome{State: hls.Queued, Reason: "waiting_for_limit", RetryAt: now.Add(time.Hour + second), Free: true}},
		{"limit of a door", &hls.RetryAfter{Err: cause, After: time.Hour, Free: true, Reason: "github_rate_limited"}, 4,
			hls.Outcome{State: hls.Queued, Reason: "github_rate_limited", RetryAt: now.Add(time.Hour + second), Free: true, FailingAt: now}},
		{"door shut", &hls.RetryAfter{Err: cause, Free: true, Reason: "github_unavailable"}, 4,
			hls.Outcome{State: hls.Queued, Reason: "github_unavailable", RetryAt: now.Add(second), Free: true, FailingAt: now}},
		{"outage", &hls.RetryAfter{Err: cause, Free: true, Outage: true, Reason: "claude_overloaded"}, 4,
			hls.Outcome{State: hls.Queued, Reason: "claude_overloaded", RetryAt: now.Add(time.Minute), Free: true, FailingAt: now}},
		{"outage with a time", &hls.RetryAfter{Err: cause, After: time.Hour, Free: true, Outage: true, Reason: "claude_overloaded"}, 4,
			hls.Outcome{State: hls.Queued, Reason: "claude_overloaded", RetryAt: now.Add(time.Hour), Free: true, FailingAt: now}},
		{"credential refused", &hls.RetryAfter{Err: cause, Reason: "github_unauthorized"}, 3,
			hls.Outcome{State: hls.Queued, Reason: "retry", RetryAt: now.Add(time.Minute)}},
		{"credential refused too often", &hls.RetryAfter{Err: cause, Reason: "github_unauthorized"}, 4,
			hls.Outcome{State: hls.Parked, Reason: "github_unauthorized"}},
		{"spend stop", &hls.SpendStop{Err: cause, Until: tomorrow}, 4, hls.Outcome{State: hls.Queued, Reason: "spend_stop", RetryAt: tomorrow, Free: true}},
		{"cap", &hls.Capped{Cap: "claude.budget.daily_usd", Until: tomorrow}, 1,
			hls.Outcome{State: hls.Queued, Reason: "claude.budget.daily_usd", RetryAt: tomorrow, Free: true}},
		{"cap of the subject", &hls.Capped{Cap: hls.SubjectCap, Until: tomorrow}, 1, hls.Outcome{State: hls.Skipped, Reason: hls.SubjectCap}},
		{"unusable", &hls.Unusable{Err: cause, Reason: "refusal"}, 1, hls.Outcome{State: hls.Queued, Reason: "retry", RetryAt: now.Add(time.Minute)}},
		{"unusable again", &hls.Unusable{Err: cause, Reason: "refusal"}, unusableAttempts, hls.Outcome{State: hls.Parked, Reason: "refusal"}},
		{"permanent", fmt.Errorf("act: %w", &hls.Permanent{Err: cause, Reason: "github_forbidden"}), 1, hls.Outcome{State: hls.Parked, Reason: "github_forbidden"}},
		{"gone", fmt.Errorf("gather: %w", hls.ErrGone), 1, hls.Outcome{State: hls.Skipped, Reason: "gone"}},
		{"timeout", context.DeadlineExceeded, 1, hls.Outcome{State: hls.Queued, Reason: "retry", RetryAt: now.Add(time.Minute)}},
		{"anything else", cause, 1, hls.Outcome{State: hls.Queued, Reason: "retry", RetryAt: now.Add(time.Minute)}},
		{"anything else too often", cause, 4, hls.Outcome{State: hls.Parked, Reason: "max_attempts"}},
		{"retry beside a failure", errors.Join(&hls.Permanent{Err: cause, Reason: "x"}, &hls.RetryAfter{Err: cause}), 1,
			hls.Outcome{State: hls.Queued, Reason: "retry", RetryAt: now.Add(time.Minute)}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := p.judge(hls.Task{Attempt: tc.attempt}, tc.err); got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}
