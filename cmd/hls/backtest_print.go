package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	"hls/internal/app"
	"hls/internal/backtest"
	"hls/internal/hls"
)

func printBacktest(w io.Writer, r app.BacktestReport) error {
	if r.Score == nil {
		fmt.Fprintf(w, "%s: %s\n", cell(r.Repository), cell(r.Estimate.String()))
		return nil
	}
	s := r.Score
	fmt.Fprintf(w, "%s: %d issues held against what maintainers decided\n", cell(r.Repository), s.Issues)
	for _, reason := range slices.Sorted(maps.Keys(s.Ended)) {
		fmt.Fprintf(w, "passed over: %d (%s)\n", s.Ended[reason], cell(reason))
	}
	if err := printLabels(w, s.Labels); err != nil {
		return err
	}
	if err := printGroups(w, s.Groups); err != nil {
		return err
	}
	printDuplicates(w, s.Duplicates)
	printAmiss(w, r)
	how := ""
	if r.Batch != "" {
		how = " (a batch, at half the price)"
	}
	u := s.Usage
	fmt.Fprintf(w, "\ncost: $%.4f for %d answers%s, %d tokens to Claude and %d back\n", dollars(u.CostMicroUSD), s.Calls, how,
		u.InputTokens+u.CacheReadTokens+u.CacheWriteTokens, u.OutputTokens)
	for _, note := range r.Notes {
		fmt.Fprintln(w, "note:", cell(note))
	}
	if r.Promotion != nil {
		return printPromotion(w, *r.Promotion)
	}
	return nil
}

// portion is a share as people read it.
func portion(p *float64) string {
	if p == nil {
		return "-"
	}
	return fmt.Sprintf("%.2f", *p)
}

func printLabels(w io.Writer, rows []backtest.LabelRow) error {
	fmt.Fprintln(w)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "LABEL\tPROPOSED\tAGREED\tMISSED\tPRECISION\tRECALL\tUNDECIDED")
	for _, r := range rows {
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%s\t%s\t%d\n", cell(r.Label), r.Proposed, r.Agreed, r.Missed, portion(r.Precision), portion(r.Recall), r.Undecided)
	}
	return table.Flush()
}

func printGroups(w io.Writer, rows []backtest.GroupRow) error {
	if len(rows) == 0 {
		return nil
	}
	fmt.Fprintln(w)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "GROUP\tDECIDED\tSAME\tANOTHER\tNONE\tUNWANTED")
	for _, r := range rows {
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\n", cell(r.Group), r.Decided, r.Same, r.Other, r.None, r.Unwanted)
	}
	return table.Flush()
}

func printDuplicates(w io.Writer, d backtest.DuplicateRow) {
	fmt.Fprintf(w, "\nduplicates: %d decided, %d proposed, %d agreed, %d missed; precision %s, recall %s\n",
		d.Decided, d.Proposed, d.Agreed, d.Missed, portion(d.Precision), portion(d.Recall))
	if d.Other > 0 {
		fmt.Fprintf(w, "  %d were proposed as duplicates of another issue than people named\n", d.Other)
	}
	if d.BeyondView > 0 {
		fmt.Fprintf(w, "  %d repeat what could not be found: it is older than this history (a larger --last reaches further back), newer than they are, "+
			"or a pull request\n", d.BeyondView)
	}
}

// mostAmiss is how many issues without an analysis are named.
const mostAmiss = 10

func printAmiss(w io.Writer, r app.BacktestReport) {
	if r.Score.Failed == 0 {
		return
	}
	fmt.Fprintf(w, "\nwithout an analysis: %d\n", r.Score.Failed)
	told := 0
	for _, c := range r.Cases {
		if c.Error != "" && told < mostAmiss {
			told++
			fmt.Fprintf(w, "  #%d: %s\n", c.Number, cell(c.Error))
		}
	}
}

func printPromotion(w io.Writer, p app.Promotion) error {
	fmt.Fprintf(w, "\nlabels to apply at a precision of %.2f and more, over at least %d proposals:\n", p.Precision, backtest.Enough)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, mode := range []hls.Mode{hls.ModeApply, hls.ModeSuggest, backtest.Leave} {
		for _, a := range p.Advice {
			if a.Mode == mode {
				fmt.Fprintf(table, "  %s\t%s\t%s\n", mode, cell(a.Label), cell(a.Why))
			}
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if p.Note != "" {
		fmt.Fprintln(w, "note:", plain(p.Note))
	}
	if p.Patch != "" {
		fmt.Fprintf(w, "\nto apply this, save it in FILE and run: %s\n\n%s", cell(p.Apply), plain(p.Patch))
	}
	return nil
}
