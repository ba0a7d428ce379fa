package main

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"hls/internal/app"
	"hls/internal/config"
	"hls/internal/record"
	"hls/internal/recovery"
	"hls/internal/web"
)

type hooksRecoverCmd struct {
	caution
	reach
	Target   string        `arg:"" optional:"" help:"A repository (owner/repo), an organization, or app (default: all that the settings name)."`
	Since    time.Duration `help:"Leave out what is older than this, as 6h (default: all that GitHub has kept)." placeholder:"DURATION"`
	Answered bool          `help:"Also what was answered before HLS first saw the log: after the database was lost."`
	Output   string        `help:"Output format (default: text)." enum:"text,json" default:"text" placeholder:"text|json"`
}

// Help is shown by hls hooks recover --help.
func (hooksRecoverCmd) Help() string {
	return "Example:\n  hls hooks recover\n  hls hooks recover acme/widget-shop --since 6h --apply\n\n" +
		"Prints which deliveries GitHub's logs have and the record has not; --apply takes them in, as if they had just been " +
		"received. While the service runs it is asked to do so, with server.admin_token; otherwise they wait for its start."
}

// Run looks for deliveries that never came, and takes them in when told to.
func (k hooksRecoverCmd) Run(c *call) error {
	apply, err := k.apply()
	if err != nil {
		return err
	}
	if k.Since < 0 {
		return fmt.Errorf("%w: --since: want a duration such as 6h", errUsage)
	}
	settings, err := config.Load(c.config, config.Options{Need: config.NeedGitHub | config.NeedWebhooks | config.NeedStorage})
	if err != nil {
		return err
	}
	q := web.Recovery{Target: k.Target, Apply: apply, Answered: k.Answered}
	if k.Since > 0 {
		q.Since = time.Now().Add(-k.Since).UTC()
	}
	fmt.Fprintln(c.io.err, "looking through GitHub's logs …")
	show := c.progress("looking", 0)
	report, err := k.recover(c, settings, q)
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

// recover does it here, or has the service do it whose database belongs to one process.
func (k hooksRecoverCmd) recover(c *call, s *config.Settings, q web.Recovery) (recovery.Report, error) {
	if k.Server == "" {
		report, err := app.RecoverBeside(c.ctx, s, app.Options{Version: release, LogTo: c.io.err}, q)
		if !errors.Is(err, record.ErrInUse) {
			return report, usage(err)
		}
	}
	var report recovery.Report
	err := k.service(s, longest).ask(c.ctx, request{http.MethodPost, "/api/v1/recovery", q}, &report)
	return report, usage(err)
}

// longest is what the service gives itself to look through GitHub's logs.
const longest = 15 * time.Minute

func (k hooksRecoverCmd) print(c *call, r recovery.Report) error {
	if k.Output == "json" {
		return printJSON(c.io.out, r)
	}
	table := tabwriter.NewWriter(c.io.out, 0, 0, 2, ' ', 0)
	if len(r.Deliveries) > 0 {
		fmt.Fprintln(table, "DELIVERED AT\tDELIVERY\tEVENT\tREPOSITORY\tANSWERED\tOUTCOME")
	}
	for _, d := range r.Deliveries {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", told(d.At), cell(d.DeliveryID), cell(eventName(d.Event, d.Action)), cell(d.Repository), answered(d.Code), cell(because(d.Outcome, d.Reason)))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, l := range r.Logs {
		fmt.Fprintf(c.io.out, "%s, webhook %d: %d attempts from %s to %s%s\n", l.Place, l.HookID, l.Attempts, told(l.From), told(l.To), passed(l.Passed))
	}
	for _, g := range r.Gaps {
		fmt.Fprintln(c.io.out, "gap:", cell(fmt.Sprint(g)))
	}
	for _, p := range r.Problems {
		fmt.Fprintln(c.io.out, "problem:", cell(fmt.Sprint(p)))
	}
	fmt.Fprintln(c.io.out, summary(r))
	return nil
}

func answered(code int) string {
	if code == 0 {
		return "no"
	}
	return fmt.Sprint(code)
}

// because is an outcome with its reason.
func because(outcome, reason string) string {
	if reason == "" {
		return outcome
	}
	return fmt.Sprintf("%s (%s)", outcome, reason)
}

func passed(over map[string]int) string {
	var parts []string
	for _, reason := range slices.Sorted(maps.Keys(over)) {
		parts = append(parts, fmt.Sprintf("%d %s", over[reason], reason))
	}
	if len(parts) == 0 {
		return ""
	}
	return "; passed over: " + strings.Join(parts, ", ")
}

func summary(r recovery.Report) string {
	taken := 0
	for _, d := range r.Deliveries {
		if d.Outcome == "accepted" {
			taken++
		}
	}
	text := fmt.Sprintf("%d missed, %d taken in", len(r.Deliveries), taken)
	if !r.Applied && len(r.Deliveries) > 0 {
		text += "; nothing is changed, --apply takes them in"
	}
	if r.Unfinished {
		text += "; a limit was reached and there may be more, run it again later"
	}
	return text
}
