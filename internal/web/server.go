package web

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/net/netutil"

	"hls/internal/hls"
	"hls/internal/record"
)

// maxConnections bounds the memory that idle peers can hold.
const maxConnections = 4096

// Config is how the server answers.
type Config struct {
	WebhookPath string
	AdminToken  hls.Secret // guards everything that is not open; "" means loopback only
	CertFile    string     // with KeyFile: serve TLS
	KeyFile     string
	Version     string
}

// Deps are what the pages show. The functions are called for each request and must not block.
type Deps struct {
	Webhook      http.Handler
	Store        record.Store
	Metrics      *Metrics
	Redactor     *hls.Redactor
	Log          *slog.Logger
	Components   map[string]func() Component
	GitHub       func() any
	Claude       func() any
	Handlers     []string
	Repositories func() []string
	// Replay processes a stored delivery again and returns the new task.
	Replay func(ctx context.Context, deliveryID string) (taskID int64, err error)
}

// Server carries the webhook and the pages. Make it with New and run it with Serve.
type Server struct {
	cfg      Config
	deps     Deps
	http     *http.Server
	registry *prometheus.Registry
	started  time.Time
	draining atomic.Bool
}

// New makes a server; it listens on nothing yet.
func New(cfg Config, deps Deps) (*Server, error) {
	if cfg.WebhookPath == "" || deps.Webhook == nil || deps.Store == nil || deps.Metrics == nil {
		return nil, errors.New("make web server: webhook path, webhook, store and metrics are needed")
	}
	s := &Server{cfg: cfg, deps: deps, started: time.Now()}
	s.registerMetrics()
	s.http = &http.Server{
		Handler: s.routes(), ErrorLog: slog.NewLogLogger(deps.Log.Handler(), slog.LevelDebug),
		// The webhook's own body limit is shorter; these hold for everything.
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 60 * time.Second,
		IdleTimeout: 60 * time.Second, MaxHeaderBytes: 64 << 10,
	}
	return s, nil
}

// Serve answers on the listener until Shutdown. It takes ownership of the listener.
func (s *Server) Serve(l net.Listener) error {
	l = netutil.LimitListener(l, maxConnections)
	err := error(nil)
	if s.cfg.CertFile != "" {
		err = s.http.ServeTLS(l, s.cfg.CertFile, s.cfg.KeyFile)
	} else {
		err = s.http.Serve(l)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Drain turns /readyz to 503, so that traffic goes elsewhere before Shutdown.
func (s *Server) Drain() { s.draining.Store(true) }

// Shutdown lets requests under way finish until ctx ends.
func (s *Server) Shutdown(ctx context.Context) error {
	s.Drain()
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
