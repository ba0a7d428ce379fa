package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"hls/internal/hls"
)

// selves is whom GitHub takes HLS for, by the credential of a repository.
type selves interface {
	// SelfFor asks where it is not known; the zero Account when GitHub does not tell.
	SelfFor(ctx context.Context, repo string) (hls.Account, error)
	// KnownSelf asks nobody.
	KnownSelf(repo string) hls.Account
}

// memory keeps from one process to the next whom GitHub took HLS for: deliveries come in before GitHub can be asked.
type memory struct {
	notes interface {
		Note(ctx context.Context, name string, value []byte) error
		Noted(ctx context.Context, name string) ([]byte, error)
	}
	credential func(repo string) string // with which HLS acts in a repository
}

// identity knows which account HLS acts as: one for all repositories, and one for each that has a token of its own.
// GitHub is asked until it tells, or until what HLS writes tells it. Until then the account is the one that the same
// credential had in an earlier process. Where there was none, no event counts as our own by its account; events by bots
// start nothing either way.
type identity struct {
	github selves
	own    func(repo string) bool // whether the repository has a token of its own
	wanted chan string            // repositories that were asked about in vain, "" for all without a token of their own
	memory memory
	noted  sync.Map // name of a note to hls.Account
}

func newIdentity(github selves, own func(string) bool, m memory) *identity {
	return &identity{github: github, own: own, wanted: make(chan string, 64), memory: m}
}

// Account is the account that HLS acts as in a repository, or the zero one while it is not known. It asks nobody: what
// is not known is left to learn.
func (i *identity) Account(repo string) hls.Account {
	account := i.github.KnownSelf(repo)
	if account.ID != 0 {
		return account
	}
	if !i.own(repo) {
		repo = ""
	}
	select {
	case i.wanted <- repo:
	default:
	}
	return i.recall(repo)
}

// note names what is remembered about a credential. It does not tell the credential.
func (m memory) note(repo string) string {
	sum := sha256.Sum256([]byte("hls: the account of " + m.credential(repo)))
	return "self/" + hex.EncodeToString(sum[:8])
}

// recall is the account that was remembered, the zero one when there is none.
func (i *identity) recall(repo string) hls.Account {
	name := i.memory.note(repo)
	if known, ok := i.noted.Load(name); ok {
		account, _ := known.(hls.Account)
		return account
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	var account hls.Account
	text, err := i.memory.notes.Noted(ctx, name)
	if err == nil {
		err = json.Unmarshal(text, &account)
	}
	if err == nil || errors.Is(err, hls.ErrNotFound) { // Otherwise it is looked for again.
		i.noted.Store(name, account)
	}
	return account
}

// remember keeps an account. What cannot be kept is asked for again by the next process.
func (i *identity) remember(ctx context.Context, repo string, account hls.Account) error {
	if i.recall(repo) == account {
		return nil
	}
	text, err := json.Marshal(account)
	if err != nil {
		return err
	}
	name := i.memory.note(repo)
	i.noted.Store(name, account)
	return i.memory.notes.Note(ctx, name, text)
}

// How long a GitHub that failed is not asked again: at first, doubled each time, and at most. One that says it will
// not tell is asked at the longest.
const (
	askSoon = 2 * time.Second
	askLate = 5 * time.Minute
)

// doubt is about one account: when it is asked for again, and what the log has said of it.
type doubt struct {
	at             time.Time
	wait           time.Duration
	failed, untold bool
}

// learn asks until ctx ends: for the general account at once, for others once they are wanted, and again for those
// that GitHub did not tell.
func (i *identity) learn(ctx context.Context, log *slog.Logger) {
	doubts := map[string]*doubt{"": {}}
	for ctx.Err() == nil {
		next := askLate
		for repo, d := range doubts {
			if time.Until(d.at) <= 0 && i.ask(ctx, repo, d, log) {
				delete(doubts, repo)
				continue
			}
			next = min(next, time.Until(d.at))
		}
		again := time.NewTimer(next)
		select {
		case <-ctx.Done():
		case <-again.C:
		case repo := <-i.wanted:
			if doubts[repo] == nil {
				doubts[repo] = &doubt{}
			}
		}
		again.Stop()
	}
}

// ask tells whether the account is known now.
func (i *identity) ask(ctx context.Context, repo string, d *doubt, log *slog.Logger) bool {
	account, err := i.github.SelfFor(ctx, repo)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		d.wait = min(max(2*d.wait, askSoon), askLate)
		if !d.failed {
			log.Warn("the own account cannot be read and is asked for again: until then events that HLS causes are not known by it",
				hls.KeyRepo, repo, hls.KeyError, err.Error())
		}
		d.failed = true
	case account.ID != 0:
		log.Info("acting as", "login", account.Login, "account_id", account.ID, hls.KeyRepo, repo)
		if err := i.remember(ctx, repo, account); err != nil && ctx.Err() == nil {
			log.Warn("the own account cannot be remembered for the next start", hls.KeyRepo, repo, hls.KeyError, err.Error())
		}
		return true
	default:
		d.wait = askLate
		if !d.untold {
			log.Warn("GitHub does not tell which account the token belongs to: until HLS has written something, events that it causes are not known by it",
				hls.KeyRepo, repo)
		}
		d.untold = true
	}
	d.at = time.Now().Add(d.wait)
	return false
}
