package handler

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hls/internal/hls"
)

// commandReader is what commands need to know of who gave them.
type commandReader interface {
	accessReader
	// Comment is one of the subject's conversation; one of another is not found.
	Comment(ctx context.Context, s hls.Subject, id int64) (hls.Comment, error)
	// ReviewComment is one on a line of a pull request of the subject's repository.
	ReviewComment(ctx context.Context, s hls.Subject, id int64) (hls.ReviewComment, error)
}

// heard tells why a command is not to be heard, or "": whoever gave it has no write access, or has edited or deleted it
// since, or gives too many. Nothing is done on a doubt; an outage of GitHub is an error, and the command is tried again.
func heard(ctx context.Context, read Reader, e hls.Event, r hls.Rule) (uses []use, skip string, err error) {
	may, err := mayWrite(ctx, read, e.Subject, e.Sender)
	switch {
	case errors.Is(err, errHidden):
		return nil, "access_not_shown", nil
	case err != nil:
		return nil, "", err
	case !may:
		return nil, "no_write_access", nil
	}
	if skip, err = unchanged(ctx, read, e); skip != "" || err != nil {
		return nil, skip, err
	}
	return counted(ctx, read, e, r)
}

// unchanged looks whether the command still stands as it was given.
func unchanged(ctx context.Context, read Reader, e hls.Event) (skip string, err error) {
	var body string
	var by hls.Account
	var app *struct{} // which passes on what others say, perhaps
	if e.Name == remarkEvent {
		var c hls.ReviewComment
		c, err = read.ReviewComment(ctx, e.Subject, e.Comment.ID)
		if err == nil && !c.On(e.Subject) {
			return "comment_elsewhere", nil
		}
		body, by = c.Body, c.User
	} else {
		var c hls.Comment
		c, err = read.Comment(ctx, e.Subject, e.Comment.ID)
		body, by, app = c.Body, c.User, c.App
	}
	switch {
	case errors.Is(err, hls.ErrNotFound), errors.Is(err, hls.ErrGone):
		return "comment_deleted", nil
	case err != nil:
		return "", fmt.Errorf("read command: %w", err)
	case app != nil:
		return "not_by_a_person", nil
	case !by.Same(e.Sender), strings.ReplaceAll(body, "\r\n", "\n") != strings.ReplaceAll(e.Comment.Body, "\r\n", "\n"):
		return "comment_edited", nil
	}
	return "", nil
}

// use is one command of a person, as it is remembered.
type use struct {
	Comment string    `json:"comment"`
	At      time.Time `json:"at"`
}

// kindUses is the kind of the memory of who gave commands lately. It is of the person, who is a subject of the repository.
const (
	kindUses   = "commands"
	usesWindow = time.Hour
	mostUses   = 1000 // are remembered of one person
)

func personOf(e hls.Event) hls.Subject {
	s := e.Subject
	return hls.Subject{Scope: s.Scope, RepoID: s.RepoID, Repo: s.Repo, Kind: hls.KindOther, Ref: fmt.Sprintf("person/%d", e.Sender.ID)}
}

// counted reads the commands of a person within an hour and adds this one. It is skipped when that is over the cap.
func counted(ctx context.Context, read Memory, e hls.Event, r hls.Rule) (uses []use, skip string, err error) {
	uses, _, err = recallOne[[]use](ctx, read, hls.Recall{Subject: personOf(e), Kind: kindUses})
	if err != nil {
		return nil, "", err
	}
	own := use{ownPurpose("", e), e.ReceivedAt}
	uses = slices.DeleteFunc(uses, func(u use) bool { return u.Comment == own.Comment || e.ReceivedAt.Sub(u.At) > usesWindow })
	if r.Commands.PerHour > 0 && len(uses) >= r.Commands.PerHour {
		return nil, "too_many_commands", nil
	}
	uses = append(uses, own)
	return uses[max(0, len(uses)-mostUses):], "", nil
}
