package hls

import (
	"math/bits"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Visible is text as the model is shown it: characters that a reader does not see, and that reorder or smuggle text,
// stand as \u{…}. Text stays otherwise as it is, with the joiners and variation selectors that emoji and scripts need.
// Bytes that are no UTF-8 become U+FFFD, as they would on their way to the API.
func Visible(text string) string {
	if utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return Unseen(r, 0) }) {
		return text
	}
	var b strings.Builder
	var last rune
	for _, r := range text {
		if last = after(r, last); last == 0 {
			b.WriteString(escape(r))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Hidden is how many characters of a text Visible shows in another way because readers do not see them.
func Hidden(text string) (n int) {
	var last rune
	for _, r := range text {
		if r >= ' ' && r < 0x7f {
			last = r
		} else if last = after(r, last); last == 0 {
			n++
		}
	}
	return n
}

// after is what the next character of a text stands behind: r, which stands behind last, or nothing where a reader does not
// see r.
func after(r, last rune) rune {
	if Unseen(r, last) {
		return 0
	}
	return r
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
		if last = after(r, last); last == 0 {
			size += len(`\u{}`) + max(1, (bits.Len32(uint32(r))+3)/4)
		} else {
			size += utf8.RuneLen(r)
		}
		if size > limit {
			return text[:at], utf8.RuneCountInString(text[at:])
		}
	}
	return text, 0
}
