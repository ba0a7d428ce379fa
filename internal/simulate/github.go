package simulate

import (
	"strings"
	"sync"
	"time"

	"hls/internal/hls"
)

// Hosts of the links in what the stand-in says. RFC 2606 keeps them from ever existing.
const (
	htmlHost = "https://simulated.github.example"
	apiHost  = "https://api.simulated.github.example"
)

// GitHubConfig says whom the stand-in believes. The zero value accepts any credential as the account hls-bot.
type GitHubConfig struct {
	Token     string            // of Self; empty accepts any
	Tokens    map[string]string // of others: token → login
	Self      hls.Account       // the account behind Token; by default the user hls-bot
	Anonymous bool              // public repositories may be read without a credential
	App       *AppSeed          // signs in with tokens of its own; its installation acts as Self
	Limit     int               // requests an hour; 0 means 5,000
	Now       func() time.Time  // by default time.Now
	Journal   func(Entry)       // told of every call and change; may be nil
}

// GitHub is a stand-in for GitHub's REST API. It is safe for concurrent use.
type GitHub struct {
	cfg   GitHubConfig
	table []pattern

	mu       sync.Mutex
	repos    []*repository
	moved    map[string]*repository // by lower-case full name that they had
	accounts map[string]hls.Account // by lower-case login
	nextID   int64
	calls    []Call
	faults   []*Fault
	quotas   map[string]*quota
	sending  sync.WaitGroup // redeliveries under way

	organizations map[string]*holder   // by lower-case login
	appHook       *hook                // nil until the App has one
	appSelf       hls.Account          // whom its installation acts as
	narrow        map[string][]int64   // tokens of the installation that are good for some repositories
	manifests     map[string]*manifest // of Apps to be, by the code that they are exchanged for
	respell       bool
	hookNetworks  []string  // of meta
	past          time.Time // that it is while a past is made; zero otherwise
}

// NewGitHub returns a GitHub without repositories.
func NewGitHub(cfg GitHubConfig) *GitHub {
	if cfg.Self.Login == "" && cfg.App != nil {
		cfg.Self = cfg.App.bot()
	}
	if cfg.Self.Login == "" {
		cfg.Self = hls.Account{ID: 9001, Login: "hls-bot", Type: "User"}
	}
	if cfg.Limit == 0 {
		cfg.Limit = 5000
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	g := &GitHub{
		cfg: cfg, nextID: 1_000_000,
		moved: map[string]*repository{}, accounts: map[string]hls.Account{}, quotas: map[string]*quota{},
		organizations: map[string]*holder{}, narrow: map[string][]int64{}, manifests: map[string]*manifest{},
	}
	g.AddAccount(cfg.Self)
	g.appSelf = cfg.Self
	g.table = patterns(g.routes(), g.appRoutes(), g.workRoutes(), g.hideRoutes(), g.historyRoutes(), g.actionsRoutes(), g.manifestRoutes())
	return g
}

// Start serves g on loopback until stop is called. The URL is a base URL for clients, as https://api.github.com.
func (g *GitHub) Start() (url string, stop func()) {
	url, end := serve(g)
	return url, func() {
		end()
		g.sending.Wait()
	}
}

// Self is the account that the configured token belongs to.
func (g *GitHub) Self() hls.Account { return g.cfg.Self }

// repository is one repository and all that is in it.
type repository struct {
	hls.Repository
	description string
	addedAt     time.Time
	labels      []*label
	permissions map[string]string // by lower-case login: "admin", "write", "triage", "read"
	subjects    map[int]*subject
	last        int // the highest number given to an issue or pull request
	hooks       []*hook
	work        work
	history     history
}

type label struct {
	hls.Label
	id int64
}

// subject is an issue, or a pull request when pull is set.
type subject struct {
	hls.Issue // without Labels and HTMLURL
	repo      *repository
	labels    []string // names as the repository spells them
	pull      *pull
	comments  []*comment
	events    []*event
	closedAt  time.Time
	deleted   bool
	bodies    []textEdit // its text as it was made and after each edit; nil while there is none
}

type textEdit struct {
	at   time.Time
	text string
}

type pull struct {
	head, base hls.Branch
	headOwner  string // login of a fork's owner; "" for a branch of the repository
	draft      bool
	merged     bool
	mergeSHA   string                // the commit of the base branch by which it was merged
	files      map[string][]hls.File // by head SHA
	heads      []string              // all SHAs that were the head, oldest first
	checks     map[string][]Check    // by SHA
	reviews    []*review
	history    pullHistory
}

// shown is when a fault lets a new object appear in lists; the zero time is at once.
type comment struct {
	hls.Comment
	subject *subject
	shown   time.Time
}

type review struct {
	hls.Review
	hidden  bool
	at      time.Time
	shown   time.Time
	remarks []*remark
}

type remark struct {
	hls.Remark
	id        int64
	startSide string
	hunk      string
	hidden    bool
	inReplyTo int64     // the first of its thread, 0 when it is that
	edited    time.Time // zero when it never was
}

type event struct {
	id    int64
	kind  string // "labeled", "unlabeled", "closed", "reopened", "renamed", "locked", "unlocked"
	actor hls.Account
	at    time.Time
	label string
	from  string
	to    string

	reason string // of closed
}

// Check is one result of continuous integration. Conclusion is empty while it runs.
type Check struct {
	Name       string
	Conclusion string // "success", "failure", "neutral", …
	Status     bool   // a commit status of old rather than a check run
}

// now is the time as GitHub tells it: in seconds, UTC.
func (g *GitHub) now() time.Time {
	if !g.past.IsZero() {
		return g.past
	}
	return g.cfg.Now().UTC().Truncate(time.Second)
}

func (g *GitHub) id() int64 {
	g.nextID++
	return g.nextID
}

func (g *GitHub) repo(fullName string) *repository {
	for _, r := range g.repos {
		if strings.EqualFold(r.FullName, fullName) {
			return r
		}
	}
	return nil
}

func (g *GitHub) repoByID(id int64) *repository {
	for _, r := range g.repos {
		if r.ID == id {
			return r
		}
	}
	return nil
}

// account returns the account of a login, and makes one when it is new.
func (g *GitHub) account(login string) hls.Account {
	if a, ok := g.accounts[strings.ToLower(login)]; ok {
		return a
	}
	a := hls.Account{ID: g.id(), Login: login, Type: "User"}
	if strings.HasSuffix(login, "[bot]") {
		a.Type = "Bot"
	}
	g.accounts[strings.ToLower(login)] = a
	return a
}

func (r *repository) label(name string) *label {
	for _, l := range r.labels {
		if strings.EqualFold(l.Name, name) {
			return l
		}
	}
	return nil
}

func (r *repository) permission(login string) string {
	if strings.EqualFold(login, r.Owner.Login) {
		return "admin"
	}
	return r.permissions[strings.ToLower(login)]
}

func (s *subject) has(name string) bool {
	for _, l := range s.labels {
		if strings.EqualFold(l, name) {
			return true
		}
	}
	return false
}

// files are the changed files at the present head.
func (s *subject) files() []hls.File { return s.pull.files[s.pull.head.SHA] }
