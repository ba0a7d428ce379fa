package simulate

import (
	"encoding/json"
	"regexp"
	"slices"
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
	switch properties, _ := schema["properties"].(map[string]any); {
	case properties["findings"] != nil:
		draft = reviewDraft(r, properties)
	case properties["duplicates"] != nil || properties["missing_information"] != nil:
		draft = triageDraft(r)
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

// fenceToken is a random word as fences carry it; nothing that people write on a line of its own looks like it.
var fenceToken = regexp.MustCompile(`[0-9A-Za-z]{12,}`)

// fenced cuts the user turn into its fenced parts. Fences are lines that share a random token: the first such line
// decides which token it is. Without fences, all of the text is one part.
func fenced(user string) []block {
	lines := strings.Split(user, "\n")
	token := findToken(lines)
	if token == "" {
		return []block{{text: user}}
	}
	var out []block
	open := -1
	for i, line := range lines {
		if !strings.Contains(line, token) {
			continue
		}
		if open < 0 {
			open = i
			continue
		}
		head := strings.ToLower(strings.ReplaceAll(lines[open], token, ""))
		out = append(out, block{head: head, text: strings.Join(lines[open+1:i], "\n")})
		open = -1
	}
	return out
}

func findToken(lines []string) string {
	counts := map[string]int{}
	var order []string
	for _, line := range lines {
		if len(line) > 200 {
			continue
		}
		for _, token := range fenceToken.FindAllString(line, -1) {
			if !strings.ContainsAny(token, "0123456789") {
				continue
			}
			if counts[token]++; counts[token] == 1 {
				order = append(order, token)
			}
		}
	}
	for _, token := range order {
		if counts[token] >= 2 && counts[token]%2 == 0 {
			return token
		}
	}
	return ""
}

// pick joins the parts whose heading has one of the words and none of the others.
func pick(blocks []block, words, not []string) string {
	var parts []string
	for _, b := range blocks {
		has := func(word string) bool { return strings.Contains(b.head, word) }
		if slices.ContainsFunc(words, has) && !slices.ContainsFunc(not, has) {
			parts = append(parts, b.text)
		}
	}
	return strings.Join(parts, "\n")
}

var listItem = regexp.MustCompile("(?m)^\\s*(?:[-*]|\\d+[.)])\\s+(?:`([^`\n]{1,50})`|\"([^\"\n]{1,50})\"|\\*\\*([^*\n]{1,50})\\*\\*|([^:(\n—]{1,50}?)\\s*(?:$|:\\s|\\(|—|\\s-\\s))")

// listed are the names that begin the list items of a text.
func listed(text string) []string {
	var out []string
	for _, m := range listItem.FindAllStringSubmatch(text, -1) {
		name := strings.TrimSpace(m[1] + m[2] + m[3] + m[4])
		if name != "" && !strings.HasSuffix(name, ".") && len(strings.Fields(name)) <= 4 {
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
