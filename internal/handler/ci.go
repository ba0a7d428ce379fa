package handler

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"time"

	"hls/internal/handler/joblog"
	"hls/internal/hls"
)

// ci is what the events about continuous integration share: the question, the plan, and what is remembered.
type ci struct{}

// ciPurpose is of the work on a run, of the comment on its pull request, and of the issues about the default branch.
const ciPurpose = "ci"

// runReader is what the family reads of GitHub.
type runReader interface {
	// Run is a workflow run as it is now; one that is not there is hls.ErrGone.
	Run(ctx context.Context, s hls.Subject, id int64) (hls.WorkflowRun, error)
	CheckRun(ctx context.Context, s hls.Subject, id int64) (hls.CheckRun, error)
	// OpenPulls are the open pull requests with a head ("owner:branch"); with "" those that were changed last.
	OpenPulls(ctx context.Context, s hls.Subject, head string) ([]hls.PullRequest, error)

	// What follows is hls.ErrNotFound where the token may not read it.

	Jobs(ctx context.Context, s hls.Subject, run int64, attempt int) ([]hls.WorkflowJob, error)
	// JobLog are the lines of a job's log, without colors and secrets.
	JobLog(ctx context.Context, s hls.Subject, job int64) iter.Seq2[string, error]
	Annotations(ctx context.Context, s hls.Subject, check int64) ([]hls.Annotation, error)
	PullCommits(context.Context, hls.Subject) ([]hls.Commit, error)
	Compare(ctx context.Context, s hls.Subject, base, head string, most int) (hls.Comparison, error)
	LastSuccess(ctx context.Context, s hls.Subject, workflow int64, branch string) (hls.WorkflowRun, error)
}

// succeeded is GitHub's conclusion of what went well.
const succeeded = "success"

// ciConclusions are those that are worked on, and the names under which the others are passed over.
var ciConclusions = map[string]string{
	"failure": "", "timed_out": "", succeeded: "",
	"cancelled": "run_canceled", "skipped": "run_skipped", "neutral": "run_neutral", "stale": "run_stale", //nolint:misspell // GitHub spells it so
	"action_required": "run_waits_for_approval", "startup_failure": "run_did_not_start",
}

// ciVerdict is the verdict on a conclusion. A success needs no answer of Claude.
func ciVerdict(conclusion string) hls.Verdict {
	reason, known := ciConclusions[conclusion]
	switch {
	case !known:
		return hls.Pass("conclusion_not_handled")
	case reason != "":
		return hls.Pass(reason)
	}
	v := hls.Go(ciPurpose)
	v.Unasked = conclusion == succeeded
	return v
}

// ciRun is something that ran at a commit and ended.
type ciRun struct {
	Key        string `json:"-"` // names what ran, from run to run
	Name       string `json:"name"`
	ID         int64  `json:"id"`
	Number     int    `json:"number"`
	Attempt    int    `json:"attempt"`
	Conclusion string `json:"conclusion"`
	HeadSHA    string `json:"head_sha"`
	Branch     string `json:"branch"`
	Event      string `json:"event"`
	URL        string `json:"url"`
	Foreign    bool   `json:"from_fork"` // or others may have written its log, or nobody knows

	owner    string // of the head's repository
	numbers  []int  // of the pull requests that GitHub names
	anyHead  bool   // the head's branch is not known, but only its commit
	workflow int64  // 0 for what is no workflow
	actions  int64  // the run of GitHub Actions, 0 for what is none
}

func (r ciRun) failed() bool { return r.Conclusion != succeeded }

// revision names what an answer rests on: one attempt of one run, and how it ended.
func (r ciRun) revision() string { return fmt.Sprintf("run-%d-%d-%s", r.ID, r.Attempt, r.Conclusion) }

// later tells whether another run of the same workflow came after this one.
func (r ciRun) later(number, attempt int, id int64) bool {
	switch {
	case number != r.Number:
		return number > r.Number
	case id != r.ID:
		return id > r.ID
	}
	return attempt > r.Attempt
}

// ciFacts are what gathering found about a run. Templates see them as ci.
type ciFacts struct {
	Run     ciRun           `json:"run"`
	Causes  []ciCause       `json:"causes"`
	Commits []suspect       `json:"commits"`
	Unread  []string        `json:"unread"` // what the token may not read
	Branch  string          `json:"branch"` // the default one, when the run is of it
	Main    string          `json:"-"`      // the default branch
	Parts   []ciPart        `json:"-"`      // of the comment, as they are remembered
	Past    []recalledCause `json:"-"`      // causes that this workflow failed for on the same pull request or branch
}

// suspect is a commit that may have introduced a failure.
type suspect struct {
	SHA     string `json:"sha"`
	Subject string `json:"subject"`
}

// ciCause is one thing that went wrong, in one or more jobs.
type ciCause struct {
	Print  string          `json:"id"`
	Weak   bool            `json:"-"` // could be anything: it is not remembered
	Jobs   []string        `json:"jobs"`
	Step   string          `json:"step"`
	Tests  []string        `json:"tests"`
	Text   string          `json:"log"`
	Masked int             `json:"masked"`
	URL    string          `json:"-"`
	Lines  []joblog.Line   `json:"-"`
	Seen   []recalledCause `json:"-"` // anywhere in the repository, the newest first
	Known  *causeVerdict   `json:"-"` // from there; nil for a cause that Claude is asked about
	From   string          `json:"-"` // where that was said, "" for this very place
	Asked  bool            `json:"asked"`
}

// ciOf are the facts of the family, nil where there are none.
func ciOf(f hls.Facts) *ciFacts {
	c, _ := f.Values["ci"].(*ciFacts)
	return c
}

// kindCause is the kind of the memories of causes, each under its fingerprint, by the pull request or branch that it was
// seen on.
const kindCause = "cause"

// knownFor is how long a verdict on a cause stands. By then the code is another.
const knownFor = 30 * 24 * time.Hour

// seenCause is what is remembered of a cause at one place.
type seenCause struct {
	Run     int64         `json:"run"`
	Key     string        `json:"key"` // of what ran
	Pull    int           `json:"pull,omitempty"`
	Branch  string        `json:"branch,omitempty"`
	SHA     string        `json:"sha"`
	First   string        `json:"first"` // the commit that it was seen at first, without a success since
	Foreign bool          `json:"foreign,omitempty"`
	Fixed   bool          `json:"fixed,omitempty"` // it ran through since
	Verdict *causeVerdict `json:"verdict,omitempty"`
}

// causeVerdict is what Claude said of a cause, and code found proved.
type causeVerdict struct {
	Verdict    string  `json:"verdict"`
	Confidence float64 `json:"confidence"`
	Cause      string  `json:"cause"`
	NextStep   string  `json:"next_step"`
}

// recalledCause is a cause at a place, as it was recalled.
type recalledCause struct {
	seenCause
	print string
	at    time.Time
	where hls.Subject
}

// answer takes over what is known of a cause without asking: the newest verdict on it. What Claude said about a fork's log
// counts at its own place alone: whoever writes that log could choose the words, and that it fails as another will.
func (c *ciCause) answer(here string, now time.Time) {
	c.Asked = true
	for _, s := range c.Seen {
		elsewhere := s.where.Key() != here
		if c.Weak || s.Verdict == nil || now.Sub(s.at) > knownFor || elsewhere && s.Foreign {
			continue
		}
		v := *s.Verdict
		if elsewhere {
			c.From = s.place()
		}
		c.Known, c.Asked = &v, false
		return
	}
}

// place is where a cause was seen, for people.
func (s recalledCause) place() string {
	if s.Pull > 0 {
		return fmt.Sprintf("#%d", s.Pull)
	}
	return inCode(s.Branch)
}

// Question is not put to Claude when nothing failed, or when all that failed is known.
func (ci) Question(_ hls.Event, f hls.Facts, _ hls.Rule) hls.Question {
	q := hls.Question{Group: "workflows", Step: "diagnose", Schema: json.RawMessage(ciSchema), Weight: hls.Light}
	c := ciOf(f)
	if c == nil || slices.ContainsFunc(c.Causes, func(c ciCause) bool { return c.Asked }) {
		return q
	}
	q.Known, _ = json.Marshal(ciAnswer{Causes: []causeAnswer{}}) // A struct of plain values always has a JSON form.
	return q
}

// counted is what the analyses of a run are counted under: all runs of one pull request or branch are one subject.
func (c *ciFacts) counted(e hls.Event, f hls.Facts) *hls.Subject {
	s := c.place(e, f)
	if s.Kind == hls.KindPullRequest {
		s.Ref = fmt.Sprintf("pull/%d", s.Number)
	}
	s.Kind, s.Number, s.Ref = hls.KindOther, 0, "ci/"+s.Ref
	return &s
}

// place is where a cause is seen: on the pull request, or else on the branch.
func (c *ciFacts) place(e hls.Event, f hls.Facts) hls.Subject {
	if f.Target != nil {
		return *f.Target
	}
	s := e.Subject
	s.Kind, s.Number, s.Ref = hls.KindOther, 0, "branch/"+c.Run.Branch
	if c.Run.Foreign {
		s.Ref = "fork/" + c.Run.HeadSHA
	}
	return s
}
