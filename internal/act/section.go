package act

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"hls/internal/hls"
)

// maxNotes is how many characters GitHub takes in the notes of a release.
const maxNotes = 125_000

// sectioning sets a section of a release's notes or of an issue's body: what stands between two hidden markers. The
// rest is people's, and is left as it is to the byte. So is a section that a person has changed or removed.
type sectioning struct {
	run    *run
	effect hls.Effect
	body   string // as look found it
	place  sectionPlace
}

func (d *sectioning) repeatable() bool { return true }

func (d *sectioning) text() string {
	return Sanitize(d.effect.Body, d.run.actor.options(d.effect.Subject, false))
}

func (d *sectioning) look(ctx context.Context) (result, error) {
	body, url, err := d.present(ctx)
	if err != nil {
		return result{}, fmt.Errorf("read %s: %w", d.effect.Subject, err)
	}
	d.body = body
	whole := false
	if d.place, whole = findSection(body, d.effect.Section); !whole {
		return result{state: hls.EffectStale, note: "markers_changed_by_person"}, nil
	}
	if d.place.there && sameText(d.place.text(body), d.text()) {
		return done(0, url, "unchanged"), nil
	}
	why, err := d.changed(ctx)
	if err != nil || why == "" {
		return result{}, err
	}
	return result{state: hls.EffectStale, note: why}, nil
}

// changed tells what a person did to the section since it was set, or "". One that HLS never set may be there, empty,
// to say where it goes.
func (d *sectioning) changed(ctx context.Context) (string, error) {
	entry, err := d.run.actor.ledger.Posted(ctx, d.effect.Subject, d.effect.Purpose, hls.SetSection)
	known := err == nil && entry.Effect.Section == d.effect.Section
	if err != nil && !errors.Is(err, hls.ErrNotFound) {
		return "", fmt.Errorf("look up posted section: %w", err)
	}
	last := ""
	if known {
		last = entry.Effect.Body
	}
	switch {
	case !d.place.there && known:
		return "removed_by_person", nil
	case d.place.there && !sameText(d.place.text(d.body), last):
		return "edited_by_person", nil
	}
	return "", nil
}

func (d *sectioning) present(ctx context.Context) (body, url string, err error) {
	if id := numbered(d.effect.Subject, "release"); id > 0 {
		release, err := d.run.actor.gh.Release(ctx, d.effect.Subject, id)
		return release.Body, release.HTMLURL, err
	}
	issue, err := d.run.actor.gh.Issue(ctx, d.effect.Subject)
	return issue.Body, issue.HTMLURL, err
}

// send looks once more: what a person writes between reading and writing would be lost, and GitHub offers nothing
// against that.
func (d *sectioning) send(ctx context.Context) (result, error) {
	if found, err := d.look(ctx); err != nil || found.state != "" {
		return found, err
	}
	body := d.place.set(d.body, d.effect.Section, d.text())
	id, most := numbered(d.effect.Subject, "release"), maxBody
	if id > 0 {
		most = maxNotes
	}
	if utf8.RuneCountInString(body) > most {
		return result{}, &hls.Permanent{Err: errors.New("there is no room for the section"), Reason: "text_too_long"}
	}
	var err error
	if id > 0 {
		err = d.run.actor.gh.SetReleaseBody(ctx, d.effect.Subject, id, body)
	} else {
		err = d.run.actor.gh.SetBody(ctx, d.effect.Subject, body)
	}
	if err != nil {
		return result{}, fmt.Errorf("set section: %w", err)
	}
	return done(0, "", ""), nil
}

// sectionPlace is where a section's text is in a body, or where it goes when it is not there.
type sectionPlace struct {
	there      bool
	start, end int // of the text, the line breaks around it included
}

func sectionMarkers(name string) (begin, end string) {
	return "<!-- hls:begin " + name + " -->", "<!-- hls:end " + name + " -->"
}

// findSection tells where a section is; whole is false when its markers are not the two that they should be.
func findSection(body, name string) (place sectionPlace, whole bool) {
	begin, end := sectionMarkers(name)
	from, to := strings.Index(body, begin), strings.Index(body, end)
	switch {
	case from < 0 && to < 0:
		return sectionPlace{start: len(body), end: len(body)}, true
	case from < 0 || to < from || strings.Count(body, begin) > 1 || strings.Count(body, end) > 1:
		return sectionPlace{}, false
	}
	return sectionPlace{there: true, start: from + len(begin), end: to}, true
}

func (p sectionPlace) text(body string) string { return body[p.start:p.end] }

// set is the body with a section's text; a section that is not there comes at the end, behind a blank line.
func (p sectionPlace) set(body, name, text string) string {
	text = "\n\n" + text + "\n\n"
	if p.there {
		return body[:p.start] + text + body[p.end:]
	}
	begin, end := sectionMarkers(name)
	gap := "\n\n"
	switch {
	case body == "", strings.HasSuffix(body, "\n\n"), strings.HasSuffix(body, "\r\n\r\n"):
		gap = ""
	case strings.HasSuffix(body, "\n"):
		gap = "\n"
	}
	return body + gap + begin + text + end
}
