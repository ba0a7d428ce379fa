package jinja

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// What Python's str does to text, on Go strings.

func runeLen(s string) int { return utf8.RuneCountInString(s) }

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func upper(s string) string {
	if isASCII(s) {
		return strings.ToUpper(s)
	}
	return cases.Upper(language.Und).String(s)
}

func lower(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	return cases.Lower(language.Und).String(s)
}

func casefold(s string) string { return cases.Fold().String(s) }

func capitalize(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return titleFirst(s[:n]) + lower(s)[len(lower(s[:n])):]
}

// titleCases are the characters whose title case is more than one character.
var titleCases = map[rune]string{
	'ß': "Ss", 'ﬀ': "Ff", 'ﬁ': "Fi", 'ﬂ': "Fl", 'ﬃ': "Ffi", 'ﬄ': "Ffl", 'ﬅ': "St", 'ﬆ': "St", 'ŉ': "ʼN", 'և': "Եւ",
}

func titleFirst(s string) string {
	r, _ := utf8.DecodeRuneInString(s)
	if s == "" {
		return ""
	}
	if t, ok := titleCases[r]; ok {
		return t
	}
	return string(unicode.ToTitle(r))
}

func isCased(r rune) bool { return upperRune(r) || lowerRune(r) || unicode.IsTitle(r) }

func upperRune(r rune) bool { return unicode.IsUpper(r) || unicode.Is(unicode.Other_Uppercase, r) }

func lowerRune(r rune) bool { return unicode.IsLower(r) || unicode.Is(unicode.Other_Lowercase, r) }

// titleCase is str.title().
func titleCase(s string) string {
	var b strings.Builder
	low := lower(s)
	same := runeLen(low) == runeLen(s)
	lowRunes := []rune(low)
	inWord := false
	i := 0
	for _, r := range s {
		switch {
		case !inWord && isCased(r):
			b.WriteString(titleFirst(string(r)))
		case same:
			b.WriteRune(lowRunes[i])
		default:
			b.WriteString(lower(string(r)))
		}
		inWord = isCased(r)
		i++
	}
	return b.String()
}

func swapCase(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case upperRune(r):
			b.WriteString(lower(string(r)))
		case lowerRune(r):
			b.WriteString(upper(string(r)))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func isTitle(s string) bool {
	found, prev := false, false
	for _, r := range s {
		up := upperRune(r) || unicode.IsTitle(r)
		low := lowerRune(r)
		if up && prev || low && !prev {
			return false
		}
		found = found || up || low
		prev = up || low
	}
	return found
}

func isUpper(s string) bool {
	return hasCase(s, upperRune, func(r rune) bool { return lowerRune(r) || unicode.IsTitle(r) })
}

func isLower(s string) bool {
	return hasCase(s, lowerRune, func(r rune) bool { return upperRune(r) || unicode.IsTitle(r) })
}

func hasCase(s string, want, not func(rune) bool) bool {
	found := false
	for _, r := range s {
		if not(r) {
			return false
		}
		found = found || want(r)
	}
	return found
}

func allRunes(s string, f func(rune) bool) bool {
	for _, r := range s {
		if !f(r) {
			return false
		}
	}
	return s != ""
}

// isDigit is str.isdigit for one character: decimal digits and superscripts and the like.
func isDigit(r rune) bool {
	return unicode.IsDigit(r) || r == '²' || r == '³' || r == '¹' || r >= 0x2070 && r <= 0x2079 && r != 0x2071 ||
		r >= 0x2080 && r <= 0x2089 || r >= 0x2460 && r <= 0x2468
}

func isNumeric(r rune) bool {
	return unicode.IsNumber(r) || strings.ContainsRune("一二三四五六七八九十百千万億兆零", r)
}

func isAlnum(r rune) bool { return unicode.IsLetter(r) || isNumeric(r) }

func isIdentifier(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	start := first == '_' || unicode.IsLetter(first) || unicode.Is(unicode.Nl, first)
	return start && allRunes(s, func(r rune) bool {
		return unicode.IsLetter(r) || unicode.In(r, unicode.Nl, unicode.Nd, unicode.Mn, unicode.Mc, unicode.Pc)
	})
}

// splitLines is str.splitlines().
func splitLines(s string, keep bool) []string {
	var out []string
	for s != "" {
		end, n := nextBreak(s)
		if keep {
			out = append(out, s[:end+n])
		} else {
			out = append(out, s[:end])
		}
		s = s[end+n:]
	}
	return out
}

// nextBreak is where the first line break of s begins, and its length; the end of s and 0 when there is none.
func nextBreak(s string) (at, n int) {
	for i := 0; i < len(s); {
		if c := s[i]; c >= ' ' && c < utf8.RuneSelf {
			i++
			continue
		}
		if n := lineBreak(s[i:]); n > 0 {
			return i, n
		}
		_, w := utf8.DecodeRuneInString(s[i:])
		i += w
	}
	return len(s), 0
}

// breaks counts line breaks.
func breaks(s string) int64 {
	total := int64(0)
	for {
		end, n := nextBreak(s)
		if n == 0 {
			return total
		}
		total++
		s = s[end+n:]
	}
}

// lines is splitLines, accounted for.
func (st *state) lines(s string, keep bool) []string {
	st.use((1 + breaks(s)) * textSize)
	return splitLines(s, keep)
}

// fields is how many parts splitting at blanks can give at most.
func fields(s string) int64 {
	n, inside := int64(0), false
	for _, r := range s {
		was := inside
		if inside = !isSpace(r); inside && !was {
			n++
		}
	}
	return n
}

// lineBreak is the length of the line break that s begins with, or 0.
func lineBreak(s string) int {
	if strings.HasPrefix(s, "\r\n") {
		return 2
	}
	r, n := utf8.DecodeRuneInString(s)
	switch r {
	case '\n', '\r', '\v', '\f', 0x1c, 0x1d, 0x1e, 0x85, 0x2028, 0x2029:
		return n
	}
	return 0
}

func splitStr(s, sep string) []string { return strings.Split(s, sep) }

// splitBlanks is str.split() without a separator; a negative limit is none.
func splitBlanks(s string, limit int64) []string {
	var out []string
	s = strings.TrimLeftFunc(s, isSpace)
	for s != "" {
		n := strings.IndexFunc(s, isSpace)
		if n < 0 || limit >= 0 && int64(len(out)) >= limit {
			return append(out, s)
		}
		out = append(out, s[:n])
		s = strings.TrimLeftFunc(s[n:], isSpace)
	}
	return out
}

// rsplitBlanks is str.rsplit() without a separator. The parts come last first.
func rsplitBlanks(s string, limit int64) []string {
	var out []string
	s = strings.TrimRightFunc(s, isSpace)
	for s != "" {
		n := strings.LastIndexFunc(s, isSpace)
		if n < 0 || limit >= 0 && int64(len(out)) >= limit {
			return append(out, s)
		}
		_, w := utf8.DecodeRuneInString(s[n:])
		out = append(out, s[n+w:])
		s = strings.TrimRightFunc(s[:n], isSpace)
	}
	return out
}

// rsplitStr is str.rsplit() with a separator. The parts come last first.
func rsplitStr(s, sep string, limit int64) []string {
	var out []string
	for limit < 0 || int64(len(out)) < limit {
		i := strings.LastIndex(s, sep)
		if i < 0 {
			break
		}
		out = append(out, s[i+len(sep):])
		s = s[:i]
	}
	return append(out, s)
}

func expandTabs(st *state, s string, size int64) string {
	st.use(int64(len(s)))
	var b strings.Builder
	col := int64(0)
	for _, r := range s {
		switch r {
		case '\t':
			if size <= 0 {
				continue
			}
			n := size - col%size
			st.use(n)
			b.WriteString(strings.Repeat(" ", int(n)))
			col += n
		case '\n', '\r':
			b.WriteRune(r)
			col = 0
		default:
			b.WriteRune(r)
			col++
		}
	}
	return b.String()
}

// padSide says on which sides of a text the fill goes.
type padSide uint8

const (
	padLeft padSide = 1 << iota
	padRight
)

// pad fills a text up to a width.
func (st *state) pad(s string, width int64, fill string, sides padSide) string {
	n := width - int64(runeLen(s))
	if n <= 0 {
		return s
	}
	st.useTimes(len(fill), n)
	l, r := int64(0), n
	switch sides {
	case padLeft | padRight:
		l = n/2 + (n & width & 1)
		r = n - l
	case padLeft:
		l, r = n, 0
	}
	return strings.Repeat(fill, int(l)) + s + strings.Repeat(fill, int(r))
}

// replace is str.replace(); a negative n is no limit.
func (st *state) replace(s, old, repl string, n int64) string {
	count := int64(strings.Count(s, old))
	if n >= 0 {
		count = min(count, n)
	}
	st.use(int64(len(s)))
	st.useTimes(len(repl), count)
	return strings.Replace(s, old, repl, int(count))
}
