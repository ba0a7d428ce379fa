package handler

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"hls/internal/hls"
)

// Bounds of what is read and shown of a release. At most 3 releases are tried as the previous one, 10 requests read a
// comparison, 5 the pull requests: with one each for the release, the list of them, the milestones and the issues of one
// that is 1 + 1 + 2 + 10 + 5 + 3 + 1 = 23 requests, and 6 for a release of fewer than a hundred commits.
const (
	mostTried     = 3
	mostCommits   = 1000
	mostListed    = 150
	mostLoose     = 60 // commits without a pull request that are shown
	mostBlockers  = 30
	roomOfChanges = 60_000 // bytes of what pull requests say of themselves
)

// releaseHistory is what a release is held against.
type releaseHistory struct {
	Previous  string    `json:"previous"` // tag of the previous release, "" when there is none to compare with
	Step      string    `json:"step"`     // from the previous version to this one: "major", "minor", "patch", or "" when either is none
	Commits   []string  `json:"commits"`  // subjects of those that came with no pull request
	Changes   []change  `json:"changes"`  // merged pull requests
	Milestone string    `json:"milestone"`
	Blockers  []blocker `json:"blockers"` // open issues of the milestone
	Unread    []string  `json:"unread"`   // what could not be read, or not in full

	release hls.Release
	written string       // the notes as people wrote them, as quotes are compared
	named   map[int]bool // the numbers that they name
	initial bool         // the versions are below 1.0, where a minor one may break
}

// change is a pull request that was merged for a release.
type change struct {
	Number int      `json:"number"`
	Title  string   `json:"title"`
	Author string   `json:"author"`
	Labels []string `json:"labels"`
	Body   string   `json:"body"`

	proven evidence // all that it says of itself
}

type blocker struct {
	Number int    `json:"number"`
	Title  string `json:"title"`
}

func (h *releaseHistory) gather(ctx context.Context, read releaseReader, s hls.Subject) error {
	span, err := h.since(ctx, read, s)
	if err != nil {
		return err
	}
	if err := h.merged(ctx, read, s, span); err != nil {
		return err
	}
	return h.blocked(ctx, read, s)
}

func (h *releaseHistory) unread(what string) { h.Unread = append(h.Unread, what) }

// since finds the previous release and reads what came after it: of the releases that were published before, the newest
// whose tag this one follows upon. A full release is compared with a full one, so that its notes tell what its candidates
// brought; a prerelease with any.
func (h *releaseHistory) since(ctx context.Context, read releaseReader, s hls.Subject) (hls.Comparison, error) {
	all, err := read.Releases(ctx, s)
	if optional(err) != nil {
		return hls.Comparison{}, fmt.Errorf("read releases: %w", err)
	}
	if err != nil {
		h.unread("releases")
	}
	for _, earlier := range mayPrecede(all, h.release) {
		span, err := read.Compare(ctx, s, earlier.TagName, h.release.TagName, mostCommits)
		if optional(err) != nil {
			return span, fmt.Errorf("compare with release %s: %w", earlier.TagName, err)
		}
		if err != nil || !span.Follows() {
			continue
		}
		h.Previous = oneLine(earlier.TagName)
		h.Step, h.initial = versionStep(earlier.TagName, h.release.TagName)
		if span.Total > len(span.Commits) {
			h.unread(fmt.Sprintf("%d of %d commits", span.Total-len(span.Commits), span.Total))
		}
		return span, nil
	}
	return hls.Comparison{}, nil
}

// mayPrecede are the releases that may be the previous one, the newest first.
func mayPrecede(all []hls.Release, of hls.Release) []hls.Release {
	all = slices.DeleteFunc(slices.Clone(all), func(r hls.Release) bool {
		return r.ID == of.ID || r.Draft || r.TagName == of.TagName || r.Prerelease && !of.Prerelease || !r.PublishedAt.Before(of.PublishedAt)
	})
	slices.SortStableFunc(all, func(a, b hls.Release) int { return b.PublishedAt.Compare(a.PublishedAt) })
	return all[:min(len(all), mostTried)]
}

// merged finds the pull requests of a span: those whose merge commit is in it. What commits say of numbers is not believed.
func (h *releaseHistory) merged(ctx context.Context, read releaseReader, s hls.Subject, span hls.Comparison) error {
	if len(span.Commits) == 0 {
		return nil
	}
	commits := map[string]hls.Commit{}
	oldest := span.Commits[0].At
	for _, c := range span.Commits {
		commits[c.SHA] = c
		if c.At.Before(oldest) {
			oldest = c.At
		}
	}
	pulls, err := read.MergedPulls(ctx, s, oldest.Add(-time.Hour))
	if optional(err) != nil {
		return fmt.Errorf("read merged pull requests: %w", err)
	}
	if err != nil {
		h.unread("pull requests")
	}
	for _, p := range pulls {
		if c, ok := commits[p.MergeCommitSHA]; ok {
			h.Changes = append(h.Changes, changeOf(p, c))
			delete(commits, c.SHA)
		}
	}
	h.settle(span, commits)
	return nil
}

func changeOf(p hls.MergedPull, merge hls.Commit) change {
	c := change{Number: p.Number, Title: cut(oneLine(p.Title), 300), Author: p.User.Login, Labels: []string{}}
	for _, l := range p.Labels {
		c.Labels = append(c.Labels, cut(oneLine(l.Name), 60))
	}
	c.Body = strings.TrimSpace(hiddenText.ReplaceAllString(p.Body, " "))
	c.proven = evidence{plain(p.Title), plain(c.Body), plain(merge.Message)}
	return c
}

// settle bounds what the model is shown: the newest pull requests, and of each so much that all together have room.
func (h *releaseHistory) settle(span hls.Comparison, loose map[string]hls.Commit) {
	slices.SortFunc(h.Changes, func(a, b change) int { return cmp.Compare(b.Number, a.Number) })
	if more := len(h.Changes) - mostListed; more > 0 {
		h.unread(fmt.Sprintf("%d of %d pull requests", more, len(h.Changes)))
		h.Changes = h.Changes[:mostListed]
	}
	room := min(roomOfChanges/max(len(h.Changes), 1), 4000)
	for i := range h.Changes {
		h.Changes[i].Body, _ = hls.Cut(h.Changes[i].Body, room)
	}
	for _, c := range slices.Backward(span.Commits) {
		if _, ok := loose[c.SHA]; ok && len(h.Commits) < mostLoose && !mergeCommit.MatchString(c.Subject()) {
			h.Commits = append(h.Commits, cut(oneLine(c.Subject()), 200))
		}
	}
}

// mergeCommit is how git names a commit that says nothing of its own.
var mergeCommit = regexp.MustCompile(`^Merge (branch|pull request|remote-tracking branch) `)

// blocked reads what is open of the milestone that bears the release's tag or name, with or without a "v".
func (h *releaseHistory) blocked(ctx context.Context, read releaseReader, s hls.Subject) error {
	milestones, err := read.Milestones(ctx, s)
	if optional(err) != nil {
		return fmt.Errorf("read milestones: %w", err)
	}
	if err != nil {
		h.unread("milestones")
	}
	at := slices.IndexFunc(milestones, func(m hls.Milestone) bool {
		return sameVersion(m.Title, h.release.TagName) || sameVersion(m.Title, h.release.Name)
	})
	if at < 0 {
		return nil
	}
	h.Milestone = cut(oneLine(milestones[at].Title), 100)
	open, err := read.MilestoneIssues(ctx, s, milestones[at].Number)
	if optional(err) != nil {
		return fmt.Errorf("read issues of milestone: %w", err)
	}
	if err != nil {
		h.unread("issues of the milestone")
	}
	for _, i := range open[:min(len(open), mostBlockers)] {
		h.Blockers = append(h.Blockers, blocker{i.Number, cut(oneLine(i.Title), 200)})
	}
	return nil
}

func sameVersion(a, b string) bool {
	bare := func(name string) string { return strings.TrimPrefix(hls.Fold(strings.TrimSpace(name)), "v") }
	return bare(a) != "" && bare(a) == bare(b)
}

// semver is a version as semver.org writes it, perhaps behind a name and a "v", as "api/v1.2.3".
var semver = regexp.MustCompile(`^(?:.*[/@_-])?v?(\d{1,6})\.(\d{1,6})\.(\d{1,6})(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$`)

// steps from one version to the next, the smallest first.
var steps = []string{"patch", "minor", "major"}

// versionStep is how far one version is from the one before, "" when either has another form or it is no step forward.
func versionStep(from, to string) (name string, initial bool) {
	a, b := semver.FindStringSubmatch(from), semver.FindStringSubmatch(to)
	if a == nil || b == nil {
		return "", false
	}
	for i, name := range []string{"major", "minor", "patch"} {
		x, y := fmt.Sprintf("%06s", a[i+1]), fmt.Sprintf("%06s", b[i+1])
		switch {
		case y > x:
			return name, b[1] == "0"
		case y < x:
			return "", false
		}
	}
	return "", false
}
