package hls

import (
	"math/bits"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Visible is text as the model is shown it: characters that a reader does not see, and that reorder or smuggle text,
// stand as \u{…}. Text stays otherwise as it is: joiners and variation selectors, which emoji and scripts need, are
// shown only in a row. Bytes that are no UTF-8 become U+FFFD, as they would on their way to the API.
func Visible(text string) string {
	if utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return hidden(r) || joining(r) }) {
		return text
	}
	var b strings.Builder
	var last rune
	for _, r := range text {
		if escaped(r, last) {
			b.WriteString(escape(r))
		} else {
			b.WriteRune(r)
		}
		last = r
	}
	return b.String()
}

// Hidden is how many characters of a text Visible shows in another way because readers do not see them.
func Hidden(text string) (n int) {
	var last rune
	for _, r := range text {
		if r >= 0x7f || r < ' ' {
			if escaped(r, last) {
				n++
			}
		}
		last = r
	}
	return n
}

func escape(r rune) string { return `\u{` + strconv.FormatInt(int64(r), 16) + `}` }

// Cut is the beginning of text that takes at most limit bytes once it is Visible, and how many characters it leaves
// out. It never splits a character.
func Cut(text string, limit int) (head string, left int) {
	const most = len(`\u{10ffff}`)
	if len(text)*most <= limit {
		return text, 0
	}
	size := 0
	var last rune
	for at, r := range text {
		if escaped(r, last) {
			size += len(`\u{}`) + max(1, (bits.Len32(uint32(r))+3)/4)
		} else {
			size += utf8.RuneLen(r)
		}
		if size > limit {
			return text[:at], utf8.RuneCountInString(text[at:])
		}
		last = r
	}
	return text, 0
}

// escaped tells whether a character is shown as an escape. A selector and a joiner in a row are what some emoji are made of.
func escaped(r, last rune) bool {
	return hidden(r) || joining(r) && joining(last) && (r != 0x200d || last != 0xfe0f)
}

// joining characters change how their neighbors look; one at a time they are ordinary text.
func joining(r rune) bool { return r == 0x200c || r == 0x200d || r >= 0xfe00 && r <= 0xfe0f }

// hidden characters are controls other than tab and line breaks, zero-width ones, those that change the direction of
// text, fillers, and the tags and variation selectors beyond the first plane (Unicode, "Special Areas and Format
// Characters").
func hidden(r rune) bool {
	switch {
	case r == '\t', r == '\n', r == '\r':
		return false
	case r < 0x20, r >= 0x7f && r < 0xa0:
		return true
	case r >= 0x200b && r <= 0x200f:
		return !joining(r)
	case r >= 0x202a && r <= 0x202e, r >= 0x2060 && r <= 0x206f, r >= 0xfff9 && r <= 0xfffb:
		return true
	}
	return r >= 0xe0000 && r <= 0xe0fff || strings.ContainsRune("\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u3164\ufeff\uffa0", r)
}
