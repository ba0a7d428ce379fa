package handler

import (
	"regexp"
	"strings"
	"unicode"

	"hls/internal/hls"
)

var (
	// hiddenText is what a reader of the issue does not see, such as the hints of an issue template.
	hiddenText = regexp.MustCompile(`(?s)<!--.*?(-->|$)`)
	// shownEscape is how the prompt shows an invisible character.
	shownEscape = regexp.MustCompile(`\\u\{[0-9a-fA-F]{1,6}\}`)
	// marks are written one way by people and another by models.
	marks = strings.NewReplacer("’", "'", "‘", "'", "“", `"`, "”", `"`, "–", "-", "—", "-", "…", "...", "*", "", "`", "")
)

// minQuote is how many characters a quote of one word needs to prove anything.
const minQuote = 8

// evidence is the text that quotes are checked against, piece by piece.
type evidence []string

// evidenceOf is what the author wrote: title, body and own comments, without what is hidden.
func evidenceOf(issue hls.Issue, comments []hls.Comment) evidence {
	title, _ := hls.MaskShapes(issue.Title)
	texts := evidence{plain(title), seenText(issue.Body)}
	for _, c := range comments {
		if c.User.Same(issue.User) {
			texts = append(texts, seenText(c.Body))
		}
	}
	return texts
}

// seenText is what a reader of a text sees, as quotes are compared, and the model is shown no secret.
func seenText(text string) string {
	text, _ = hls.MaskShapes(text)
	return plain(hiddenText.ReplaceAllString(text, " "))
}

// supports tells whether the quote proves something: it is long enough, and stands in one of the texts.
func (v evidence) supports(quote string) bool {
	quote = strings.Trim(plain(quote), `"'. `)
	if len([]rune(quote)) < minQuote && wordsIn(quote) < 2 {
		return false
	}
	for _, text := range v {
		if strings.Contains(text, quote) {
			return true
		}
	}
	return false
}

// wordsIn counts words. Scripts that put no blanks between words count by the character.
func wordsIn(text string) int {
	n := len(strings.Fields(text))
	for _, r := range text {
		if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai) {
			n++
		}
	}
	return n
}

// plain is text as quotes are compared: case, white space, typographic marks and invisible characters do not count.
func plain(text string) string {
	text = marks.Replace(shownEscape.ReplaceAllString(text, ""))
	text = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, text)
	return strings.Join(strings.Fields(text), " ")
}
