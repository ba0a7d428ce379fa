package handler

import (
	"context"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"hls/internal/hls"
)

// releases handles the events of releases: it holds what was merged since the previous one against the notes.
type releases struct{}

const (
	releaseNotes = "release-notes"
	notesSection = "hls-notes"
)

// releaseReader is what is read for a release.
type releaseReader interface {
	Release(ctx context.Context, s hls.Subject, id int64) (hls.Release, error)
	// Releases are the newest ones of the repository.
	Releases(context.Context, hls.Subject) ([]hls.Release, error)
	// Compare is what lies between two commits, with the first of its commits and at most so many.
	Compare(ctx context.Context, s hls.Subject, base, head string, most int) (hls.Comparison, error)
	// MergedPulls are those that have changed since a time.
	MergedPulls(ctx context.Context, s hls.Subject, since time.Time) ([]hls.MergedPull, error)
	Milestones(context.Context, hls.Subject) ([]hls.Milestone, error)
	// MilestoneIssues are the open ones.
	MilestoneIssues(ctx context.Context, s hls.Subject, milestone int) ([]hls.Issue, error)
}

// Route: one that was deleted or taken back is worked on as well, so that its task supersedes what is pending; Gather then
// finds that there is nothing to do. A draft is nobody's to read yet, and GitHub tells of it only when it is saved.
func (releases) Route(e hls.Event, _ hls.Rule) hls.Verdict {
	switch e.Action {
	case "deleted", "unpublished":
		return hls.Go(releaseNotes)
	case "published", "created", "edited":
	default:
		return hls.Pass("action_not_handled")
	}
	switch {
	case e.Release == nil || e.Release.ID == 0:
		return hls.Pass("no_release")
	case e.Release.Draft:
		return hls.Pass("draft")
	case e.Action == "edited" && !e.Changed["body"] && !e.Changed["name"] && !e.Changed["tag_name"]:
		return hls.Pass("nothing_to_analyze")
	}
	return hls.Go(releaseNotes)
}

// Gather: the release as it is now decides, whatever the action was.
func (releases) Gather(ctx context.Context, read Reader, e hls.Event, _ hls.Rule) (hls.Facts, error) {
	if e.Release == nil {
		return hls.Facts{Skip: "no_release"}, nil
	}
	release, err := read.Release(ctx, e.Subject, e.Release.ID)
	if errors.Is(err, hls.ErrGone) {
		return hls.Facts{Skip: "deleted"}, nil
	}
	if err != nil {
		return hls.Facts{}, fmt.Errorf("read release: %w", err)
	}
	if release.Draft {
		return hls.Facts{Skip: "draft"}, nil
	}
	history := releaseHistory{release: release}
	release.Body = ownSection.ReplaceAllString(release.Body, "")
	history.written = seenText(release.Body)
	history.named = numbersIn(history.written)
	f := hls.Facts{Revision: release.Revision()}
	if err := history.gather(ctx, read, e.Subject); err != nil {
		return hls.Facts{}, err
	}
	if len(history.Changes) == 0 && len(history.Commits) == 0 && len(history.Blockers) == 0 {
		f.Skip = "nothing_to_compare"
		return f, nil
	}
	release.Name = cut(release.Name, 300)
	f.Values = map[string]any{"release": release, "notes": cut(release.Body, longNotes), "history": history}
	return f, nil
}

// longNotes is how many characters of the notes the model is shown.
const longNotes = 20_000

// ownSection is what HLS itself has put into the notes; it is no part of what people wrote.
var ownSection = regexp.MustCompile(`(?s)\s*<!-- hls:begin ` + notesSection + ` -->.*?<!-- hls:end ` + notesSection + ` -->`)

func (releases) Question(hls.Event, hls.Facts, hls.Rule) hls.Question {
	return hls.Question{Group: "releases", Step: "analyze", Schema: stdjson.RawMessage(releaseSchema), Weight: hls.Light}
}

// Plan: what stands in no notes, as a section of them or as an issue, where the settings ask for either; by default the
// analysis is all there is.
func (releases) Plan(e hls.Event, f hls.Facts, a hls.Analysis, r hls.Rule) hls.Plan {
	d := newDraft(e, f, a, releaseNotes)
	var answer releaseAnswer
	if err := json.Unmarshal(a.Answer, &answer); err != nil {
		return d.silent("answer_unreadable")
	}
	history, ok := f.Values["history"].(releaseHistory)
	if !ok || f.Skip != "" {
		return d.silent("nothing_to_plan")
	}
	d.base.Expect = history.release.Revision()
	told := history.verify(d, answer)
	switch {
	case answer.Injection:
		return d.silent("injection_suspected")
	case r.Releases.Notes == hls.NotesInSection && told.section() != "":
		d.section(notesSection, told.section())
	case r.Releases.Notes == hls.NotesInIssue && told.worth():
		d.issue(e.Subject, fmt.Sprintf("Release %s: what its notes leave out", oneLine(history.release.TagName)), told.issue(history))
	case r.Releases.Notes == hls.NotesNowhere:
		return d.silent("analysis_only")
	default:
		return d.silent("nothing_to_say")
	}
	return d.plan
}

// reference is how texts name issues and pull requests (GitHub: "Autolinked references and URLs").
var reference = regexp.MustCompile(`(?:#|/pull/|/issues/|\bgh-)(\d{1,9})\b`)

// numbersIn are the issues and pull requests that notes name, as quotes are compared.
func numbersIn(notes string) map[int]bool {
	named := map[int]bool{}
	for _, m := range reference.FindAllStringSubmatch(notes, -1) {
		n, _ := strconv.Atoi(m[1]) // at most nine digits
		named[n] = true
	}
	return named
}

// titled tells whether notes have a title of some length as it stands.
func titled(notes, title string) bool {
	title = strings.Trim(plain(title), ". ")
	return len(title) >= 2*minQuote && strings.Contains(notes, title)
}
