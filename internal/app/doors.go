package app

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"time"

	"hls/internal/act"
	"hls/internal/analyze"
	"hls/internal/breaker"
	"hls/internal/claude"
	"hls/internal/config"
	"hls/internal/github"
	"hls/internal/handler"
	"hls/internal/hls"
	"hls/internal/notify"
	"hls/internal/record"
	"hls/internal/share"
	"hls/internal/web"
)

// The doors fill the interfaces that the rooms declare.
var (
	_ handler.GitHub = (*github.Client)(nil)
	_ act.GitHub     = (*github.Client)(nil)
	_ act.Ledger     = (record.Store)(nil)
	_ analyze.Model  = (*claude.Client)(nil)
	_ analyze.Purse  = (record.Store)(nil)
)

// doors are the ways out of the process. They live as long as it does: their pacing must survive new settings.
type doors struct {
	github *github.Client
	claude *claude.Client
}

// outside is what doors are made with besides the settings.
type outside struct {
	redactor *hls.Redactor                         // knows what must not be seen in the logs of jobs
	tokens   func(repo string) hls.Secret          // gives a repository's own token, or ""
	tell     func(door string, b breaker.Snapshot) // is told when the circuit of one opens or closes; may be nil
	shares   share.Store                           // nil when no other instance works on the record
}

// openDoors makes the doors.
func openDoors(s *config.Settings, o outside) (*doors, error) {
	hub, model := s.GitHub.Config, s.Claude.Config
	hub.Redactor, hub.Shares, model.Shares = o.redactor, o.shares, o.shares
	if o.tell != nil {
		hub.Breaker.Tell = func(b breaker.Snapshot) { o.tell("github", b) }
		model.Breaker.Tell = func(b breaker.Snapshot) { o.tell("claude", b) }
	}
	gh, err := github.New(hub, o.tokens)
	if err != nil {
		return nil, fmt.Errorf("%w: github: %w", ErrSettings, err)
	}
	cl, err := claude.New(model)
	if err != nil {
		return nil, fmt.Errorf("%w: claude: %w", ErrSettings, err)
	}
	return &doors{github: gh, claude: cl}, nil
}

// token is the own token of a repository by the settings in force, or "".
func (a *App) token(repo string) hls.Secret {
	token, _ := a.house.Load().rooms.Router.Token(repo)
	return token
}

// introduce asks GitHub which account HLS acts as in a repository, where that is not known.
func (a *App) introduce(ctx context.Context, repo string) error {
	_, err := a.doors.github.SelfFor(ctx, repo)
	return err
}

// credential names what HLS acts with in a repository: a token, or the App, at a server.
func (a *App) credential(repo string) string {
	github := a.started.GitHub
	if token := cmp.Or(a.token(repo), github.Token); token != "" {
		return github.BaseURL + " token " + token.Reveal()
	}
	return fmt.Sprintf("%s app %d", github.BaseURL, github.App.ID)
}

// webRoot is where GitHub's pages are, seen from the root of its API ("https://HOST/api/v3" on Enterprise Server).
func webRoot(base string) string {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.Host == "api.github.com" {
		return "https://github.com"
	}
	return u.Scheme + "://" + u.Host
}

// report makes a line of /health from what a door's traffic has shown: a door is degraded while its newest call failed,
// and unhealthy when that was because our credential is refused.
func (a *App) report(success, failure time.Time, text string, refused bool) web.Component {
	c := web.Component{Status: web.Healthy}
	if !success.IsZero() {
		c.LastSuccess = &success
	}
	if !failure.IsZero() {
		c.LastError, c.LastErrorAt = a.redactor.Redact(text), &failure
	}
	switch {
	case !failure.After(success):
	case refused:
		c.Status = web.Unhealthy
	default:
		c.Status = web.Degraded
	}
	return c
}

func (a *App) githubHealth() web.Component {
	s := a.doors.github.Snapshot()
	return a.guarded(a.report(s.LastSuccess, s.LastError, s.Error, s.Refused), s.Breaker)
}

func (a *App) claudeHealth() web.Component {
	s := a.doors.claude.Snapshot()
	return a.guarded(a.report(s.LastSuccess, s.LastError, s.Error, s.Refused), s.Breaker)
}

// guarded adds how the breaker of a door stands. While a circuit is open the door is not healthy, whatever the last call
// was.
func (a *App) guarded(c web.Component, b breaker.Snapshot) web.Component {
	c.Breaker = &web.Breaker{
		State: string(b.State), LastError: a.redactor.Redact(b.Error), Only: b.Parts, CallsAtATime: b.Width, OpenedInTotal: b.Count,
	}
	if b.State == breaker.Closed {
		return c
	}
	c.Breaker.Since, c.Breaker.NextTry = &b.Since, &b.Next
	if c.Status == web.Healthy {
		c.Status = web.Degraded
	}
	return c
}

// tellBreaker logs that a door is left alone, and that it is used again.
func (a *App) tellBreaker(door string, b breaker.Snapshot) {
	if b.State == breaker.Closed {
		a.log.Info("the door works again", "door", door)
		return
	}
	a.notifier.Tell(notify.Notice{Kind: notify.Breaker, Name: door})
	a.log.Error("the door is out of order: it is left alone, and tried from time to time", "door", door, "next_try", b.Next,
		"only", b.Parts, hls.KeyError, b.Error)
}

// githubStats is the part github_api of /stats.
func (a *App) githubStats(stored record.Stats) any {
	return map[string]any{
		"requests_made": a.calls.sum(stored.Tallies[githubCalls]),
		"rate_limit":    map[string]any{"core": a.hub.get()},
	}
}

func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// claudeLimits is claude_api.limits of /stats.
func (a *App) claudeLimits() any { return a.model.get() }

// WebRoot is where GitHub's pages are, for the root of its API; "" is github.com's.
func WebRoot(base string) string { return webRoot(base) }
