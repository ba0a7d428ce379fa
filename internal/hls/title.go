package hls

import "cmp"

// Title is what people call the thing that the event is about, "" where it has no name of its own. It is as its author wrote it.
func (e Event) Title() string {
	title := ""
	switch {
	case e.Issue != nil:
		title = e.Issue.Title
	case e.PullRequest != nil:
		title = e.PullRequest.Title
	case e.Discussion != nil:
		title = e.Discussion.Title
	case e.Release != nil:
		title = cmp.Or(e.Release.Name, e.Release.TagName)
	case e.Run != nil:
		title = e.Run.Name
	}
	return title
}
