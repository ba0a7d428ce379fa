package app

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"hls/internal/hls"
)

// identity is the account that HLS acts as, asked of GitHub until it tells. Until then no event counts as our own
// by its account; events by bots start nothing either way.
type identity struct {
	ask   func(context.Context) (hls.Account, error)
	known atomic.Pointer[hls.Account]
}

// Account is the account, or the zero one while it is not known.
func (i *identity) Account() hls.Account {
	if a := i.known.Load(); a != nil {
		return *a
	}
	return hls.Account{}
}

// learn asks until GitHub tells who we are, or ctx ends. It asks once at start and then every five minutes, for a
// server that does not tell is asked in vain.
func (i *identity) learn(ctx context.Context, log *slog.Logger) {
	told := false
	for {
		account, err := i.ask(ctx)
		if err == nil && account.ID != 0 {
			i.known.Store(&account)
			log.Info("acting as", "login", account.Login, "account_id", account.ID)
			return
		}
		if ctx.Err() != nil {
			return
		}
		if !told {
			told = true
			log.Warn("GitHub does not tell which account the token belongs to: events that HLS causes itself are known by their account only once it does")
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(5 * time.Minute):
		}
	}
}
