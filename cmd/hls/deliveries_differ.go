package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"hls/internal/compare"
	"hls/internal/web"
)

func (k deliveriesReplayCmd) printEstimate(w io.Writer, r trialReport) error {
	if k.Output == "json" {
		return printJSON(w, r)
	}
	_, err := fmt.Fprintf(w, "%d deliveries, about $%.4f by what they cost the last time; nothing was asked\n", len(r.Deliveries), dollars(r.EstimateMicroUSD))
	return err
}

func (k deliveriesReplayCmd) printTrials(w io.Writer, r trialReport) error {
	if k.Output == "json" {
		return printJSON(w, r)
	}
	if len(k.IDs) > 0 {
		for i, t := range r.Deliveries {
			if i > 0 {
				fmt.Fprintln(w)
			}
			printTried(w, t)
		}
	}
	if len(k.IDs) == 1 {
		return nil
	}
	if len(k.IDs) > 1 {
		fmt.Fprintln(w)
	}
	return printTable(w, r)
}

// printTried prints what differs, for a maintainer to read.
func printTried(w io.Writer, t tried) {
	if t.Error != "" {
		fmt.Fprintf(w, "delivery  %s\nnot replayed: %s\n", cell(t.DeliveryID), cell(t.Error))
		return
	}
	fmt.Fprintf(w, "delivery  %s\n", cell(t.DeliveryID))
	fmt.Fprintf(w, "subject   %s (%s), %s\n", cell(t.Subject), cell(t.Purpose), cell(eventName(t.Event, t.Action)))
	fmt.Fprintf(w, "old       %s\n", cell(sideLine(t.Old, fmt.Sprintf("task %d, ", t.TaskID))))
	fmt.Fprintf(w, "new       %s\n", cell(sideLine(t.New, "")))
	for _, note := range t.Notes {
		fmt.Fprintf(w, "note      %s\n", cell(note))
	}
	if t.Difference == nil {
		return
	}
	d := *t.Difference
	printPair(w, "ended", d.Ended)
	printLists(w, "labels", d.Labels)
	printLists(w, "findings", d.Findings)
	printLists(w, "effects", d.Effects)
	if d.Comment != "" {
		fmt.Fprintf(w, "\ncomment\n%s\n", indented("  ", d.Comment))
	}
	printPair(w, "says nothing", d.Silent)
	printLists(w, "dropped", d.Dropped)
	if !d.Changed {
		fmt.Fprintln(w, "\nnothing that people would see differs")
	}
}

// sideLine is how a side was made, in a line.
func sideLine(s web.Side, task string) string {
	var parts []string
	if s.Model != "" {
		parts = append(parts, fmt.Sprintf("%s, %s %s, %d tokens in, %d out, $%.4f", s.Model, s.Template, short(s.PromptHash), tokensIn(s), s.Usage.OutputTokens, dollars(s.Usage.CostMicroUSD)))
	} else {
		parts = append(parts, "Claude was not asked")
	}
	if s.Settings != "" {
		parts = append(parts, "settings "+s.Settings)
	}
	return task + strings.Join(parts, ", ")
}

func tokensIn(s web.Side) int64 {
	return s.Usage.InputTokens + s.Usage.CacheReadTokens + s.Usage.CacheWriteTokens
}

func printLists(w io.Writer, name string, l compare.Lists) {
	if len(l.Added)+len(l.Removed) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s\n", name)
	for _, one := range l.Added {
		fmt.Fprintf(w, "  + %s\n", cell(one))
	}
	for _, one := range l.Removed {
		fmt.Fprintf(w, "  - %s\n", cell(one))
	}
}

func printPair(w io.Writer, name string, p compare.Pair) {
	if p.Old != p.New {
		fmt.Fprintf(w, "\n%s\n  - %s\n  + %s\n", name, dash(cell(p.Old)), dash(cell(p.New)))
	}
}

// printTable prints a line for each delivery, and the sums.
func printTable(w io.Writer, r trialReport) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "DELIVERY\tSUBJECT\tEVENT\tLABELS\tCOMMENT\tFINDINGS\tENDED\tTOKENS\tDOLLARS")
	sum := totals{}
	for _, t := range r.Deliveries {
		if t.Error != "" {
			fmt.Fprintf(table, "%s\tnot replayed: %s\n", cell(t.DeliveryID), cell(t.Error))
			sum.failed++
			continue
		}
		d := t.Difference
		sum.add(t)
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d → %d\t%.4f → %.4f\n", cell(t.DeliveryID), cell(t.Subject), cell(eventName(t.Event, t.Action)),
			countOf(d.Labels), changed(d.Comment != ""), countOf(d.Findings), dash(cell(t.New.Ended)),
			tokensIn(t.Old)+t.Old.Usage.OutputTokens, tokensIn(t.New)+t.New.Usage.OutputTokens, dollars(t.Old.Usage.CostMicroUSD), dollars(t.New.Usage.CostMicroUSD))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w, sum.text(r.More))
	return err
}

func countOf(l compare.Lists) string {
	if len(l.Added)+len(l.Removed) == 0 {
		return "="
	}
	return fmt.Sprintf("+%d -%d", len(l.Added), len(l.Removed))
}

func changed(yes bool) string {
	if yes {
		return "differs"
	}
	return "="
}

// totals are the sums of a table.
type totals struct {
	tried, failed, changed, labels, comments, findings int
	old, new                                           struct{ tokens, micro int64 }
}

func (s *totals) add(t tried) {
	s.tried++
	for _, one := range []struct {
		holds bool
		n     *int
	}{
		{t.Difference.Changed, &s.changed}, {countOf(t.Difference.Labels) != "=", &s.labels},
		{t.Difference.Comment != "", &s.comments}, {countOf(t.Difference.Findings) != "=", &s.findings},
	} {
		if one.holds {
			*one.n++
		}
	}
	s.old.tokens += tokensIn(t.Old) + t.Old.Usage.OutputTokens
	s.new.tokens += tokensIn(t.New) + t.New.Usage.OutputTokens
	s.old.micro += t.Old.Usage.CostMicroUSD
	s.new.micro += t.New.Usage.CostMicroUSD
}

func (s *totals) text(more bool) string {
	text := fmt.Sprintf("%d deliveries: %d differ (labels of %d, comments of %d, findings of %d); %d → %d tokens, $%.4f → $%.4f",
		s.tried, s.changed, s.labels, s.comments, s.findings, s.old.tokens, s.new.tokens, dollars(s.old.micro), dollars(s.new.micro))
	if s.failed > 0 {
		text += fmt.Sprintf("; %d not replayed", s.failed)
	}
	if more {
		text += "; there are more: --limit takes more of them"
	}
	return text
}
