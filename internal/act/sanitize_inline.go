package act

import (
	"html"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
)

// piece is a part of a line of text.
type piece struct {
	kind  pieceKind
	value string
}

type pieceKind int

const (
	words pieceKind = iota // text, decoded
	code
	url // an address of the repository, shown as itself
	opens
	closes   // value is the marker of emphasis, as for opens
	linkOpen // value is the address, as for linkClose
	linkClose
	softBreak
	hardBreak
	checkBox // value is "[ ]" or "[x]"
)

// gather collects the pieces of a node's text. marks tells whether emphasis is still to be marked: it is not
// written within emphasis.
func (p *page) gather(n ast.Node, marks bool) []piece {
	var all []piece
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		all = append(all, p.pieces(c, marks)...)
	}
	return all
}

func (p *page) pieces(n ast.Node, marks bool) []piece {
	switch n := n.(type) {
	case *ast.Text:
		return p.text(n)
	case *ast.String:
		return []piece{{words, visible(string(n.Value))}}
	case *ast.CodeSpan:
		return []piece{{code, p.span(n)}}
	case *ast.AutoLink:
		if address := string(n.URL(p.source)); n.AutoLinkType == ast.AutoLinkURL && p.owns(address) {
			return []piece{{url, address}}
		}
		return []piece{{code, string(n.Label(p.source))}}
	case *ast.Link:
		return p.link(p.gather(n, marks), string(n.Destination), false)
	case *ast.Image:
		return p.link(p.gather(n, marks), string(n.Destination), true)
	case *ast.Emphasis:
		return p.emphasis(n, strings.Repeat("*", min(n.Level, 2)), marks)
	case *east.Strikethrough:
		return p.emphasis(n, "~~", marks)
	case *east.TaskCheckBox:
		if n.IsChecked {
			return []piece{{checkBox, "[x]"}}
		}
		return []piece{{checkBox, "[ ]"}}
	}
	return p.gather(n, marks)
}

func (p *page) text(n *ast.Text) []piece {
	value := string(n.Value(p.source))
	if !n.IsRaw() {
		value = decode(value)
	}
	out := []piece{{words, visible(value)}}
	switch {
	case n.HardLineBreak():
		return append(out, piece{kind: hardBreak})
	case n.SoftLineBreak():
		return append(out, piece{kind: softBreak})
	}
	return out
}

func (p *page) span(n ast.Node) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.Text:
			b.Write(c.Value(p.source))
		case *ast.String:
			b.Write(c.Value)
		}
	}
	return b.String()
}

func (p *page) emphasis(n ast.Node, marker string, marks bool) []piece {
	inner := p.gather(n, false)
	if !marks {
		return inner
	}
	return append(append([]piece{{opens, marker}}, inner...), piece{closes, marker})
}

// link keeps a link into the repository. Of any other, and of an image, the text and the address are shown.
func (p *page) link(inner []piece, address string, image bool) []piece {
	if p.owns(address) && !image && len(inner) > 0 {
		return append(append([]piece{{linkOpen, address}}, inner...), piece{linkClose, address})
	}
	if strings.TrimSpace(address) == "" {
		return inner
	}
	return append(inner, shown(inner, address)...)
}

// shown is an address as code behind its link's text, in parentheses unless there is no text.
func shown(inner []piece, address string) []piece {
	text := strings.TrimSpace(plainText(inner))
	switch text {
	case "":
		return []piece{{code, address}}
	case address:
		return nil
	}
	return []piece{{words, " ("}, {code, address}, {words, ")"}}
}

func plainText(pieces []piece) string {
	var b strings.Builder
	for _, p := range pieces {
		switch p.kind {
		case words, code, url:
			b.WriteString(p.value)
		case softBreak, hardBreak:
			b.WriteByte(' ')
		default:
		}
	}
	return b.String()
}

var addressPattern = regexp.MustCompile(`^[A-Za-z0-9/_.,~#?=+:-]+$`)

// owns tells whether an address leads into the repository and nowhere else, whoever reads it: no other host, no way
// up, nothing encoded.
func (o Options) owns(address string) bool {
	root := o.Web + "/" + o.Repo
	if o.Web == "" || o.Repo == "" || len(address) < len(root) || !strings.EqualFold(address[:len(root)], root) {
		return false
	}
	rest := address[len(root):]
	if rest == "" {
		return true
	}
	return strings.ContainsRune("/?#", rune(rest[0])) && addressPattern.MatchString(rest) &&
		!strings.Contains(rest, "..") && !strings.Contains(rest, "//") && !strings.Contains(rest, "/./")
}

var entityPattern = regexp.MustCompile(`^&(?:#[0-9]{1,8}|#[xX][0-9a-fA-F]{1,7}|[A-Za-z][A-Za-z0-9]{0,40});`)

// decode resolves the backslashes and entities of Markdown, once.
func decode(text string) string {
	if !strings.ContainsAny(text, `\&`) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text) && punctuation(text[i+1]):
			i++
			b.WriteByte(text[i])
		case text[i] == '&':
			entity := entityPattern.FindString(text[i:])
			b.WriteString(html.UnescapeString(entity))
			if entity == "" {
				b.WriteByte('&')
				continue
			}
			i += len(entity) - 1
		default:
			b.WriteByte(text[i])
		}
	}
	return b.String()
}

// punctuation is Markdown's ASCII punctuation, which a backslash takes the meaning from.
func punctuation(c byte) bool {
	return '!' <= c && c <= '/' || ':' <= c && c <= '@' || '[' <= c && c <= '`' || '{' <= c && c <= '~'
}
