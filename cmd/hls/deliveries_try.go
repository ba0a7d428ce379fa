package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"hls/internal/app"
	"hls/internal/config"
	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/web"
)

// trialFlags are those of a dry replay.
type trialFlags struct {
	DryRun    bool          `help:"Do nothing: ask Claude, and tell what would come of it and how that differs from what came of it."`
	PromptDir string        `help:"With --dry-run: a folder of templates that stand before all others." type:"existingdir" placeholder:"DIR"`
	Model     string        `help:"With --dry-run: the model that is asked." placeholder:"MODEL"`
	Since     time.Duration `help:"With --dry-run, in place of ids: those queued in this time, as 24h." placeholder:"DURATION"`
	Estimate  bool          `help:"With --dry-run: only tell what it would cost."`
}

func (k deliveriesReplayCmd) checkTrial() error {
	selected := k.State != "" || k.Since != 0 || k.selection != selection{}
	switch {
	case !k.DryRun:
		return fmt.Errorf("%w: --prompt-dir, --model, --since and --estimate are for --dry-run alone", errUsage)
	case k.Apply:
		return fmt.Errorf("%w: --dry-run does nothing, and --apply asks for it to be done", errUsage)
	case len(k.IDs) > 0 && selected:
		return fmt.Errorf("%w: name deliveries by their ids, or select them by --since and its like, not both", errUsage)
	case len(k.IDs) == 0 && !selected:
		return fmt.Errorf("%w: name deliveries by their ids, or select them by --since, --event, --repo or --state", errUsage)
	case k.Since < 0:
		return fmt.Errorf("%w: --since: want a duration such as 24h", errUsage)
	case k.Limit < 1:
		return fmt.Errorf("%w: --limit: want a number from 1", errUsage)
	}
	return nil
}

// trialReport is what a dry replay prints as JSON.
type trialReport struct {
	DryRun           bool    `json:"dry_run"`
	More             bool    `json:"more"` // of those selected, beyond --limit
	EstimateMicroUSD int64   `json:"estimate_micro_usd"`
	Deliveries       []tried `json:"deliveries"`
}

type tried struct {
	web.Tried
	Error string `json:"error,omitempty"`
}

// try thinks deliveries through, one after the other, and prints how each differs; of several that were selected, a table.
func (k deliveriesReplayCmd) try(c *call) error {
	log, changes, done, err := k.trials(c)
	if err != nil {
		return err
	}
	defer done()
	ids, report := k.IDs, trialReport{DryRun: true, Deliveries: []tried{}}
	if len(ids) == 0 {
		if ids, report.More, err = k.chosen(c.ctx, log); err != nil {
			return usage(err)
		}
	}
	estimates, failed, err := tryAll(c.ctx, log, ids, web.Changes{Model: changes.Model, Estimate: true}, nil)
	if err != nil {
		return err
	}
	for _, e := range estimates {
		report.EstimateMicroUSD += e.EstimateMicroUSD
	}
	if k.Estimate {
		report.Deliveries = estimates
		return errors.Join(k.printEstimate(c.io.out, report), failed)
	}
	fmt.Fprintf(c.io.err, "asking Claude about %d deliveries, for about $%.4f by what they cost the last time …\n", len(ids), dollars(report.EstimateMicroUSD))
	show := c.progress("asking Claude", len(ids))
	report.Deliveries, failed, err = tryAll(c.ctx, log, ids, changes, show.at)
	show.end()
	return errors.Join(k.printTrials(c.io.out, report), failed, err)
}

// trials opens the log for dry replays, and gathers what they are made with. The service that runs has settings of its own:
// it is sent the policy of these.
func (k deliveriesReplayCmd) trials(c *call) (log deliveryLog, changes web.Changes, done func(), err error) {
	need := config.NeedStorage
	if k.Server != "" {
		need = config.NeedNothing
	}
	settings, err := config.Load(c.config, config.Options{Need: need})
	if err != nil {
		return nil, changes, nil, err
	}
	changes.Model = k.Model
	if k.PromptDir != "" {
		if changes.Prompts, err = app.Templates(k.PromptDir); err != nil {
			return nil, changes, nil, fmt.Errorf("%w: --prompt-dir: %w", errUsage, err)
		}
	}
	if k.Server == "" {
		log, done, err := app.TrialsBeside(c.ctx, settings, app.Options{Version: release, LogTo: c.io.err})
		if !errors.Is(err, record.ErrInUse) {
			return log, changes, done, err
		}
	}
	if len(settings.Repositories) > 0 {
		if changes.Settings, err = app.Policy(settings); err != nil {
			return nil, changes, nil, err
		}
	}
	return servedLog{k.service(settings, longest)}, changes, func() {}, nil
}

// chosen are the deliveries that the selection fits and that have ended, the oldest first, and whether there are more.
func (k deliveriesReplayCmd) chosen(ctx context.Context, log deliveryLog) (ids []string, more bool, err error) {
	form := k.query(k.State)
	form.Set("newest", "true")
	form.Set("limit", strconv.Itoa(mostListed))
	for {
		page, err := log.List(ctx, form.Encode())
		if err != nil {
			return nil, false, err
		}
		for _, d := range page.Deliveries {
			switch {
			case k.Since > 0 && time.Since(d.QueuedAt) > k.Since:
				slices.Reverse(ids)
				return ids, false, nil
			case d.State == hls.Queued || d.State == hls.Running:
			case len(ids) == k.Limit:
				slices.Reverse(ids)
				return ids, true, nil
			default:
				ids = append(ids, d.DeliveryID)
			}
		}
		if page.NextBefore == 0 {
			slices.Reverse(ids)
			return ids, false, nil
		}
		form.Set("before", strconv.FormatInt(page.NextBefore, 10))
	}
}

// tryAll goes on after a delivery that cannot be thought through, which makes failed, and ends with a log that cannot be
// reached. tell is told how many are done before each begins; it may be nil.
func tryAll(ctx context.Context, log deliveryLog, ids []string, c web.Changes, tell func(done int)) (all []tried, failed, err error) {
	all = []tried{}
	for i, id := range ids {
		if tell != nil {
			tell(i)
		}
		one, err := log.DryReplay(ctx, id, c)
		var refused *web.Refused
		switch {
		case errors.As(err, &refused):
			one.DeliveryID = id
			all, failed = append(all, tried{one, refused.Reason}), errReplay
		case err != nil:
			return all, failed, fmt.Errorf("replay delivery %s: %w", id, err)
		default:
			all = append(all, tried{Tried: one})
		}
	}
	return all, failed, nil
}

func dollars(micro int64) float64 { return float64(micro) / 1e6 }
