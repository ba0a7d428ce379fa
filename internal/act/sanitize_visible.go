package act

import (
	"strings"
	"unicode"
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

// fillers are characters of other classes that show as nothing ("Default_Ignorable_Code_Point" of Unicode, and the
// blank of Braille).
var fillers = map[rune]bool{
	'\u034F': true, '\u115F': true, '\u1160': true, '\u17B4': true, '\u17B5': true,
	'\u2800': true, '\u3164': true, '\uFFA0': true,
}

func hidden(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Variation_Selector) || fillers[r] ||
		r >= 0xE0000 && r <= 0xE0FFF || r >= 0xFFF0 && r <= 0xFFFB || r >= 0xFDD0 && r <= 0xFDEF || r&0xFFFE == 0xFFFE
}
