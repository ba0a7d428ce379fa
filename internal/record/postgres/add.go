package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"hls/internal/fault"
	"hls/internal/hls"
	"hls/internal/record"
)

const (
	adders       = 2        // batches under way at a time: while one waits for the disk, the other is decided on
	batchEntries = 64       // deliveries in one transaction
	batchBytes   = 16 << 20 // of payload in one transaction
	backlog      = 1024     // deliveries that wait; more make their callers wait
)

// addition is an intake made ready for storing, and then what became of it.
type addition struct {
	record.Intake
	headers string
	payload []byte

	receipt hls.Receipt
	job     *job
	err     error
}

// Add stores a delivery and its task.
func (s *Store) Add(ctx context.Context, in record.Intake) (hls.Receipt, error) {
	headers, err := json.Marshal(in.Delivery.Headers)
	if err != nil {
		return hls.Receipt{}, fmt.Errorf("add delivery: %w", err)
	}
	a := &addition{Intake: in, headers: string(headers)}
	if in.Work != nil {
		a.payload = record.Pack(in.Delivery.Body)
	}
	if err = s.adds.Do(ctx, a, len(a.payload)); err == nil {
		err = a.err
	}
	if err != nil {
		return hls.Receipt{}, fmt.Errorf("add delivery: %w", err)
	}
	return a.receipt, nil
}

// addAll stores what arrived together in one transaction. When that fails they are stored one by one, so that one that
// cannot be stored does not fail its neighbors.
func (s *Store) addAll(batch []*addition) {
	err := s.addTogether(batch)
	for _, a := range batch {
		if err != nil && len(batch) > 1 && !errors.Is(err, record.ErrUnavailable) {
			a.err = s.addTogether([]*addition{a})
		} else {
			a.err = err
		}
	}
}

func (s *Store) addTogether(batch []*addition) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var k *known
	return s.transact(ctx, func(b *queries) {
		k = newKnown()
		k.ask(b, batch)
	}, func(t *tx) error { return t.add(k, batch) })
}

// add decides on each delivery in the order of their arrival, and stores what is new.
func (t *tx) add(k *known, batch []*addition) error {
	var jobs []*job
	for _, a := range batch {
		a.job = nil
		a.receipt = k.judge(a, t.now)
		t.counts.Request(a.receipt.Class, a.receipt.Reason)
		if a.receipt.Class == hls.Accepted {
			t.counts.Accepted(a.Delivery.Event, a.Delivery.Repo)
			a.job = &job{deliveryID: a.Delivery.ID, requestID: a.Delivery.RequestID, work: *a.Work}
			a.job.timeless = a.Work.OccurredAt.Equal(a.Delivery.ReceivedAt)
			jobs = append(jobs, a.job)
		}
	}
	k.write(t)
	if len(jobs) > 0 {
		if err := t.enqueue(jobs); err != nil {
			return err
		}
	}
	for _, a := range batch {
		if a.job != nil {
			a.receipt.TaskID = a.job.id
		}
	}
	fault.At(fault.InTransaction)
	return nil
}

// known is what the record has of the deliveries of a batch, and then what the batch adds to it.
type known struct {
	ignored  map[string]bool                 // by id of a delivery
	bodies   map[string]map[string]*body     // by id and hook
	accepted map[[sha256.Size]byte]time.Time // when a body was accepted last, by its hash

	deliveries map[string]*addition // to be written, by id
	changed    map[*body]bool       // to be written
}

// body is one that was seen for a delivery.
type body struct {
	id, hook string
	hash     [sha256.Size]byte
	accepted time.Time // zero while ignored
}

func newKnown() *known {
	return &known{
		ignored: map[string]bool{}, bodies: map[string]map[string]*body{}, accepted: map[[sha256.Size]byte]time.Time{},
		deliveries: map[string]*addition{}, changed: map[*body]bool{},
	}
}

// ask queues what is to be known, behind the locks of all ids and bodies: nobody else decides on them meanwhile.
func (k *known) ask(b *queries, batch []*addition) {
	ids := column(batch, func(a *addition) string { return a.Delivery.ID })
	hashes := column(batch, func(a *addition) []byte { return a.Delivery.Hash[:] })
	b.lock(append(column(ids, lockOf), column(hashes, func(h []byte) int64 { return int64(binary.BigEndian.Uint64(h)) })...))
	b.Queue(`SELECT id, ignored <> '' FROM deliveries WHERE id = ANY ($1)`, ids).Query(func(rows pgx.Rows) error {
		var id string
		var ignored bool
		_, err := pgx.ForEachRow(rows, []any{&id, &ignored}, func() error {
			k.ignored[id] = ignored
			return nil
		})
		return err
	})
	b.Queue(`SELECT delivery_id, hook_id, hash, accepted_at FROM bodies WHERE delivery_id = ANY ($1)`, ids).Query(func(rows pgx.Rows) error {
		var read body
		var hash []byte
		_, err := pgx.ForEachRow(rows, []any{&read.id, &read.hook, &hash, &read.accepted}, func() error {
			one := read
			copy(one.hash[:], hash)
			k.note(&one)
			return nil
		})
		return err
	})
	b.Queue(`SELECT hash, max(accepted_at) FROM bodies WHERE hash = ANY ($1) GROUP BY hash`, hashes).Query(func(rows pgx.Rows) error {
		var hash []byte
		var at time.Time
		_, err := pgx.ForEachRow(rows, []any{&hash, &at}, func() error {
			k.accepted[[sha256.Size]byte(hash)] = at
			return nil
		})
		return err
	})
}

// lockOf is the advisory lock behind which is decided on a delivery.
func lockOf(id string) int64 {
	sum := sha256.Sum256([]byte("delivery " + id))
	return int64(binary.BigEndian.Uint64(sum[:]))
}

// lock queues the taking of advisory locks, in an order that all keep.
func (b *queries) lock(locks []int64) {
	slices.Sort(locks)
	b.Queue(`SELECT pg_advisory_xact_lock(l) FROM unnest($1::bigint[]) AS l`, slices.Compact(locks))
}

func (k *known) note(b *body) {
	if k.bodies[b.id] == nil {
		k.bodies[b.id] = map[string]*body{}
	}
	k.bodies[b.id][b.hook] = b
}

// judge decides on a delivery: by its id first, then by its body.
func (k *known) judge(a *addition, now time.Time) hls.Receipt {
	d := a.Delivery
	ignored, stored := k.ignored[d.ID]
	sameBody := false
	for _, b := range k.bodies[d.ID] {
		sameBody = sameBody || b.hash == d.Hash
	}
	earlier := k.bodies[d.ID][d.HookID]
	switch {
	case stored && earlier != nil && earlier.hash != d.Hash:
		return hls.Receipt{Class: hls.Conflict}
	case stored && !ignored && sameBody:
		return hls.Receipt{Class: hls.Duplicate, Reason: "delivery_id"}
	case stored && !ignored:
		k.see(a, now)
		return hls.Receipt{Class: hls.Duplicate, Reason: "alias"}
	case k.accepted[d.Hash].After(now.Add(-record.HashWindow)):
		return hls.Receipt{Class: hls.Duplicate, Reason: "body"}
	case stored && a.Work == nil:
		k.see(a, time.Time{})
		return hls.Receipt{Class: hls.Ignored, Reason: a.Ignored}
	}
	k.ignored[d.ID] = a.Work == nil
	k.deliveries[d.ID] = a
	if a.Work == nil {
		k.see(a, time.Time{})
		return hls.Receipt{Class: hls.Ignored, Reason: a.Ignored}
	}
	k.see(a, now)
	return hls.Receipt{Class: hls.Accepted}
}

// see notes the body for the delivery and the hook that sent it, and when it was accepted.
func (k *known) see(a *addition, accepted time.Time) {
	d := a.Delivery
	b := k.bodies[d.ID][d.HookID]
	if b == nil {
		b = &body{id: d.ID, hook: d.HookID, hash: d.Hash}
		k.note(b)
	}
	if b.accepted.Before(accepted) {
		b.accepted = accepted
	}
	if k.accepted[d.Hash].Before(accepted) {
		k.accepted[d.Hash] = accepted
	}
	k.changed[b] = true
}
