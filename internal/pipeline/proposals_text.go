package pipeline

import (
	"fmt"
	"strings"
	"time"

	"hls/internal/hls"
)

// text is the comment: what it is for, and a line for each proposal.
func (b ballot) text() string {
	var lines []string
	if open := b.open(); len(open) > 0 {
		lines = append(lines, "HLS proposes the following. Someone with write access decides: 👍 on this comment does all that is still "+
			"open, exactly as it was stored, and 👎 does none of it. Both together count as 👎.")
		if b.posted != nil {
			lines[0] += " This comment was edited: a reaction from before that does not count, nor does a 👍 of the first two minutes after it, " +
				"until it is taken off and put on again."
		}
	} else {
		lines = append(lines, "Nothing that HLS proposed here waits for a decision any more.")
	}
	lines = append(lines, "")
	for _, e := range b.rows {
		lines = append(lines, "- "+proposalLine(e.Effect)+fateOf(e))
	}
	if until := b.until(); !until.IsZero() {
		lines = append(lines, "", fmt.Sprintf("Reactions are looked for until %s.", until.Format("2 January 2006")))
	}
	return strings.Join(lines, "\n")
}

// until is when the last of what is open is looked after no more.
func (b ballot) until() (until time.Time) {
	for _, e := range b.rows {
		if at := e.At.Add(b.wait); e.State == hls.EffectProposed && at.After(until) {
			until = at
		}
	}
	return until.UTC()
}

// fateOf is what became of a proposal, "" while it is open.
func fateOf(e hls.Entry) string {
	by := ""
	if e.DecidedBy != "" {
		by = " by " + code(e.DecidedBy, 50)
	}
	switch e.State {
	case hls.EffectProposed:
		return ""
	case hls.Intent, hls.Sending:
		return ": **approved**" + by
	case hls.EffectDone:
		return ": **approved**" + by + ", done"
	case hls.EffectUndone:
		return ": **approved**" + by + ", and taken back later"
	case hls.EffectRejected:
		return ": **rejected**" + by
	case hls.EffectStale:
		return ": outdated, not done"
	case hls.EffectShadow:
		return ": not done, as nothing is written here any more"
	}
	return ": **approved**" + by + ", and failed"
}

// longestExcerpt is how many characters of a text a line shows.
const longestExcerpt = 160

// proposalLine says in one line what an effect does. Whatever text it has stands as code, in which nothing is rendered.
func proposalLine(e hls.Effect) string {
	text := verbOfEffect(e)
	if e.Hold != "" {
		text += ", " + code(e.Hold, longestExcerpt)
	}
	return text
}

func verbOfEffect(e hls.Effect) string {
	switch e.Kind {
	case hls.AddLabels:
		return "add " + labelList(e.Labels)
	case hls.RemoveLabels:
		return "take off " + labelList(e.Labels)
	case hls.UpsertComment:
		return "comment: " + code(e.Body, longestExcerpt)
	case hls.CreateReview:
		return strings.TrimSuffix(fmt.Sprintf("review, with %d remarks on lines: %s", len(e.Remarks), code(e.Body, longestExcerpt)), ": ")
	case hls.CloseIssue:
		return "close the issue"
	case hls.SetBody:
		return "replace the text by " + code(e.Body, longestExcerpt)
	case hls.CreateIssue:
		return "open an issue: " + code(e.Title, longestExcerpt)
	case hls.SetSection:
		return "set a section of the text: " + code(e.Body, longestExcerpt)
	case hls.EditRemark:
		return "edit a remark of HLS: " + code(e.Body, longestExcerpt)
	}
	return strings.ReplaceAll(string(e.Kind), "_", " ")
}

func labelList(labels []hls.Label) string {
	var names []string
	for _, l := range labels {
		names = append(names, code(l.Name, longestExcerpt))
	}
	if len(names) == 1 {
		return "the label " + names[0]
	}
	return "the labels " + strings.Join(names, ", ")
}

// code shows a text, cut to so many characters, as code on one line.
func code(text string, most int) string {
	text = strings.Join(strings.Fields(strings.ReplaceAll(text, "`", "'")), " ")
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most-1]) + "…"
	}
	if text == "" {
		return ""
	}
	return "`" + text + "`"
}
