package act

import (
	"regexp"
	"slices"
	"strings"

	"hls/internal/hls"
)

// danger is what GitHub or a bot would act upon in plain text: addresses (1), mentions and mail (2), mathematics (3),
// references to issues (4).
var danger = regexp.MustCompile(`(?i)((?:[a-z][a-z0-9+.-]*://|www\.|mailto:|xmpp:|javascript:|vbscript:)[^\s<>]*)` +
	`|([\w.+%/-]*@[\w./-]*)` +
	`|([\w.-]*\$\S*)` +
	`|((?:[\w./-]*#|\bgh-)\d+[\w@./-]*)`)

// closingPattern is the words by which GitHub closes or marks another issue ("Linking a pull request to an issue",
// "Marking issues or pull requests as a duplicate"), at the end of what stands before a reference.
var closingPattern = regexp.MustCompile(`(?i)(?:^|[^a-z0-9])(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?|duplicate of)[^a-z0-9]*$`)

// openingCommand is a command to a bot at the start of a line.
var openingCommand = regexp.MustCompile(`^[/!][A-Za-z]\S*`)

var manySpaces = regexp.MustCompile(`[ \t\n]+`)

// trailing is punctuation that ends a sentence rather than an address.
const trailing = ".,:;!?)'\"*_~]"

// tailLength is how much of the text before a reference is looked at for closing words.
const tailLength = 200

// stretch is about how many bytes are looked at in one go.
const stretch = 2048

// defuser shows as code whatever in a text would do something.
type defuser struct {
	*page
	out     []piece
	tail    string // the end of what was written
	start   bool   // nothing was written on this line
	inLink  bool
	dropped string // address of a link that is being taken apart
}

func (p *page) defuse(pieces []piece) []piece {
	d := &defuser{page: p, start: true}
	for _, part := range pieces {
		d.take(part)
	}
	return d.out
}

func (d *defuser) take(part piece) {
	switch part.kind {
	case words:
		d.words(d.Redactor.Redact(manySpaces.ReplaceAllString(part.value, " ")))
	case code:
		d.put(code, part.value)
	case url:
		if d.inLink || d.closing() {
			part.kind = code
		}
		d.put(part.kind, part.value)
	case linkOpen:
		if d.closing() {
			d.dropped = part.value
			return
		}
		d.inLink = true
		d.out = append(d.out, part)
		d.remember("`")
	case linkClose:
		d.endLink(part)
	case softBreak, hardBreak:
		d.out = append(d.out, part)
		d.start = true
		d.remember(" ")
	default:
		d.out = append(d.out, part)
		d.remember("`")
	}
}

func (d *defuser) endLink(part piece) {
	if d.dropped == "" {
		d.inLink = false
		d.out = append(d.out, part)
		return
	}
	d.dropped = ""
	d.put(words, " (")
	d.put(code, part.value)
	d.put(words, ")")
}

func (d *defuser) put(kind pieceKind, value string) {
	if kind == code {
		value = strings.TrimSpace(manySpaces.ReplaceAllString(visible(value), " "))
	}
	if value == "" {
		return
	}
	d.out = append(d.out, piece{kind, value})
	d.start = d.start && strings.TrimSpace(value) == ""
	if kind != words {
		value = "`" + value + "`"
	}
	d.remember(value)
}

func (d *defuser) remember(text string) {
	d.tail = manySpaces.ReplaceAllString(d.tail+text, " ")
	if len(d.tail) > tailLength {
		d.tail = d.tail[len(d.tail)-tailLength:]
	}
}

func (d *defuser) closing() bool { return closingPattern.MatchString(d.tail) }

// words goes through a text in stretches, since looking for a match takes longer the longer the rest is.
func (d *defuser) words(text string) {
	for text != "" {
		end := len(text)
		if end > stretch {
			if space := strings.IndexByte(text[stretch:], ' '); space >= 0 {
				end = stretch + space
			}
		}
		d.stretch(text[:end])
		text = text[end:]
	}
}

func (d *defuser) stretch(text string) {
	for text != "" {
		if d.start {
			lead := len(text) - len(strings.TrimLeft(text, " "))
			if command := strings.TrimRight(openingCommand.FindString(text[lead:]), trailing); command != "" {
				d.put(code, command)
				text = text[lead+len(command):]
				continue
			}
		}
		at := danger.FindStringSubmatchIndex(text)
		if at == nil {
			d.put(words, text)
			return
		}
		d.put(words, text[:at[0]])
		text = text[at[0]+d.judge(text, at):]
	}
}

// judge writes a match as it may stand, and returns how much of the text that takes.
func (d *defuser) judge(text string, at []int) int {
	match := text[at[0]:at[1]]
	group := 1
	for at[2*group] < 0 {
		group++
	}
	kind := code
	switch group {
	case 1:
		match = trim(match, trailing)
		if !d.inLink && d.owns(match) && !d.closing() {
			kind = url
		}
	case 2:
		match = trim(match, "./-")
		if match == "@" || d.mentionable(match) {
			kind = words
		}
	case 3:
		match = trim(match, trailing)
	case 4:
		match = trim(match, "./-")
		if d.near(match) && !d.closing() {
			kind = words
		}
	}
	d.put(kind, match)
	return len(match)
}

// trim takes punctuation off the end, but leaves something.
func trim(text, cutset string) string {
	if short := strings.TrimRight(text, cutset); short != "" {
		return short
	}
	return text[:1]
}

func (o Options) mentionable(match string) bool {
	return slices.ContainsFunc(o.Mentions, func(login string) bool { return hls.Fold(match) == "@"+hls.Fold(login) })
}

var nearPattern = regexp.MustCompile(`(?i)^(?:(.*)#|gh-)[0-9]+$`)

// near tells whether a match is a reference to one of the repository's own issues, and no more.
func (d *defuser) near(match string) bool {
	found := nearPattern.FindStringSubmatch(match)
	return found != nil && (found[1] == "" || hls.Fold(found[1]) == hls.Fold(d.Repo))
}
