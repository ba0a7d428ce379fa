package sqlite

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

const day = 24 * time.Hour

// years is a store that sees deliveries come and go over a long time, in little of ours.
type years struct {
	*clocked
	rand   *rand.Rand
	worked int // of a hundred
	made   int
	keep   record.Retention
	held   []time.Duration // how long steps of purges held up the writer
}

func newYears(t testing.TB, worked int) *years {
	t.Helper()
	y := &years{clocked: newClocked(t), rand: rand.New(rand.NewPCG(1, 1)), worked: worked}
	y.keep = record.Retention{Payloads: 14 * day, Analyses: 14 * day, Records: 31 * day, Audit: 31 * day}
	_, err := y.writer.conn.ExecContext(t.Context(), `PRAGMA synchronous = OFF`) // Nothing here fails.
	must(t, err)
	return y
}

// day takes in deliveries and works some off, then purges as the service does.
func (y *years) day(deliveries int) {
	y.t.Helper()
	for ; deliveries > 0; deliveries -= 2500 {
		must(y.t, y.write(context.Background(), func(t *tx) (err error) {
			for range min(deliveries, 2500) {
				err = errors.Join(err, y.live(t))
			}
			return err
		}))
	}
	y.pass(day)
	y.purge()
}

func (y *years) purge() {
	y.t.Helper()
	for more := true; more; {
		now := y.wall()
		c := record.Cutoff{Payloads: now.Add(-y.keep.Payloads), Analyses: now.Add(-y.keep.Analyses), Records: now.Add(-y.keep.Records), Audit: now.Add(-y.keep.Audit)}
		start := time.Now()
		var err error
		more, err = y.Purge(context.Background(), c)
		must(y.t, err)
		y.held = append(y.held, time.Since(start))
	}
}

// live is the life of one delivery, as the methods of the store write it.
func (y *years) live(t *tx) error {
	y.made++
	in := y.event(y.rand.IntN(1+y.made/3), true)
	in.Delivery.Body = []byte(strings.Repeat(fmt.Sprint(y.rand.Uint64()), 20+y.rand.IntN(100)))
	in.Delivery.Hash = sha256.Sum256(fmt.Append(nil, y.made))
	in.Delivery.ID = fmt.Sprintf("%x", in.Delivery.Hash[:18])
	a := &addition{Intake: in, headers: []byte(`{"X-GitHub-Event":"issues","User-Agent":"GitHub-Hookshot/1"}`)}
	worked := y.made%100 < y.worked
	if worked {
		a.payload = in.Delivery.Body // as if packed
	} else {
		a.Work, a.Ignored = nil, "event_not_enabled"
	}
	r, err := a.add(t)
	t.counts.Request(r.Class, r.Reason)
	if err != nil || !worked {
		return err
	}
	task, err := t.claim("me", time.Hour)
	if err != nil || task.ID != r.TaskID {
		return fmt.Errorf("claimed task %d, want %d: %w", task.ID, r.TaskID, err)
	}
	return errors.Join(y.work(t, task, in.Delivery.Body), t.end(task, hls.Outcome{State: hls.Done}))
}

func (y *years) work(t *tx, task hls.Task, text []byte) error {
	key, at := task.Subject.Key(), stamp(t.now)
	err := errors.Join(
		t.exec(`INSERT INTO spend (task_id, subject_key, repo_id, actor, state, micro_usd, at) VALUES (?, ?, 1, 'ann', 'settled', 10, ?)`, task.ID, key, at),
		t.exec(`INSERT INTO analyses (task_id, delivery_id, subject_key, subject, purpose, revision, answer, model, template, prompt_hash,
			prompt, system, user, schema, usage, at) VALUES (?1, ?2, ?3, '{}', 'triage', 'r', ?4, 'm', 't', 'h', '{}', ?4, ?4, ?4, '{}', ?5)`,
			task.ID, task.DeliveryID, key, text, at),
		t.exec(`INSERT INTO plans (task_id, plan) VALUES (?, ?)`, task.ID, text[:300]))
	for _, kind := range []hls.EffectKind{hls.AddLabels, hls.UpsertComment} {
		e := hls.Effect{Kind: kind, Subject: task.Subject, Purpose: task.Purpose, Revision: task.DeliveryID}
		plain, err1 := json.Marshal(e)
		_, err2 := t.intend(task, e, record.Pack(plain))
		err = errors.Join(err, err1, err2, t.exec(`UPDATE effects SET state = 'done', at = ? WHERE key = ?`, at, e.Key()))
	}
	return err
}

func (y *years) size() int64 {
	y.t.Helper()
	info, err := os.Stat(y.path)
	must(y.t, err)
	return info.Size()
}

// TestFlat: the file stays as large as what is kept, however much has come through it, and no purge holds up the one
// writer for long.
func TestFlat(t *testing.T) {
	t.Parallel()
	total, days, worked := 20_000, 90, 50
	switch {
	case raced:
		total = 3_000
	case faults():
		total, days, worked = 1_000_000, 400, 5
	}
	y := newYears(t, worked)
	var full, largest int64
	start := time.Now()
	for d := range days {
		if d >= 90 && time.Since(start) > 210*time.Second { // The report says how many there were.
			break
		}
		y.day(total / days)
		if d < 35 { // Records are kept for 31 days.
			full = max(full, y.size())
		}
		largest = max(largest, y.size())
	}
	if largest > full+full/10 {
		t.Errorf("the file came to %d KB after 35 days, and to %d KB after %d deliveries", full>>10, largest>>10, y.made)
	}
	slices.Sort(y.held)
	half, nearly, most := y.held[len(y.held)/2], y.held[len(y.held)*95/100], y.held[len(y.held)-1]
	if half > 50*time.Millisecond && !raced {
		t.Errorf("half of the steps of purges held up the writer for more than %v", half)
	}
	must(t, intact(y.Store))
	must(t, y.consistent(t))
	t.Logf("%d deliveries: %d KB after 35 days, %d KB at most; %d steps of purges held up the writer, half under %v, 95 %% under %v, all under %v",
		y.made, full>>10, largest>>10, len(y.held), half, nearly, most)
	report(t, row{Case: "flat under deliveries", Runs: y.made})
}
