package hls

// Span is a part of a text: either as it stands, or one character that a reader would not see, as Visible writes it.
type Span struct {
	Text   string
	Hidden bool
}

// Spans is Visible in parts, so that what was hidden can be told from text that merely looks like it: the parts together
// are Visible(text).
func Spans(text string) []Span {
	if Visible(text) == text {
		return []Span{{Text: text}}
	}
	var out []Span
	from := 0
	var last rune
	for at, r := range text {
		if last = after(r, last); last == 0 {
			out = plain(out, text[from:at])
			from = at + len(string(r))
			out = append(out, Span{escape(r), true})
		}
	}
	return plain(out, text[from:])
}

func plain(out []Span, text string) []Span {
	if text == "" {
		return out
	}
	return append(out, Span{Text: Visible(text)})
}
