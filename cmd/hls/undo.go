package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"text/tabwriter"
	"time"

	"hls/internal/app"
	"hls/internal/config"
	"hls/internal/web"
)

type undoCmd struct {
	reach
	Delivery string `arg:"" optional:"" help:"Id of a delivery: all that came of it."`
	Since    string `help:"In place of a delivery: all since a time, as 2026-03-02T12:00:00Z, or for a duration, as 2h." placeholder:"TIME"`
	Prompt   string `help:"In place of a delivery: all that followed from a prompt, by its hash, as hls why shows it." placeholder:"HASH"`
	Repo     string `help:"Only of this repository." placeholder:"OWNER/REPO"`
	Apply    bool   `help:"Take it back: without it, it is only listed."`
	Output   string `help:"Output format (default: text)." enum:"text,json" default:"text" placeholder:"text|json"`
}

// Help is shown by hls undo --help.
func (undoCmd) Help() string {
	return "Example:\n  hls undo 51a10000-0000-4000-8000-000000000001\n  hls undo --since 2h --repo acme/widget-shop\n" +
		"  hls undo --since 2026-03-02T12:00:00Z --apply\n  hls undo --prompt b59762326ec8 --apply\n\n" +
		"Takes back labels, comments, reviews, closings, issues and reactions, the last done first. What people have touched since " +
		"stays, and is listed with the reason. Nothing is taken back twice, and HLS sets no label again by itself that was taken " +
		"back. While no service runs, the work waits for its start."
}

// TakeBack asks for an undoing.
func (l servedLog) TakeBack(ctx context.Context, what web.Undo) (undone web.Undone, err error) {
	return undone, l.ask(ctx, request{http.MethodPost, "/api/v1/undo", what}, &undone)
}

// Run takes back what was asked for, or tells what would be.
func (k undoCmd) Run(c *call) error {
	what, err := k.what(time.Now())
	if err != nil {
		return err
	}
	log, done, err := k.log(c)
	if err != nil {
		return err
	}
	defer done()
	undone, err := log.TakeBack(c.ctx, what)
	switch {
	case err != nil:
		return usage(err)
	case k.Output == "json":
		return printJSON(c.io.out, undone)
	}
	return printUndone(c.io.out, undone)
}

func (k undoCmd) what(now time.Time) (web.Undo, error) {
	named := 0
	for _, given := range []string{k.Delivery, k.Since, k.Prompt} {
		if given != "" {
			named++
		}
	}
	if named != 1 {
		return web.Undo{}, fmt.Errorf("%w: name a delivery, or use --since or --prompt: one of the three", errUsage)
	}
	since, err := sinceTime(k.Since, now)
	return web.Undo{Delivery: k.Delivery, Since: since, Prompt: k.Prompt, Repository: k.Repo, Apply: k.Apply, By: web.Operator}, err
}

// log opens the log with a door to GitHub, or that of the service whose database belongs to one process.
func (k undoCmd) log(c *call) (log deliveryLog, done func(), err error) {
	return opened(c, k.reach, func(ctx context.Context, s *config.Settings, o app.Options) (deliveryLog, func(), error) {
		return app.TrialsBeside(ctx, s, o)
	},
		func(s *config.Settings) deliveryLog { return servedLog{k.service(s, longest)} })
}

func printUndone(w io.Writer, u web.Undone) error {
	table, back := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0), 0
	for _, e := range u.Effects {
		fate := "stays: " + inWords(e.Stays)
		if e.Stays == "" {
			fate = string(e.By)
			back++
		}
		if e.Partly != "" {
			fate += ", but " + inWords(e.Partly)
		}
		what := strings.TrimSpace(string(e.Kind) + " " + strings.Join(e.Labels, ", "))
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\n", e.ID, told(e.DoneAt), cell(e.Subject), cell(what), cell(fate))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w, undoSummary(u, back))
	return err
}

// inWords spells reasons out: "bug: added_by_person; x_y: too_many_labels". Names of labels stay as they are.
func inWords(reasons string) string {
	parts := strings.Split(reasons, "; ")
	for i, part := range parts {
		at := strings.LastIndex(part, ": ") + 1
		parts[i] = part[:at] + strings.ReplaceAll(part[at:], "_", " ")
	}
	return strings.Join(parts, "; ")
}

func undoSummary(u web.Undone, back int) string {
	text := fmt.Sprintf("%d effects: %d to be taken back, %d stay", len(u.Effects), back, len(u.Effects)-back)
	switch {
	case len(u.Effects) == 0:
		text = "nothing was done that could be taken back"
	case len(u.TaskIDs) > 0:
		text += fmt.Sprintf("; queued as task %s", listed(u.TaskIDs))
	case back > 0:
		text += "; nothing is changed, --apply takes them back"
	}
	if u.Blind != "" {
		text += "\nGitHub could not be looked at, so that more may stay: " + cell(u.Blind)
	}
	if u.More {
		text += "\nthere is more than is taken back at once: run it again afterwards"
	}
	return text
}
