package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"hls/internal/hls"
	"hls/internal/web"
)

type effectsCmd struct {
	List    effectsListCmd    `cmd:"" help:"List what was written to GitHub, or waits for it, newest first."`
	Approve effectsApproveCmd `cmd:"" help:"Have proposals carried out, exactly as they were stored."`
	Reject  effectsRejectCmd  `cmd:"" help:"End proposals: nothing is written."`
}

const effectsPath = "/api/v1/effects"

// Effects asks for a page of the ledger.
func (l servedLog) Effects(ctx context.Context, query string) (page web.EffectsPage, err error) {
	return page, l.ask(ctx, request{http.MethodGet, effectsPath + "?" + query, nil}, &page)
}

// Decide asks for a decision to be carried out.
func (l servedLog) Decide(ctx context.Context, what web.Decision) (decided web.Decided, err error) {
	return decided, l.ask(ctx, request{http.MethodPost, effectsPath + "/decide", what}, &decided)
}

type effectsListCmd struct {
	reach
	State    string `help:"Only those in this state, as proposed, done, shadow or unknown." placeholder:"STATE"`
	Kind     string `help:"Only of this kind, as add_labels." placeholder:"KIND"`
	Repo     string `help:"Only of this repository." placeholder:"OWNER/REPO"`
	Delivery string `help:"Only of this delivery." placeholder:"ID"`
	Before   int64  `help:"Only those before this effect: the next page." placeholder:"ID"`
	Limit    int    `help:"Most to list, up to 200 (default: 50)." placeholder:"N"`
	Output   string `help:"Output format (default: text)." enum:"text,json" default:"text" placeholder:"text|json"`
}

// Help is shown by hls effects list --help.
func (effectsListCmd) Help() string {
	return "Example:\n  hls effects list --state proposed\n  hls effects list --repo acme/widget-shop --state done --output json\n\n" +
		"Shows each effect with exactly what it writes, or would write."
}

func (k effectsListCmd) query() string {
	form := url.Values{}
	for name, value := range map[string]string{"state": k.State, "kind": k.Kind, "repo": k.Repo, "delivery": k.Delivery} {
		if value != "" {
			form.Set(name, value)
		}
	}
	for name, value := range map[string]int64{"before": k.Before, "limit": int64(k.Limit)} {
		if value != 0 {
			form.Set(name, strconv.FormatInt(value, 10))
		}
	}
	return form.Encode()
}

// Run lists a page of effects.
func (k effectsListCmd) Run(c *call) error {
	log, done, err := k.deliveries(c)
	if err != nil {
		return err
	}
	defer done()
	page, err := log.Effects(c.ctx, k.query())
	switch {
	case err != nil:
		return usage(err)
	case k.Output == "json":
		return printJSON(c.io.out, page)
	case len(page.Effects) == 0:
		_, err = fmt.Fprintln(c.io.out, "no such effects")
		return err
	}
	for _, e := range page.Effects {
		printEffect(c.io.out, e)
	}
	if page.NextBefore > 0 {
		_, err = fmt.Fprintf(c.io.out, "there are more: the same with --before %d\n", page.NextBefore)
	}
	return err
}

func printEffect(w io.Writer, e web.LedgerRow) {
	fmt.Fprintf(w, "%d  %s on %s: %s%s\n", e.ID, cell(string(e.Kind)), cell(e.Subject), cell(string(e.State)), by(e.DecidedBy))
	fmt.Fprintf(w, "    %s, delivery %s\n", told(e.At), cell(e.DeliveryID))
	if note := strings.TrimSpace(e.URL + " " + e.Error); note != "" {
		fmt.Fprintf(w, "    %s\n", cell(note))
	}
	for _, line := range details(e.Effect) {
		fmt.Fprintln(w, indented("    | ", line))
	}
}

func by(who string) string {
	if who == "" {
		return ""
	}
	return " (decided by " + cell(who) + ")"
}

// chosen are the proposals that a decision is about.
type chosen struct {
	reach
	IDs      []int64 `arg:"" optional:"" name:"id" help:"Ids of effects, as hls effects list --state proposed shows them."`
	Delivery string  `help:"In place of ids: all proposals of this delivery." placeholder:"ID"`
	Output   string  `help:"Output format (default: text)." enum:"text,json" default:"text" placeholder:"text|json"`
}

type effectsApproveCmd struct{ chosen }

// Help is shown by hls effects approve --help.
func (effectsApproveCmd) Help() string {
	return "Example:\n  hls effects approve --delivery 51a10000-0000-4000-8000-000000000901\n\n" +
		"With the numbers that hls effects list shows, some of them alone are approved. What was stored is what is written: nothing is asked or planned anew. A proposal whose subject has moved on since, or " +
		"that newer work has taken the place of, ends as stale, and nothing is written."
}

// Run approves proposals.
func (k effectsApproveCmd) Run(c *call) error { return k.decide(c, true) }

type effectsRejectCmd struct{ chosen }

// Help is shown by hls effects reject --help.
func (effectsRejectCmd) Help() string {
	return "Example:\n  hls effects reject --delivery 51a10000-0000-4000-8000-000000000902\n\nA rejected proposal is never written, and the same one is not made again."
}

// Run rejects proposals.
func (k effectsRejectCmd) Run(c *call) error { return k.decide(c, false) }

func (k chosen) decide(c *call, approve bool) error {
	if (len(k.IDs) == 0) == (k.Delivery == "") {
		return fmt.Errorf("%w: name effects by their ids, or a delivery by --delivery", errUsage)
	}
	log, done, err := k.deliveries(c)
	if err != nil {
		return err
	}
	defer done()
	ids := k.IDs
	if k.Delivery != "" {
		form := url.Values{"state": {string(hls.EffectProposed)}, "delivery": {k.Delivery}, "limit": {strconv.Itoa(mostListed)}}
		page, err := log.Effects(c.ctx, form.Encode())
		if err != nil {
			return usage(err)
		}
		for _, e := range page.Effects {
			ids = append(ids, e.ID)
		}
		if len(ids) == 0 {
			return fmt.Errorf("delivery %s has no proposals", k.Delivery)
		}
	}
	decided, err := log.Decide(c.ctx, web.Decision{IDs: ids, Approve: approve, By: web.Operator})
	switch {
	case err != nil:
		return fmt.Errorf("decide about effects: %w", err)
	case k.Output == "json":
		return printJSON(c.io.out, decided)
	case approve:
		_, err = fmt.Fprintf(c.io.out, "%d approved: queued as task %s\n", len(decided.IDs), listed(decided.TaskIDs))
	default:
		_, err = fmt.Fprintf(c.io.out, "%d rejected\n", len(decided.IDs))
	}
	return err
}

func listed(list []int64) string {
	texts := make([]string, len(list))
	for i, n := range list {
		texts[i] = strconv.FormatInt(n, 10)
	}
	return strings.Join(texts, ", ")
}
