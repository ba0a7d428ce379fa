package simulate

import (
	"time"

	"hls/internal/hls"
)

// Entry is one thing that a stand-in saw or that happened in it, as a journal is told of it: one member is set. It is
// told when it happens and in that order, under the stand-in's lock: a journal must not ask the stand-in anything.
type Entry struct {
	Call  *Call       // a request to GitHub, once its answer is decided
	Deed  *Deed       // a change on GitHub, whoever made it
	Asked *ClaudeCall // a request to Claude, once its answer is decided
}

// DeedKind is one way in which GitHub changes.
type DeedKind string

// The deeds. Those of conversations are named as GitHub names them in a timeline.
const (
	Commented      DeedKind = "commented"
	CommentEdited  DeedKind = "comment_edited"
	CommentDeleted DeedKind = "comment_deleted"
	Reviewed       DeedKind = "reviewed"
	Labeled        DeedKind = "labeled"
	Unlabeled      DeedKind = "unlabeled"
	Closed         DeedKind = "closed"
	Reopened       DeedKind = "reopened"
	Renamed        DeedKind = "renamed"
	Locked         DeedKind = "locked"
	BodySet        DeedKind = "body_set"
	Pushed         DeedKind = "pushed"
	LabelCreated   DeedKind = "label_created"
	Opened         DeedKind = "opened"
	Reacted        DeedKind = "reacted"
	Unreacted      DeedKind = "unreacted"
	Hidden         DeedKind = "hidden"
	Replied        DeedKind = "replied"
	RemarkEdited   DeedKind = "remark_edited"
	Rerun          DeedKind = "rerun"
	ReleaseEdited  DeedKind = "release_edited"
)

// Deed is one change on GitHub.
type Deed struct {
	At     time.Time
	Kind   DeedKind
	Repo   string
	Number int // of the subject; 0 for a change of the repository
	Actor  hls.Account
	ID     int64 // of a comment, review, run or release; the number of an issue that was opened
	Label  string
	Body   string // of a comment, a review or a subject
	Commit string // what was pushed, or what a review is about
}

// did tells the journal of a change of a subject. It is called with the lock held.
func (g *GitHub) did(s *subject, d Deed) {
	if g.cfg.Journal != nil {
		d.At, d.Repo, d.Number = g.cfg.Now(), s.repo.FullName, s.Number
		g.cfg.Journal(Entry{Deed: &d})
	}
}

func (g *GitHub) didToRepo(r *repository, d Deed) {
	if g.cfg.Journal != nil {
		d.At, d.Repo = g.cfg.Now(), r.FullName
		g.cfg.Journal(Entry{Deed: &d})
	}
}
