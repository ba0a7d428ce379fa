// Package sweep finds open issues and pull requests that no event has told of, as those of before HLS was set up, and takes
// them in as if they had just been opened.
//
// A pass goes from repository to repository, in each from the oldest open subject on (look.go). What the record and the
// rules leave over is made into deliveries (body.go) and handed to the door.
package sweep

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"hls/internal/hls"
	"hls/internal/receive"
	"hls/internal/record"
	"hls/internal/rounds"
	"hls/internal/route"
)

// GitHub is what a sweep reads. Errors are those of internal/github.
type GitHub interface {
	OpenSubjects(ctx context.Context, repo string, page int) (items []json.RawMessage, more bool, err error)
	WholeRepository(ctx context.Context, repo string) (json.RawMessage, error)
	WholePullRequest(context.Context, hls.Subject) (json.RawMessage, error)
}

// Record is what a sweep needs of the record.
type Record interface {
	List(context.Context, record.Query) ([]record.Summary, error)
	Analysis(ctx context.Context, taskID int64) (hls.Analysis, error)
}

// Door takes deliveries in.
type Door interface {
	// Scope is of deliveries about a repository: the entry of the settings whose own secret proves them, or "".
	Scope(repo string) string
	Take(context.Context, receive.Fetched) (receive.Taken, error)
}

// Deps is what a sweep is made of. All but Redactor and Now must be set.
type Deps struct {
	GitHub GitHub
	Record Record
	Door   Door
	// Accept stores what was found. It is how the door does it.
	Accept func(context.Context, hls.Delivery, hls.Event, Item) (hls.Receipt, error)
	// Verdict is what the settings in force make of an event.
	Verdict func(hls.Event) hls.Verdict
	// Repositories are those that the settings name, and those that their globs stand for as far as they are known.
	Repositories func(context.Context) ([]string, error)
	// Unwanted is why no rule lets an event of a repository through, whatever its body says, or "".
	Unwanted func(repo, event, action string) string
	// Spare tells whether GitHub leaves requests to spare: the work itself needs them first.
	Spare func() bool

	Redactor *hls.Redactor // stands before every text of a report; nil removes nothing
	Log      *slog.Logger
	Now      func() time.Time // nil means time.Now
}

// Item is how what was found is to be worked on.
type Item struct {
	Made    time.Time // the subject
	Place   int       // in the pass, counted from 0: what is found last waits longest
	Comment bool
}

// Sweeper makes passes, one at a time. It is safe for concurrent use.
type Sweeper struct {
	deps Deps
	busy chan struct{} // holds one while a pass runs

	// Of the pass that runs.
	next  int            // the repository to begin with
	pages map[string]int // by repository: the page to go on with
}

// New makes a sweeper; Run starts it.
func New(deps Deps) (*Sweeper, error) {
	if deps.GitHub == nil || deps.Record == nil || deps.Door == nil || deps.Accept == nil || deps.Verdict == nil ||
		deps.Repositories == nil || deps.Unwanted == nil || deps.Spare == nil || deps.Log == nil {
		return nil, errors.New("make sweep: something that it is made of is missing")
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	return &Sweeper{deps: deps, busy: make(chan struct{}, 1), pages: map[string]int{}}, nil
}

// Config is what the settings in force say of the service's own passes.
type Config struct {
	Every time.Duration // 0 means never
	Request
}

// patience is how long the first pass waits after a start, for what was missed meanwhile is found first.
const patience = 5 * time.Minute

// Run makes passes until ctx ends, as the settings say.
func (s *Sweeper) Run(ctx context.Context, settings func() Config) {
	rounds.Run(ctx, s.deps.Now, func() rounds.Switch {
		c := settings()
		return rounds.Switch{On: c.Every > 0, First: min(c.Every, patience), Every: c.Every}
	}, func(ctx context.Context) bool {
		c := settings()
		c.Apply, c.ByHand = true, false
		report, err := s.Pass(ctx, c.Request)
		if err != nil && ctx.Err() == nil {
			s.deps.Log.Error("open issues and pull requests cannot be looked for", hls.KeyError, err.Error())
		}
		return report.cut
	})
}

// Request says what one pass is to do.
type Request struct {
	Apply        bool     // take in what is found; otherwise only tell of it
	ByHand       bool     // begin at the oldest, and not where the last pass ended
	Repositories []string // none means all
	OlderThan    time.Duration
	Most         int // of one repository
	Comment      bool
}

// ErrTarget marks a repository that the settings do not name.
var ErrTarget = errors.New("nothing to sweep")

// Bounds of one pass. GitHub grants 5,000 requests an hour.
const (
	mostPages    = 300
	mostOfOne    = 20 // pages of one repository: 2,000 open issues and pull requests
	mostFailures = 3  // of GitHub, that pass
)

// pass is one pass under way.
type pass struct {
	*Sweeper
	ask      Request
	began    time.Time
	report   Report
	pages    int // read, and other questions
	failures int
	stopped  bool // by a limit, by the record, or by the end of ctx
}

// Pass makes one pass. It fails only when it cannot begin; what goes wrong on the way is in the report.
func (s *Sweeper) Pass(ctx context.Context, q Request) (Report, error) {
	select {
	case s.busy <- struct{}{}:
		defer func() { <-s.busy }()
	case <-ctx.Done():
		return Report{}, ctx.Err()
	}
	p := &pass{Sweeper: s, ask: q, began: s.deps.Now()}
	p.report = Report{Applied: q.Apply, Comment: q.Comment, Repositories: []Repository{}, Found: []Found{}, Problems: []Problem{}}
	repositories, err := p.repositories(ctx)
	if err != nil {
		return Report{}, err
	}
	p.run(ctx, repositories)
	p.tell()
	return p.report, nil
}

// repositories are those that are asked for, or all.
func (p *pass) repositories(ctx context.Context) ([]string, error) {
	for _, repo := range p.ask.Repositories {
		reason := p.deps.Unwanted(repo, "", "")
		if !strings.Contains(repo, "/") || reason == route.RepositoryNotConfigured || reason == route.RepositoryDisabled {
			return nil, fmt.Errorf("%w: %s: %s", ErrTarget, repo, strings.ReplaceAll(reason, "_", " "))
		}
	}
	if len(p.ask.Repositories) > 0 {
		return p.ask.Repositories, nil
	}
	return p.deps.Repositories(ctx)
}

// run goes through the repositories, beginning with the one at which the last pass ran out.
func (p *pass) run(ctx context.Context, repositories []string) {
	first := p.next
	if p.ask.ByHand {
		first = 0
	} else {
		p.next = 0
	}
	for i := range repositories {
		at := (first + i) % len(repositories)
		p.repository(ctx, repositories[at])
		if p.stopped = p.stopped || ctx.Err() != nil; p.stopped {
			if !p.ask.ByHand {
				p.next = at
			}
			return
		}
	}
}
