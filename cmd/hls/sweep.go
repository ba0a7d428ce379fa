package main

import (
	"errors"
	"fmt"
	"net/http"
	"text/tabwriter"
	"time"

	"hls/internal/app"
	"hls/internal/config"
	"hls/internal/record"
	"hls/internal/sweep"
	"hls/internal/web"
)

type sweepCmd struct {
	caution
	reach
	Repositories []string      `arg:"" optional:"" help:"Repositories, as owner/repo (default: all that the settings name)."`
	OlderThan    time.Duration `help:"Leave out what was opened later than that, as 24h (default: sweep.older_than)." placeholder:"DURATION" default:"-1s"`
	Most         int           `help:"The most to take in of one repository (default: sweep.most)." placeholder:"N"`
	Comment      bool          `help:"Let comments and reviews follow, and not labels alone (default: sweep.comment)."`
	Output       string        `help:"Output format (default: text)." enum:"text,json" default:"text" placeholder:"text|json"`
}

// Help is shown by hls sweep --help.
func (sweepCmd) Help() string {
	return "Example:\n  hls sweep\n  hls sweep acme/widget-shop --older-than 24h --most 5 --apply\n\n" +
		"Prints which open issues and pull requests no event has told of; --apply takes them in, as if they had just been " +
		"opened, and sets labels alone unless --comment lets more follow. While the service runs it is asked to do so, with " +
		"server.admin_token; otherwise they wait for its start."
}

// Run looks for open issues and pull requests that no event has told of, and takes them in when told to.
func (k sweepCmd) Run(c *call) error {
	apply, err := k.apply()
	if err != nil {
		return err
	}
	q := web.Sweep{Repositories: k.Repositories, Apply: apply, Most: k.Most, Comment: k.Comment}
	if k.OlderThan >= 0 {
		q.OlderThan = k.OlderThan.String()
	}
	settings, err := config.Load(c.config, config.Options{Need: config.NeedGitHub | config.NeedWebhooks | config.NeedStorage})
	if err != nil {
		return err
	}
	fmt.Fprintln(c.io.err, "looking through open issues and pull requests …")
	show := c.progress("looking", 0)
	report, err := k.sweep(c, settings, q)
	show.end()
	if err != nil {
		return err
	}
	if err := k.print(c, report); err != nil {
		return err
	}
	if len(report.Problems) > 0 {
		return errTrouble
	}
	return nil
}

// sweep does it here, or has the service do it whose database belongs to one process.
func (k sweepCmd) sweep(c *call, s *config.Settings, q web.Sweep) (sweep.Report, error) {
	if k.Server == "" {
		report, err := app.SweepBeside(c.ctx, s, app.Options{Version: release, LogTo: c.io.err}, q)
		if !errors.Is(err, record.ErrInUse) {
			return report, usage(err)
		}
	}
	var report sweep.Report
	err := k.service(s, longest).ask(c.ctx, request{http.MethodPost, "/api/v1/sweep", q}, &report)
	return report, usage(err)
}

func (k sweepCmd) print(c *call, r sweep.Report) error {
	if k.Output == "json" {
		return printJSON(c.io.out, r)
	}
	table := tabwriter.NewWriter(c.io.out, 0, 0, 2, ' ', 0)
	if len(r.Found) > 0 {
		fmt.Fprintln(table, "OPENED AT\tSUBJECT\tKIND\tOUTCOME\tTITLE")
	}
	for _, f := range r.Found {
		fmt.Fprintf(table, "%s\t%s#%d\t%s\t%s\t%s\n", told(f.Opened), cell(f.Repository), f.Number, f.Kind, cell(because(f.Outcome, f.Reason)), cell(f.Title))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, repo := range r.Repositories {
		fmt.Fprintf(c.io.out, "%s: %d open%s\n", repo.Name, repo.Open, passed(repo.Passed))
	}
	for _, p := range r.Problems {
		fmt.Fprintln(c.io.out, "problem:", cell(fmt.Sprint(p)))
	}
	fmt.Fprintln(c.io.out, k.summary(r))
	return nil
}

func (sweepCmd) summary(r sweep.Report) string {
	taken := 0
	for _, f := range r.Found {
		if f.Outcome == "accepted" {
			taken++
		}
	}
	text := fmt.Sprintf("%d found, %d taken in", len(r.Found), taken)
	switch {
	case !r.Applied && len(r.Found) > 0:
		text += "; nothing is changed, --apply takes them in"
	case taken > 0 && !r.Comment:
		text += "; labels alone will follow"
	}
	if r.Unfinished {
		text += "; there may be more, run it again"
	}
	return text
}
