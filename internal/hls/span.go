package hls

import (
	"slices"
	"strings"
	"time"
)

// Commit is one commit of a comparison. At is the committer's time.
type Commit struct {
	SHA     string
	Message string
	At      time.Time
	Merge   bool // it has more than one parent
}

// Subject is the first line of the commit's message.
func (c Commit) Subject() string {
	line, _, _ := strings.Cut(c.Message, "\n")
	return strings.TrimSpace(line)
}

// Comparison is what lies between two commits ("Compare two commits"). Status is "ahead" when head follows upon base,
// "behind" or "diverged" when it does not, and "identical". Of a long one Commits and Files are the beginning.
type Comparison struct {
	Status  string
	Total   int // of the commits
	Commits []Commit
	Files   []File
}

// Follows tells whether head has everything that base has.
func (c Comparison) Follows() bool { return c.Status == "ahead" || c.Status == "identical" }

// mostCompared is how many files a comparison tells of, whatever page is asked for.
const mostCompared = 300

// Ahead tells whether head is base with further commits on top, and all files are told that these changed.
func (c Comparison) Ahead() bool { return c.Status == "ahead" && c.Whole() }

// Whole tells whether all files are told.
func (c Comparison) Whole() bool { return len(c.Files) < mostCompared }

// Merged tells whether a merge is among the commits, or may be among those that are not told.
func (c Comparison) Merged() bool {
	return c.Total > len(c.Commits) || slices.ContainsFunc(c.Commits, func(one Commit) bool { return one.Merge })
}

// MergedPull is a pull request of which MergeCommitSHA is in its base branch: the merge commit, the squashed one, or the
// last of those that were rebased ("Get a pull request").
type MergedPull struct {
	PullRequest
	MergeCommitSHA string    `json:"merge_commit_sha"`
	MergedAt       time.Time `json:"merged_at"`
}

// Milestone is a milestone of a repository.
type Milestone struct {
	Number int    `json:"number"`
	Title  string `json:"title"`
	State  string `json:"state"`
}
