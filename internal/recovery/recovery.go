// Package recovery finds deliveries that never came, or that the door could not take, in the logs that GitHub keeps of
// its webhooks, and takes them in as if they had just been received.
//
// A pass goes through the webhooks that lead here (places.go). It reads each log from the newest entry down to where
// all is settled (look.go), passes over what needs no fetching, and hands the rest to the door, oldest first
// (take.go). How far a log is settled is kept in the record (mark.go), so that a pass goes on where one was cut short.
package recovery

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"hls/internal/github"
	"hls/internal/hls"
	"hls/internal/receive"
	"hls/internal/rounds"
)

// GitHub is what recovery reads. Errors are those of internal/github.
type GitHub interface {
	Hooks(context.Context, github.HookPlace) ([]github.Hook, error)
	Attempts(ctx context.Context, at github.HookPlace, hook int64, cursor string) (page []github.Attempt, next string, err error)
	Sent(ctx context.Context, at github.HookPlace, hook, attempt int64) (github.Sent, error)
	RepositoryByID(ctx context.Context, id, installation int64) (hls.Repository, error)
}

// Record is what recovery needs of the record.
type Record interface {
	Known(ctx context.Context, ids []string) (map[string]bool, error)
	Note(ctx context.Context, name string, value []byte) error
	Noted(ctx context.Context, name string) ([]byte, error)
}

// Targets are what the settings in force say of webhooks.
type Targets struct {
	App     bool     // HLS signs in as an App, which has a webhook of its own
	Repos   []string // named exactly, and enabled
	Owners  []string // of globs
	Address string   // that GitHub posts to; "" when the settings do not tell
	Path    string   // of that address, as this server has it
}

// Deps is what recovery is made of. All but Redactor and Now must be set.
type Deps struct {
	GitHub GitHub
	Record Record
	// Take hands a delivery to the door. An error means that it can be tried again later.
	Take func(context.Context, receive.Fetched) (receive.Taken, error)
	// Unwanted is why no rule lets an event of a repository through, whatever its body says, or "".
	Unwanted func(repo, event, action string) string
	Targets  func() Targets
	// Spare tells whether GitHub leaves requests to spare: the work itself needs them first.
	Spare func() bool
	Keeps time.Duration // how long GitHub keeps its logs

	Redactor *hls.Redactor // stands before every text of a report; nil removes nothing
	Log      *slog.Logger
	Now      func() time.Time // nil means time.Now
}

// Recoverer makes passes, one at a time. It is safe for concurrent use.
type Recoverer struct {
	deps Deps
	busy chan struct{} // holds one while a pass runs
	most int           // events of one log that are kept at a time

	// Of the pass that runs.
	descents map[string]*descent  // by log: those that a pass left unfinished
	judged   map[string]time.Time // by delivery id: decided for good, though not in the record
	names    map[int64]name       // of repositories
	told     map[string]bool      // problems that the log has
	first    int                  // the place to begin with

	mu    sync.Mutex
	state State
}

// New makes a recoverer; Run starts it.
func New(deps Deps) (*Recoverer, error) {
	if deps.GitHub == nil || deps.Record == nil || deps.Take == nil || deps.Unwanted == nil || deps.Targets == nil ||
		deps.Spare == nil || deps.Keeps <= 0 || deps.Log == nil {
		return nil, errors.New("make recovery: something that it is made of is missing")
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	return &Recoverer{
		deps: deps, busy: make(chan struct{}, 1), most: mostEvents, descents: map[string]*descent{}, judged: map[string]time.Time{},
		names: map[int64]name{}, told: map[string]bool{},
	}, nil
}

// Run makes passes until ctx ends: at once, and then as the settings say.
func (r *Recoverer) Run(ctx context.Context, settings func() rounds.Switch) {
	rounds.Run(ctx, r.deps.Now, settings, r.own)
}

// own makes a pass of the service's own, and tells whether there is more to do.
func (r *Recoverer) own(ctx context.Context) (unfinished bool) {
	report, err := r.Pass(ctx, Request{Apply: true})
	if err != nil && ctx.Err() == nil {
		r.deps.Log.Error("deliveries that never came cannot be looked for", hls.KeyError, err.Error())
	}
	return report.Unfinished
}

// Request says what one pass is to do. The zero value but for Apply is what the service does by itself.
type Request struct {
	Apply  bool   // take in what is found; otherwise only tell of it
	ByHand bool   // look through the whole log, and leave the marks alone
	Target string // one repository (owner/repo), one organization, or "app"; "" means all
	// Since leaves out what is older, by hand.
	Since time.Time
	// Answered takes in, by hand, also what the webhook's receiver took before HLS first saw its log: after a loss of
	// the database that receiver was HLS.
	Answered bool
}

// Pass makes one pass. It fails only when it cannot begin; what goes wrong on the way is in the report.
func (r *Recoverer) Pass(ctx context.Context, q Request) (Report, error) {
	select {
	case r.busy <- struct{}{}:
		defer func() { <-r.busy }()
	case <-ctx.Done():
		return Report{}, ctx.Err()
	}
	p := &pass{Recoverer: r, ask: q, targets: r.deps.Targets(), began: r.deps.Now()}
	p.report = Report{Applied: q.Apply, Logs: []Log{}, Deliveries: []Missed{}, Gaps: []Gap{}, Problems: []Problem{}}
	places, err := p.places(q.Target)
	if err != nil {
		return Report{}, err
	}
	p.run(ctx, places)
	p.tell()
	if !q.ByHand {
		r.remember(p)
	}
	return p.report, nil
}

// Bounds of one pass. GitHub grants 5,000 requests an hour.
const (
	mostPages    = 300
	mostFetched  = 500
	mostFailures = 3 // of GitHub, that pass
)

// pass is one pass under way.
type pass struct {
	*Recoverer
	ask      Request
	targets  Targets
	began    time.Time
	report   Report
	pages    int // read, and other questions
	fetched  int
	failures int
	stopped  bool // by a limit, by the record, or by the end of ctx
}

// run goes through the places, beginning with the one at which the last pass ran out.
func (p *pass) run(ctx context.Context, places []place) {
	if p.ask.ByHand {
		p.first = 0
	}
	covered := map[string]bool{}
	for i := range places {
		at := places[(p.first+i)%len(places)]
		if at.needless(covered) {
			continue
		}
		for _, h := range p.hooksOf(ctx, at) {
			covered[key(at.HookPlace)] = true
			p.hook(ctx, at.HookPlace, h)
		}
		if p.stopped = p.stopped || ctx.Err() != nil; p.stopped {
			p.first = (p.first + i) % len(places)
			return
		}
	}
	p.first = 0
	p.uncovered(ctx, places, covered)
}

// name is a repository's, as it was read a while ago.
type name struct {
	full string
	at   time.Time
}

const (
	nameHolds = time.Hour
	mostNames = 10_000
)

// repoOf is the name of an attempt's repository, or "" when it cannot be told.
func (p *pass) repoOf(ctx context.Context, at github.HookPlace, a github.Attempt) string {
	if at.Repo != "" {
		return at.Repo
	}
	known, ok := p.names[a.RepoID]
	if a.RepoID == 0 || ok && p.began.Sub(known.at) < nameHolds {
		return known.full
	}
	p.pages++
	repo, err := p.deps.GitHub.RepositoryByID(ctx, a.RepoID, a.Installation)
	if err != nil && !refused(err) {
		return ""
	}
	if len(p.names) >= mostNames {
		clear(p.names)
	}
	p.names[a.RepoID] = name{repo.FullName, p.began}
	return repo.FullName
}

// refused tells whether GitHub said no for good: there is nothing there, or nothing for us.
func refused(err error) bool {
	var final *hls.Permanent
	return errors.Is(err, hls.ErrNotFound) || errors.As(err, &final)
}

// key names a place in the record.
func key(at github.HookPlace) string {
	switch {
	case at.Repo != "":
		return "recovery/" + hls.Fold(at.Repo)
	case at.Org != "":
		return "recovery/" + hls.Fold(at.Org)
	}
	return "recovery/"
}
