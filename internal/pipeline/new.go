package pipeline

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"hls/internal/act"
	"hls/internal/analyze"
	"hls/internal/handler"
	"hls/internal/hls"
	"hls/internal/prompt"
	"hls/internal/record"
	"hls/internal/route"
	"hls/internal/telemetry"
)

// Config says how tasks are worked off.
type Config struct {
	Owner       string        // names this process in leases
	Concurrency int           // tasks at a time
	MaxAttempts int           // before a task is parked for faults
	GiveUpAfter time.Duration // of being put off by a door, before a task is parked; 0 means a day
	Debounce    time.Duration // between an event and the start of its work
	Timeout     time.Duration // of one run of a task
	Lease       time.Duration
	Grace       time.Duration // for tasks under way when the process is told to stop
	Consent     time.Duration // for which a proposal's comment is looked at for reactions; 0 means 14 days

	LogPayloads bool          // logging.log_payloads
	Redactor    *hls.Redactor // stands before every row; nil removes nothing

	Backoff func(attempt int) time.Duration // nil means Backoff
	Observe func(hls.Stage, time.Duration)  // time spent in a stage; may be nil
	Self    func(repo string) hls.Account   // the account that HLS acts as, as far as it is known
	Now     func() time.Time                // nil means time.Now
	// Introduce finds out what Self does not know; nil when nothing can.
	Introduce func(ctx context.Context, repo string) error
	// Tracer is told of every stay in a stage; nil traces nothing.
	Tracer *telemetry.Tracer
	// Ended is told how runs ended, once that is stored; it must not block, and may be nil.
	Ended func(hls.Task, hls.Outcome)
}

// Rooms are the stages that the settings shape. They are replaced as a whole when the settings are read again;
// a run under way may see the old ones in one stage and the new ones in the next.
type Rooms struct {
	Router   *route.Router
	Prompts  *prompt.Renderer
	Analyzer *analyze.Analyzer
	Actor    *act.Actor
	GitHub   handler.GitHub
	Voters   Voters // nil where nobody decides by reactions
	Settings string // names the settings that the rooms were made from: equal where they decide alike
}

// Pipeline moves deliveries along. It is safe for concurrent use.
type Pipeline struct {
	cfg     Config
	store   record.Store
	log     *slog.Logger
	current atomic.Pointer[Rooms]
	changed notifier
	payload chan struct{} // held while a payload is read
	traced  chan struct{} // held while one is read for somebody who looks
	suspect chan struct{} // held while a suspect runs
	trial   chan struct{} // held while a trial runs
	consent *consent
	weights sync.Map // by event and purpose: how strong a model its last question wanted
}

// New makes a pipeline; Run starts it. The store stays the caller's to close, after Run has returned.
func New(cfg Config, store record.Store, rooms Rooms, log *slog.Logger) (*Pipeline, error) {
	if cfg.Concurrency < 1 || cfg.MaxAttempts < 1 || cfg.Timeout <= 0 || cfg.Lease <= 0 || cfg.GiveUpAfter < 0 {
		return nil, errors.New("make pipeline: concurrency, max_attempts, timeout, lease and give_up_after must be positive")
	}
	if cfg.GiveUpAfter == 0 {
		cfg.GiveUpAfter = defaultGiveUpAfter
	}
	if cfg.Backoff == nil {
		cfg.Backoff = Backoff
	}
	if cfg.Observe == nil {
		cfg.Observe = func(hls.Stage, time.Duration) {}
	}
	if cfg.Self == nil {
		cfg.Self = func(string) hls.Account { return hls.Account{} }
	}
	if cfg.Ended == nil {
		cfg.Ended = func(hls.Task, hls.Outcome) {}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Consent == 0 {
		cfg.Consent = defaultConsent
	}
	p := &Pipeline{cfg: cfg, store: store, log: log, consent: newConsent(), payload: make(chan struct{}, 1), traced: make(chan struct{}, 1), suspect: make(chan struct{}, 1), trial: make(chan struct{}, 1)}
	p.current.Store(&rooms)
	return p, nil
}

// Swap puts new rooms in force for everything that starts from now on.
func (p *Pipeline) Swap(rooms Rooms) { p.current.Store(&rooms) }

func (p *Pipeline) rooms() *Rooms { return p.current.Load() }

// notifier wakes everyone who waits for the next change.
type notifier struct {
	mu sync.Mutex
	ch chan struct{}
}

func (n *notifier) wait() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ch == nil {
		n.ch = make(chan struct{})
	}
	return n.ch
}

func (n *notifier) broadcast() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ch != nil {
		close(n.ch)
		n.ch = nil
	}
}
