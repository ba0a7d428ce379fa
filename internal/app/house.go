package app

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"hls/internal/act"
	"hls/internal/config"
	"hls/internal/fault"
	"hls/internal/handler"
	"hls/internal/hls"
	"hls/internal/pipeline"
	"hls/internal/prompt"
	"hls/internal/receive"
	"hls/internal/route"
	"hls/internal/telemetry"
	"hls/internal/web"
	"hls/prompts"
)

// house is what the settings shape and a SIGHUP replaces.
type house struct {
	settings *config.Settings
	rooms    pipeline.Rooms
	made     time.Time
}

func newRouter(s *config.Settings) (*route.Router, error) {
	router, err := route.New(route.Config{Repositories: s.Repositories}, route.Features{
		AutoLabeling: s.Features.AutoLabeling, AutoCommenting: s.Features.AutoCommenting,
		AutoSetupLabels: s.Features.AutoSetupLabels, DryRun: s.Features.DryRun, Budget: s.Claude.Analyze.Budget.Caps(),
		Web: webRoot(s.GitHub.BaseURL),
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSettings, err)
	}
	return router, nil
}

func newPrompts(s *config.Settings, r *hls.Redactor) (*prompt.Renderer, error) {
	renderer, err := prompt.New(s.Prompts, prompts.FS, r, rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("%w: prompts: %w", ErrSettings, err)
	}
	return renderer, nil
}

// newRedactor knows the secrets of the settings and of the files that they name.
func newRedactor(s *config.Settings) *hls.Redactor {
	return hls.NewRedactor(slices.Concat(s.Secrets(), keyLines(s.GitHub.App.PrivateKeyFile), telemetry.Secrets(os.Getenv))...)
}

// furnish makes the rooms that settings shape. What they are given besides is as it was at the start.
func (a *App) furnish(s *config.Settings) (*house, error) {
	router, err := newRouter(s)
	if err != nil {
		return nil, err
	}
	renderer, err := newPrompts(s, a.redactor)
	if err != nil {
		return nil, err
	}
	analyzer, err := a.newAnalyzer(s)
	if err != nil {
		return nil, err
	}
	actor, err := act.New(act.Config{
		Web: webRoot(a.started.GitHub.BaseURL), Attempts: a.started.Processing.MaxAttempts, Redactor: a.redactor,
		Settle: settled(a.started.GitHub.Timeout),
	}, a.doors.github, a.store)
	if err != nil {
		return nil, err
	}
	return &house{settings: s, made: time.Now(), rooms: pipeline.Rooms{
		Router: router, Prompts: renderer, Analyzer: analyzer, Actor: actor, GitHub: a.doors.github, Voters: a.doors.github, Settings: policyOf(s).name(),
	}}, nil
}

// settled is after which time a write that is not to be seen was never made: GitHub may take as long as the door waits
// for it, and show what it made some 45 seconds later.
func settled(timeout time.Duration) time.Duration { return fault.Scaled(time.Minute) + timeout }

func (a *App) newPipeline(s *config.Settings, made *house, m *web.Metrics) (*pipeline.Pipeline, error) {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	debounce := s.Processing.Debounce
	if !s.Features.AsyncProcessing {
		debounce = 0 // GitHub waits for the result.
	}
	return pipeline.New(pipeline.Config{
		Owner: fmt.Sprintf("%s/%d", host, os.Getpid()), Concurrency: s.Processing.Concurrency,
		MaxAttempts: s.Processing.MaxAttempts, GiveUpAfter: s.Processing.GiveUpAfter, Debounce: debounce, Timeout: s.Processing.Timeout,
		Lease: max(fault.Scaled(10*time.Second), time.Second), Grace: s.Server.ShutdownGrace, Backoff: a.opts.Backoff,
		Observe: m.Observe, Self: a.self.Account, Introduce: a.introduce, Consent: time.Duration(s.Approvals.Days) * 24 * time.Hour,
		LogPayloads: s.Logging.LogPayloads, Redactor: a.redactor, Tracer: a.tracer, Ended: a.ended,
	}, a.store, made.rooms, a.log)
}

func (a *App) newDoor(s *config.Settings) (*receive.Handler, error) {
	tracer := a.tracer
	deps := receive.Deps{
		Secrets: secrets(s),
		Accept:  a.accept, Count: a.store.Count, Log: a.log, Proxies: s.Server.TrustedProxies,
		Accepted: func(d hls.Delivery, began time.Time) { tracer.Received(d, began, time.Now()) },
	}
	if !s.Features.AsyncProcessing {
		deps.Await = func(ctx context.Context, r hls.Receipt) (any, bool, error) { return a.pipeline.Await(ctx, r.TaskID) }
	}
	door, err := receive.New(s.Server.Config, deps)
	if err != nil {
		return nil, fmt.Errorf("%w: server: %w", ErrSettings, err)
	}
	return door, nil
}

// secrets are the webhook secrets, in the order in which repositories are matched, and whether they count.
func secrets(s *config.Settings) receive.Secrets {
	all := receive.Secrets{Global: s.GitHub.WebhookSecret, Unsigned: !s.Features.SignatureValidation}
	for _, r := range s.Repositories {
		all.Repositories = append(all.Repositories, receive.RepositorySecrets{Name: r.Name, Secrets: r.WebhookSecret})
	}
	return all
}

func (a *App) newWeb(ctx context.Context, s *config.Settings, m *web.Metrics) (*web.Server, error) {
	key, err := a.store.Secret(ctx, "session")
	if err != nil {
		return nil, err
	}
	return web.New(web.Config{
		WebhookPath: s.Server.WebhookPath, AdminToken: s.Server.AdminToken, ViewerToken: s.Server.ViewerToken, SessionKey: key,
		CertFile: s.Server.TLS.CertFile, KeyFile: s.Server.TLS.KeyFile, Proxies: s.Server.TrustedProxies,
		Profiles: s.Server.PProf, WebRoot: webRoot(s.GitHub.BaseURL), Version: a.opts.Version,
	}, web.Deps{
		Webhook: a.door, Store: a.store, Metrics: m, Redactor: a.redactor, Log: a.log,
		Components: map[string]func() web.Component{
			"prompts": a.promptsHealth, "github": a.githubHealth, "claude": a.claudeHealth, "recovery": a.recoveryHealth,
		},
		GitHub: a.githubStats, Claude: a.claudeLimits, Budget: a.budget, Handlers: handler.Names(), Repositories: a.repositories, Hosts: a.hosts,
		Room: a.room, Replay: a.pipeline.Replay, Trace: a.pipeline.Trace, Demotion: a.demotion, Try: a.tryReplay, Undo: a.undo,
		Recover: a.Recover, Sweep: a.Sweep, Rule: a.ruleOf, Ask: a.askAside, Analyze: a.analyzeByHand,
	})
}

// hosts are the names that the settings in force give the server.
func (a *App) hosts() []string {
	server := a.house.Load().settings.Server
	names := slices.Clone(server.AllowedHosts)
	if u, err := url.Parse(server.PublicURL); err == nil && u.Host != "" {
		names = append(names, u.Host)
	}
	return names
}

func (a *App) repositories() []string {
	var names []string
	for _, r := range a.house.Load().settings.Repositories {
		names = append(names, r.Name)
	}
	return names
}

// demotion is what the settings in force say of the labels of a repository that people take off.
func (a *App) demotion(repo string) hls.Demotion {
	rule, _ := a.house.Load().rooms.Router.Rule(repo)
	return rule.Labels.Demote
}

// budget is that of all repositories, as the settings in force have it.
func (a *App) budget() hls.Budget { return a.house.Load().settings.Claude.Analyze.Budget.Caps() }

// promptsHealth is healthy while the templates in force are those on disk. Its last success is when they were read.
func (a *App) promptsHealth() web.Component {
	read := a.house.Load().made
	if again := a.templatesRead.Load(); again != nil && again.After(read) {
		read = *again
	}
	c := web.Component{Status: web.Healthy, LastSuccess: &read}
	if err := a.templatesErr.Load(); err != nil {
		c.Status, c.LastError, c.LastErrorAt = web.Degraded, a.redactor.Redact(err.text), &err.at
	}
	return c
}

// keyLines are the lines of a PEM file that are secret. A file that cannot be read is the GitHub door's to report.
func keyLines(path string) []hls.Secret {
	if path == "" {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	var lines []hls.Secret
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "-----") {
			lines = append(lines, hls.Secret(line))
		}
	}
	return lines
}
