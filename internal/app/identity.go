package app

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"hls/internal/hls"
)

// identity knows which account HLS acts as: one for all repositories, and one for each that has a token of its own.
// GitHub is asked until it tells. Until then no event counts as our own by its account; events by bots start nothing
// either way.
type identity struct {
	ask   func(ctx context.Context, repo string) (hls.Account, error)
	own   func(repo string) bool // whether the repository has a token of its own
	known sync.Map               // repo, "" for all others, to hls.Account

	wanted chan string // repositories that were asked about in vain
}

func newIdentity(ask func(context.Context, string) (hls.Account, error), own func(string) bool) *identity {
	return &identity{ask: ask, own: own, wanted: make(chan string, 64)}
}

// Account is the account that HLS acts as in a repository, or the zero one while it is not known. It asks nobody: a
// repository that is not known is left to learn.
func (i *identity) Account(repo string) hls.Account {
	if !i.own(repo) {
		repo = ""
	}
	account, ok := i.known.Load(repo)
	if !ok && repo != "" {
		select {
		case i.wanted <- repo:
		default:
		}
	}
	known, _ := account.(hls.Account)
	return known
}

// askAgain is how often a server that does not tell is asked.
const askAgain = 5 * time.Minute

// learn asks until ctx ends: for the general account at once, for a repository with a token of its own once it is
// wanted, and again for those that GitHub did not tell.
func (i *identity) learn(ctx context.Context, log *slog.Logger) {
	untold := map[string]bool{}
	i.learnOne(ctx, "", untold, log)
	again := time.NewTicker(askAgain)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case repo := <-i.wanted:
			if !untold[repo] {
				i.learnOne(ctx, repo, untold, log)
			}
		case <-again.C:
			for repo := range untold {
				i.learnOne(ctx, repo, untold, log)
			}
		}
	}
}

func (i *identity) learnOne(ctx context.Context, repo string, untold map[string]bool, log *slog.Logger) {
	if _, known := i.known.Load(repo); known {
		return
	}
	account, err := i.ask(ctx, repo)
	if err == nil && account.ID != 0 {
		i.known.Store(repo, account)
		delete(untold, repo)
		log.Info("acting as", "login", account.Login, "account_id", account.ID, hls.KeyRepo, repo)
		return
	}
	if !untold[repo] && ctx.Err() == nil {
		log.Warn("GitHub does not tell which account the token belongs to: events that HLS causes are not known by it", hls.KeyRepo, repo)
	}
	untold[repo] = true
}
