package prompt

import (
	"strings"

	"github.com/go-json-experiment/json"

	"hls/internal/hls"
)

// payloadValues are the further values of a family as far as the payload alone has them.
func payloadValues(e hls.Event) map[string]any {
	switch {
	case e.Name == "release" && e.Release != nil:
		none := []string{}
		return map[string]any{"notes": cut(e.Release.Body, longBody), "history": map[string]any{
			"previous": "", "step": "", "commits": none, "changes": none, "milestone": "", "blockers": none, "unread": []string{"all but the event"},
		}}
	case e.Name == "push":
		subjects := pushedSubjects(e.Body)
		return map[string]any{"push": map[string]any{
			"branch": e.Push.Branch(), "forced": e.Push.Forced, "total": len(subjects), "subjects": subjects,
		}}
	}
	return nil
}

func pushedSubjects(body []byte) []string {
	var p struct {
		Commits []struct {
			Message string `json:"message"`
		} `json:"commits"`
	}
	subjects := []string{}
	if json.Unmarshal(body, &p) == nil { // What cannot be read is not shown.
		for _, c := range p.Commits {
			line, _, _ := strings.Cut(c.Message, "\n")
			subjects = append(subjects, cut(line, longTitle))
		}
	}
	return subjects
}
