package hls_test

import (
	"strings"
	"testing"

	"hls/internal/hls"
)

// A summary of facts counts what there is and has no text of it but names, of which secrets are taken out.
func TestGatheredHasNoTexts(t *testing.T) {
	t.Parallel()
	f := hls.Facts{
		Revision: "r", Comments: make([]hls.Comment, 3), Similar: []hls.Issue{{Number: 3, Title: "a title"}, {Number: 9}}, Diff: "four",
		Previous: &hls.Analysis{TaskID: 7, Revision: "q"}, Target: &hls.Subject{Repo: "o/r", Kind: hls.KindPullRequest, Number: 5},
		Values: map[string]any{"earlier": "a text", "command": 1},
	}
	for range 50 {
		f.Omitted = append(f.Omitted, hls.Omission{Filename: "a-secret-of-the-tests.go", Why: "generated"})
	}
	g := f.Gathered()
	if g.Comments != 3 || len(g.Similar) != 2 || g.Similar[1] != 9 || g.DiffBytes != 4 || g.Previous != 7 || g.Target != "o/r#5" || strings.Join(g.Values, " ") != "command earlier" {
		t.Errorf("%+v", g)
	}
	if len(g.Omitted) != 20 || g.OmittedIn != 50 {
		t.Errorf("%d of %d omitted files are named", len(g.Omitted), g.OmittedIn)
	}
	clean := hls.NewRedactor("a-secret-of-the-tests").RedactPlan(hls.Plan{Gathered: g}).Gathered
	if strings.Contains(clean.Omitted[0].Filename, "a-secret") || !strings.Contains(g.Omitted[0].Filename, "a-secret") {
		t.Errorf("redacted %+v, left %+v", clean.Omitted[0], g.Omitted[0])
	}
}
