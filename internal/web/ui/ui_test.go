package ui_test

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"hls/internal/web/ui"
)

func pages(t *testing.T) *ui.Pages {
	t.Helper()
	p, err := ui.New("https://github.example")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Pages lead to GitHub's own pages and to their own, whatever address is stored.
func TestS4_LinksLeadToGitHubAlone(t *testing.T) {
	t.Parallel()
	p := pages(t)
	for address, linked := range map[string]bool{
		"https://github.example/o/r/issues/1#issuecomment-2": true,
		"https://github.example":                             true,
		"http://github.example/o/r":                          false,
		"https://github.example.evil.example/":               false,
		"https://github.example@evil.example/":               false,
		"https://user@github.example/":                       false,
		"https://github.example:444/":                        false,
		"https://evil.example/https://github.example/":       false,
		"//github.example/":                                  false,
		"https:github.example/":                              false,
		"https://github.example\\@evil.example/":             false,
		"javascript:alert(1)//https://github.example/":       false,
		"data:text/html,x":                                   false,
		"/ui/logout":                                         false,
		" https://github.example/":                           false,
		"":                                                   false,
	} {
		if got := p.Link(address); (got != "") != linked {
			t.Errorf("%q leads to %q", address, got)
		}
	}
	for subject, want := range map[string]string{
		"o/r#42": "https://github.example/o/r/issues/42", "o/r/release/7": "", "o/r#0": "", "o/r#x": "", "o#1": "", "a/b/c#1": "",
		"../..#1": "", "o/r#1#2": "", "o/r#-1": "",
	} {
		if got := p.Subject(subject); got != want {
			t.Errorf("%q leads to %q, want %q", subject, got, want)
		}
	}
	if _, err := ui.New("nowhere"); err == nil {
		t.Error("links may lead anywhere")
	}
}

// vendored are files that are as others published them, by their SHA-256 (docs/dependencies.md). The pages switch off what of
// them would evaluate text: see htmx-config in layout.html.
var vendored = map[string]string{
	"htmx.min.js":      "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717",
	"htmx-sse.min.js":  "98a46496de0c3605fbffdce9167ba427bdd9553184f83f149c261891a92c0136",
	"LICENSE-htmx.txt": "",
}

// The style and the script bring nothing from elsewhere, and the pages nothing inline.
func TestS4_NothingComesFromElsewhere(t *testing.T) {
	t.Parallel()
	foreign := regexp.MustCompile(`(?i)https?://|url\(|@import|\beval\b|innerHTML|document\.write`)
	err := fs.WalkDir(ui.Static(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(ui.Static(), path)
		if sum, is := vendored[path]; is {
			if got := fmt.Sprintf("%x", sha256.Sum256(text)); sum != "" && got != sum {
				t.Errorf("%s is not as it was published: %s", path, got)
			}
			return err
		}
		if found := foreign.FindString(strings.ReplaceAll(string(text), "http://www.w3.org/2000/svg", "")); found != "" {
			t.Errorf("%s has %s", path, found)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	page, err := pages(t).Render("problem", ui.Frame{Title: "a\u202eb", Role: "viewer", Body: "<b>\u200b"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`<title>a\u{202e}b · HLS</title>`, `&lt;b&gt;<mark class="hidden"`, `aria-label="Pages"`, `<main id="main"`, `lang="en"`} {
		if !strings.Contains(string(page), want) {
			t.Errorf("no %s in %s", want, page)
		}
	}
	if _, err := pages(t).Render("nothing", ui.Frame{}); err == nil {
		t.Error("a page that is not there was made")
	}
}
