package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"hls/internal/hls"
	"hls/internal/web"
)

type deliveriesReplayCmd struct {
	reach
	selection
	IDs    []string `arg:"" optional:"" name:"id" help:"Ids of deliveries."`
	State  string   `help:"In place of ids: those in this state, as parked." placeholder:"STATE"`
	Limit  int      `help:"Most of them to replay, the newest (default: 50)." default:"50" placeholder:"N"`
	Apply  bool     `help:"Replay them: without it, those of --state are only listed."`
	Output string   `help:"Output format (default: text)." enum:"text,json" default:"text" placeholder:"text|json"`

	trialFlags
}

// Help is shown by hls deliveries replay --help.
func (deliveriesReplayCmd) Help() string {
	return "Example:\n  hls deliveries replay 51a10000-0000-4000-8000-000000000001\n" +
		"  hls deliveries replay --state parked --reason github_unavailable --apply\n" +
		"  hls deliveries replay 51a10000-0000-4000-8000-000000000001 --dry-run --model claude-opus-5-5\n" +
		"  hls deliveries replay --since 24h --event issues --limit 10 --dry-run --output json\n\n" +
		"A parked delivery is resumed: its task goes on with all its attempts, and Claude is not paid again for an analysis " +
		"that is stored. Any other that has ended is worked on anew, as a new task, by the settings in force. Those named by " +
		"id are replayed at once. While no service runs they wait for its start.\n\n" +
		"With --dry-run nothing is done: Claude is asked with the templates, the model and the policy that are given, and what " +
		"would come of it is compared with what came of it. The policy (repositories, features, models, prompts) is that of " +
		"--config; the caps on money hold."
}

var errReplay = errors.New("not everything could be replayed")

// replayReport is what the command prints as JSON.
type replayReport struct {
	Applied    bool         `json:"applied"`
	Deliveries []web.Listed `json:"deliveries"` // those selected by --state
	More       bool         `json:"more"`       // of those, beyond --limit
	Replayed   []replayed   `json:"replayed"`
}

type replayed struct {
	web.Replayed
	Error string `json:"error,omitempty"`
}

// Run replays the deliveries that are named, or tells which the selection would replay.
func (k deliveriesReplayCmd) Run(c *call) error {
	if err := k.check(); err != nil {
		return err
	}
	if k.DryRun {
		return k.try(c)
	}
	log, done, err := k.deliveries(c)
	if err != nil {
		return err
	}
	defer done()
	report := replayReport{Applied: k.Apply || len(k.IDs) > 0, Deliveries: []web.Listed{}, Replayed: []replayed{}}
	ids := k.IDs
	if k.State != "" {
		if report.Deliveries, report.More, err = k.selected(c.ctx, log); err != nil {
			return usage(err)
		}
		for _, d := range slices.Backward(report.Deliveries) { // the oldest first, as they came
			ids = append(ids, d.DeliveryID)
		}
	}
	if report.Applied {
		report.Replayed, err = replayAll(c.ctx, log, ids)
	}
	return errors.Join(k.print(c, report), err)
}

func (k deliveriesReplayCmd) check() error {
	if k.DryRun || k.trialFlags != (trialFlags{}) {
		return k.checkTrial()
	}
	switch {
	case len(k.IDs) > 0 && (k.State != "" || k.selection != selection{}):
		return fmt.Errorf("%w: name deliveries by their ids, or select them by --state and its like, not both", errUsage)
	case len(k.IDs) == 0 && k.State == "":
		return fmt.Errorf("%w: name deliveries by their ids, or select them by --state, as --state parked", errUsage)
	case k.State == string(hls.Queued) || k.State == string(hls.Running):
		return fmt.Errorf("%w: --state %s: what has not ended cannot be replayed", errUsage, k.State)
	case k.Limit < 1:
		return fmt.Errorf("%w: --limit: want a number from 1", errUsage)
	}
	return nil
}

// selected reads the deliveries whose newest task the selection fits, and tells whether there are more of them.
func (k deliveriesReplayCmd) selected(ctx context.Context, log deliveryLog) (list []web.Listed, more bool, err error) {
	form := k.query(k.State)
	form.Set("newest", "true")
	list = []web.Listed{}
	for {
		form.Set("limit", strconv.Itoa(min(k.Limit-len(list), mostListed)))
		page, err := log.List(ctx, form.Encode())
		if err != nil {
			return nil, false, err
		}
		list = append(list, page.Deliveries...)
		if page.NextBefore == 0 || len(list) >= k.Limit {
			return list, page.NextBefore != 0, nil
		}
		form.Set("before", strconv.FormatInt(page.NextBefore, 10))
	}
}

// replayAll goes on after a delivery that cannot be replayed, and ends with a log that cannot be reached.
func replayAll(ctx context.Context, log deliveryLog, ids []string) ([]replayed, error) {
	out, failed := []replayed{}, error(nil)
	for _, id := range ids {
		done, err := log.Replay(ctx, id)
		var refused *web.Refused
		switch {
		case errors.As(err, &refused):
			out, failed = append(out, replayed{web.Replayed{DeliveryID: id}, refused.Reason}), errReplay
		case err != nil:
			return out, fmt.Errorf("replay delivery %s: %w", id, err)
		default:
			out = append(out, replayed{Replayed: done})
		}
	}
	return out, failed
}

func (k deliveriesReplayCmd) print(c *call, r replayReport) error {
	if k.Output == "json" {
		return printJSON(c.io.out, r)
	}
	if !r.Applied && len(r.Deliveries) > 0 {
		if err := printDeliveries(c.io.out, r.Deliveries); err != nil {
			return err
		}
	}
	for _, one := range r.Replayed {
		fmt.Fprintf(c.io.out, "%s: %s\n", cell(one.DeliveryID), cell(one.outcome()))
	}
	if k.State != "" {
		fmt.Fprintln(c.io.out, r.summary())
	}
	return nil
}

func (r replayed) outcome() string {
	switch {
	case r.Error != "":
		return "not replayed: " + r.Error
	case r.Status == hls.Superseded:
		return fmt.Sprintf("task %d is superseded: newer work on its subject waits", r.TaskID)
	case r.Resumed:
		return fmt.Sprintf("task %d is resumed", r.TaskID)
	}
	return fmt.Sprintf("queued as task %d", r.TaskID)
}

func (r replayReport) summary() string {
	text := fmt.Sprintf("%d selected", len(r.Deliveries))
	if r.More {
		text += ", and there are more: --limit takes more of them at a time"
	}
	if !r.Applied && len(r.Deliveries) > 0 {
		text += "; nothing is changed, --apply replays them"
	}
	return text
}
