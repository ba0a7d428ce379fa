package act_test

import (
	"errors"
	"strings"
	"testing"

	"hls/internal/hls"
)

const (
	begins = "<!-- hls:begin notes -->"
	ends   = "<!-- hls:end notes -->"
	ours   = begins + "\n\n- A new button.\n\n" + ends
)

// What stands around a section is left as it is to the byte.
func TestE8_ASectionLeavesTheRestAlone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ before, after string }{
		"nothing there":     {"", ours},
		"at the end":        {"By hand.", "By hand.\n\n" + ours},
		"after a line":      {"By hand.\r\n", "By hand.\r\n\n" + ours},
		"after a blank one": {"By hand.\r\n\r\n", "By hand.\r\n\r\n" + ours},
		"at its place":      {"\ta \r\n" + begins + "\r\n" + ends + "  \r\n\r\nend\t", "\ta \r\n" + ours + "  \r\n\r\nend\t"},
		"beside another":    {"<!-- hls:begin other -->x<!-- hls:end other -->" + begins + ends, "<!-- hls:begin other -->x<!-- hls:end other -->" + ours},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sceneFor(t, hls.SetSection)
			s.world.release.Body = c.before
			if err := s.act(s.effect(hls.SetSection)); err != nil {
				t.Fatal(err)
			}
			if got := s.world.release.Body; got != c.after {
				t.Errorf("body %q, want %q", got, c.after)
			}
			s.must("done", "SetReleaseBody 8")

			// What GitHub makes of the line breaks is no change of the text, and the next text takes its place.
			s.world.release.Body = strings.ReplaceAll(s.world.release.Body, "\n\n-", "\r\n\r\n-")
			s.task.ID++
			next := s.effect(hls.SetSection)
			next.Revision, next.Body = "2", "- Two new buttons."
			if err := s.act(next); err != nil {
				t.Fatal(err)
			}
			if got, want := s.world.release.Body, strings.Replace(c.after, "- A new button.", "- Two new buttons.", 1); got != want {
				t.Errorf("body %q, want %q", got, want)
			}
		})
	}
}

func TestE8_ASectionThatPeopleChangedIsTheirs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set    bool // by HLS before
		change func(string) string
		note   string
	}{
		"edited":          {true, func(b string) string { return strings.Replace(b, "new", "fine", 1) }, "edited_by_person"},
		"emptied":         {true, func(b string) string { return strings.Replace(b, "- A new button.", "", 1) }, "edited_by_person"},
		"removed":         {true, func(string) string { return "By hand." }, "removed_by_person"},
		"end removed":     {true, func(b string) string { return strings.Replace(b, ends, "", 1) }, "markers_changed_by_person"},
		"begin removed":   {true, func(b string) string { return strings.Replace(b, begins, "", 1) }, "markers_changed_by_person"},
		"turned around":   {true, func(string) string { return ends + begins }, "markers_changed_by_person"},
		"copied":          {true, func(b string) string { return b + b }, "markers_changed_by_person"},
		"theirs from the": {false, func(string) string { return begins + "\nBy hand.\n" + ends }, "edited_by_person"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sceneFor(t, hls.SetSection)
			if c.set {
				if err := s.act(s.effect(hls.SetSection)); err != nil {
					t.Fatal(err)
				}
			}
			s.world.writes = nil
			s.world.release.Body = c.change(s.world.release.Body)
			before := s.world.release.Body
			next := s.effect(hls.SetSection)
			next.Revision, next.Body = "2", "- Two new buttons."
			if err := s.act(next); err != nil {
				t.Fatal(err)
			}
			row := s.book.rows[len(s.book.rows)-1]
			if row.State != hls.EffectStale || row.Error != c.note || s.world.release.Body != before || len(s.world.writes) > 0 {
				t.Errorf("row %+v, body %q", row, s.world.release.Body)
			}
		})
	}
}

// The body is read right before it is written: what a person wrote since the first look is not lost.
func TestE8_ASectionIsSetIntoThePresentBody(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindIssue)
	e := s.effect(hls.SetSection)
	s.world.onRead = map[string]func(){"Issue": func() {
		s.world.onRead["Issue"] = func() { s.world.issue.Body = "On start, and on exit." }
	}}
	if err := s.act(e); err != nil {
		t.Fatal(err)
	}
	if got, want := s.world.issue.Body, "On start, and on exit.\n\n"+ours; got != want {
		t.Errorf("body %q, want %q", got, want)
	}
	s.must("done", "SetBody")
}

func TestE6_AReleaseThatChangedKeepsItsNotes(t *testing.T) {
	t.Parallel()
	s := sceneFor(t, hls.SetSection)
	e := s.effect(hls.SetSection)
	s.world.release.Name = "One dot three"
	if err := s.act(e); !errors.Is(err, hls.ErrStale) {
		t.Errorf("err %v", err)
	}
	s.must("stale")
	s = sceneFor(t, hls.SetSection)
	s.world.faults["Release"] = []fault{{err: hls.ErrGone}}
	if err := s.act(s.effect(hls.SetSection)); !errors.Is(err, hls.ErrStale) {
		t.Errorf("a release that is gone: %v", err)
	}
	s.must("stale")
}

// A section that the plan itself has set is no news to what follows, on the same issue.
func TestE6_AnOwnSectionIsNotNews(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindIssue)
	if err := s.act(s.effect(hls.SetSection), s.effect(hls.UpsertComment)); err != nil {
		t.Fatal(err)
	}
	s.must("done done", "SetBody", "CreateComment")
}

func TestASectionNeedsRoom(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindIssue)
	s.world.issue.Body = strings.Repeat("x", 65500)
	if err := s.act(s.effect(hls.SetSection)); reason(err) != "text_too_long" {
		t.Errorf("err %v", err)
	}
	s.must("failed")
	s = sceneFor(t, hls.SetSection)
	s.world.release.Body = strings.Repeat("x", 65500)
	if err := s.act(s.effect(hls.SetSection)); err != nil {
		t.Errorf("a release has more: %v", err)
	}
}
