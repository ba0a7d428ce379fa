package handler

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"hls/internal/hls"
)

// Run is what HLS did about a subject in one task, for people to read.
type Run struct {
	Task         hls.Task
	Model        string // "" when Claude was not asked
	CostMicroUSD int64
	Dropped      []hls.Drop
	Silent       string
	Effects      []hls.Entry
}

const (
	mostRuns = 5
	mostTold = 8 // of the effects of a run, and of what was dropped in it
)

// recounting tells what HLS did and why, from its record. Claude is not asked.
type recounting struct{ unasked }

func (recounting) gather(ctx context.Context, read Reader, e hls.Event, _ hls.Rule, cmd *commandFacts) (f hls.Facts, err error) {
	if f, err = place(ctx, read, e.Subject, "", cmd); err != nil || f.Skip != "" {
		return f, err
	}
	if cmd.Runs, err = read.Runs(ctx, mostRuns); err != nil {
		return f, fmt.Errorf("read earlier runs: %w", err)
	}
	cmd.Paused, err = whoPaused(ctx, read, e.Subject)
	return f, err
}

func (recounting) plan(e hls.Event, f hls.Facts, a hls.Analysis, r hls.Rule) hls.Plan {
	cmd := commandOf(f)
	var lines []string
	if cmd.Paused != "" {
		lines = append(lines, fmt.Sprintf("Paused by %s: nothing but commands is worked on here.", inCode(cmd.Paused)), "")
	}
	if len(cmd.Runs) == 0 {
		lines = append(lines, "HLS has done nothing here yet.")
	} else {
		lines = append(lines, "What HLS did here lately, newest first:", "")
	}
	for _, run := range cmd.Runs {
		lines = append(lines, run.lines()...)
	}
	return newDraft(e, f, a, ownPurpose("why-", e)).answerCommand(e, r, strings.Join(lines, "\n"))
}

// lines tell of one run. What others chose, such as names and quotes, stands as code.
func (r Run) lines() []string {
	t := r.Task
	event := strings.TrimSuffix(t.Event+"."+t.Action, ".")
	head := fmt.Sprintf("- %s, %s: %s", t.QueuedAt.UTC().Format("2006-01-02 15:04 UTC"), inCode(event), cmp.Or(string(t.State), "unknown"))
	if t.Reason != "" {
		head += " (" + inCode(t.Reason) + ")"
	}
	if r.Model != "" {
		head += fmt.Sprintf("; asked %s for %.4f USD", inCode(r.Model), float64(r.CostMicroUSD)/1e6)
	}
	lines := []string{head}
	told := map[string]bool{}
	for _, e := range r.Effects {
		line := "  - " + effectLine(e)
		if !told[line] && len(told) < mostTold {
			lines = append(lines, line)
		}
		told[line] = true
	}
	for _, d := range r.Dropped[:min(len(r.Dropped), mostTold)] {
		lines = append(lines, fmt.Sprintf("  - dropped %s: %s", inCode(d.What), inCode(d.Why)))
	}
	if more := len(r.Dropped) - mostTold; more > 0 {
		lines = append(lines, fmt.Sprintf("  - dropped %d more", more))
	}
	if r.Silent != "" {
		lines = append(lines, "  - said nothing: "+inCode(r.Silent))
	}
	return lines
}

// effectLine is one row of the ledger in words.
func effectLine(e hls.Entry) string {
	line := strings.ReplaceAll(string(e.Effect.Kind), "_", " ")
	if len(e.Effect.Labels) > 0 {
		var names []string
		for _, l := range e.Effect.Labels {
			names = append(names, inCode(l.Name))
		}
		slices.Sort(names)
		line += " " + strings.Join(names[:min(len(names), mostTold)], ", ")
	}
	if n := len(e.Effect.Remarks); n > 0 {
		line += fmt.Sprintf(", remarks: %d", n)
	}
	line += ": " + string(e.State)
	if e.Error != "" {
		line += " (" + inCode(e.Error) + ")"
	}
	return line
}
