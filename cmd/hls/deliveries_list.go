package main

import (
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"hls/internal/web"
)

type deliveriesListCmd struct {
	reach
	selection
	State   string `help:"Only those in this state: queued, running, done, skipped, superseded or parked." placeholder:"STATE"`
	Subject string `help:"Only of this issue or pull request." placeholder:"OWNER/REPO#N"`
	Actor   string `help:"Only by this person." placeholder:"LOGIN"`
	Text    string `help:"Only with this in the title, the subject, the person, the event or the reason." placeholder:"TEXT"`
	Before  int64  `help:"Only those before this task: the next page." placeholder:"TASK"`
	Limit   int    `help:"Most to list, up to 200 (default: 50)." placeholder:"N"`
	Output  string `help:"Output format (default: text)." enum:"text,json" default:"text" placeholder:"text|json"`
}

// Help is shown by hls deliveries list --help.
func (deliveriesListCmd) Help() string {
	return "Example:\n  hls deliveries list --state parked\n  hls deliveries list --actor mona --text \"crash when\"\n  hls deliveries list --repo acme/widget-shop --limit 200 --output json\n\n" +
		"A delivery that was replayed is listed once for each of its tasks. While the service runs it is asked, with " +
		"server.admin_token; otherwise the database is read."
}

// mostListed is how many deliveries a page can have.
const mostListed = 200

// Run lists a page of deliveries.
func (k deliveriesListCmd) Run(c *call) error {
	if k.Limit < 0 || k.Limit > mostListed {
		return fmt.Errorf("%w: --limit: want 1 to %d; --before takes the next page", errUsage, mostListed)
	}
	if k.Before < 0 {
		return fmt.Errorf("%w: --before: want the number of a task", errUsage)
	}
	log, done, err := k.deliveries(c)
	if err != nil {
		return err
	}
	defer done()
	form := k.query(k.State)
	for name, value := range map[string]string{"subject": k.Subject, "actor": k.Actor, "text": k.Text} {
		if value != "" {
			form.Set(name, value)
		}
	}
	if k.Before > 0 {
		form.Set("before", strconv.FormatInt(k.Before, 10))
	}
	if k.Limit > 0 {
		form.Set("limit", strconv.Itoa(k.Limit))
	}
	page, err := log.List(c.ctx, form.Encode())
	switch {
	case err != nil:
		return usage(err)
	case k.Output == "json":
		return printJSON(c.io.out, page)
	case len(page.Deliveries) == 0 && page.NextBefore > 0:
		_, err = fmt.Fprintf(c.io.out, "none among those that were looked through; the same with --before %d goes on\n", page.NextBefore)
		return err
	case len(page.Deliveries) == 0:
		_, err = fmt.Fprintln(c.io.out, "no such deliveries")
		return err
	}
	if err := printDeliveries(c.io.out, page.Deliveries); err != nil || page.NextBefore == 0 {
		return err
	}
	_, err = fmt.Fprintf(c.io.out, "there are more: the same with --before %d\n", page.NextBefore)
	return err
}

func printDeliveries(w io.Writer, list []web.Listed) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "DELIVERY\tQUEUED AT\tEVENT\tSUBJECT\tSTATE\tREASON\tATTEMPTS\tTOOK\tEFFECTS")
	for _, d := range list {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\t%d\n", cell(d.DeliveryID), told(d.QueuedAt), cell(eventName(d.Event, d.Action)),
			cell(d.Subject), cell(string(d.State)), dash(cell(d.Reason)), d.Attempt, took(d.DurationSeconds), d.EffectsDone)
	}
	return table.Flush()
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// took is a duration to the millisecond.
func took(seconds float64) string {
	return time.Duration(seconds * float64(time.Second)).Round(time.Millisecond).String()
}
