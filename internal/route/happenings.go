package route

import (
	"errors"

	"hls/internal/hls"
)

// Happenings is what follows from events that are about neither an issue nor a pull request. Without any of it an analysis
// is stored where the event is enabled, and nothing is written to GitHub.
type Happenings struct {
	// Releases says what follows from a release.
	Releases Releases `yaml:"releases"`
	// Pushes says what follows from a push to the default branch.
	Pushes Pushes `yaml:"pushes"`
	// Deployments says what follows from a deployment that failed.
	Deployments Deployments `yaml:"deployments"`
	// Discussions says what follows from a new discussion.
	Discussions Discussions `yaml:"discussions"`
}

// Releases is the section releases of a repository.
type Releases struct {
	// Notes is where what the notes of a release leave out is told: section drafts it between two markers in the notes, and
	// issue opens an issue about it. The default is nowhere.
	Notes string `yaml:"notes" jsonschema:"enum=section,enum=issue"`
}

// Pushes is the section pushes of a repository.
type Pushes struct {
	// Issues true opens an issue about a push to the default branch of which the diff proves that it is of high risk.
	Issues bool `yaml:"issues"`
}

// Deployments is the section deployments of a repository.
type Deployments struct {
	// Issues true opens an issue about deployments that failed, one for each environment and cause.
	Issues bool `yaml:"issues"`
}

// Discussions is the section discussions of a repository.
type Discussions struct {
	// Issues true opens an issue about a discussion that proves to be a bug report.
	Issues bool `yaml:"issues"`
}

// happenings makes the policies, and adds the kinds of effects that they need to those that the rule has besides.
func (c *compiler) happenings(h Happenings, also []hls.EffectKind) (hls.Happenings, []hls.EffectKind) {
	policy := hls.Happenings{
		Releases: hls.ReleasePolicy{Notes: hls.NotesPlace(h.Releases.Notes)},
		Pushes:   hls.IssuePolicy{Issues: h.Pushes.Issues}, Deployments: hls.IssuePolicy{Issues: h.Deployments.Issues},
		Discussions: hls.IssuePolicy{Issues: h.Discussions.Issues},
	}
	switch policy.Releases.Notes {
	case hls.NotesInSection:
		also = append(also, hls.SetSection)
	case hls.NotesInIssue:
		also = append(also, hls.CreateIssue)
	case hls.NotesNowhere:
	default:
		c.fail(errors.New("want section or issue"), "releases", "notes")
	}
	if h.Pushes.Issues || h.Deployments.Issues || h.Discussions.Issues {
		also = append(also, hls.CreateIssue)
	}
	return policy, also
}
