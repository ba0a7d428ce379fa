package sqlite

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"hls/internal/fault"
	"hls/internal/hls"
	"hls/internal/record"
)

// Add stores a delivery and its task.
func (s *Store) Add(ctx context.Context, in record.Intake) (receipt hls.Receipt, err error) {
	headers, err := json.Marshal(in.Delivery.Headers)
	if err != nil {
		return hls.Receipt{}, fmt.Errorf("add delivery: %w", err)
	}
	a := &addition{Intake: in, headers: headers}
	if in.Work != nil {
		a.payload = record.Pack(in.Delivery.Body)
	}
	err = s.writeBytes(ctx, len(a.payload), func(t *tx) (err error) {
		if receipt, err = a.add(t); err == nil {
			t.counts.Request(receipt.Class, receipt.Reason)
		}
		fault.At(fault.InTransaction)
		return err
	})
	if err != nil {
		return hls.Receipt{}, fmt.Errorf("add delivery: %w", err)
	}
	return receipt, nil
}

// addition is an intake made ready for storing.
type addition struct {
	record.Intake
	headers []byte
	payload []byte
}

// add looks for the delivery by its id first, then by its body, and stores what is new.
func (a *addition) add(t *tx) (hls.Receipt, error) {
	d := a.Delivery
	var ignored string
	err := t.row(`SELECT ignored FROM deliveries WHERE id = ?`, []any{d.ID}, &ignored)
	if err == nil {
		return a.again(t, ignored != "")
	}
	if !none(err) {
		return hls.Receipt{}, err
	}
	if seen, err := a.seen(t); seen || err != nil {
		return hls.Receipt{Class: hls.Duplicate, Reason: "body"}, err
	}
	if err := a.store(t); err != nil {
		return hls.Receipt{}, err
	}
	return a.receipt(t)
}

// again decides on an id that is known.
func (a *addition) again(t *tx, ignored bool) (hls.Receipt, error) {
	d := a.Delivery
	var sameBody, sameHook bool
	err := t.row(`SELECT ifnull(max(hash = ?2), 0), ifnull(max(hook_id = ?3 AND hash <> ?2), 0) FROM bodies WHERE delivery_id = ?1`,
		[]any{d.ID, d.Hash[:], d.HookID}, &sameBody, &sameHook)
	switch {
	case err != nil:
		return hls.Receipt{}, err
	case sameHook:
		return hls.Receipt{Class: hls.Conflict}, nil
	case !ignored && sameBody:
		return hls.Receipt{Class: hls.Duplicate, Reason: "delivery_id"}, nil
	case !ignored:
		return hls.Receipt{Class: hls.Duplicate, Reason: "alias"}, a.body(t, true)
	}
	if seen, err := a.seen(t); seen || err != nil {
		return hls.Receipt{Class: hls.Duplicate, Reason: "body"}, err
	}
	if a.Work == nil {
		return hls.Receipt{Class: hls.Ignored, Reason: a.Ignored}, a.body(t, false)
	}
	if err := a.store(t); err != nil {
		return hls.Receipt{}, err
	}
	return a.receipt(t)
}

// seen tells whether the body was accepted lately, under whichever id.
func (a *addition) seen(t *tx) (seen bool, err error) {
	since := stamp(t.aged().Add(-record.HashWindow))
	err = t.row(`SELECT EXISTS (SELECT 1 FROM bodies WHERE hash = ? AND accepted_at > ?)`, []any{a.Delivery.Hash[:], max(since, 0)}, &seen)
	return seen, err
}

// store writes the delivery: anew, or over one that was ignored.
func (a *addition) store(t *tx) error {
	const q = `INSERT INTO deliveries (id, request_id, hook_id, event, action, repo, repo_id, scope, sender, headers, hash, ignored, received_at, payload)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET request_id = excluded.request_id, hook_id = excluded.hook_id, event = excluded.event,
			action = excluded.action, repo = excluded.repo, repo_id = excluded.repo_id, scope = excluded.scope, sender = excluded.sender,
			headers = excluded.headers, hash = excluded.hash, ignored = excluded.ignored,
			received_at = excluded.received_at, payload = excluded.payload`
	d, ignored := a.Delivery, a.Ignored
	if a.Work != nil {
		ignored = ""
	} else if ignored == "" {
		ignored = "no_work"
	}
	err := t.exec(q, d.ID, d.RequestID, d.HookID, d.Event, d.Action, d.Repo, d.RepoID, d.Scope, d.Sender, string(a.headers), d.Hash[:],
		ignored, stamp(d.ReceivedAt), a.payload)
	if err != nil {
		return err
	}
	return a.body(t, a.Work != nil)
}

// body notes the hash of the body for the delivery and the hook that sent it.
func (a *addition) body(t *tx, accepted bool) error {
	const q = `INSERT INTO bodies (delivery_id, hook_id, hash, accepted_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (delivery_id, hook_id) DO UPDATE SET accepted_at = max(accepted_at, excluded.accepted_at)`
	var at int64
	if accepted {
		at = stamp(t.now)
	}
	return t.exec(q, a.Delivery.ID, a.Delivery.HookID, a.Delivery.Hash[:], at)
}

// receipt queues the work of a delivery that was stored just now.
func (a *addition) receipt(t *tx) (hls.Receipt, error) {
	if a.Work == nil {
		return hls.Receipt{Class: hls.Ignored, Reason: a.Ignored}, nil
	}
	t.counts.Accepted(a.Delivery.Event, a.Delivery.Repo)
	id, err := t.enqueue(origin{a.Delivery.ID, a.Delivery.RequestID}, *a.Work)
	return hls.Receipt{Class: hls.Accepted, TaskID: id}, err
}

// Delivery reads a delivery with its body, which is empty when the delivery was ignored or its payload has expired.
func (s *Store) Delivery(ctx context.Context, id string) (d hls.Delivery, err error) {
	const q = `SELECT id, request_id, hook_id, event, action, repo, repo_id, scope, sender, headers, hash, received_at, payload FROM deliveries WHERE id = ?`
	var headers, hash, payload []byte
	var received int64
	err = s.readers.QueryRowContext(ctx, q, id).Scan(&d.ID, &d.RequestID, &d.HookID, &d.Event, &d.Action, &d.Repo, &d.RepoID,
		&d.Scope, &d.Sender, &headers, &hash, &received, &payload)
	if err != nil {
		return hls.Delivery{}, fmt.Errorf("read delivery %s: %w", id, found(err))
	}
	d.ReceivedAt = moment(received)
	copy(d.Hash[:], hash)
	if d.Body, err = record.Unpack(payload); err == nil && !bytes.Equal(headers, []byte("null")) {
		err = json.Unmarshal(headers, &d.Headers)
	}
	if err != nil {
		return hls.Delivery{}, fmt.Errorf("read delivery %s: %w", id, err)
	}
	return d, nil
}

// Tally adds to a total of what happens outside the record.
func (s *Store) Tally(ctx context.Context, name string, n int64) error {
	err := s.write(ctx, func(t *tx) error {
		t.counts.Tally(name, n)
		return nil
	})
	if err != nil {
		return fmt.Errorf("add to total %s: %w", name, err)
	}
	return nil
}

// Count counts a request that was not stored.
func (s *Store) Count(ctx context.Context, class hls.Class, reason string) error {
	err := s.write(ctx, func(t *tx) error {
		t.counts.Request(class, reason)
		return nil
	})
	if err != nil {
		return fmt.Errorf("count request: %w", err)
	}
	return nil
}
