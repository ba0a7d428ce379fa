package act

import (
	"strings"
	"unicode"

	"hls/internal/hls"
)

// visible removes what is not seen or changes the order of what is: control and format characters (zero-width,
// bidirectional, tags), variation selectors, fillers, private use and unassigned noncharacters. Every kind of space
// becomes a plain one.
func visible(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\r', r == '\u2028', r == '\u2029':
			return '\n'
		case unicode.Is(unicode.Zs, r):
			return ' '
		case hidden(r):
			return -1
		}
		return r
	}, text)
}

// hidden leaves nothing that joins or selects either: what HLS writes does not need them.
func hidden(r rune) bool {
	return hls.Unseen(r, 0) || unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs) || r >= 0xFDD0 && r <= 0xFDEF || r&0xFFFE == 0xFFFE
}
