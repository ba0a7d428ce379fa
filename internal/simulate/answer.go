package simulate

import (
	"encoding/json"
	"regexp"
	"strings"
)

// Reply is the answer of the mode Good: it reads the schema and the text between the fences of a request, and fills
// the schema by rules on words. It is no judgment of anything, and names itself simulated.
func Reply(r Request) string {
	if r.Schema == nil {
		return "A simulated answer: no schema was given."
	}
	var schema map[string]any
	if json.Unmarshal(r.Schema, &schema) != nil {
		return "{}"
	}
	var draft map[string]any
	properties, _ := schema["properties"].(map[string]any)
	switch draft = happeningDraft(r, properties); {
	case draft != nil:
	case properties["causes"] != nil:
		draft = causesDraft(r)
	case properties["findings"] != nil:
		draft = reviewDraft(r, properties)
	case properties["requests"] != nil:
		draft = requestsDraft(r)
	case properties["holds"] != nil:
		draft = objectionDraft(r)
	case properties["duplicates"] != nil || properties["missing_information"] != nil:
		draft = triageDraft(r)
	case properties["quotes"] != nil:
		draft = explainDraft(r)
	default:
		draft = genericDraft(r)
	}
	// Through JSON, so that lists and numbers are of the types that decoded JSON has.
	raw, _ := json.Marshal(draft)
	var plain any
	_ = json.Unmarshal(raw, &plain)
	out, _ := json.Marshal(filler{root: schema}.fill(schema, plain))
	return string(out)
}

// block is one fenced part of the user turn: what the opening line says of it, and the text inside.
type block struct {
	head string
	text string
}

var (
	fenceOpen  = regexp.MustCompile(`^<<<[A-Z]+ ([0-9a-f]{16,})(?: (.*))?$`)
	fenceClose = regexp.MustCompile(`^[A-Z]+ ([0-9a-f]{16,})>>>$`)
)

// fenced cuts the user turn into its innermost fenced parts. The number of the first fence is that of all: another
// was written by someone else. Without fences, all of the text is one part.
func fenced(user string) []block {
	var out []block
	var open *block
	var inside []string
	number := ""
	for line := range strings.SplitSeq(user, "\n") {
		if m := fenceOpen.FindStringSubmatch(line); m != nil && (number == "" || m[1] == number) {
			number, open, inside = m[1], &block{head: strings.ToLower(m[2])}, nil
			continue
		}
		if m := fenceClose.FindStringSubmatch(line); m != nil && m[1] == number {
			if open != nil {
				open.text = strings.Join(inside, "\n")
				out = append(out, *open)
			}
			open = nil
			continue
		}
		inside = append(inside, line)
	}
	if len(out) == 0 {
		return []block{{text: user}}
	}
	return out
}

// part is the text of the first part whose heading begins with a word.
func part(blocks []block, word string) string {
	for _, b := range blocks {
		if strings.HasPrefix(b.head, word) {
			return b.text
		}
	}
	return ""
}

var (
	labelSection = regexp.MustCompile(`(?ims)^#+ [^\n]*\blabels?\b[^\n]*\n(.*?)(?:^#+ |\z)`)
	listItem     = regexp.MustCompile("(?m)^\\s*[-*]\\s+[`\"]?(.{1,200})$")
)

// allowed are the names of the labels that the instructions list, one an item, with or without a description.
func allowed(system string) []string {
	text := system
	if m := labelSection.FindStringSubmatch(system); m != nil {
		text = m[1]
	}
	var out []string
	for _, m := range listItem.FindAllStringSubmatch(text, -1) {
		name := m[1]
		if at := strings.IndexAny(name, "`\""); at > 0 {
			name = name[:at]
		} else if first, rest, ok := strings.Cut(name, ": "); ok {
			name = first
			if second, _, more := strings.Cut(rest, ": "); more && groups[strings.ToLower(first)] {
				name = first + ": " + second
			}
		}
		if name = strings.TrimSpace(name); len(name) <= 50 && !strings.HasSuffix(name, ".") {
			out = append(out, name)
		}
	}
	return out
}

// injection is how texts speak that want to give orders to a model.
var injection = regexp.MustCompile(`(?i)(ignore|disregard|forget)\b.{0,40}\b(instructions?|rules|prompt|above)|you are now|system prompt|new instructions|</?system>|as an ai\b|(apply|add|set) the label|(approve|merge) this (pr|pull request)|close (this|all) issues?`)

func suspicious(text string) bool { return injection.MatchString(text) }

// shorten cuts a text for use in a sentence.
func shorten(text string, limit int) string {
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > limit {
		return string(runes[:limit-1]) + "…"
	}
	return text
}

func genericDraft(r Request) map[string]any {
	blocks := fenced(r.User)
	var all []string
	for _, b := range blocks {
		all = append(all, b.text)
	}
	text := strings.Join(all, "\n")
	importance := "low"
	switch {
	case highPriority.MatchString(text):
		importance = "high"
	case bugWords.MatchString(text):
		importance = "medium"
	}
	return map[string]any{
		"summary":             "Simulated summary: " + shorten(text, 120),
		"importance":          importance,
		"needs_human":         suspicious(text),
		"injection_suspected": suspicious(text),
	}
}
