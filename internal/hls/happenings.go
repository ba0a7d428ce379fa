package hls

// Happenings is what follows from events that are about neither an issue nor a pull request. By default an analysis is
// stored, and nothing is written to GitHub.
type Happenings struct {
	Releases    ReleasePolicy
	Pushes      IssuePolicy
	Deployments IssuePolicy
	Discussions IssuePolicy
}

// ReleasePolicy says where what the notes of a release leave out is told.
type ReleasePolicy struct{ Notes NotesPlace }

// NotesPlace is where a draft of missing notes goes.
type NotesPlace string

// The choices for releases.notes.
const (
	NotesNowhere   NotesPlace = "" // unset: the analysis is all there is
	NotesInSection NotesPlace = "section"
	NotesInIssue   NotesPlace = "issue"
)

// IssuePolicy says whether an issue may be opened about something.
type IssuePolicy struct{ Issues bool }
