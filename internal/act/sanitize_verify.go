package act

import (
	"errors"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"

	"hls/internal/hls"
)

// Why a written text is not fit to leave.
var (
	errHTML      = errors.New("holds HTML")
	errImage     = errors.New("holds an image")
	errLink      = errors.New("links elsewhere")
	errFootnote  = errors.New("holds a footnote")
	errMention   = errors.New("mentions someone")
	errReference = errors.New("refers to another repository")
)

var (
	mention   = regexp.MustCompile(`(?:^|\W)@[A-Za-z0-9][A-Za-z0-9_/-]*`)
	reference = regexp.MustCompile(`[\w.-]+/[\w.-]+[#@][0-9a-f]+`)
)

// verify reads a written text with everything that GitHub reads, HTML and bare addresses included, and tells what
// in it could still do something. It shares no code with what wrote the text but the rule for addresses.
func (o Options) verify(markdown string) error {
	source := []byte(markdown)
	parser := goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote)).Parser()
	return ast.Walk(parser.Parse(text.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch {
		case !entering:
			return ast.WalkContinue, nil
		case n.Kind() == ast.KindCodeSpan:
			return ast.WalkSkipChildren, nil
		}
		err := o.verifyNode(n, source)
		return ast.WalkContinue, err
	})
}

func (o Options) verifyNode(n ast.Node, source []byte) error {
	switch n := n.(type) {
	case *ast.HTMLBlock, *ast.RawHTML:
		return errHTML
	case *ast.Image:
		return errImage
	case *east.Footnote, *east.FootnoteLink, *east.FootnoteList:
		return errFootnote
	case *ast.Link:
		if !o.owns(string(n.Destination)) {
			return errLink
		}
	case *ast.AutoLink:
		if n.AutoLinkType != ast.AutoLinkURL || !o.owns(string(n.URL(source))) {
			return errLink
		}
	}
	if n.Type() == ast.TypeBlock && n.FirstChild() != nil && n.FirstChild().Type() == ast.TypeInline {
		return o.verifyText(joinText(n, source))
	}
	return nil
}

// joinText is the text of a block outside of code, with a break where nodes meet that are not text.
func joinText(n ast.Node, source []byte) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		t, ok := c.(*ast.Text)
		if !ok {
			b.WriteString("\n")
			if c.Kind() != ast.KindCodeSpan && c.Kind() != ast.KindAutoLink {
				b.WriteString(joinText(c, source) + "\n")
			}
			continue
		}
		b.WriteString(decode(string(t.Value(source))))
		if t.SoftLineBreak() || t.HardLineBreak() {
			b.WriteString("\n")
		}
	}
	return b.String()
}

func (o Options) verifyText(text string) error {
	for _, m := range mention.FindAllString(text, -1) {
		if !o.mentionable(m[strings.IndexByte(m, '@'):]) {
			return errMention
		}
	}
	for _, r := range reference.FindAllString(text, -1) {
		if place, _, _ := strings.Cut(r, "#"); hls.Fold(place) != hls.Fold(o.Repo) {
			return errReference
		}
	}
	return nil
}
