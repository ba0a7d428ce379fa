package simulate

import (
	"regexp"
	"strings"
)

var (
	breaking  = regexp.MustCompile(`(?i)\b(breaking|remove[sd]?|renames?|no longer)\b`)
	dangerous = regexp.MustCompile(`(?i)\b(drop table|delete from|truncate|removeall|insecureskipverify)\b`)
	timedOut  = regexp.MustCompile(`(?i)\b(time[sd]? ?out|after \d+ ?s)`)
	listed    = regexp.MustCompile(`^(?:pull request|open issue) #(\d+)`)
	newLine   = regexp.MustCompile(`^ *\d+ \+(.*)$`)
)

// happeningDraft answers about a release, a push, a deployment or a discussion; nil when the schema is of none.
func happeningDraft(r Request, properties map[string]any) map[string]any {
	blocks := fenced(r.User)
	switch {
	case properties["breaking"] != nil:
		return releaseDraft(r, blocks)
	case properties["risky"] != nil:
		return pushDraft(blocks)
	case properties["next_step"] != nil:
		return deploymentDraft(part(blocks, "description"))
	case properties["kind"] != nil && properties["duplicates"] != nil:
		return discussionDraft(blocks)
	}
	return nil
}

func releaseDraft(r Request, blocks []block) map[string]any {
	entries, breaks, open := []object{}, []object{}, []object{}
	injected := false
	for _, b := range blocks {
		m := listed.FindStringSubmatch(b.head)
		injected = injected || suspicious(b.text)
		if m == nil {
			continue
		}
		n, title := atoi(m[1]), firstOf(b.text)
		switch {
		case strings.HasPrefix(b.head, "open issue"):
			if bugWords.MatchString(title) {
				open = append(open, object{"number": n, "reason": "Simulated: it sounds like a bug."})
			}
			continue
		case breaking.MatchString(title):
			breaks = append(breaks, object{"number": n, "quote": title, "text": shorten(title, 120)})
		}
		kind := "feature"
		if bugWords.MatchString(title) || strings.Contains(strings.ToLower(title), "fix") {
			kind = "fix"
		}
		entries = append(entries, object{"number": n, "kind": kind, "text": shorten(title, 120)})
	}
	fits := len(breaks) == 0 || strings.Contains(r.User, "(a major step)")
	return map[string]any{
		"summary": "Simulated: the notes were held against the pull requests.", "entries": entries, "breaking": breaks,
		"version":  object{"fits": fits, "suggested": "major", "reason": "Something is taken away."},
		"blockers": open, "injection_suspected": injected,
	}
}

func pushDraft(blocks []block) map[string]any {
	diff, file, risk, places := part(blocks, "diff"), "", "low", []object{}
	for line := range strings.SplitSeq(diff, "\n") {
		if name, ok := strings.CutPrefix(line, "=== "); ok {
			file, _, _ = strings.Cut(name, " (")
		}
		if m := newLine.FindStringSubmatch(line); m != nil && dangerous.MatchString(m[1]) {
			risk = "high"
			places = append(places, object{"file": file, "quote": strings.TrimSpace(m[1]), "reason": "Simulated: this takes data away."})
		}
	}
	return map[string]any{
		"summary": "Simulated: " + shorten(part(blocks, "subjects"), 120), "risk": risk, "risky": places,
		"injection_suspected": suspicious(part(blocks, "subjects")),
	}
}

func deploymentDraft(description string) map[string]any {
	kind, evidence := "unknown", ""
	if timedOut.MatchString(description) {
		kind, evidence = "timeout", firstOf(description)
	}
	return map[string]any{
		"summary": "Simulated: " + shorten(description, 120), "kind": kind, "evidence": evidence,
		"next_step": "", "injection_suspected": suspicious(description),
	}
}

func discussionDraft(blocks []block) map[string]any {
	title, body := part(blocks, "title"), part(blocks, "body")
	kind, evidence := "question", ""
	if bugWords.MatchString(title + " " + body) {
		kind, evidence = "bug", title
	}
	return map[string]any{
		"summary": "Simulated: " + shorten(title, 120), "kind": kind, "confidence": 0.9, "evidence": evidence, "duplicates": []object{},
		"security_sensitive": false, "injection_suspected": suspicious(title + body),
	}
}

func firstOf(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

// atoi reads digits that a pattern has found; more than a number holds are 0.
func atoi(digits string) int {
	n := 0
	for _, d := range digits[:min(len(digits), 9)] {
		n = 10*n + int(d-'0')
	}
	return n
}
