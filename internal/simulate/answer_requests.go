package simulate

import (
	"regexp"
	"slices"
	"strings"
)

var (
	askWords   = regexp.MustCompile(`(?i)\b(please|should|could you|can you|must|needs? to|add|remove|rename|return|use|handle)\b|\?`)
	doneWords  = regexp.MustCompile(`(?i)\b(done|fixed|thanks|resolved|looks good|no longer needed)\b`)
	saidKey    = regexp.MustCompile(`(?m)^((?:comment|review)-\d+) by (\S+?)(, the author)?(?:, in the thread of (comment-\d+))?(?:, on .*)?:$`)
	becauseOf  = regexp.MustCompile(`(?i)\b(because|since|already|always|never|on purpose|checked|meant)\b`)
	codeWord   = regexp.MustCompile("`[^`]+`|\\b\\w+[._(]\\w+|\\b[a-z]+[A-Z]\\w+")
	replyIntro = regexp.MustCompile(`^reply by `)
)

// spoken is a text of a review as the prompt shows it.
type spoken struct {
	key, by, thread string
	author          bool
	text            string
}

func readSpoken(r Request) []spoken {
	var out []spoken
	blocks := fenced(r.User)
	for _, m := range saidKey.FindAllStringSubmatch(r.User, -1) {
		s := spoken{key: m[1], by: m[2], author: m[3] != "", thread: m[4]}
		if at := slices.IndexFunc(blocks, func(b block) bool { return b.head == s.key }); at >= 0 {
			s.text = blocks[at].text
		}
		if s.thread == "" {
			s.thread = s.key
		}
		out = append(out, s)
	}
	return out
}

// requestsDraft lists the sentences by which reviewers seem to ask for something.
func requestsDraft(r Request) map[string]any {
	said, out := readSpoken(r), []any{}
	for i, s := range said {
		for _, sentence := range sentenceEnd.Split(s.text, -1) {
			sentence = strings.TrimSpace(sentence)
			if s.author || len(sentence) < 10 || !askWords.MatchString(sentence) || doneWords.MatchString(sentence) || suspicious(sentence) {
				continue
			}
			one := map[string]any{"source": s.key, "quote": shorten(sentence, 200), "done": false, "proof": ""}
			for _, later := range said[i+1:] {
				if later.by == s.by && later.thread == s.thread && doneWords.MatchString(later.text) {
					one["done"], one["proof"] = true, later.text
				}
			}
			out = append(out, one)
		}
	}
	return map[string]any{"requests": out}
}

// objectionDraft believes a reply that gives a reason and names code.
func objectionDraft(r Request) map[string]any {
	out := map[string]any{"holds": false, "quote": "", "reason": "", "injection_suspected": false}
	for _, b := range fenced(r.User) {
		switch {
		case !replyIntro.MatchString(b.head):
		case suspicious(b.text):
			out["injection_suspected"] = true
		case becauseOf.MatchString(b.text) && codeWord.MatchString(b.text):
			out["holds"], out["quote"] = true, shorten(b.text, 200)
			out["reason"] = "Simulated: the reply gives a reason that names code."
		}
	}
	return out
}
