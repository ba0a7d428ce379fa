package recovery

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hls/internal/github"
	"hls/internal/hls"
	"hls/internal/receive"
	"hls/internal/record"
	"hls/internal/record/sqlite"
)

const (
	secret  = "It's a Secret to Everybody"
	address = "https://hls.example/webhook"
	widget  = "acme/widget"
)

var (
	monday   = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	ofWidget = github.HookPlace{Repo: widget}
)

// world is GitHub's logs, a record and a door, and a recoverer between them.
type world struct {
	*testing.T
	now     time.Time
	store   record.Store
	door    *receive.Handler
	targets Targets
	spare   bool
	most    int // questions after which there are none to spare; 0 means no end
	log     bytes.Buffer
	took    []hls.Delivery
	broken  error // of the record, when the door uses it
	r       *Recoverer

	// GitHub.
	hooks   map[github.HookPlace][]github.Hook
	logs    map[int64][]entry // oldest first
	errs    map[string]error  // by "hooks acme/widget", "log 1", "sent 17"
	asked   []string
	perPage int
	keeps   time.Duration
	lastID  int64
}

// entry is one attempt with what it sent.
type entry struct {
	github.Attempt
	sent github.Sent
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		T: t, now: monday, spare: true, perPage: 10, keeps: 72 * time.Hour,
		targets: Targets{Repos: []string{widget}, Address: address, Path: "/webhook"},
		hooks:   map[github.HookPlace][]github.Hook{ofWidget: {{ID: 1, Active: true, URL: address}}},
		logs:    map[int64][]entry{}, errs: map[string]error{},
	}
	var err error
	w.store, err = sqlite.Open(t.Context(), sqlite.Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "hls.db"), Now: w.clock})
	w.must(err)
	t.Cleanup(func() { w.must(w.store.Close()) })
	w.door, err = receive.New(receive.Config{}, receive.Deps{
		Secrets: receive.Secrets{Global: []hls.Secret{secret}}, Accept: w.accept, Count: w.store.Count, Log: slog.New(slog.DiscardHandler),
	})
	w.must(err)
	w.restart()
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) clock() time.Time { return w.now }

// restart makes a recoverer that knows only what the record does.
func (w *world) restart() {
	w.Helper()
	var err error
	w.r, err = New(Deps{
		GitHub: w, Record: w.store, Take: w.door.Take, Keeps: w.keeps, Now: w.clock,
		Unwanted: unwanted, Targets: func() Targets { return w.targets }, Spare: func() bool { return w.spare && (w.most == 0 || len(w.asked) < w.most) },
		Log: slog.New(slog.NewTextHandler(&w.log, nil)),
	})
	w.must(err)
}

func unwanted(repo, event, _ string) string {
	switch {
	case repo == "":
		return "no_repository"
	case !strings.HasPrefix(repo, "acme/"):
		return "repository_not_configured"
	case event == "star":
		return "event_not_enabled"
	}
	return ""
}

func (w *world) accept(ctx context.Context, d hls.Delivery, e hls.Event) (hls.Receipt, error) {
	if w.broken != nil {
		return hls.Receipt{}, w.broken
	}
	receipt, err := w.store.Add(ctx, record.Intake{Delivery: d, Work: &record.NewTask{
		Subject: e.Subject, Purpose: "triage", Event: e.Name, Action: e.Action, Actor: e.Sender.Login, Origin: hls.FromDelivery, OccurredAt: e.OccurredAt,
	}})
	if err == nil && receipt.Class == hls.Accepted {
		w.took = append(w.took, d)
	}
	return receipt, err
}

// pass makes a pass of the service's own.
func (w *world) pass() Report {
	w.Helper()
	return w.ask(Request{Apply: true})
}

func (w *world) ask(q Request) Report {
	w.Helper()
	report, err := w.r.Pass(w.Context(), q)
	w.must(err)
	return report
}

func (w *world) later(d time.Duration) { w.now = w.now.Add(d) }

// ids are the deliveries taken in, in their order.
func (w *world) ids() []string {
	var ids []string
	for _, d := range w.took {
		ids = append(ids, d.ID)
	}
	return ids
}

// questions counts what GitHub was asked of a kind: "hooks", "log", "sent", "repository".
func (w *world) questions(kind string) (n int) {
	for _, q := range w.asked {
		if strings.HasPrefix(q, kind+" ") {
			n++
		}
	}
	return n
}

func issueBody(repo string, number int) string {
	return fmt.Sprintf(`{"action":"opened","issue":{"number":%d,"title":"<t> & %d"},"repository":{"id":9,"full_name":%q},"sender":{"id":3,"login":"mona"}}`, number, number, repo)
}

// try logs an attempt of now to deliver an event about an issue of acme/widget.
func (w *world) try(hook int64, guid string, code int, changes ...func(*entry)) int64 {
	w.lastID++
	body := issueBody(widget, int(w.lastID))
	for _, e := range w.logs[hook] {
		if e.GUID == guid {
			body = string(e.sent.Body)
		}
	}
	e := entry{github.Attempt{ID: w.lastID, GUID: guid, At: w.now, Code: code, Event: "issues", Action: "opened", RepoID: 9},
		github.Sent{Body: []byte(body), Header: signed(guid, hook, body)}}
	for _, change := range changes {
		change(&e)
	}
	w.logs[hook] = append(w.logs[hook], e)
	return e.ID
}

func signed(guid string, hook int64, body string) http.Header {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	h := http.Header{}
	for name, value := range map[string]string{
		"Content-Type": "application/json", "X-GitHub-Event": "issues", "X-GitHub-Delivery": guid, "X-GitHub-Hook-ID": fmt.Sprint(hook),
		"X-Hub-Signature-256": "sha256=" + hex.EncodeToString(mac.Sum(nil)),
	} {
		h.Set(name, value)
	}
	return h
}

// receive lets an attempt reach the door itself.
func (w *world) receive(hook int64, guid string) {
	w.Helper()
	id := w.try(hook, guid, http.StatusAccepted)
	for _, e := range w.logs[hook] {
		if e.ID == id {
			d := hls.Delivery{ID: guid, Event: e.Event, HookID: fmt.Sprint(hook), Body: e.sent.Body, Hash: sha256.Sum256(e.sent.Body), Repo: widget, RepoID: 9}
			event, err := hls.DecodeEvent(d)
			w.must(err)
			_, err = w.accept(w.Context(), d, event)
			w.must(err)
		}
	}
}

// Hooks implements GitHub.
func (w *world) Hooks(_ context.Context, at github.HookPlace) ([]github.Hook, error) {
	if err := w.asking("hooks " + at.String()); err != nil {
		return nil, err
	}
	return w.hooks[at], nil
}

// Attempts implements GitHub.
func (w *world) Attempts(_ context.Context, _ github.HookPlace, hook int64, cursor string) (page []github.Attempt, next string, err error) {
	if err := w.asking(fmt.Sprintf("log %d", hook)); err != nil {
		return nil, "", err
	}
	log := slices.Clone(w.logs[hook])
	slices.Reverse(log)
	for _, e := range log {
		if w.now.Sub(e.At) >= w.keeps || cursor != "" && e.ID > number(cursor) {
			continue
		}
		if len(page) == w.perPage {
			return page, fmt.Sprint("v1_", e.ID), nil
		}
		page = append(page, e.Attempt)
	}
	return page, "", nil
}

func number(cursor string) (id int64) {
	_, _ = fmt.Sscanf(cursor, "v1_%d", &id)
	return id
}

// Sent implements GitHub.
func (w *world) Sent(_ context.Context, _ github.HookPlace, hook, attempt int64) (github.Sent, error) {
	if err := cmp.Or(w.asking(fmt.Sprintf("sent %d", attempt)), w.errs["sent"]); err != nil {
		return github.Sent{}, err
	}
	for _, e := range w.logs[hook] {
		if e.ID == attempt && w.now.Sub(e.At) < w.keeps {
			return e.sent, nil
		}
	}
	return github.Sent{}, hls.ErrNotFound
}

// RepositoryByID implements GitHub.
func (w *world) RepositoryByID(_ context.Context, id, _ int64) (hls.Repository, error) {
	if err := w.asking(fmt.Sprintf("repository %d", id)); err != nil {
		return hls.Repository{}, err
	}
	return hls.Repository{ID: id, FullName: map[int64]string{9: widget, 10: "other/thing"}[id]}, nil
}

func (w *world) asking(question string) error {
	w.asked = append(w.asked, question)
	return w.errs[question]
}

var (
	errForbidden = &hls.Permanent{Err: errors.New("403 Resource not accessible"), Reason: "github_forbidden"}
	errLimit     = &hls.RetryAfter{Err: errors.New("429"), After: time.Minute, Free: true}
	errPassing   = &hls.RetryAfter{Err: errors.New("502")}
)

func outcomes(r Report) map[string]int {
	n := map[string]int{}
	for _, d := range r.Deliveries {
		n[d.Outcome]++
	}
	return n
}

// failingRecord is a record that fails to tell what it knows.
type failingRecord struct {
	record.Store
	mu  sync.Mutex
	err error
}

func (f *failingRecord) Known(ctx context.Context, ids []string) (map[string]bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return nil, f.err
	}
	return f.Store.Known(ctx, ids)
}

func newWorldLog() *slog.Logger { return slog.New(slog.DiscardHandler) }
