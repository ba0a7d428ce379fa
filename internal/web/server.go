package web

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/web/ui"
)

// Config is how the server answers.
type Config struct {
	WebhookPath string
	AdminToken  hls.Secret // guards everything that is not open; "" means loopback only
	ViewerToken hls.Secret // lets read and not write; counts beside AdminToken only
	SessionKey  []byte     // signs sessions: 32 random bytes that all instances share
	// Proxies are reverse proxies in front, whose word on whom they forward for is believed. With any, nobody is local, so
	// that without AdminToken nobody is let in.
	Proxies  []netip.Prefix
	Profiles bool   // serve pprof to this machine
	WebRoot  string // of GitHub's pages, which pages may link to
	CertFile string // with KeyFile: serve TLS
	KeyFile  string
	Version  string
}

// Deps are what the pages show. The functions are called for each request and must not block.
type Deps struct {
	Webhook      http.Handler
	Store        record.Store
	Metrics      *Metrics
	Redactor     *hls.Redactor
	Log          *slog.Logger
	Components   map[string]func() Component
	GitHub       func(stored record.Stats) any
	Claude       func() any
	Budget       func() hls.Budget // that of all repositories; nil for none
	Handlers     []string
	Repositories func() []string
	Hosts        func() []string                    // names that the settings give this server, with or without a port
	Room         func() (used, free int64, ok bool) // of the record on its disk; nil when it is not told
	// Replay has a stored delivery worked on again: see Deliveries.Again.
	Replay func(ctx context.Context, deliveryID string) (hls.Replay, error)
	// Demotion is what the settings in force say of labels that people take off.
	Demotion func(repo string) hls.Demotion
	// Trace tells of the rules: see Deliveries.Trace.
	Trace func(ctx context.Context, deliveryID string) (hls.Traced, error)
	// Try thinks a delivery through: see Deliveries.Try.
	Try func(ctx context.Context, deliveryID string, c Changes) (Tried, error)
	// Undo takes back what was done: see Deliveries.Unmake.
	Undo func(ctx context.Context, what Undo) (Undone, error)
	// Rule tells what the settings in force say of a repository; false when they say nothing. Nil says so of none.
	Rule func(repo string) (Rule, bool)
	// Recover looks for deliveries that never came.
	Recover Pass[Recovery]
	// Sweep looks for open issues and pull requests that no event has told of.
	Sweep Pass[Sweep]
	// Ask asks Claude for another process, under the caps.
	Ask func(context.Context, AskAside) (AskedAside, error)
	// Analyze works on one issue or pull request as it is now.
	Analyze Pass[Analyze]
}

// Pass makes one pass by hand and returns a report. What is wrong with the request is an *hls.Permanent.
type Pass[Q any] func(context.Context, Q) (report any, err error)

// Server carries the webhook and the pages. Make it with New and run it with Serve.
type Server struct {
	cfg      Config
	deps     Deps
	http     *http.Server
	gate     *gate
	registry *prometheus.Registry
	signIns  *prometheus.CounterVec
	pages    *ui.Pages
	origins  *http.CrossOriginProtection
	sessions *sessions
	requests *quota // of the admin surface
	guesses  *quota // of bearer tokens
	tries    *quota // at the sign-in page
	failures failures
	now      func() time.Time
	probe    *probe
	started  time.Time
	draining atomic.Bool
	looks    *looks
	followed atomic.Int64  // streams that are open: see live
	leaving  chan struct{} // closed once the server stops
	leave    func()
}

// leastKey is the least length of a key for sessions.
const leastKey = 32

// New makes a server; it listens on nothing yet.
func New(cfg Config, deps Deps) (*Server, error) {
	if cfg.WebhookPath == "" || deps.Webhook == nil || deps.Store == nil || deps.Metrics == nil {
		return nil, errors.New("make web server: webhook path, webhook, store and metrics are needed")
	}
	if len(cfg.SessionKey) < leastKey || deps.Hosts == nil {
		return nil, errors.New("make web server: a session key of 32 bytes and the server's names are needed")
	}
	s := &Server{cfg: cfg, deps: deps, gate: newGate(), started: time.Now(), now: time.Now, origins: http.NewCrossOriginProtection()}
	s.sessions = &sessions{cfg.SessionKey, map[role]hls.Secret{operator: cfg.AdminToken, viewer: cfg.ViewerToken}}
	s.requests, s.guesses, s.tries = newQuota(perMinute, 0), newQuota(guesses, 0), newQuota(triesEach, triesAll)
	s.leaving, s.looks = make(chan struct{}), newLooks()
	s.leave = sync.OnceFunc(func() { close(s.leaving) })
	var err error
	if s.pages, err = ui.New(cfg.WebRoot); err != nil {
		return nil, err
	}
	s.probe = newProbe(deps.Store)
	s.registerMetrics()
	s.http = &http.Server{
		Handler: s.routes(), ErrorLog: slog.NewLogLogger(deps.Log.Handler(), slog.LevelDebug),
		ConnState: s.gate.changed, ConnContext: remember,
		// The webhook's own body limit is shorter; these hold for everything.
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 30 * time.Second,
		IdleTimeout: 15 * time.Second, MaxHeaderBytes: 8 << 10,
	}
	return s, nil
}

// Serve answers on the listener until Shutdown. It takes ownership of the listener. With TLS it speaks HTTP/1.1 too:
// one connection of HTTP/2 carries hundreds of requests, which no limit on connections would hold.
func (s *Server) Serve(l net.Listener) error {
	s.gate.Listener = l
	if s.cfg.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(s.cfg.CertFile, s.cfg.KeyFile)
		if err != nil {
			return errors.Join(fmt.Errorf("read server.tls: %w", err), l.Close())
		}
		s.gate.secure = &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"http/1.1"}}
	}
	if err := s.http.Serve(s.gate); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Drain turns /readyz to 503, so that traffic goes elsewhere before Shutdown.
func (s *Server) Drain() { s.draining.Store(true) }

// Shutdown lets requests under way finish until ctx ends.
func (s *Server) Shutdown(ctx context.Context) error {
	s.Drain()
	s.leave()
	if err := s.http.Shutdown(ctx); err != nil {
		return s.http.Close()
	}
	return nil
}

// answer writes JSON. A client that has gone away is nobody's error.
func answer(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(code)
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(body)
}

func (s *Server) unavailable(w http.ResponseWriter, r *http.Request, err error) {
	s.deps.Log.ErrorContext(r.Context(), "page cannot be made", "path", r.URL.Path, hls.KeyError, err.Error())
	w.Header().Set("Retry-After", "10")
	answer(w, http.StatusServiceUnavailable, map[string]string{"status": "error", "reason": "the store cannot be read"})
}
