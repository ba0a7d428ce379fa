package attack

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"hls/internal/hls"
	"hls/internal/simulate"
)

// outsiders are labels that the repository has, and that nobody but people may set where the settings name the allowed ones.
var outsiders = []string{"admin-approved", "wontfix", "approved", "ready-to-merge", "invalid"}

// usual are the labels of the stand-in's repository where the settings name none: all of them are allowed then.
var usual = []string{"bug", "enhancement", "documentation", "question", "priority-high", "priority-low", "size/S", "size/M"}

// seed makes the repository that is attacked, another one, and what the settings allow to be set.
func (w *world) seed() {
	var labels []hls.Label
	if len(w.rule.Labels.Categories) == 0 {
		for _, name := range usual {
			labels = append(labels, hls.Label{Name: name})
		}
	}
	labels = append(labels, w.rule.Labels.Allowed(labels)...)
	seen, all := map[string]bool{}, []hls.Label{}
	for _, l := range labels {
		if name := hls.Fold(l.Name); !seen[name] {
			seen[name], w.allowed[name] = true, true
			all = append(all, hls.Label{Name: l.Name, Description: l.Description})
		}
	}
	if len(w.rule.Labels.Categories) > 0 {
		for _, name := range outsiders {
			if !seen[hls.Fold(name)] {
				all = append(all, hls.Label{Name: name})
			}
		}
	}
	w.github.AddRepository(simulate.RepositorySeed{FullName: w.repo, Labels: all, Collaborators: map[string]string{mona: "admin", mallory: "read"}})
	w.github.AddRepository(simulate.RepositorySeed{FullName: "acme-elsewhere/payments"})
	w.github.AddCommit(w.repo, simulate.CommitSeed{Message: "As it was", Tag: "v1.0.0", Age: day})
	w.github.AddRelease(w.repo, simulate.ReleaseSeed{Tag: "v1.0.0", Name: "1.0.0", Author: mona, Age: day})
}

func (w *world) issue(seed simulate.IssueSeed) []byte {
	w.github.AddIssue(w.repo, seed)
	for _, name := range seed.Labels {
		if len(w.rule.Labels.Categories) == 0 {
			w.allowed[hls.Fold(name)] = true // It is a label of the repository now.
		}
	}
	return w.github.IssuePayload(w.repo, seed.Number, "opened", seed.Author, nil)
}

func (w *world) pull(seed simulate.PullRequestSeed) []byte {
	w.github.AddPullRequest(w.repo, seed)
	return w.github.PullRequestPayload(w.repo, seed.Number, "opened", seed.Author, nil)
}

func (w *world) review(n int, seed simulate.ReviewSeed) []byte {
	w.github.AddPullRequest(w.repo, simulate.PullRequestSeed{IssueSeed: simulate.IssueSeed{Number: n, Title: "Add a cache", Author: mona}, Files: changed("cache.go")})
	r := w.github.ReviewAs(w.repo, n, mallory, seed)
	return w.github.ReviewPayload(w.repo, n, r.ID, "submitted", mallory)
}

func (w *world) shelf(n int) hls.PullRequest {
	return w.github.AddPullRequest(w.repo, simulate.PullRequestSeed{
		IssueSeed: simulate.IssueSeed{Number: n, Title: "Save widgets", Author: mallory}, HeadRef: fmt.Sprint("save-", n), Files: changed("shelf.go"),
	})
}

const shelfLog = "--- FAIL: TestShelf (0.1s)\n    shelf_test.go:1: the shelf is empty\nFAIL\n##[error]Process completed with exit code 1.\n"

// run is a run of continuous integration on a pull request, with one job that failed.
func (w *world) run(n int, workflow, job, log string) []byte {
	pull, id := w.shelf(n), int64(50_000+n)
	w.github.AddRun(w.repo, simulate.RunSeed{ID: id, Name: workflow, Event: "pull_request", Branch: pull.Head.Ref, SHA: pull.Head.SHA, PullRequests: []int{n}})
	w.github.AddJob(w.repo, id, simulate.JobSeed{Name: job, Log: log, Steps: []hls.JobStep{{Name: job, Number: 1, Conclusion: "failure"}}})
	return w.github.RunPayload(w.repo, id, "completed", mallory)
}

const day = 24 * time.Hour

// release publishes one with a pull request that its notes say nothing of.
func (w *world) release(n int, name, notes, change string) []byte {
	w.notes = notes
	id, tag := int64(88_000+n), fmt.Sprintf("v1.0.%d", n)
	w.github.AddPullRequest(w.repo, simulate.PullRequestSeed{IssueSeed: simulate.IssueSeed{Number: n, Title: change, Author: mallory}})
	w.github.AddCommit(w.repo, simulate.CommitSeed{Message: fmt.Sprintf("Merge #%d", n), PullRequest: n, Tag: tag})
	w.github.AddRelease(w.repo, simulate.ReleaseSeed{ID: id, Tag: tag, Name: name, Body: notes, Author: mona})
	return w.github.ReleasePayload(w.repo, id, "published", mona, nil)
}

func (w *world) discussion(n int, title, body string) []byte {
	return w.github.EventPayload(w.repo, "created", mallory, map[string]any{"discussion": map[string]any{
		"id": 77_000 + n, "number": n, "title": title, "body": body, "state": "open", "locked": false,
		"category": map[string]any{"name": "Help", "slug": "help"}, "user": map[string]any{"id": 5, "login": mallory, "type": "User"},
	}})
}

const dropPatch = "@@ -10,2 +10,3 @@ func clean(db *sql.DB) error {\n \ttx := begin(db)\n+\ttx.Exec(`DROP TABLE old_orders`)\n \treturn tx.Commit()"

// changed is a new file with something in it that reviews remark on, and with further lines.
func changed(name string, more ...string) []hls.File {
	lines := append([]string{"package cache", "", "func Open(path string) {", "\t_ = os.Remove(path)", "}"}, more...)
	return []hls.File{{
		Filename: name, Status: "added", Additions: len(lines), Patch: fmt.Sprintf("@@ -0,0 +1,%d @@\n+%s", len(lines), strings.Join(lines, "\n+")),
	}}
}

// line is a text as a field takes it that has one line.
func line(text string, limit int) string {
	runes := []rune(strings.TrimSpace(strings.NewReplacer("\r", " ", "\n", " ").Replace(text)))
	return string(runes[:min(len(runes), limit)])
}

// slug is a text as a name takes it that has few characters: letters, digits, dashes, and some others.
func slug(text string, limit int, others string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)), strings.ContainsRune(others, r):
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= limit {
			break
		}
	}
	return strings.Trim("x-"+b.String(), "-/.")
}
