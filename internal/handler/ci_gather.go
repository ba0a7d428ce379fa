package handler

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"hls/internal/handler/joblog"
	"hls/internal/hls"
)

const (
	mostJobs    = 8         // that failed, whose logs are read
	ciReadBytes = 128 << 20 // of all logs of a run: whoever pushes writes them, and reading takes its time
	mostCauses  = 4         // that are told
	ciLogBytes  = 36_000    // of all logs together: 12,000 tokens
	mostSuspect = 20        // commits that may have introduced a failure
	mostCame    = 100       // commits since the last success of a branch that are read
	ciDiff      = 6_000     // tokens of the pull request's diff
)

// gatherer reads what belongs to one run.
type gatherer struct {
	read Reader
	e    hls.Event
	r    hls.Rule
	most int // bytes of logs that are read, 0 for ciReadBytes
}

// failedJob is a job, or a check, with its log.
type failedJob struct {
	name, step, url string
	log             *joblog.Extractor
}

// jobReader reads what failed of a run, and names what may not be read.
type jobReader func(context.Context, gatherer, ciRun) (failed []failedJob, unread []string, err error)

// facts are those of a run that has ended.
func (g gatherer) facts(ctx context.Context, run ciRun, jobs jobReader) (hls.Facts, error) {
	c := &ciFacts{Run: run, Main: g.e.Repo.DefaultBranch}
	f := hls.Facts{Revision: run.revision(), Values: map[string]any{"ci": c}}
	if !run.Foreign && run.Branch == c.Main && run.Event != "pull_request" {
		c.Branch = c.Main
	} else if err := g.findPull(ctx, run, &f); err != nil || f.Skip != "" {
		return f, err
	}
	f.Counted = c.counted(g.e, f)
	if err := g.remembered(ctx, c, &f); err != nil || f.Skip != "" || !run.failed() {
		return f, err
	}
	failed, unread, err := jobs(ctx, g, run)
	if err != nil {
		return f, err
	}
	c.Unread = unread
	if c.Causes = causesOf(failed); len(c.Causes) == 0 {
		f.Skip = "no_cause_found"
		if slices.Contains(unread, "jobs") || slices.Contains(unread, "logs") {
			f.Skip = "no_permission"
		}
		return f, nil
	}
	if err := g.judged(ctx, c, f); err != nil {
		return f, err
	}
	return f, g.context(ctx, c, &f)
}

// findPull finds the open pull request that a run is for. GitHub names none for a fork's, so that the one with its branch
// is looked for; in any case the run has to be of its present head.
func (g gatherer) findPull(ctx context.Context, run ciRun, f *hls.Facts) error {
	numbers := run.numbers
	if head := run.owner + ":" + run.Branch; len(numbers) == 0 && (run.anyHead || run.owner != "" && run.Branch != "") {
		if run.anyHead {
			head = ""
		}
		pulls, err := g.read.OpenPulls(ctx, g.e.Subject, head)
		if optional(err) != nil {
			return fmt.Errorf("find pull request: %w", err)
		}
		for _, p := range pulls {
			if p.Head.SHA == run.HeadSHA || head != "" {
				numbers = append(numbers, p.Number)
			}
		}
	}
	moved := false
	for _, n := range numbers[:min(len(numbers), 5)] {
		s := hls.Subject{Scope: g.e.Subject.Scope, RepoID: g.e.Subject.RepoID, Repo: g.e.Subject.Repo, Kind: hls.KindPullRequest, Number: n}
		pr, err := g.read.PullRequest(ctx, s)
		if errors.Is(err, hls.ErrGone) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read pull request: %w", err)
		}
		if pr.Head.SHA == run.HeadSHA {
			f.Target, f.PullRequest = &s, &pr
			f.Skip = leavePullRequest(pr, g.e, g.r)
			return nil
		}
		moved = true
	}
	switch {
	case moved:
		f.Skip = "head_moved"
	case strings.HasPrefix(run.Event, "pull_request"):
		f.Skip = "no_open_pull_request"
	case !run.failed():
		f.Skip = "nothing_failing"
	}
	return nil
}

// remembered recalls what the comment says by now, and what this workflow failed for at the same place. A success is of
// interest only after a failure.
func (g gatherer) remembered(ctx context.Context, c *ciFacts, f *hls.Facts) (err error) {
	place := c.place(g.e, *f)
	if f.Target != nil {
		if c.Parts, err = recallParts(ctx, g.read, *f.Target); err != nil {
			return err
		}
	}
	all, err := recallCauses(ctx, g.read, hls.Recall{Subject: place, Kind: kindCause, Limit: 500})
	if err != nil {
		return err
	}
	c.Past = slices.DeleteFunc(all, func(s recalledCause) bool { return s.Key != c.Run.Key || s.Fixed })
	part := partOf(c.Parts, c.Run.Key)
	switch {
	case part != nil && c.Run.later(part.Number, part.Attempt, part.Run):
		f.Skip = "newer_run"
	case !c.Run.failed() && len(c.Past) == 0 && (part == nil || part.Green):
		f.Skip = "nothing_failing"
	}
	return nil
}

// jobsOf reads the logs of the jobs that failed in a run of GitHub Actions.
func jobsOf(ctx context.Context, g gatherer, run ciRun) (failed []failedJob, unread []string, err error) {
	jobs, err := g.read.Jobs(ctx, g.e.Subject, run.actions, run.Attempt)
	if errors.Is(err, hls.ErrNotFound) {
		return nil, []string{"jobs"}, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read jobs: %w", err)
	}
	jobs = slices.DeleteFunc(jobs, func(j hls.WorkflowJob) bool { return j.Conclusion != "failure" && j.Conclusion != "timed_out" })
	slices.SortFunc(jobs, func(a, b hls.WorkflowJob) int { return int(a.ID - b.ID) })
	left := cmp.Or(g.most, ciReadBytes)
	for _, j := range jobs[:min(len(jobs), mostJobs)] {
		x := joblog.New()
		missing, err := g.readLog(ctx, x, j.ID, &left)
		if err != nil {
			return nil, nil, err
		}
		more, err := g.annotate(ctx, x, j.ID)
		if err != nil {
			return nil, nil, err
		}
		failed = append(failed, failedJob{name: j.Name, step: failedStep(j), url: j.HTMLURL, log: x})
		unread = append(append(unread, missing...), more...)
	}
	slices.Sort(unread)
	return failed, slices.Compact(unread), nil
}

func failedStep(j hls.WorkflowJob) string {
	for _, s := range j.Steps {
		if s.Conclusion == "failure" || s.Conclusion == "timed_out" {
			return s.Name
		}
	}
	return ""
}

// readLog puts as much of a job's log through the extractor as there are bytes left to be read.
func (g gatherer) readLog(ctx context.Context, x *joblog.Extractor, job int64, left *int) (unread []string, err error) {
	for line, err := range g.read.JobLog(ctx, g.e.Subject, job) {
		if errors.Is(err, hls.ErrNotFound) {
			return []string{"logs"}, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read log: %w", err)
		}
		if *left -= len(line) + 1; *left < 0 {
			return []string{"the rest of the logs"}, nil
		}
		x.Add(line)
	}
	return nil, nil
}

// annotate adds what a check says about lines of files, as a log would.
func (g gatherer) annotate(ctx context.Context, x *joblog.Extractor, check int64) (unread []string, err error) {
	all, err := g.read.Annotations(ctx, g.e.Subject, check)
	if errors.Is(err, hls.ErrNotFound) {
		return []string{"annotations"}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read annotations: %w", err)
	}
	for _, a := range all {
		if a.Level != "failure" || strings.HasPrefix(a.Message, "Process completed with exit code") {
			continue
		}
		first, rest, _ := strings.Cut(a.Message, "\n")
		x.Add(fmt.Sprintf("%s:%d: error: %s", a.Path, a.Line, first))
		for line := range strings.SplitSeq(rest, "\n") {
			x.Add(line)
		}
	}
	return nil, nil
}

// causesOf puts the jobs that failed for the same cause together. The logs share what a prompt can hold.
func causesOf(failed []failedJob) []ciCause {
	var causes []ciCause
	logs := map[string]*joblog.Extractor{}
	for _, j := range failed {
		found := j.log.Log(0)
		if found.Print == "" {
			continue
		}
		if i := slices.IndexFunc(causes, func(c ciCause) bool { return c.Print == found.Print }); i >= 0 {
			causes[i].Jobs = append(causes[i].Jobs, j.name)
			continue
		}
		if len(causes) < mostCauses {
			causes = append(causes, ciCause{Print: found.Print, Weak: found.Weak, Jobs: []string{j.name}, Step: j.step, URL: j.url})
			logs[found.Print] = j.log
		}
	}
	for i := range causes {
		c := &causes[i]
		found := logs[c.Print].Log(ciLogBytes / len(causes))
		c.Tests, c.Lines, c.Text, c.Masked = found.Tests, found.Excerpt, found.Text(), found.Masked
	}
	return causes
}

// judged recalls where else each cause was seen, and what was said of it.
func (g gatherer) judged(ctx context.Context, c *ciFacts, f hls.Facts) error {
	here := c.place(g.e, f).Key()
	for i := range c.Causes {
		cause := &c.Causes[i]
		seen, err := recallCauses(ctx, g.read, hls.Recall{Subject: g.e.Subject, Wide: true, Kind: kindCause, Key: cause.Print})
		if err != nil {
			return err
		}
		cause.Seen = seen
		cause.answer(here, g.e.ReceivedAt)
		cause.Asked = cause.Asked && !g.r.Self.Same(g.e.Sender) // Of what HLS itself started nothing reaches Claude.
	}
	return nil
}

// context reads what helps to judge a cause that is not known: the commits that may have introduced it, and on a pull
// request its changes and the labels of the repository for an issue elsewhere.
func (g gatherer) context(ctx context.Context, c *ciFacts, f *hls.Facts) (err error) {
	if c.Branch != "" {
		if f.Labels, err = g.read.Labels(ctx, g.e.Subject.Repo); optional(err) != nil {
			return fmt.Errorf("read labels: %w", err)
		}
	}
	if !slices.ContainsFunc(c.Causes, func(c ciCause) bool { return c.Asked }) {
		return nil
	}
	if f.Target != nil {
		if f.Files, err = g.read.Files(ctx, *f.Target); optional(err) != nil {
			return fmt.Errorf("read files: %w", err)
		}
		f.Diff, f.Omitted = pack(f.Files, g.r.Ignore.Paths, ciDiff)
	}
	commits, err := g.suspects(ctx, c, f)
	if optional(err) != nil {
		return fmt.Errorf("read commits: %w", err)
	}
	for _, one := range commits[max(0, len(commits)-mostSuspect):] {
		c.Commits = append(c.Commits, suspect{SHA: one.SHA, Subject: cut(oneLine(one.Subject()), 120)})
	}
	return nil
}

// suspects are the commits of the pull request, or those of the branch since its last success.
func (g gatherer) suspects(ctx context.Context, c *ciFacts, f *hls.Facts) ([]hls.Commit, error) {
	if f.Target != nil {
		return g.read.PullCommits(ctx, *f.Target)
	}
	if c.Branch == "" || c.Run.workflow == 0 {
		return nil, nil
	}
	good, err := g.read.LastSuccess(ctx, g.e.Subject, c.Run.workflow, c.Run.Branch)
	if err != nil {
		return nil, err
	}
	came, err := g.read.Compare(ctx, g.e.Subject, good.HeadSHA, c.Run.HeadSHA, mostCame)
	return came.Commits, err
}
