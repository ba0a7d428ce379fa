package act_test

import (
	"html"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"

	"hls/internal/act"
)

var (
	mentions   = regexp.MustCompile(`(?:^|\W)@([A-Za-z0-9][A-Za-z0-9-]*)`)
	closers    = regexp.MustCompile(`(?i)\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\W*(?:gh-|[\w.-]+/[\w.-]+#|#|https?://\S*/)\d`)
	elsewhere  = regexp.MustCompile(`[\w.-]+/[\w.-]+#\d`)
	addresses  = regexp.MustCompile(`(?i)https?://|www\.`)
	entities   = regexp.MustCompile(`&#?\w+;`)
	rawCommand = regexp.MustCompile(`(?m)^(?:[ \t]*(?:[-*>]|\d+[.)])[ \t]+)*[/!][A-Za-z]`)
	bareStart  = regexp.MustCompile(`(?m)^(?:> ?)*[/!][A-Za-z]`)
)

// harmless reads sanitized text as GitHub would, HTML and bare addresses included, and fails on anything that could
// do something.
func harmless(t *testing.T, markdown string, o act.Options) {
	t.Helper()
	for _, r := range markdown {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r)) {
			t.Errorf("holds %U: %q", r, markdown)
		}
	}
	if !utf8.ValidString(markdown) {
		t.Error("is not valid UTF-8")
	}
	source := []byte(markdown)
	root := goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote)).Parser().Parse(text.NewReader(source))
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.HTMLBlock, *ast.RawHTML, *ast.Image, *east.Footnote, *east.FootnoteLink:
			t.Errorf("holds %s: %q", n.Kind(), markdown)
		case *ast.Link:
			ownAddress(t, string(n.Destination), o)
		case *ast.AutoLink:
			ownAddress(t, string(n.URL(source)), o)
		case *ast.FencedCodeBlock:
			harmlessFence(t, string(n.Language(source)), o)
		case *ast.Text:
			if n.Parent().Kind() != ast.KindCodeSpan {
				harmlessText(t, entities.ReplaceAllStringFunc(string(n.Value(source)), html.UnescapeString), o)
			}
		}
		return ast.WalkContinue, nil
	})
	if m := rawCommand.Find(masked(root, source)); m != nil {
		t.Errorf("gives the command %q: %q", m, markdown)
	}
	if m := bareStart.FindString(markdown); m != "" {
		t.Errorf("gives the command %q: %q", m, markdown)
	}
}

// masked is the source with what stands in blocks of code crossed out.
func masked(root ast.Node, source []byte) []byte {
	out := append([]byte{}, source...)
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering && n.Kind() == ast.KindFencedCodeBlock {
			for i := range n.Lines().Len() {
				for at := n.Lines().At(i).Start; at < n.Lines().At(i).Stop; at++ {
					if out[at] != '\n' {
						out[at] = 'x'
					}
				}
			}
		}
		return ast.WalkContinue, nil
	})
	return out
}

func ownAddress(t *testing.T, address string, o act.Options) {
	t.Helper()
	rest, ok := strings.CutPrefix(strings.ToLower(address), strings.ToLower(o.Web+"/"+o.Repo))
	if !ok || rest != "" && !strings.ContainsRune("/?#", rune(rest[0])) || strings.Contains(rest, "..") {
		t.Errorf("links to %q", address)
	}
}

func harmlessFence(t *testing.T, language string, o act.Options) {
	t.Helper()
	switch strings.ToLower(language) {
	case "mermaid", "geojson", "topojson", "stl", "math":
		t.Errorf("draws %s", language)
	case "suggestion":
		if !o.Suggestions {
			t.Error("suggests a change")
		}
	}
}

func harmlessText(t *testing.T, text string, o act.Options) {
	t.Helper()
	for _, m := range mentions.FindAllStringSubmatch(text, -1) {
		if len(o.Mentions) == 0 || !strings.EqualFold(m[1], o.Mentions[0]) {
			t.Errorf("mentions %q in %q", m[1], text)
		}
	}
	if m := closers.FindString(text); m != "" {
		t.Errorf("closes: %q in %q", m, text)
	}
	if m := elsewhere.FindString(text); m != "" && !strings.HasPrefix(strings.ToLower(m), strings.ToLower(o.Repo)+"#") {
		t.Errorf("refers elsewhere: %q in %q", m, text)
	}
	if addresses.MatchString(text) || strings.Contains(text, "$") {
		t.Errorf("shows an address or mathematics: %q", text)
	}
}
