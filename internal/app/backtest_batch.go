package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"hls/internal/analyze"
	"hls/internal/hls"
)

// handedIn is what is kept of a batch until its results are read: which questions it has, and what was set aside for each.
type handedIn struct {
	Repo    string         `json:"repo"`
	Last    int            `json:"last"` // issues at most that were looked at
	Items   []handedInItem `json:"items"`
	Settled bool           `json:"settled"` // the results were read, and what they cost is settled
}

type handedInItem struct {
	Number      int    `json:"number"`
	Revision    string `json:"revision"` // of the issue as it was opened
	Reservation int64  `json:"reservation"`
	Model       string `json:"model"`
}

func batchNote(id string) string { return "backtest/" + id }

func questionName(number int) string { return fmt.Sprintf("issue-%d", number) }

const usualPoll = 15 * time.Second

// batch sets money aside for all questions, hands them in together, and waits for the results.
func (t *trials) batch(ctx context.Context) error {
	if err := t.alone(); err != nil {
		return err
	}
	if n := t.report.Estimate.Issues; n > hls.MostBatched || n == 0 {
		return fmt.Errorf("%w: a batch has 1 to %d questions, and there are %d", ErrRequest, hls.MostBatched, n)
	}
	note, items, err := t.prepare(ctx)
	if err != nil {
		return errors.Join(err, t.giveBack(ctx, note))
	}
	state, err := t.doors.claude.Batch(ctx, items)
	switch {
	case errors.Is(err, hls.ErrAmbiguous), err != nil && ctx.Err() != nil:
		return fmt.Errorf("whether there is a batch now is not known, so that what was set aside for it counts as spent: %w", err)
	case err != nil:
		return errors.Join(err, t.giveBack(ctx, note))
	}
	if err := t.keep(ctx, state.ID, note); err != nil {
		return fmt.Errorf("batch %s is handed in, and cannot be kept: %w", state.ID, err)
	}
	t.q.Say(fmt.Sprintf("batch %s is handed in; should this end before it does, %s goes on", state.ID, t.again(state.ID)))
	return t.resume(ctx, state.ID)
}

// alone refuses a batch while the service has the record to itself.
func (t *trials) alone() error {
	if t.elsewhere == nil {
		return nil
	}
	return fmt.Errorf("%w: a batch needs the database, which the service has to itself: leave --batch out, or stop the service", ErrRequest)
}

// again is what goes on with a batch: its results are of use where the same issues are looked at.
func (t *trials) again(id string) string {
	flags := fmt.Sprintf("--last %d --resume %s", t.q.Last, id)
	if t.q.From != "" {
		flags = "--from " + shellWord(t.q.From) + " " + flags
	}
	return flags
}

// prepare sets money aside for every question. Where it fails, the note has what was set aside so far.
func (t *trials) prepare(ctx context.Context) (note handedIn, items []hls.BatchItem, err error) {
	note.Repo, note.Last = t.q.Repo, t.q.Last
	for i, posed := range t.posed {
		if posed == nil {
			continue
		}
		number := t.records[i].Number()
		prepared, err := t.rooms.Analyzer.Prepare(ctx, posed.Input)
		if err != nil {
			return note, nil, fmt.Errorf("set money aside for issue #%d: %w", number, err)
		}
		note.Items = append(note.Items, handedInItem{number, posed.Input.Revision, prepared.Reservation, prepared.Request.Model})
		items = append(items, hls.BatchItem{Name: questionName(number), Request: prepared.Request})
	}
	return note, items, nil
}

// giveBack settles what was set aside for questions that were never asked.
func (t *trials) giveBack(ctx context.Context, note handedIn) (err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	for _, item := range note.Items {
		err = errors.Join(err, t.store.Settle(ctx, item.Reservation, item.Model, hls.Usage{}))
	}
	return err
}

func (t *trials) keep(ctx context.Context, id string, note handedIn) error {
	text, err := json.Marshal(note)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	return t.store.Note(ctx, batchNote(id), text)
}

// resume goes on with a batch that was handed in.
func (t *trials) resume(ctx context.Context, id string) error {
	if err := t.alone(); err != nil {
		return err
	}
	t.report.Batch = id
	err := t.collect(ctx, id)
	if err != nil && !errors.Is(err, ErrRequest) {
		return fmt.Errorf("batch %s goes on, %s reads it: %w", id, t.again(id), err)
	}
	return err
}

// collect waits for a batch, reads its results and settles what they cost.
func (t *trials) collect(ctx context.Context, id string) error {
	note, err := t.handedIn(ctx, id)
	if err == nil {
		err = t.await(ctx, id)
	}
	if err != nil {
		return err
	}
	results := map[string]hls.BatchResult{}
	for r, err := range t.doors.claude.BatchResults(ctx, id) {
		if err != nil {
			return err
		}
		results[r.Name] = r
	}
	asked, left := map[int]bool{}, 0
	for _, item := range note.Items {
		result, ok := results[questionName(item.Number)]
		if !ok {
			t.report.Notes = append(t.report.Notes, fmt.Sprintf("the batch has no result for issue #%d: what was set aside for it counts as spent", item.Number))
			continue
		}
		asked[item.Number] = true
		if t.placeOf(item.Number) < 0 {
			left++
		}
		if err := t.take(ctx, note, item, result); err != nil {
			return err
		}
	}
	if left > 0 {
		t.report.Notes = append(t.report.Notes, note.leftOut(left))
	}
	for i, r := range t.records {
		if t.posed[i] != nil && !asked[r.Number()] {
			t.cases[i].Error = "it is not in the batch"
		}
	}
	note.Settled = true
	return t.keep(ctx, id, note)
}

func (t *trials) handedIn(ctx context.Context, id string) (note handedIn, err error) {
	text, err := t.store.Noted(ctx, batchNote(id))
	if errors.Is(err, hls.ErrNotFound) {
		return note, fmt.Errorf("%w: the record at storage.url knows of no batch %s", ErrRequest, id)
	}
	if err == nil {
		err = json.Unmarshal(text, &note)
	}
	if err == nil && hls.Fold(note.Repo) != hls.Fold(t.q.Repo) {
		err = fmt.Errorf("%w: batch %s is about %s", ErrRequest, id, note.Repo)
	}
	return note, err
}

// await looks at a batch until it has ended. Looks that fail are made again: the batch goes on without them.
func (t *trials) await(ctx context.Context, id string) error {
	poll := t.q.Poll
	if poll == 0 {
		poll = usualPoll
	}
	for failed := 0; ; {
		state, err := t.doors.claude.BatchState(ctx, id)
		switch {
		case errors.Is(err, hls.ErrNotFound), ctx.Err() != nil, err != nil && failed == patience:
			return err
		case err != nil:
			failed++
		case state.Ended:
			t.q.Tell("waiting for the batch", state.All, state.All)
			return nil
		default:
			failed = 0
			t.q.Tell("waiting for the batch", state.Finished, state.All)
		}
		rest := time.NewTimer(poll)
		select {
		case <-rest.C:
		case <-ctx.Done():
			rest.Stop()
			return ctx.Err()
		}
	}
}

// placeOf is the place of an issue among those that are asked about now; -1 where it is none of them.
func (t *trials) placeOf(number int) int {
	for i, record := range t.records {
		if record.Number() == number && t.posed[i] != nil {
			return i
		}
	}
	return -1
}

// leftOut tells of results for which there is no issue now.
func (n handedIn) leftOut(results int) string {
	last := ""
	if n.Last > 0 {
		last = fmt.Sprintf(" %d", n.Last)
	}
	return fmt.Sprintf("%d results of the batch, which are paid for, are of issues that are not looked at now: with the settings, the --from and "+
		"the --last%s that it was handed in with, --resume tells of them", results, last)
}

// take takes one result in: what it cost is settled, whatever it is.
func (t *trials) take(ctx context.Context, note handedIn, item handedInItem, r hls.BatchResult) error {
	at := t.placeOf(item.Number)
	var in analyze.Input
	if at >= 0 {
		in = t.posed[at].Input
	}
	analysis, err := hls.Analysis{Model: r.Answer.Model, Usage: r.Answer.Usage}, r.Err
	switch {
	case err != nil:
	case at < 0 || in.Revision != item.Revision:
		err = errors.New("the issue is another now than the one that was asked about")
	default:
		var read hls.Analysis
		if read, err = t.rooms.Analyzer.Read(in, r.Answer); err == nil {
			analysis = read
		}
	}
	if !note.Settled {
		if analysis.Model == "" {
			analysis.Model = item.Model
		}
		if err := t.pipeline.SettleAside(ctx, asides, item.Reservation, analysis); err != nil {
			return err
		}
	}
	switch {
	case at < 0:
		return nil
	case err != nil:
		t.amiss(at, err)
		t.cases[at].Usage = r.Answer.Usage
		return nil
	}
	return t.foresee(ctx, at, analysis)
}
