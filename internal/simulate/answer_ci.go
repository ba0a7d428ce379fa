package simulate

import (
	"regexp"
	"strings"
)

// omens are the words in a log that speak for a verdict, in the order in which they are looked for.
var omens = []struct {
	words   *regexp.Regexp
	verdict string
	cause   string
	next    string
}{
	{regexp.MustCompile(`(?i)no space left|lost communication|shutdown signal|i/o timeout|connection (refused|reset|timed out)|could not resolve|bad gateway`), "infrastructure", "The runner lost what it needs from outside.", "Run the job again."},
	{regexp.MustCompile(`(?i)ERESOLVE|no matching distribution|no required module|could not find a version`), "dependency", "A package cannot be had in the version that is asked for.", "Pin a version that exists."},
	{regexp.MustCompile(`(?i)deadline exceeded|timed out|flak`), "flaky_test", "The test waits for a time that is too short on a busy machine.", "Wait for the event and not for a time."},
	{regexp.MustCompile(`(?i)panic|FAIL|error|assert`), "code", "What the test expects is not what the code does.", "Make the code do what the test asks for, or change the test."},
}

// causesDraft judges each failure of the event by the words of its log, and quotes the first line that has them.
func causesDraft(r Request) map[string]any {
	causes := []any{}
	injected := false
	for _, b := range fenced(r.User) {
		id, ok := strings.CutPrefix(b.head, "log of ")
		if !ok {
			continue
		}
		injected = injected || suspicious(b.text)
		if cause := causeDraft(id, b.text); cause != nil {
			causes = append(causes, cause)
		}
	}
	return map[string]any{"causes": causes, "injection_suspected": injected}
}

func causeDraft(id, log string) map[string]any {
	for _, o := range omens {
		for line := range strings.Lines(log) {
			if line = strings.TrimSpace(line); o.words.MatchString(line) {
				return map[string]any{
					"id": id, "verdict": o.verdict, "confidence": 0.8, "cause": o.cause + " (simulated verdict)", "evidence": []string{line},
					"introduced_by": "", "next_step": o.next,
				}
			}
		}
	}
	return nil
}
