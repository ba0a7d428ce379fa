package handler

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"hls/internal/hls"
)

// kindPart is the kind of the memories of what the comment on a pull request says of each workflow. The runs of several
// workflows are tasks of their own and end at the same time, and there is one comment: it is composed of all parts.
const kindPart = "ci"

// ciPart is what the comment says of one workflow.
type ciPart struct {
	Key     string `json:"key"`
	Name    string `json:"name"`
	Run     int64  `json:"run"`
	Number  int    `json:"number"`
	Attempt int    `json:"attempt"`
	Head    string `json:"head"`
	Green   bool   `json:"green,omitempty"`
	Dry     bool   `json:"dry,omitempty"`  // planned in a dry run, and never said
	Text    string `json:"text,omitempty"` // of a failure
}

func recallParts(ctx context.Context, read Memory, pull hls.Subject) ([]ciPart, error) {
	memories, err := recall[ciPart](ctx, read, hls.Recall{Subject: pull, Kind: kindPart, Limit: 500})
	var parts []ciPart
	for _, m := range memories {
		parts = append(parts, m.says)
	}
	return parts, err
}

func recallCauses(ctx context.Context, read Memory, which hls.Recall) ([]recalledCause, error) {
	memories, err := recall[seenCause](ctx, read, which)
	var seen []recalledCause
	for _, m := range memories {
		seen = append(seen, recalledCause{seenCause: m.says, print: m.Key, at: m.At, where: m.Subject})
	}
	return seen, err
}

func partOf(parts []ciPart, key string) *ciPart {
	if i := slices.IndexFunc(parts, func(p ciPart) bool { return p.Key == key }); i >= 0 {
		return &parts[i]
	}
	return nil
}

// Again reads the parts of the comment once more: see handler.Composer.
func (ci) Again(ctx context.Context, read Memory, _ hls.Event, f hls.Facts) (hls.Facts, error) {
	c := ciOf(f)
	if c == nil || f.Target == nil {
		return f, nil
	}
	parts, err := recallParts(ctx, read, *f.Target)
	if err != nil {
		return f, err
	}
	fresh := *c
	fresh.Parts = parts
	f.Values = map[string]any{"ci": &fresh}
	return f, nil
}

const (
	mostParts    = 3 // that are told in full
	automatedLog = "*This is an automated look at the logs; a maintainer decides.*"
)

// compose is the comment: what failed at the present head, what has no result of it yet, and what is green again.
func compose(parts []ciPart, head string) string {
	parts = slices.Clone(parts)
	slices.SortFunc(parts, func(a, b ciPart) int {
		return strings.Compare(a.Name+"\x00"+a.Key, b.Name+"\x00"+b.Key)
	})
	var failing, lines []string
	for _, p := range parts {
		switch {
		case p.Green && p.Head == head:
			lines = append(lines, inCode(p.Name)+" is green again at "+inCode(short(head))+".")
		case p.Green:
		case p.Head != head:
			lines = append(lines, fmt.Sprintf("%s failed at %s and has no result of %s yet.", inCode(p.Name), inCode(short(p.Head)), inCode(short(head))))
		case len(failing) < mostParts:
			failing = append(failing, p.Text)
		default:
			lines = append(lines, inCode(p.Name)+" failed as well.")
		}
	}
	if len(lines) > 0 {
		failing = append(failing, strings.Join(lines, "\n"))
	}
	return strings.Join(append(failing, automatedLog), "\n\n")
}
