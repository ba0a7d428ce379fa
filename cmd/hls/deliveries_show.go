package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"hls/internal/hls"
	"hls/internal/web"
)

type deliveriesShowCmd struct {
	reach
	ID     string `arg:"" help:"The delivery's id, as GitHub shows it under Recent Deliveries."`
	Output string `help:"Output format (default: text)." enum:"text,json" default:"text" placeholder:"text|json"`
}

// Help is shown by hls deliveries show --help.
func (deliveriesShowCmd) Help() string {
	return "Example:\n  hls deliveries show 72d3162e-cc78-11e3-81ab-4c9367dc0958\n\n" +
		"Shows the newest task of the delivery: the analysis, what was planned and what was dropped, and what was done on " +
		"GitHub. --output json has the prompt as it was sent, too."
}

// Run shows one delivery.
func (k deliveriesShowCmd) Run(c *call) error {
	log, done, err := k.deliveries(c)
	if err != nil {
		return err
	}
	defer done()
	shown, err := log.Show(c.ctx, k.ID)
	if err != nil {
		return fmt.Errorf("show delivery %s: %w", k.ID, err)
	}
	if k.Output == "json" {
		return printJSON(c.io.out, shown)
	}
	return printDelivery(c.io.out, shown)
}

func printDelivery(w io.Writer, d web.Shown) error {
	fmt.Fprintf(w, "delivery  %s\n", cell(d.DeliveryID))
	fmt.Fprintf(w, "subject   %s (%s)\n", cell(d.Subject), cell(d.Purpose))
	fmt.Fprintf(w, "event     %s by %s\n", cell(eventName(d.Event, d.Action)), cell(d.Actor))
	fmt.Fprintf(w, "task      %d, by %s, queued at %s\n", d.TaskID, cell(string(d.Origin)), told(d.QueuedAt))
	fmt.Fprintf(w, "state     %s\n", cell(standing(d.Listed)))
	if a := d.Analysis; a != nil {
		fmt.Fprintf(w, "\nanalysis  by %s at %s, with %s\n", dash(cell(a.Model)), told(a.At), dash(cell(a.Template)))
		fmt.Fprintf(w, "          %s\n", spent(a.Usage))
		printCounts(w, "masked", "secrets taken out before Claude was asked", a.MaskedSecrets)
		printCounts(w, "hidden", "characters that readers do not see", a.HiddenCharacters)
		fmt.Fprintln(w, indented("  ", answerText(a.Answer)))
	}
	if d.Plan != nil {
		printPlan(w, *d.Plan)
	}
	return printEffects(w, d.Effects)
}

// printCounts tells what the text of an event was cleaned of, if of anything.
func printCounts(w io.Writer, name, what string, counts map[string]int) {
	if len(counts) == 0 {
		return
	}
	var parts []string
	for _, one := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%s %d", cell(one), counts[one]))
	}
	fmt.Fprintf(w, "%-9s %s: %s\n", name, what, strings.Join(parts, ", "))
}

// standing says how a task stands, in a line.
func standing(d web.Listed) string {
	text := string(d.State)
	if d.Reason != "" {
		text += " (" + d.Reason + ")"
	}
	text += fmt.Sprintf(", attempts %d, took %s", d.Attempt, took(d.DurationSeconds))
	if d.State == hls.Queued {
		text += ", runs at " + told(d.RunAt)
	}
	return text
}

func spent(u hls.Usage) string {
	return fmt.Sprintf("%d tokens in, %d out, %d read from the cache, %d written to it; $%.4f",
		u.InputTokens, u.OutputTokens, u.CacheReadTokens, u.CacheWriteTokens, float64(u.CostMicroUSD)/1e6)
}

func answerText(answer json.RawMessage) string {
	var text bytes.Buffer
	if len(answer) == 0 || string(answer) == "null" || json.Indent(&text, answer, "", "  ") != nil {
		return "the answer is no longer kept (storage.retention.analyses)"
	}
	return text.String()
}

// indented is a text that cannot be taken for the lines around it.
func indented(by, text string) string {
	return by + strings.ReplaceAll(strings.TrimRight(plain(text), "\n"), "\n", "\n"+by)
}

func printPlan(w io.Writer, plan hls.Plan) {
	if len(plan.Effects) > 0 {
		fmt.Fprintln(w, "\nplanned")
	}
	for _, e := range plan.Effects {
		fmt.Fprintf(w, "  %s on %s\n", cell(string(e.Kind)), cell(e.Subject.String()))
		for _, line := range details(e) {
			fmt.Fprintln(w, indented("    ", line))
		}
	}
	if plan.Silent != "" {
		fmt.Fprintf(w, "\nsilent    %s\n", cell(plan.Silent))
	}
	if len(plan.Dropped) > 0 {
		fmt.Fprintln(w, "\ndropped")
	}
	for _, drop := range plan.Dropped {
		fmt.Fprintf(w, "  %s: %s\n", cell(drop.What), cell(drop.Why))
	}
}

// details are what an effect says beyond its kind and its subject.
func details(e hls.Effect) (lines []string) {
	for _, label := range e.Labels {
		line := label.Name
		if why := e.Why[label.Name]; why != "" {
			line += ": " + why
		}
		lines = append(lines, line)
	}
	for _, d := range []struct {
		name  string
		value any
	}{
		{"waits", waits(e)}, {"title", e.Title}, {"comment", e.Comment}, {"reaction", e.Reaction}, {"run", e.Run}, {"section", e.Section}, {"head", e.Head},
	} {
		if text := fmt.Sprint(d.value); text != "" && text != "0" {
			lines = append(lines, d.name+" "+text)
		}
	}
	if e.Body != "" {
		lines = append(lines, e.Body)
	}
	for _, r := range e.Remarks {
		lines = append(lines, fmt.Sprintf("%s:%d\n%s", r.Path, r.EndLine, r.Body))
	}
	return lines
}

// waits says of an effect that it is only suggested, although its kind may be applied.
func waits(e hls.Effect) string {
	if e.Suggest {
		return "for approval"
	}
	return ""
}

func printEffects(w io.Writer, effects []web.Effect) error {
	if len(effects) == 0 {
		_, err := fmt.Fprintln(w, "\nno effects")
		return err
	}
	fmt.Fprintln(w, "\neffects")
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, e := range effects {
		fmt.Fprintf(table, "  %s\t%s\t%s\t%s\n", cell(string(e.Kind)), cell(string(e.State)), told(e.At), cell(strings.TrimSpace(e.URL+" "+e.Error)))
	}
	return table.Flush()
}
