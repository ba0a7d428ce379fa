package hls_test

import (
	"slices"
	"testing"

	"hls/internal/hls"
)

func TestE1_BesideIsOneRepositoryUnderOneSecret(t *testing.T) {
	t.Parallel()
	run := hls.Subject{RepoID: 5, Repo: "octo/fish", Kind: hls.KindOther, Ref: "workflow_run/9"}
	pull := hls.Subject{RepoID: 5, Repo: "octo/fish", Kind: hls.KindPullRequest, Number: 42}
	scoped, elsewhere, nowhere := pull, pull, pull
	scoped.Scope, elsewhere.RepoID, nowhere.RepoID = "octo/fish", 6, 0
	if !run.Beside(pull) || !run.Beside(run.Cause("0123abcd")) {
		t.Error("what is of one repository is not beside")
	}
	unknown := run
	unknown.RepoID = 0
	if run.Beside(scoped) || run.Beside(elsewhere) || run.Beside(nowhere) || unknown.Beside(nowhere) {
		t.Error("what is not of one repository is beside")
	}
	if got, want := run.Cause("0123abcd").Key(), "5/cause/0123abcd"; got != want {
		t.Errorf("the key of a cause is %q, want %q", got, want)
	}
}

// What has a switch of its own is off without it; labels, comments and reviews are not asked about here.
func TestE1_OnlyWhatTheSettingsSwitchOn(t *testing.T) {
	t.Parallel()
	always := []hls.EffectKind{hls.AddLabels, hls.RemoveLabels, hls.UpsertComment, hls.CreateReview}
	rule := hls.Rule{Also: []hls.EffectKind{hls.CreateIssue}}
	for _, k := range hls.EffectKinds() {
		if got, want := (hls.Rule{}).Lets(k), slices.Contains(always, k); got != want {
			t.Errorf("%s by default: %v", k, got)
		}
		if got, want := rule.Lets(k), k == hls.CreateIssue || slices.Contains(always, k); got != want {
			t.Errorf("%s where issues are switched on: %v", k, got)
		}
	}
	if (hls.Rule{}).Lets("merge") {
		t.Error("an unknown kind is let")
	}
}

func TestReleaseRevisionIsItsTexts(t *testing.T) {
	t.Parallel()
	r := hls.Release{TagName: "v1", Name: "One", Body: "a\nb"}
	same, other := r, r
	same.Body, same.Draft, other.Body = "a\r\nb", true, "a\nc"
	if r.Revision() != same.Revision() || r.Revision() == other.Revision() {
		t.Error("the revision is not that of tag, name and notes")
	}
}
