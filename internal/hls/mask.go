package hls

import (
	"regexp"
	"strings"
	"unicode"
)

// Masker takes secrets out of the lines of a log: those of the settings, and whatever has the shape of one. It also takes
// out colors, which could hide a secret between two of them. One masker is for one log, for a key may go over many lines.
type Masker struct {
	known *Redactor
	key   int // lines left of a private key that has begun
}

// NewMasker makes a masker that knows the secrets of the settings as well; nil for none.
func NewMasker(known *Redactor) *Masker { return &Masker{known: known} }

// longestKey is how many lines a private key has at most; what has begun and does not end is no key.
const longestKey = 120

// Line is a line without colors and secrets.
func (m *Masker) Line(line string) string {
	line, _ = m.known.redact(colorless(line))
	if m.key > 0 || strings.Contains(line, "PRIVATE KEY") {
		if line = m.keyless(line); line == redacted {
			return line
		}
	}
	line, _ = MaskShapes(line)
	for _, s := range loggedShapes {
		if s.hinted(line) {
			line, _ = s.replace(line)
		}
	}
	return line
}

// Text is a text of several lines without colors and secrets.
func (m *Masker) Text(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = m.Line(lines[i])
	}
	return strings.Join(lines, "\n")
}

// Redactions is how many secrets were taken out of a text.
func Redactions(text string) int { return strings.Count(text, redacted) }

// keyless replaces the lines of a private key in PEM.
func (m *Masker) keyless(line string) string {
	switch {
	case strings.Contains(line, "-----BEGIN ") && strings.Contains(line, "PRIVATE KEY-----"):
		m.key = longestKey
		if strings.Contains(line, "-----END ") {
			m.key = 0
		}
		return redacted
	case m.key == 0:
		return line
	}
	m.key--
	if strings.Contains(line, "-----END ") {
		m.key = 0
	}
	return redacted
}

// ansi is an escape sequence of a terminal (ECMA-48): of control, of the operating system, or of two bytes.
var ansi = regexp.MustCompile("\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?|[@-Z\\\\^_=>])")

// colorless is a line without escape sequences, other controls and what nobody sees, and with what a progress bar left in the
// end.
func colorless(line string) string {
	line = strings.TrimRight(line, "\r\n")
	if strings.IndexByte(line, '\x1b') >= 0 {
		line = ansi.ReplaceAllString(line, "")
	}
	if at := strings.LastIndexByte(line, '\r'); at >= 0 {
		line = line[at+1:]
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r >= 0x7f && r < 0xa0 || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, line)
}
