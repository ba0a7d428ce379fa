// Package notify tells people, in their chat, of what needs one: work that was parked, a door that is out of order, a cap
// that is reached. It sends to an incoming webhook of Slack or of whatever takes the same.
//
// A message has names alone: of repositories, of subjects by their number, of reasons. What people write on GitHub is not
// in it. Nothing waits for a message, and a storm is two of them: one when it begins, and after an hour one with a count.
package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"hls/internal/hls"
)

// Config is the section notify.
type Config struct {
	// Address of an incoming webhook of Slack, or of a service that takes the same, such as Mattermost: https, or http on
	// this machine alone. It is a secret. Without it nobody is told.
	WebhookURL hls.Secret `yaml:"webhook_url"`
	// What is told: parked (deliveries that wait for a person), breaker (GitHub or Claude is out of order), cap (money for
	// Claude ran out). Empty means all of them.
	On []string `yaml:"on"`
}

// Kind is what a notice is about.
type Kind string

// The kinds of notices.
const (
	Parked  Kind = "parked"
	Breaker Kind = "breaker"
	Cap     Kind = "cap"
)

// Kinds are all of them.
func Kinds() []Kind { return []Kind{Parked, Breaker, Cap} }

// Notice is one thing to tell. Notices of one kind and name have one cause, and go into one message.
type Notice struct {
	Kind  Kind
	Name  string // of the reason, the door or the cap
	Where string // the subject, as owner/repo#7; "" for what is about none
}

// Deps are what a notifier needs besides.
type Deps struct {
	Redactor *hls.Redactor
	Log      *slog.Logger
	Client   *http.Client  // nil means one of our own
	Quiet    time.Duration // between messages of one cause; 0 means an hour
	Again    time.Duration // before a message that failed is tried again, doubled up to Quiet; 0 means a minute
}

// Notifier gathers notices and sends them. It is safe for concurrent use; nil tells nobody.
type Notifier struct {
	url    string
	on     []string
	deps   Deps
	client *http.Client
	wake   chan struct{}

	mu    sync.Mutex
	piles map[cause]*pile
}

type cause struct {
	kind Kind
	name string
}

// pile is what has come of one cause and was not told yet.
type pile struct {
	count  int
	places []string // of the first of them
	more   bool     // there were others
	due    time.Time
	failed int // tries of the next message
}

const (
	mostCauses = 64 // told apart; what comes besides is one more
	mostPlaces = 5  // that a message names
)

// others is the name of causes beyond mostCauses.
const others = "others"

// New makes a notifier, or returns nil when the settings name no webhook. Run sends.
func New(cfg Config, deps Deps) (*Notifier, error) {
	if err := Check(cfg); err != nil || cfg.WebhookURL == "" {
		return nil, err
	}
	deps.Quiet, deps.Again = cmp.Or(deps.Quiet, time.Hour), cmp.Or(deps.Again, time.Minute)
	if deps.Client == nil {
		deps.Client = newClient()
	}
	return &Notifier{
		url: cfg.WebhookURL.Reveal(), on: cfg.On, deps: deps, client: deps.Client, wake: make(chan struct{}, 1), piles: map[cause]*pile{},
	}, nil
}

// Check tells what is wrong with the section, as "key: what".
func Check(cfg Config) error {
	for _, name := range cfg.On {
		if !slices.Contains(Kinds(), Kind(name)) {
			return fmt.Errorf("on: %q is none of parked, breaker, cap", name)
		}
	}
	if cfg.WebhookURL == "" {
		return nil
	}
	u, err := url.Parse(cfg.WebhookURL.Reveal())
	switch { // The address is a secret: no error tells it.
	case err != nil || u.Host == "" || u.User != nil:
		return errors.New("webhook_url: want the address of an incoming webhook, such as https://hooks.slack.com/services/…")
	case u.Scheme == "http" && loopback(u.Hostname()):
		return nil
	case u.Scheme != "https":
		return errors.New("webhook_url: want https; plain http is taken for this machine alone")
	}
	return nil
}

func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.Unmap().IsLoopback()
}

// Tell takes a notice. It returns at once.
func (n *Notifier) Tell(notice Notice) {
	if n == nil || len(n.on) > 0 && !slices.Contains(n.on, string(notice.Kind)) {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	key := cause{notice.Kind, notice.Name}
	if n.piles[key] == nil && len(n.piles) >= mostCauses {
		key.name = others
	}
	p := n.piles[key]
	if p == nil {
		p = &pile{due: time.Now()}
		n.piles[key] = p
	}
	p.count++
	switch {
	case notice.Where == "" || slices.Contains(p.places, notice.Where):
	case len(p.places) < mostPlaces:
		p.places = append(p.places, notice.Where)
	default:
		p.more = true
	}
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// Run sends messages until ctx ends. What was not sent by then is not sent: the record has it all.
func (n *Notifier) Run(ctx context.Context) {
	if n == nil {
		return
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-n.wake:
		case <-timer.C:
		}
		timer.Reset(n.round(ctx))
	}
}

// round sends what is due and returns when to look again.
func (n *Notifier) round(ctx context.Context) time.Duration {
	for ctx.Err() == nil {
		key, p, wait := n.next()
		if p.count == 0 {
			return wait
		}
		err := n.post(ctx, compose(key, p))
		n.settle(key, p, err)
		if err != nil && ctx.Err() == nil {
			n.deps.Log.Warn("people cannot be told: notify.webhook_url does not take it", "kind", key.kind, hls.KeyReason, key.name, hls.KeyError, err.Error())
		}
	}
	return n.deps.Quiet
}

// next is a copy of a pile that is due, or how long until there may be one. A cause that has been quiet for long enough is
// forgotten.
func (n *Notifier) next() (cause, pile, time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	now, wait := time.Now(), n.deps.Quiet
	for _, key := range slices.SortedFunc(maps.Keys(n.piles), func(a, b cause) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.name, b.name))
	}) {
		p := n.piles[key]
		switch left := p.due.Sub(now); {
		case left > 0:
			wait = min(wait, left)
		case p.count == 0:
			delete(n.piles, key)
		default:
			return key, pile{count: p.count, places: slices.Clone(p.places), more: p.more}, 0
		}
	}
	return cause{}, pile{}, wait
}

// settle takes what was told off the pile, or puts the next try off.
func (n *Notifier) settle(key cause, told pile, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.piles[key]
	if err == nil {
		p.count, p.failed, p.due = p.count-told.count, 0, time.Now().Add(n.deps.Quiet)
		p.places = p.places[len(told.places):]
		p.more = p.more && !told.more
		return
	}
	p.failed++
	wait := n.deps.Again << min(p.failed-1, 16)
	var later *hls.RetryAfter
	if errors.As(err, &later) {
		wait = max(wait, later.After)
	}
	p.due = time.Now().Add(min(wait, n.deps.Quiet))
}

// compose writes the message.
func compose(key cause, p pile) string {
	var b strings.Builder
	b.WriteString("*HLS:* ")
	name := code(key.name)
	switch key.kind {
	case Parked:
		fmt.Fprintf(&b, "%s parked, for the reason %s", deliveries(p.count), name)
	case Breaker:
		fmt.Fprintf(&b, "the door to %s is out of order; it is left alone, and tried from time to time", name)
	case Cap:
		fmt.Fprintf(&b, "the cap %s is reached; ordinary work waits until it lifts", name)
	}
	if key.kind != Parked && p.count > 1 {
		fmt.Fprintf(&b, " (%d times)", p.count)
	}
	for i, place := range p.places {
		b.WriteString([]string{": ", ", "}[min(i, 1)] + code(place))
	}
	if p.more {
		b.WriteString(", …")
	}
	if key.kind == Parked {
		b.WriteString(". `hls deliveries list --state parked` shows them.")
	}
	return b.String()
}

func deliveries(n int) string {
	if n == 1 {
		return "1 delivery was"
	}
	return fmt.Sprintf("%d deliveries were", n)
}

// longestName is the most characters that a name has in a message.
const longestName = 160

// code writes a name so that a chat shows it and makes nothing of it: between backticks, of which it has none itself, and
// with what Slack's mrkdwn takes for mentions and links escaped.
func code(name string) string {
	plain := strings.Map(func(r rune) rune {
		if r == '`' || r < ' ' || r > '~' { // Names of GitHub and of ours are ASCII.
			return '?'
		}
		return r
	}, name[:min(len(name), longestName)])
	return "`" + strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(plain) + "`"
}
