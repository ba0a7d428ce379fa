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

// secretShape is how one kind of secret looks. A line without any of the hints is not looked at; of a match the group
// named "s" is replaced, or else all of it.
type secretShape struct {
	hints   []string
	pattern *regexp.Regexp
}

// secretShapes follow what the vendors say of their tokens, and what people call a secret when they assign it.
var secretShapes = []secretShape{
	{[]string{"gh"}, regexp.MustCompile(`\bgh[pousr]_[A-Za-z0-9]{20,255}`)},
	{[]string{"github_pat_"}, regexp.MustCompile(`\bgithub_pat_[A-Za-z0-9_]{20,255}`)},
	{[]string{"glpat-"}, regexp.MustCompile(`\bglpat-[A-Za-z0-9_-]{16,}`)},
	{[]string{"AKIA", "ASIA", "ABIA", "ACCA"}, regexp.MustCompile(`\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b`)},
	{[]string{"xox", "xapp-"}, regexp.MustCompile(`\b(?:xox[a-z]|xapp)-[A-Za-z0-9-]{10,}`)},
	{[]string{"hooks.slack.com"}, regexp.MustCompile(`hooks\.slack\.com/(?:services|workflows)/(?P<s>[A-Za-z0-9/_-]{10,})`)},
	{[]string{"AIza"}, regexp.MustCompile(`\bAIza[A-Za-z0-9_-]{30,}`)},
	{[]string{"ya29."}, regexp.MustCompile(`\bya29\.[A-Za-z0-9_-]{20,}`)},
	{[]string{"sk-"}, regexp.MustCompile(`\bsk-[A-Za-z0-9_-]{20,}`)}, // Anthropic and OpenAI
	{[]string{"k_live_", "k_test_", "whsec_"}, regexp.MustCompile(`\b(?:[rps]k_(?:live|test)|whsec)_[A-Za-z0-9]{10,}`)},
	{[]string{"npm_"}, regexp.MustCompile(`\bnpm_[A-Za-z0-9]{30,}`)},
	{[]string{"pypi-"}, regexp.MustCompile(`\bpypi-[A-Za-z0-9_-]{16,}`)},
	{[]string{"eyJ"}, regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*`)},
	{[]string{"://"}, regexp.MustCompile(`://[^/\s:@"']*:(?P<s>[^/\s@"']+)@`)},
	{[]string{"earer ", "EARER ", "asic ", "ASIC "}, regexp.MustCompile(`(?i)\b(?:bearer|basic)\s+(?P<s>[A-Za-z0-9._~+/=-]{16,})`)},
	{assigned, regexp.MustCompile(`(?i)(?:passw(?:or)?d|passphrase|secret|api[_-]?key|access[_-]?key|private[_-]?key|credentials?)[a-z0-9_-]*["']?\s*[=:]\s*` + assignedValue)},
	{assigned, regexp.MustCompile(`(?i)(?:token|pwd|auth)[a-z0-9_-]*["']?\s*=\s*` + assignedValue)},
}

var assigned = []string{"assw", "ASSW", "assp", "ASSP", "ecret", "ECRET", "oken", "OKEN", "key", "Key", "KEY", "redential", "REDENTIAL", "pwd", "PWD", "auth", "AUTH"}

const assignedValue = `(?P<s>"[^"]{4,}"|'[^']{4,}'|[^\s"',;&]{6,})`

// Line is a line without colors and secrets.
func (m *Masker) Line(line string) string {
	line = m.known.Redact(colorless(line))
	if m.key > 0 || strings.Contains(line, "PRIVATE KEY") {
		if line = m.keyless(line); line == redacted {
			return line
		}
	}
	for _, s := range secretShapes {
		if s.hinted(line) {
			line = s.replace(line)
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

func (s secretShape) hinted(line string) bool {
	for _, hint := range s.hints {
		if strings.Contains(line, hint) {
			return true
		}
	}
	return false
}

func (s secretShape) replace(line string) string {
	group := max(s.pattern.SubexpIndex("s"), 0)
	var b strings.Builder
	kept := 0
	for _, m := range s.pattern.FindAllStringSubmatchIndex(line, -1) {
		from, to := m[2*group], m[2*group+1]
		if from < 0 || line[from:to] == redacted || strings.Trim(line[from:to], `*"'`) == "" {
			continue // GitHub masks with ***
		}
		b.WriteString(line[kept:from])
		b.WriteString(redacted)
		kept = to
	}
	if kept == 0 {
		return line
	}
	b.WriteString(line[kept:])
	return b.String()
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
