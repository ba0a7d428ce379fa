package act

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

var (
	titleAddress = regexp.MustCompile(`(?i)(?:[a-z][a-z0-9+.-]*://|www\.|mailto:|javascript:|vbscript:|data:)\S*`)
	titleMention = regexp.MustCompile(`@+([A-Za-z0-9])`)
)

// Title returns one line of plain text for a title: it mentions nobody, links nowhere, begins with no command to a bot
// and has nothing that is not seen. A title is not Markdown. Doing it twice changes nothing.
func Title(text string, o Options) string {
	text = strings.Join(strings.Fields(visible(text)), " ")
	text = o.Redactor.Redact(text)
	text = titleAddress.ReplaceAllString(text, "[link]")
	text = titleMention.ReplaceAllString(text, "@ $1")
	text = strings.TrimLeft(text, "/!#>@ ")
	if utf8.RuneCountInString(text) > maxTitle {
		text = string([]rune(text)[:maxTitle-1]) + "…"
	}
	return text
}
