package act_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"hls/internal/hls"
)

func (w *world) RecentIssues(context.Context, hls.Subject) iter.Seq2[hls.Issue, error] {
	w.mu.Lock()
	defer w.mu.Unlock()
	var shown []hls.Issue
	for _, i := range slices.Backward(w.opened) {
		if !time.Now().Before(w.seen[i.ID]) {
			shown = append(shown, i)
		}
	}
	return read(shown, w.read("RecentIssues"))
}

func (w *world) CreateIssue(_ context.Context, _ hls.Subject, title, body string, labels []string) (hls.Issue, error) {
	var made hls.Issue
	err := w.write(fmt.Sprintf("CreateIssue %s %v", title, labels), func(late time.Duration) {
		w.last++
		made = hls.Issue{ID: w.last, Number: int(w.last), Title: title, Body: body, State: "open", User: self, CreatedAt: time.Now(), HTMLURL: fmt.Sprint("i", w.last)}
		w.seen[made.ID] = time.Now().Add(late)
		w.opened = append(w.opened, made)
	})
	return made, err
}

func (w *world) Run(context.Context, hls.Subject, int64) (hls.WorkflowRun, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	run := w.run
	if time.Now().Before(w.seen[run.ID]) {
		run.RunAttempt, run.Status = run.RunAttempt-1, "completed"
	}
	return run, w.read("Run")
}

func (w *world) RerunFailedJobs(_ context.Context, _ hls.Subject, run int64) error {
	return w.write(fmt.Sprintf("RerunFailedJobs %d", run), func(late time.Duration) {
		w.run.RunAttempt, w.run.Status = w.run.RunAttempt+1, "queued"
		w.seen[w.run.ID] = time.Now().Add(late)
	})
}

func (w *world) AddReaction(_ context.Context, _ hls.Subject, comment int64, inline bool, r hls.Reaction) error {
	return w.write(fmt.Sprintf("AddReaction %d %v", comment, inline), func(time.Duration) {
		if emoji := fmt.Sprintf("%d %s", comment, r); !slices.Contains(w.emojis, emoji) {
			w.emojis = append(w.emojis, emoji)
		}
	})
}

func (w *world) ReviewComment(_ context.Context, _ hls.Subject, id int64) (hls.ReviewComment, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.inline {
		if c.ID == id {
			return c, w.read("ReviewComment")
		}
	}
	return hls.ReviewComment{}, hls.ErrNotFound
}

func (w *world) Review(_ context.Context, _ hls.Subject, id int64) (hls.Review, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.reviews {
		if r.ID == id {
			return r, w.read("Review")
		}
	}
	return hls.Review{}, hls.ErrNotFound
}

func (w *world) EditReviewComment(_ context.Context, _ hls.Subject, id int64, body string) (hls.ReviewComment, error) {
	var edited hls.ReviewComment
	err := w.write(fmt.Sprintf("EditReviewComment %d", id), func(time.Duration) {
		for i := range w.inline {
			if w.inline[i].ID == id {
				w.inline[i].Body = body
				edited = w.inline[i]
			}
		}
	})
	return edited, err
}

func (w *world) Release(context.Context, hls.Subject, int64) (hls.Release, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.release, w.read("Release")
}

func (w *world) SetReleaseBody(_ context.Context, _ hls.Subject, id int64, body string) error {
	return w.write(fmt.Sprintf("SetReleaseBody %d", id), func(time.Duration) { w.release.Body = body })
}

// on is a scene whose task is about a subject of another kind than issues and pull requests, or about pull request 42.
func (s *scene) on(ref string) *scene {
	s.task.Subject = hls.Subject{RepoID: 5, Repo: "octo/fish", Kind: hls.KindOther, Ref: ref}
	return s
}

var pull42 = hls.Subject{RepoID: 5, Repo: "octo/fish", Kind: hls.KindPullRequest, Number: 42}

// extra fills in an effect of the kinds that settings switch on.
func (s *scene) extra(e *hls.Effect) {
	if e.Subject.Kind == hls.KindOther {
		e.Revision, e.Expect = "run/9/1", ""
	}
	switch e.Kind {
	case hls.CreateIssue:
		e.Title, e.Body, e.Expect = "Main is broken", "Since `abc123`.", ""
	case hls.RerunFailedJobs:
		e.Run, e.Attempt = 9, 1
	case hls.AddReaction:
		c := s.world.post(person, "/hls review", 0)
		e.Comment, e.Reaction, e.Expect = c.ID, hls.Eyes, ""
	case hls.EditRemark:
		e.Comment, e.Body, e.Expect = s.reviewed(), "Withdrawn: it is checked above.", ""
	case hls.SetSection:
		e.Section, e.Body = "notes", "- A new button."
		if e.Subject.Kind == hls.KindOther {
			e.Expect = s.world.release.Revision()
		}
	}
}

// reviewed posts a review with one remark, forgets how, and returns the remark's id.
func (s *scene) reviewed() int64 {
	s.Helper()
	if err := s.act(s.effect(hls.CreateReview)); err != nil {
		s.Fatal(err)
	}
	review := s.world.reviews[len(s.world.reviews)-1]
	s.world.last++
	s.world.inline = append(s.world.inline, hls.ReviewComment{
		ID: s.world.last, ReviewID: review.ID, User: self, Body: "Off by one.",
		PullRequestURL: "https://api.github.com/repos/octo/fish/pulls/42",
	})
	s.world.writes, s.book.rows = nil, nil
	return s.world.last
}

func retryAfter(err error) time.Duration {
	var retry *hls.RetryAfter
	if errors.As(err, &retry) {
		return retry.After
	}
	return 0
}

func reason(err error) string {
	var final *hls.Permanent
	if errors.As(err, &final) {
		return final.Reason
	}
	return ""
}

func (b *book) Superseded(context.Context, hls.Task) (bool, error) { return b.newer, nil }

func (b *book) Secret(context.Context, string) ([]byte, error) {
	return []byte("0123456789abcdef0123456789abcdef"), nil
}

func (b *book) states() string {
	var out []string
	for _, r := range b.rows {
		out = append(out, string(r.State))
	}
	return strings.Join(out, " ")
}
