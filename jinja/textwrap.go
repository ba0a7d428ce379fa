package jinja

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// wrapper breaks lines as Python's textwrap does with expand_tabs and replace_whitespace off.
type wrapper struct {
	width     int
	breakLong bool
	hyphens   bool
	todo      []string // the chunks of a text, one after the other
}

func (w *wrapper) wrap(s string) []string {
	w.todo = w.chunks(s, w.todo[:0])
	var out []string
	for todo := w.todo; len(todo) > 0; {
		if len(out) > 0 && blank(todo[0]) {
			s, todo = s[len(todo[0]):], todo[1:]
		}
		var l wrapped
		l, todo = w.line(todo)
		text := s[:l.size]
		if l.chunks > 0 && blank(l.last) {
			text = text[:l.size-len(l.last)]
			l.chunks--
		}
		if l.chunks > 0 {
			out = append(out, text)
		}
		s = s[l.size:]
	}
	return out
}

// wrapped is a line: so many chunks, their bytes, and the last of them.
type wrapped struct {
	chunks, size int
	last         string
}

func (l *wrapped) add(chunk string) {
	l.chunks++
	l.size += len(chunk)
	l.last = chunk
}

// line takes the chunks of one line.
func (w *wrapper) line(todo []string) (l wrapped, rest []string) {
	used := 0
	for len(todo) > 0 {
		n := w.length(todo[0])
		if used+n > w.width {
			break
		}
		l.add(todo[0])
		used += n
		todo = todo[1:]
	}
	if len(todo) == 0 || w.length(todo[0]) <= w.width {
		return l, todo
	}
	if !w.breakLong {
		if l.chunks == 0 {
			l.add(todo[0])
			return l, todo[1:]
		}
		return l, todo
	}
	word := todo[0]
	end := byteOffset(word, w.width-used) // nothing, when the line is full: then its last blank stays
	if w.hyphens {
		if h := lastHyphen(word[:end]); h > 0 {
			end = h + 1
		}
	}
	l.add(word[:end])
	todo[0] = word[end:]
	return l, todo
}

// length counts code points as far as it matters.
func (w *wrapper) length(s string) int {
	n := 0
	for range s {
		if n++; n > w.width {
			break
		}
	}
	return n
}

func blank(s string) bool { return strings.TrimFunc(s, isSpace) == "" }

func byteOffset(s string, runes int) int {
	i := 0
	for ; runes > 0 && i < len(s); runes-- {
		_, n := utf8.DecodeRuneInString(s[i:])
		i += n
	}
	return i
}

// lastHyphen is where the last hyphen stands that something other than hyphens stands before, or 0.
func lastHyphen(s string) int {
	i := strings.LastIndexByte(s, '-')
	if i <= 0 || strings.Trim(s[:i], "-") == "" {
		return 0
	}
	return i
}

// chunks splits text into words, blanks, and the parts of words between which a line may break.
func (w *wrapper) chunks(s string, out []string) []string {
	isBlank := func(r rune) bool { return r == ' ' || (r >= '\t' && r <= '\r') }
	for s != "" {
		n := strings.IndexFunc(s, func(r rune) bool { return !isBlank(r) })
		if n != 0 {
			if n < 0 {
				n = len(s)
			}
			out = append(out, s[:n])
			s = s[n:]
			continue
		}
		n = strings.IndexFunc(s, isBlank)
		if n < 0 {
			n = len(s)
		}
		if w.hyphens {
			out = append(out, hyphenated(s[:n])...)
		} else {
			out = append(out, s[:n])
		}
		s = s[n:]
	}
	return out
}

// word is a word whose characters textwrap's regular expression looks at.
type word []rune

func (w word) letter(i int) bool {
	return i >= 0 && i < len(w) && (unicode.IsLetter(w[i]) || w[i] == '_')
}

func (w word) wordChar(i int) bool {
	return i >= 0 && i < len(w) && (unicode.IsLetter(w[i]) || unicode.IsNumber(w[i]) || w[i] == '_')
}

func (w word) punctuated(i int) bool {
	return w.wordChar(i) || i >= 0 && i < len(w) && strings.ContainsRune("!\"'&.,?", w[i])
}

func (w word) hyphen(i int) bool { return i >= 0 && i < len(w) && w[i] == '-' }

// hyphenated splits a word after its hyphens and around its dashes.
func hyphenated(s string) []string {
	if !strings.Contains(s, "-") {
		return []string{s}
	}
	var out []string
	w := word(s)
	start := 0
	cut := func(i int) {
		if i > start {
			out = append(out, string(w[start:i]))
			start = i
		}
	}
	for i := 0; i < len(w); i++ {
		if w[i] != '-' {
			continue
		}
		end := i
		for w.hyphen(end) {
			end++
		}
		if end-i >= 2 {
			if w.punctuated(i-1) && w.wordChar(end) {
				cut(i)
				cut(end)
			}
			i = end - 1
			continue
		}
		before := w.letter(i-1) && w.letter(i-2) || w.punctuated(i-1) && w.hyphen(i-2) && w.letter(i-3)
		after := w.letter(i+1) && (w.letter(i+2) || w.hyphen(i+2) && w.letter(i+3))
		if before && after {
			cut(i + 1)
		}
	}
	cut(len(w))
	return out
}
