package postgres

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"hls/internal/hls"
	"hls/internal/record"
)

// write queues the rows that the batch adds or changes, in the order of their keys.
func (k *known) write(t *tx) {
	if len(k.deliveries) > 0 {
		t.insertDeliveries(slices.SortedFunc(maps.Values(k.deliveries), func(a, b *addition) int { return cmp.Compare(a.Delivery.ID, b.Delivery.ID) }))
	}
	if len(k.changed) == 0 {
		return
	}
	const q = `INSERT INTO bodies (delivery_id, hook_id, hash, accepted_at) SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[], $4::timestamptz[])
		ON CONFLICT (delivery_id, hook_id) DO UPDATE SET accepted_at = greatest(bodies.accepted_at, excluded.accepted_at)`
	rows := slices.SortedFunc(maps.Keys(k.changed), func(a, b *body) int {
		return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.hook, b.hook))
	})
	t.last.Queue(q,
		column(rows, func(b *body) string { return b.id }),
		column(rows, func(b *body) string { return b.hook }),
		column(rows, func(b *body) []byte { return b.hash[:] }),
		column(rows, func(b *body) time.Time { return b.accepted }))
}

// insertDeliveries queues deliveries: new ones, and those that take the place of ignored ones.
func (t *tx) insertDeliveries(rows []*addition) {
	const q = `INSERT INTO deliveries (id, request_id, hook_id, event, action, repo, repo_id, scope, sender, headers, hash, ignored, received_at, payload)
		SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::text[],
			$10::text[], $11::bytea[], $12::text[], $13::timestamptz[], $14::bytea[])
		ON CONFLICT (id) DO UPDATE SET request_id = excluded.request_id, hook_id = excluded.hook_id, event = excluded.event,
			action = excluded.action, repo = excluded.repo, repo_id = excluded.repo_id, scope = excluded.scope, sender = excluded.sender,
			headers = excluded.headers, hash = excluded.hash, ignored = excluded.ignored,
			received_at = excluded.received_at, payload = excluded.payload`
	text := func(field func(*addition) string) []string { return column(rows, field) }
	t.last.Queue(q,
		text(func(a *addition) string { return a.Delivery.ID }),
		text(func(a *addition) string { return a.Delivery.RequestID }),
		text(func(a *addition) string { return a.Delivery.HookID }),
		text(func(a *addition) string { return a.Delivery.Event }),
		text(func(a *addition) string { return a.Delivery.Action }),
		text(func(a *addition) string { return a.Delivery.Repo }),
		column(rows, func(a *addition) int64 { return a.Delivery.RepoID }),
		text(func(a *addition) string { return a.Delivery.Scope }),
		text(func(a *addition) string { return a.Delivery.Sender }),
		text(func(a *addition) string { return a.headers }),
		column(rows, func(a *addition) []byte { return a.Delivery.Hash[:] }),
		text((*addition).reason),
		column(rows, func(a *addition) time.Time { return a.Delivery.ReceivedAt }),
		column(rows, func(a *addition) []byte { return a.payload }))
}

// reason is the rule that the delivery is ignored by, "" when it is not.
func (a *addition) reason() string {
	switch {
	case a.Work != nil:
		return ""
	case a.Ignored == "":
		return "no_work"
	}
	return a.Ignored
}

// Delivery reads a delivery with its body, which is empty when the delivery was ignored or its payload has expired.
func (s *Store) Delivery(ctx context.Context, id string) (d hls.Delivery, err error) {
	const q = `SELECT id, request_id, hook_id, event, action, repo, repo_id, scope, sender, headers, hash, received_at, ignored, payload
		FROM deliveries WHERE id = $1`
	var headers, hash, payload []byte
	err = s.one(ctx, q, []any{id}, &d.ID, &d.RequestID, &d.HookID, &d.Event, &d.Action, &d.Repo, &d.RepoID, &d.Scope, &d.Sender,
		&headers, &hash, &d.ReceivedAt, &d.Ignored, &payload)
	if err != nil {
		return hls.Delivery{}, fmt.Errorf("read delivery %s: %w", id, found(err))
	}
	copy(d.Hash[:], hash)
	if d.Body, err = record.Unpack(payload); err == nil && !bytes.Equal(headers, []byte("null")) {
		err = json.Unmarshal(headers, &d.Headers)
	}
	if err != nil {
		return hls.Delivery{}, fmt.Errorf("read delivery %s: %w", id, err)
	}
	return d, nil
}

// Known looks for deliveries by their ids.
func (s *Store) Known(ctx context.Context, ids []string) (map[string]bool, error) {
	list, err := many(ctx, s, pgx.RowTo[string], `SELECT id FROM deliveries WHERE id = ANY ($1)`, ids)
	if err != nil {
		return nil, fmt.Errorf("look for deliveries: %w", err)
	}
	known := make(map[string]bool, len(list))
	for _, id := range list {
		known[id] = true
	}
	return known, nil
}
