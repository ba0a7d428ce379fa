package prompt

import (
	"fmt"
	"path"
	"slices"

	"hls/internal/hls"
	"hls/jinja"
)

// The parts of a prompt in bytes, as the model is shown them. Together with the diff, which is packed to a budget of its
// own, and the fences they stay below maxPrompt.
const (
	longTitle        = 1000
	longBody         = 24_000
	longConversation = 40_000 // all comments together
	longComment      = 4000
	longRelated      = 1500 // body of a candidate for duplicates, or of a linked issue
	longName         = 120  // of a file or a job that is only mentioned
	longPayload      = 60_000

	mostComments = 30 // of a conversation, the first of them and the last
	firstShown   = 5  // of mostComments
	mostJobs     = 20
)

// cut shortens text to limit bytes as it is shown, and says so.
func cut(text string, limit int) string {
	head, left := hls.Cut(text, limit)
	if left == 0 {
		return text
	}
	return head + "\n" + leftOut(left)
}

func leftOut(characters int) string { return fmt.Sprintf("[%d characters left out]", characters) }

// cutName shortens the name of a file or a job, which stands in a line with others.
func cutName(name string) string {
	head, left := hls.Cut(name, longName)
	if left == 0 {
		return name
	}
	return head + "…"
}

// cutPath keeps the name of a file rather than those of its folders.
func cutPath(name string) string {
	if _, left := hls.Cut(name, longName); left == 0 {
		return name
	}
	return "…/" + cutName(path.Base(name))
}

// shownComments bounds a conversation, without what HLS itself has posted in it: its beginning, its end, of each comment so
// much, and of all together so much.
func shownComments(all []hls.Comment, self hls.Account) []hls.Comment {
	shown := slices.DeleteFunc(slices.Clone(all), func(c hls.Comment) bool { return c.PostedBy(self) })
	if len(shown) > mostComments {
		shown = append(shown[:firstShown:firstShown], shown[len(shown)-mostComments+firstShown:]...)
	}
	limit := longComment
	for sizeOf(shown, limit) > longConversation {
		limit -= limit / 8
	}
	for i := range shown {
		shown[i].Body = cut(shown[i].Body, limit)
	}
	return shown
}

// sizeOf is how many bytes the comments take when each is cut to limit.
func sizeOf(comments []hls.Comment, limit int) int {
	size := 0
	for _, c := range comments {
		head, _ := hls.Cut(c.Body, limit)
		size += len(hls.Visible(head))
	}
	return size
}

func shownIssues(all []hls.Issue) []hls.Issue {
	shown := slices.Clone(all)
	for i := range shown {
		shown[i].Title, shown[i].Body = cut(shown[i].Title, longTitle), cut(shown[i].Body, longRelated)
	}
	return shown
}

func shownOmissions(all []hls.Omission) []hls.Omission {
	shown := slices.Clone(all)
	for i := range shown {
		shown[i].Filename = cutPath(shown[i].Filename)
	}
	return shown
}

func shownChecks(c hls.Checks) hls.Checks {
	more := len(c.Failed) - mostJobs
	c.Failed = slices.Clone(c.Failed[:min(len(c.Failed), mostJobs)])
	for i := range c.Failed {
		c.Failed[i] = cutName(c.Failed[i])
	}
	if more > 0 {
		c.Failed = append(c.Failed, fmt.Sprintf("and %d more", more))
	}
	return c
}

// Bounds of values that a template works on after it found them too large.
const (
	fewItems  = 50
	shortText = 4000
)

// smaller is a value with its long texts and lists cut. The diff, which is packed to a budget, stays.
func smaller(value any) any {
	switch v := value.(type) {
	case string:
		return cut(v, shortText)
	case *jinja.List:
		few := &jinja.List{}
		for _, item := range v.Items[:min(len(v.Items), fewItems)] {
			few.Items = append(few.Items, smaller(item))
		}
		return few
	case *jinja.Dict:
		d := jinja.NewDict()
		for _, key := range v.Keys() {
			member, _ := v.Get(key)
			if key != "diff" {
				member = smaller(member)
			}
			d.Set(key, member)
		}
		return d
	}
	return value
}
