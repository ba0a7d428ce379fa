package simulate

import "strings"

// explainDraft answers a question by the sentence or line that shares most of its words.
func explainDraft(r Request) map[string]any {
	blocks := fenced(r.User)
	question := distinct(part(blocks, "question"))
	best, most, attack := "", 0, false
	for _, b := range blocks {
		if b.head == "question" {
			continue
		}
		attack = attack || suspicious(b.text)
		for _, passage := range passages(b) {
			shared := 0
			for _, w := range question {
				if strings.Contains(strings.ToLower(passage), w) {
					shared++
				}
			}
			if shared > most {
				best, most = passage, shared
			}
		}
	}
	answer, quotes := "", []string{}
	if best != "" {
		answer, quotes = "Simulated answer: the passage below shares most words with the question.", append(quotes, best)
	}
	return map[string]any{"answer": answer, "quotes": quotes, "injection_suspected": attack}
}

// passages are what can be quoted: sentences, and of a diff its lines without numbers and signs.
func passages(b block) []string {
	pieces := sentenceEnd.Split(b.text, -1)
	if strings.HasPrefix(b.head, "diff") {
		pieces = strings.Split(b.text, "\n")
	}
	var out []string
	for _, p := range pieces {
		if strings.HasPrefix(b.head, "diff") {
			p = strings.TrimLeft(p, " 0123456789+-")
		}
		if p = strings.TrimSpace(p); len(p) >= 12 && len(p) < 200 {
			out = append(out, p)
		}
	}
	return out
}
