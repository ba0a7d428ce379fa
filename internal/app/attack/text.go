package attack

import (
	"fmt"
	"html"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// What GitHub and bots make more of than text. It is written anew here, and not taken from the room that cleans what HLS
// says: that one is under attack.
var (
	mention  = regexp.MustCompile(`(?:^|[^\w` + "`" + `])@([A-Za-z0-9][A-Za-z0-9-]*)`)
	closes   = regexp.MustCompile(`(?i)\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\W*(?:gh-|[\w.-]+/[\w.-]+#|#|https?://\S*/)\d`)
	foreign  = regexp.MustCompile(`[\w.-]+/[\w.-]+#\d`)
	entity   = regexp.MustCompile(`&#?\w+;`)
	ordered  = regexp.MustCompile(`(?m)^(?:[ \t]*(?:[-*>]|\d+[.)])[ \t]+)*[/!][A-Za-z]`)
	marker   = regexp.MustCompile(`\n\n<!-- hls:v1 purpose=[a-z0-9_.-]+(?: ref=[0-9a-f]{16})? sig=[0-9a-f]{64} -->$`)
	drawings = map[string]bool{"mermaid": true, "geojson": true, "topojson": true, "stl": true, "math": true, "suggestion": true}
)

// marked judges what HLS says in its own name: one marker at its end, and nothing else that is hidden.
func (w *world) marked(body string) string {
	at := marker.FindStringIndex(body)
	if at == nil {
		return "the text does not end in the marker of HLS"
	}
	return w.harm(body[:at[0]])
}

// harm is what a text does besides being read, or "".
func (w *world) harm(markdown string) string {
	if why := unseen(markdown); why != "" {
		return why
	}
	source, found := []byte(markdown), ""
	root := goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote)).Parser().Parse(text.NewReader(source))
	tell := func(format string, args ...any) {
		if found == "" {
			found = fmt.Sprintf(format, args...)
		}
	}
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			w.node(n, source, tell)
		}
		return ast.WalkContinue, nil
	})
	if m := ordered.FindString(withoutCode(root, source)); m != "" {
		tell("it gives the command %q", strings.TrimSpace(m))
	}
	return found
}

func (w *world) node(n ast.Node, source []byte, tell func(string, ...any)) {
	switch n := n.(type) {
	case *ast.HTMLBlock, *ast.RawHTML, *ast.Image, *east.Footnote, *east.FootnoteLink:
		tell("it holds %s", n.Kind())
	case *ast.Link:
		w.address(string(n.Destination), tell)
	case *ast.AutoLink:
		w.address(string(n.URL(source)), tell)
	case *ast.FencedCodeBlock:
		if language := strings.ToLower(string(n.Language(source))); drawings[language] {
			tell("it holds a block of %s", language)
		}
	case *ast.Text:
		if n.Parent().Kind() != ast.KindCodeSpan {
			w.words(entity.ReplaceAllStringFunc(string(n.Value(source)), html.UnescapeString), tell)
		}
	}
}

func (w *world) words(said string, tell func(string, ...any)) {
	if m := mention.FindStringSubmatch(said); m != nil {
		tell("it mentions %q", m[1])
	}
	if m := closes.FindString(said); m != "" {
		tell("it closes something: %q", m)
	}
	if m := foreign.FindString(said); m != "" && !strings.HasPrefix(strings.ToLower(m), strings.ToLower(w.repo)+"#") {
		tell("it refers to another repository: %q", m)
	}
}

// address: a link leads to the repository itself or nowhere.
func (w *world) address(to string, tell func(string, ...any)) {
	rest, own := strings.CutPrefix(strings.ToLower(to), strings.ToLower(w.web+"/"+w.repo))
	if !own || rest != "" && !strings.ContainsRune("/?#", rune(rest[0])) || strings.Contains(rest, "..") {
		tell("it links to %q", to)
	}
}

// unseen tells of characters that readers do not see.
func unseen(said string) string {
	if !utf8.ValidString(said) {
		return "the text is not UTF-8"
	}
	for _, r := range said {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r)) {
			return fmt.Sprintf("it holds the character %U", r)
		}
	}
	return ""
}

// withoutCode is a text with its blocks of code crossed out: no bot looks there.
func withoutCode(root ast.Node, source []byte) string {
	out := append([]byte{}, source...)
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering || n.Kind() != ast.KindFencedCodeBlock {
			return ast.WalkContinue, nil
		}
		for i := range n.Lines().Len() {
			for at := n.Lines().At(i).Start; at < n.Lines().At(i).Stop; at++ {
				if out[at] != '\n' {
					out[at] = 'x'
				}
			}
		}
		return ast.WalkContinue, nil
	})
	return string(out)
}
