package act

import (
	"slices"
	"strings"

	"hls/internal/hls"
)

// Inverse is the effect that takes a row back, or why there is none. Earlier are the rows of its kind, and of the opposite one,
// that were done on its subject before and not taken back, the newest first: what they had brought about stays.
func Inverse(row hls.Entry, earlier []hls.Entry) (e hls.Effect, why string) {
	was := row.Effect
	e = hls.Effect{Subject: was.Subject, Purpose: was.Purpose, Revision: was.Revision, Undoes: row.ID}
	switch was.Kind {
	case hls.AddLabels:
		e.Kind, e.Labels = hls.RemoveLabels, changed(row, earlier)
	case hls.RemoveLabels:
		e.Kind, e.Labels = hls.AddLabels, changed(row, earlier)
	case hls.UpsertComment:
		e.Kind, e.Comment, e.Was, e.Body = hls.RevertComment, row.RemoteID, was.Body, saidBefore(row, earlier)
	case hls.CreateReview:
		e.Kind, e.Comment, e.Was = hls.HideReview, row.RemoteID, was.Body
	case hls.CloseIssue:
		e.Kind = hls.ReopenIssue
	case hls.CreateIssue:
		e.Kind, e.Was = hls.CloseIssue, was.Body
		e.Subject.Kind, e.Subject.Number, e.Subject.Ref = hls.KindIssue, int(row.RemoteID), ""
	case hls.AddReaction:
		e.Kind, e.Comment, e.Inline, e.Reaction = hls.RemoveReaction, was.Comment, was.Inline, was.Reaction
	default:
		return e, "cannot_be_taken_back"
	}
	switch {
	case idle(row.Error), labels(e.Kind) && len(e.Labels) == 0, e.Kind == hls.RevertComment && e.Body == e.Was:
		return e, "changed_nothing"
	case row.RemoteID == 0 && (was.Kind == hls.UpsertComment || was.Kind == hls.CreateReview || was.Kind == hls.CreateIssue):
		return e, "nothing_written"
	}
	return e, ""
}

// idle tells by the note of a row that is done that what it was to bring about was there already.
func idle(note string) bool {
	return note == "unchanged" || note == "open already" || note == "closed already"
}

// changed are the labels that a row has set, or removed: none that it left out, and none that were so before it.
func changed(row hls.Entry, earlier []hls.Entry) (labels []hls.Label) {
	for _, l := range row.Effect.Labels {
		last := slices.IndexFunc(earlier, func(o hls.Entry) bool { return bears(o, l.Name) })
		if bears(row, l.Name) && (last < 0 || earlier[last].Effect.Kind != row.Effect.Kind) {
			labels = append(labels, hls.Label{Name: l.Name})
		}
	}
	return labels
}

// bears tells whether a row is about a label, and did not leave it out.
func bears(row hls.Entry, label string) bool {
	about := slices.ContainsFunc(row.Effect.Labels, func(l hls.Label) bool { return hls.Fold(l.Name) == hls.Fold(label) })
	return about && !slices.ContainsFunc(strings.Split(row.Error, "; "), func(note string) bool {
		left, _, isNote := strings.Cut(note, ": ")
		return isNote && hls.Fold(left) == hls.Fold(label)
	})
}

// saidBefore is the text that the comment of a row had before, "" when the row made it.
func saidBefore(row hls.Entry, earlier []hls.Entry) string {
	for _, o := range earlier {
		if o.Effect.Kind == hls.UpsertComment && o.RemoteID == row.RemoteID {
			return o.Effect.Body
		}
	}
	return ""
}
