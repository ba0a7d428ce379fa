package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
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
	err = s.await(ctx, &op{bytes: len(a.payload), whole: true, do: func(t *tx) (err error) {
		if receipt, err = a.add(t); err == nil {
			t.counts.Request(receipt.Class, receipt.Reason)
		}
		fault.At(fault.InTransaction)
		return err
	}})
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

// stored is what is known of a delivery's id, NULL when it is new, and whether its body was accepted lately, under
// whichever id.
const stored = `SELECT (SELECT ignored FROM deliveries WHERE id = ?1),
	EXISTS (SELECT 1 FROM deliveries WHERE hash = ?2 AND accepted_at > ?3 AND accepted_at > 0)
		OR EXISTS (SELECT 1 FROM bodies WHERE hash = ?2 AND accepted_at > ?3)`

// add looks for the delivery by its id first, then by its body, and stores what is new.
func (a *addition) add(t *tx) (hls.Receipt, error) {
	var ignored sql.NullString
	var seen bool
	since := max(stamp(t.aged().Add(-record.HashWindow)), 0)
	if err := t.row(stored, []any{a.Delivery.ID, a.Delivery.Hash[:], since}, &ignored, &seen); err != nil {
		return hls.Receipt{}, err
	}
	switch {
	case ignored.Valid:
		return a.again(t, ignored.String != "", seen)
	case seen:
		return hls.Receipt{Class: hls.Duplicate, Reason: "body"}, nil
	}
	if err := a.store(t); err != nil {
		return hls.Receipt{}, err
	}
	return a.receipt(t)
}

// again decides on an id that is known.
func (a *addition) again(t *tx, ignored, seen bool) (hls.Receipt, error) {
	const q = `SELECT ifnull(max(hash = ?2), 0), ifnull(max(hook_id = ?3 AND hash <> ?2), 0) FROM (
		SELECT hook_id, hash FROM deliveries WHERE id = ?1 UNION ALL SELECT hook_id, hash FROM bodies WHERE delivery_id = ?1)`
	const move = `INSERT INTO bodies (delivery_id, hook_id, hash, accepted_at) SELECT id, hook_id, hash, accepted_at FROM deliveries WHERE id = ?
		ON CONFLICT DO NOTHING`
	d := a.Delivery
	var sameBody, sameHook bool
	err := t.row(q, []any{d.ID, d.Hash[:], d.HookID}, &sameBody, &sameHook)
	switch {
	case err != nil:
		return hls.Receipt{}, err
	case sameHook:
		return hls.Receipt{Class: hls.Conflict}, nil
	case !ignored && sameBody:
		return hls.Receipt{Class: hls.Duplicate, Reason: "delivery_id"}, nil
	case !ignored:
		return hls.Receipt{Class: hls.Duplicate, Reason: "alias"}, a.body(t, true)
	case seen:
		return hls.Receipt{Class: hls.Duplicate, Reason: "body"}, nil
	case a.Work == nil:
		return hls.Receipt{Class: hls.Ignored, Reason: a.Ignored}, a.body(t, false)
	}
	if err := errors.Join(t.exec(move, d.ID), a.store(t)); err != nil {
		return hls.Receipt{}, err
	}
	return a.receipt(t)
}

// store writes the delivery: anew, or over one that was ignored.
func (a *addition) store(t *tx) error {
	const q = `INSERT INTO deliveries (id, request_id, hook_id, event, action, repo, repo_id, scope, sender, headers, hash, ignored, received_at,
			payload, accepted_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET request_id = excluded.request_id, hook_id = excluded.hook_id, event = excluded.event,
			action = excluded.action, repo = excluded.repo, repo_id = excluded.repo_id, scope = excluded.scope, sender = excluded.sender,
			headers = excluded.headers, hash = excluded.hash, ignored = excluded.ignored,
			received_at = excluded.received_at, payload = excluded.payload, accepted_at = excluded.accepted_at`
	d, ignored := a.Delivery, a.Ignored
	if a.Work != nil {
		ignored = ""
	} else if ignored == "" {
		ignored = "no_work"
	}
	return t.exec(q, d.ID, d.RequestID, d.HookID, d.Event, d.Action, d.Repo, d.RepoID, d.Scope, d.Sender, string(a.headers), d.Hash[:],
		ignored, stamp(d.ReceivedAt), a.payload, a.acceptedAt(t, a.Work != nil))
}

// body notes another body of a known id, for the hook that sent it.
func (a *addition) body(t *tx, accepted bool) error {
	const q = `INSERT INTO bodies (delivery_id, hook_id, hash, accepted_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (delivery_id, hook_id) DO UPDATE SET accepted_at = max(accepted_at, excluded.accepted_at)`
	return t.exec(q, a.Delivery.ID, a.Delivery.HookID, a.Delivery.Hash[:], a.acceptedAt(t, accepted))
}

func (a *addition) acceptedAt(t *tx, accepted bool) int64 {
	if !accepted {
		return 0
	}
	return stamp(t.now)
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
	const q = `SELECT id, request_id, hook_id, event, action, repo, repo_id, scope, sender, headers, hash, received_at, ignored, payload FROM deliveries WHERE id = ?`
	var headers, hash, payload []byte
	var received int64
	err = s.readers.QueryRowContext(ctx, q, id).Scan(&d.ID, &d.RequestID, &d.HookID, &d.Event, &d.Action, &d.Repo, &d.RepoID,
		&d.Scope, &d.Sender, &headers, &hash, &received, &d.Ignored, &payload)
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
