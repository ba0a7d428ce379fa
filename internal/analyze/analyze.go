// Package analyze turns a prompt into a validated Analysis: which model, what it may cost, what counts as an answer.
package analyze

import (
	"context"

	"hls/internal/hls"
)

// Model is the door to Claude. Ask makes one call, without retries of its own. Its errors are *hls.RetryAfter,
// *hls.Permanent, *hls.SpendStop (which it keeps for as long as it lasts), or *hls.Unusable for an answer that did not
// end normally.
type Model interface {
	Ask(context.Context, hls.Request) (hls.Answer, error)
	// Ready is for work that comes before a question: the error that Ask would meet now without asking, or nil. One that
	// wraps hls.ErrOverloaded, of either, is of the model alone, and nothing was paid.
	Ready(ctx context.Context, model string) error
	// Ceiling is the most that a request can cost, in micro-dollars.
	Ceiling(hls.Request) int64
}

// Purse sets money aside before a call and settles it after.
type Purse interface {
	Reserve(context.Context, hls.Reservation) (id int64, err error)
	Settle(ctx context.Context, reservation int64, model string, u hls.Usage) error
}
