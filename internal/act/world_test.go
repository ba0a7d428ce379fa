package act_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hls/internal/act"
	"hls/internal/hls"
)

var (
	self   = hls.Account{ID: 7, Login: "hls-bot", Type: "Bot"}
	person = hls.Account{ID: 8, Login: "alice", Type: "User"}
)

// fault is what happens instead of a write: err is returned, after the write when done, and what was made is seen
// only after late.
type fault struct {
	err  error
	done bool
	late time.Duration
}

// world is a GitHub of one subject, with its state.
type world struct {
	mu             sync.Mutex
	self           hls.Account
	issue          hls.Issue
	pull           hls.PullRequest
	labels         []hls.Label
	history        []hls.LabelEvent
	comments       []hls.Comment
	reviews        []hls.Review
	remarks        []hls.Remark
	opened         []hls.Issue
	inline         []hls.ReviewComment
	emojis, hidden []string
	run            hls.WorkflowRun
	release        hls.Release
	seen           map[int64]time.Time // when a comment, a review, an issue or an attempt shows
	faults         map[string][]fault  // by method, taken in order
	writes         []string
	onWrite        func(string)
	turns          atomic.Int64      // not given back
	onRead         map[string]func() // by method, once
	last           int64
}

func newWorld() *world {
	w := &world{self: self, seen: map[int64]time.Time{}, faults: map[string][]fault{}, last: 100}
	w.issue = hls.Issue{ID: 1, Number: 42, Title: "It breaks", Body: "On start.", State: "open", User: person}
	w.pull = hls.PullRequest{ID: 2, Number: 42, State: "open", User: person, Head: hls.Branch{Ref: "x", SHA: "abc123"}, Base: hls.Branch{Ref: "main"}}
	w.labels = []hls.Label{{Name: "Bug"}, {Name: "docs"}}
	w.run = hls.WorkflowRun{ID: 9, RunAttempt: 1, Status: "completed", Conclusion: "failure", HeadSHA: "abc123"}
	w.release = hls.Release{ID: 8, TagName: "v1.2.0", Name: "One dot two", Body: "By hand.\r\n"}
	return w
}

// write makes a change unless a fault keeps it from being made.
func (w *world) write(name string, change func(late time.Duration)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writes = append(w.writes, name)
	if w.onWrite != nil {
		w.onWrite(name)
	}
	method, _, _ := strings.Cut(name, " ")
	f := fault{done: true}
	if queue := w.faults[method]; len(queue) > 0 {
		f, w.faults[method] = queue[0], queue[1:]
	}
	if f.done {
		change(f.late)
	}
	return f.err
}

func (w *world) SelfFor(context.Context, string) (hls.Account, error) { return w.self, nil }

// read returns the queued fault of a reading, if any.
func (w *world) read(method string) error {
	if do := w.onRead[method]; do != nil {
		delete(w.onRead, method)
		w.mu.Unlock()
		do()
		w.mu.Lock()
	}
	queue := w.faults[method]
	if len(queue) == 0 {
		return nil
	}
	w.faults[method] = queue[1:]
	return queue[0].err
}

func (w *world) Issue(_ context.Context, s hls.Subject) (hls.Issue, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	issue := w.issue
	for _, i := range w.opened {
		if i.Number == s.Number {
			issue = i
		}
	}
	issue.Labels = slices.Clone(issue.Labels)
	return issue, w.read("Issue")
}

func (w *world) PullRequest(context.Context, hls.Subject) (hls.PullRequest, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.pull, w.read("PullRequest")
}

func (w *world) Labels(context.Context, string) ([]hls.Label, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.labels, w.read("Labels")
}

func (w *world) History(context.Context, hls.Subject) ([]hls.LabelEvent, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.history, w.read("History")
}

func (w *world) AllComments(context.Context, hls.Subject) iter.Seq2[hls.Comment, error] {
	w.mu.Lock()
	defer w.mu.Unlock()
	var shown []hls.Comment
	for _, c := range w.comments {
		if !time.Now().Before(w.seen[c.ID]) {
			shown = append(shown, c)
		}
	}
	return read(shown, w.read("Comments"))
}

// read gives what is there, or an error if there is one.
func read[T any](all []T, err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		if err != nil {
			yield(*new(T), err)
			return
		}
		for _, item := range all {
			if !yield(item, nil) {
				return
			}
		}
	}
}

func (w *world) Comment(_ context.Context, _ hls.Subject, id int64) (hls.Comment, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.read("Comment"); err != nil {
		return hls.Comment{}, err
	}
	for _, c := range w.comments {
		if c.ID == id {
			return c, nil
		}
	}
	return hls.Comment{}, hls.ErrNotFound
}

func (w *world) AllReviews(context.Context, hls.Subject) iter.Seq2[hls.Review, error] {
	w.mu.Lock()
	defer w.mu.Unlock()
	var shown []hls.Review
	for _, r := range w.reviews {
		if !time.Now().Before(w.seen[r.ID]) {
			shown = append(shown, r)
		}
	}
	return read(shown, w.read("Reviews"))
}

func (w *world) AddLabels(_ context.Context, _ hls.Subject, names []string) error {
	return w.write("AddLabels "+strings.Join(names, ","), func(time.Duration) {
		for _, name := range names {
			w.label(self, name, true)
		}
	})
}

func (w *world) RemoveLabel(_ context.Context, _ hls.Subject, name string) error {
	return w.write("RemoveLabel "+name, func(time.Duration) { w.label(self, name, false) })
}

// label is how a label comes on the subject, or goes.
func (w *world) label(by hls.Account, name string, added bool) {
	w.history = append(w.history, hls.LabelEvent{Label: name, Added: added, Actor: by, At: time.Now()})
	w.issue.Labels = slices.DeleteFunc(w.issue.Labels, func(l hls.Label) bool { return l.Name == name })
	if added {
		w.issue.Labels = append(w.issue.Labels, hls.Label{Name: name})
	}
	w.pull.Labels = slices.Clone(w.issue.Labels)
}

func (w *world) CreateLabel(_ context.Context, _ string, l hls.Label) error {
	return w.write("CreateLabel "+l.Name, func(time.Duration) { w.labels = append(w.labels, l) })
}

func (w *world) CreateComment(_ context.Context, _ hls.Subject, body string) (hls.Comment, error) {
	var made hls.Comment
	err := w.write("CreateComment", func(late time.Duration) { made = w.post(w.self, body, late) })
	return made, err
}

func (w *world) post(by hls.Account, body string, late time.Duration) hls.Comment {
	w.last++
	if by.ID == 0 {
		by = self
	}
	c := hls.Comment{ID: w.last, User: by, Body: strings.ReplaceAll(body, "\n", "\r\n"), HTMLURL: fmt.Sprint("c", w.last)}
	w.seen[c.ID] = time.Now().Add(late)
	w.comments = append(w.comments, c)
	return c
}

func (w *world) EditComment(_ context.Context, _ hls.Subject, id int64, body string) (hls.Comment, error) {
	var edited hls.Comment
	err := w.write("EditComment", func(time.Duration) {
		for i := range w.comments {
			if w.comments[i].ID == id {
				w.comments[i].Body = body
				edited = w.comments[i]
			}
		}
	})
	return edited, err
}

func (w *world) CreateReview(_ context.Context, _ hls.Subject, head, body string, remarks []hls.Remark) (hls.Review, error) {
	var made hls.Review
	err := w.write(fmt.Sprintf("CreateReview %s %d", head, len(remarks)), func(late time.Duration) {
		w.last++
		made = hls.Review{ID: w.last, User: w.self, Body: body, CommitID: head}
		w.seen[made.ID] = time.Now().Add(late)
		w.reviews, w.remarks = append(w.reviews, made), remarks
	})
	return made, err
}

func (w *world) CloseIssue(_ context.Context, s hls.Subject, reason string) error {
	return w.write("CloseIssue "+reason, func(time.Duration) { w.close(s.Number, self) })
}

func (w *world) SetBody(_ context.Context, _ hls.Subject, body string) error {
	return w.write("SetBody", func(time.Duration) { w.issue.Body, w.pull.Body = body, body })
}

// book is a ledger in memory. Its steps can be made to fail, before or after they are committed, as a crash does.
type book struct {
	rows                []hls.Entry
	tasks               map[int64]hls.Subject // of the tasks that wrote the rows
	live                map[int64]bool        // tasks that are running elsewhere
	known               []hls.Memory
	touched             []hls.Touch
	applied             []string // labels
	steps               int
	crash               int // the step at which the process ends; 0 never
	commit, newer, lost bool
}

var errCrash = errors.New("the process ended")

func (b *book) Intend(_ context.Context, task hls.Task, effects []hls.Effect) ([]hls.Entry, error) {
	var out []hls.Entry
	for _, e := range effects {
		at := slices.IndexFunc(b.rows, func(r hls.Entry) bool { return r.Effect.Key() == e.Key() })
		if at < 0 {
			at = len(b.rows)
			b.tasks[task.ID] = task.Subject
			b.rows = append(b.rows, hls.Entry{ID: int64(at + 1), TaskID: task.ID, Effect: e, State: hls.Intent, At: time.Now()})
		}
		out = append(out, b.rows[at])
	}
	return out, nil
}

func (b *book) Move(_ context.Context, _ hls.Task, id int64, m hls.Move) error {
	b.steps++
	if b.steps == b.crash && !b.commit {
		return errCrash
	}
	row := &b.rows[id-1]
	if b.lost || row.State != m.From {
		return hls.ErrLost
	}
	row.State, row.Error, row.At = m.To, m.Error, time.Now()
	b.applied = append(b.applied, m.Applied...)
	if m.RemoteID != 0 {
		row.RemoteID, row.URL = m.RemoteID, m.URL
	}
	if b.steps == b.crash {
		return errCrash
	}
	return nil
}

func (b *book) Posted(_ context.Context, s hls.Subject, purpose string, kind hls.EffectKind) (hls.Entry, error) {
	for _, r := range slices.Backward(b.rows) {
		e := r.Effect
		if r.State == hls.EffectDone && e.Kind == kind && e.Purpose == purpose && e.Subject.Key() == s.Key() {
			return r, nil
		}
	}
	return hls.Entry{}, hls.ErrNotFound
}

func (b *book) Undecided(_ context.Context, s hls.Subject) ([]hls.Entry, error) {
	var out []hls.Entry
	for _, r := range b.rows {
		of := r.Effect.Subject.Key() == s.Key() || b.tasks[r.TaskID].Key() == s.Key()
		if of && (r.State == hls.Sending || r.State == hls.EffectUnknown) {
			r.Live = b.live[r.TaskID]
			out = append(out, r)
		}
	}
	return out, nil
}

// scene is everything that a test plays with.
type scene struct {
	*testing.T
	world  *world
	book   *book
	actor  *act.Actor
	task   hls.Task
	rule   hls.Rule
	target *hls.Subject

	redactor *hls.Redactor
}

func newScene(t *testing.T, kind hls.Kind) *scene {
	t.Helper()
	s := &scene{T: t, world: newWorld(), book: &book{tasks: map[int64]hls.Subject{}, live: map[int64]bool{}}}
	s.task = hls.Task{ID: 1, Purpose: "triage", Attempt: 1, Subject: hls.Subject{RepoID: 5, Repo: "octo/fish", Kind: kind, Number: 42}}
	s.rule = hls.Rule{Labels: hls.LabelPolicy{AutoApply: true}, Also: hls.EffectKinds()}
	s.restart()
	return s
}

func (s *scene) restart() {
	s.Helper()
	actor, err := act.New(act.Config{Redactor: s.redactor}, s.world, s.book)
	if err != nil {
		s.Fatal(err)
	}
	s.actor = actor
}

func (s *scene) effect(kind hls.EffectKind) hls.Effect {
	e := hls.Effect{Kind: kind, Subject: s.task.Subject, Purpose: s.task.Purpose, Revision: s.world.issue.Revision()}
	if s.task.Subject.Kind == hls.KindPullRequest {
		e.Revision = s.world.pull.Revision()
	}
	e.Expect = e.Revision
	switch kind {
	case hls.AddLabels, hls.RemoveLabels:
		e.Labels = []hls.Label{{Name: "bug"}}
	case hls.CreateReview:
		e.Head, e.Body = s.world.pull.Head.SHA, "Two things."
		e.Remarks = []hls.Remark{{Path: "a.go", Line: 3, EndLine: 3, Side: "RIGHT", Body: "Off by one."}}
	case hls.UpsertComment, hls.SetBody:
		e.Body = "Which version is it?"
	case hls.CloseIssue:
	default:
		s.extra(&e)
	}
	return e
}

func (s *scene) act(effects ...hls.Effect) error {
	_, err := s.actor.Act(s.Context(), s.task, hls.Plan{Effects: effects, Target: s.target}, s.rule)
	return err
}

// must holds the states of the rows and the writes that reached GitHub against what is expected.
func (s *scene) must(states string, writes ...string) {
	s.Helper()
	if got := s.book.states(); got != states {
		s.Errorf("rows are %q, want %q: %+v", got, states, s.book.rows)
	}
	if !slices.Equal(s.world.writes, writes) {
		s.Errorf("writes are %q, want %q", s.world.writes, writes)
	}
}
