package act

import (
	"strings"
	"unicode/utf8"

	"hls/internal/hls"
)

// Options say what a text that leaves may hold besides plain Markdown.
type Options struct {
	Web         string   // root of GitHub's pages, without a slash at its end
	Repo        string   // owner/name: the only place that links may lead to
	Mentions    []string // logins that may be mentioned
	Suggestions bool     // whether a suggestion block stays one
	Limit       int      // most characters; 0 means GitHub's own limit
	Redactor    *hls.Redactor
}

// shortened ends a text that was cut.
const shortened = "*The rest of this text was too long and is left out.*"

// passes is how often a text is written anew until it no longer changes.
const passes = 5

// Sanitize returns Markdown that looks like text but can do nothing: it mentions nobody, closes and references
// nothing elsewhere, gives no commands to bots, loads and links nothing outside the repository, and has nothing
// that is not seen. It is read as Markdown and written anew from what was read, so that nothing passes which a
// second reader could take otherwise; what was written is read once more and, should anything be left, shown as
// code. Sanitizing twice changes nothing.
func Sanitize(text string, o Options) string {
	if o.Limit <= 0 {
		o.Limit = maxBody
	}
	text = o.Redactor.Redact(visible(text))
	most := 2 * o.Limit
	long := utf8.RuneCountInString(text) > most
	if long {
		text = string([]rune(text)[:most])
	}
	text = o.settle(text)
	if long || utf8.RuneCountInString(text) > o.Limit {
		text = o.shorten(text)
	}
	return text
}

// settle writes a text anew until it is stable and shows it as code if it never is, or is not safe.
func (o Options) settle(text string) string {
	if tangled(text) || sprawling(text) {
		return o.literal(text)
	}
	stable := false
	for range passes {
		next := o.Redactor.Redact(o.rewrite(text))
		if stable = next == text; stable {
			break
		}
		text = next
	}
	if text != "" && (!stable || o.verify(text) != nil) {
		return o.literal(text)
	}
	return text
}

// mostMarks is how many marks one stretch without a blank line may have: the time to read it grows with their square.
const mostMarks = 10_000

func tangled(text string) bool {
	marks := 0
	for i := range len(text) {
		switch {
		case text[i] == '\n' && i > 0 && text[i-1] == '\n':
			marks = 0
		case punctuation(text[i]):
			marks++
		}
		if marks > mostMarks {
			return true
		}
	}
	return false
}

// mostCells is how many cells the tables of a text may have: a line of one character is a row of all the columns.
const mostCells = 20_000

// sprawling counts cells without reading Markdown, and rather too many: a table goes on to the next blank line.
func sprawling(text string) bool {
	columns, cells := 0, 0
	for line := range strings.SplitSeq(text, "\n") {
		columns = max(columns, ruled(line))
		if strings.Trim(line, " \t") == "" {
			columns = 0
		}
		if cells += columns; cells > mostCells {
			return true
		}
	}
	return false
}

// ruled is how many columns a line gives to a table when it is the one below the header, as "|---|:-:|"; 0 when it
// is not. What stands before the first bar may be of lists and quotes.
func ruled(line string) int {
	at := strings.IndexByte(line, '|')
	if at < 0 || strings.Trim(line[at:], "|-: \t") != "" {
		return 0
	}
	columns := 1 + strings.Count(strings.Trim(line[at:], "| \t"), "|")
	if strings.ContainsRune(line[:at], '-') {
		columns++
	}
	return columns
}

// shorten cuts at the end of a line where one is near, and closes what the cut left open.
func (o Options) shorten(text string) string {
	runes := []rune(text)
	room := o.Limit - len(shortened) - 2
	for room > 0 {
		part := string(runes[:min(room, len(runes))])
		if at := strings.LastIndexByte(part, '\n'); at > len(part)/2 {
			part = part[:at]
		}
		out := o.settle(part + "\n")
		if out != "" {
			out = o.settle(strings.TrimRight(out, "\n") + "\n\n" + shortened)
		}
		over := utf8.RuneCountInString(out) - o.Limit
		if over <= 0 {
			return out
		}
		room -= over + 16
	}
	return ""
}

// literal is a text as a block of code, in which nothing is read as Markdown.
func (o Options) literal(text string) string {
	text = strings.Trim(text, "\n")
	if most := o.Limit - 64; utf8.RuneCountInString(text) > most {
		text = string([]rune(text)[:max(most, 0)])
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.ReplaceAll(line, "`", "'")
	}
	return strings.Join(fenced("text", lines, true), "\n")
}
