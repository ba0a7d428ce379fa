package handler

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ellipsis marks text that was cut.
const ellipsis = "…"

// sentence makes one plain line of text from the model: no line breaks, nothing invisible, nothing at its start
// that Markdown or a bot would read as more than a word, and at most limit characters. The actor makes links,
// mentions and the like harmless.
func sentence(text string, limit int) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == utf8.RuneError:
			return -1
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	text = strings.TrimLeft(strings.ReplaceAll(text, "```", ""), "/\\#<>*+-=|~! ")
	return cut(text, limit)
}

// ended is a sentence with a full stop, unless it has an end of its own.
func ended(text string) string {
	if text == "" || strings.ContainsAny(text[len(text)-1:], ".!?:") || strings.HasSuffix(text, ellipsis) {
		return text
	}
	return text + "."
}

// cut shortens text to limit characters, at the end of a word where one is near.
func cut(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	runes := []rune(text)[:limit-1]
	text = string(runes)
	if at := strings.LastIndexByte(text, ' '); at > len(text)*3/4 {
		text = text[:at]
	}
	return strings.TrimRight(text, " ,;:") + ellipsis
}

// How many hexadecimal digits of a digest name something: within one subject, and within a repository.
const (
	shortDigest = 8
	longDigest  = 16
)

// digest names what all these texts say together.
func digest(texts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(texts, "\x00")))
	return hex.EncodeToString(sum[:])
}

// inCode shows a name that others chose, such as a file's, so that nothing in it is Markdown.
func inCode(name string) string {
	name = strings.ReplaceAll(oneLine(name), "`", "'")
	return "`" + cut(name, 200) + "`"
}

// mostNamed is how many tests, jobs, findings or pull requests stand in a line.
const mostNamed = 5

// listed are the first of a list, and how many more there are.
func listed(list []string) string {
	text := strings.Join(list[:min(len(list), mostNamed)], ", ")
	if more := len(list) - mostNamed; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// names are the first of a list, each as code.
func names(list []string) string {
	var shown []string
	for _, name := range list {
		shown = append(shown, inCode(name))
	}
	return listed(shown)
}

// oneLine is a name without line breaks and invisible characters, otherwise as it is.
func oneLine(name string) string { return seen(strings.ReplaceAll(name, "\t", " ")) }

// seen is a line without the characters that a reader does not see, tabs excepted.
func seen(line string) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, line)
}

// quoted names something that the model proposed, for the list of what was dropped.
func quoted(kind, text string) string { return kind + " " + strconv.Quote(cut(text, 80)) }

// short is a commit as people name it.
func short(sha string) string { return sha[:min(len(sha), 7)] }

// commitLink is a commit as GitHub makes a link of it ("Autolinked references and URLs"); anything else is shown as code.
func commitLink(sha string) string {
	if strings.Trim(sha, "0123456789abcdef") != "" || len(sha) < 10 {
		return inCode(cmp.Or(sha, "nothing"))
	}
	return short(sha)
}

// codeBlock fences text so that nothing in it ends the block. It is never a suggestion that a click would commit.
func codeBlock(text string) string {
	longest, run := 0, 0
	for _, r := range text {
		if r != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	fence := strings.Repeat("`", max(3, longest+1))
	return fence + "\n" + strings.Trim(text, "\n") + "\n" + fence
}
