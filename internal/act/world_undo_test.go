package act_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hls/internal/hls"
)

func (w *world) ReviewComments(context.Context, hls.Subject) ([]hls.ReviewComment, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.inline), w.read("ReviewComments")
}

func (w *world) DeleteComment(_ context.Context, _ hls.Subject, id int64) error {
	return w.write(fmt.Sprintf("DeleteComment %d", id), func(time.Duration) {
		w.comments = slices.DeleteFunc(w.comments, func(c hls.Comment) bool { return c.ID == id })
	})
}

func (w *world) Minimize(_ context.Context, _ hls.Subject, node string) error {
	return w.write("Minimize "+node, func(time.Duration) { w.hidden = append(w.hidden, node) })
}

func (w *world) ReopenIssue(context.Context, hls.Subject) error {
	return w.write("ReopenIssue", func(time.Duration) { w.issue.State, w.issue.ClosedBy = "open", nil })
}

func (w *world) RemoveReaction(_ context.Context, _ hls.Subject, comment int64, inline bool, r hls.Reaction) error {
	return w.write(fmt.Sprintf("RemoveReaction %d %v", comment, inline), func(time.Duration) {
		w.emojis = slices.DeleteFunc(w.emojis, func(e string) bool { return e == fmt.Sprintf("%d %s", comment, r) })
	})
}

// close closes an issue, as somebody.
func (w *world) close(number int, by hls.Account) {
	w.find(number).State, w.find(number).ClosedBy = "closed", &by
}

// find is one of the issues that were opened, or the one that there is.
func (w *world) find(number int) *hls.Issue {
	for i := range w.opened {
		if w.opened[i].Number == number {
			return &w.opened[i]
		}
	}
	return &w.issue
}
