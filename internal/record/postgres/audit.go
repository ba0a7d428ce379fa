package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"hls/internal/hls"
	"hls/internal/record"
)

// The audit log is one chain, whichever instances write to it. A transaction adds what it has to tell to audit_pending, and
// waits for nobody; a second later at the latest an instance moves what was committed into the chain, behind an advisory
// lock. The chain has numbers of its own, given as entries join it, so that a transaction which commits late, or never,
// leaves no gap. Chaining at the end of each transaction would have all of them wait for one row, from there to the end of
// each commit. What waits to be chained is as safe as everything else in the database, but a change of it is not noticed.

// Audit appends an entry of others than the record itself.
func (s *Store) Audit(ctx context.Context, e hls.AuditEntry) error {
	err := record.CheckAudit(e)
	if err == nil {
		err = s.write(ctx, func(t *tx) error {
			t.audits = append(t.audits, e)
			return nil
		})
	}
	if err != nil {
		return fmt.Errorf("append to audit log: %w", err)
	}
	return nil
}

// tell queues what the transaction has to tell, to go with the commit.
func (t *tx) tell() {
	const q = `INSERT INTO audit_pending (at, kind, task_id, delivery_id, repo, subject, actor, data)
		SELECT $1, a, b, c, d, e, f, g FROM unnest($2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
			WITH ORDINALITY AS new (a, b, c, d, e, f, g, n) ORDER BY n`
	if len(t.audits) == 0 || t.unaudited {
		return
	}
	list := t.audits.Ready(t.now, t.secrets)
	text := func(field func(hls.AuditEntry) string) []string { return column(list, field) }
	t.last.Queue(q, list[0].At,
		text(func(e hls.AuditEntry) string { return string(e.Kind) }),
		column(list, func(e hls.AuditEntry) int64 { return e.TaskID }),
		text(func(e hls.AuditEntry) string { return e.DeliveryID }),
		text(func(e hls.AuditEntry) string { return e.Repo }),
		text(func(e hls.AuditEntry) string { return e.Subject }),
		text(func(e hls.AuditEntry) string { return e.By }),
		text(func(e hls.AuditEntry) string { return string(e.Data) }))
}

// sealed is how many entries one step chains.
const sealed = 1000

// seal chains what waits for it, and tells whether there may be more. Another instance that does so is waited for, or the
// error is errElsewhere.
func (s *Store) seal(ctx context.Context, wait bool) (more bool, err error) {
	var some bool
	if s.unaudited {
		return false, nil
	}
	if err := s.one(ctx, `SELECT EXISTS (SELECT 1 FROM audit_pending)`, nil, &some); err != nil || !some {
		return false, err
	}
	err = s.transact(ctx, func(b *queries) {
		if wait {
			b.Queue(`SELECT pg_advisory_xact_lock($1, 2)`, lockHouse)
			return
		}
		b.Queue(`SELECT pg_try_advisory_xact_lock($1, 2)`, lockHouse).QueryRow(alone)
	}, func(t *tx) error {
		ids, list, head, err := t.pending()
		more = len(ids) == sealed
		if err != nil || len(ids) == 0 {
			return err
		}
		for i, e := range list {
			list[i] = record.Seal(head, e)
			head = list[i]
		}
		t.chain(list)
		t.last.Queue(`DELETE FROM audit_pending WHERE id = ANY ($1)`, ids)
		return nil
	})
	return more && err == nil, err
}

// pending reads what waits to be chained, and what it is to follow on.
func (t *tx) pending() (ids []int64, list []hls.AuditEntry, head hls.AuditEntry, err error) {
	var b queries
	b.Queue(`SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1`).QueryRow(func(row pgx.Row) error {
		var hash []byte
		err := row.Scan(&head.Seq, &hash)
		copy(head.Hash[:], hash)
		if none(err) {
			return nil
		}
		return err
	})
	b.Queue(`SELECT id, at, kind, task_id, delivery_id, repo, subject, actor, data FROM audit_pending ORDER BY id LIMIT $1`, sealed).
		Query(func(rows pgx.Rows) error {
			var id int64
			var e hls.AuditEntry
			var data string
			_, err := pgx.ForEachRow(rows, []any{&id, &e.At, &e.Kind, &e.TaskID, &e.DeliveryID, &e.Repo, &e.Subject, &e.By, &data}, func() error {
				e.Data = []byte(data)
				ids, list = append(ids, id), append(list, e)
				return nil
			})
			return err
		})
	err = t.send(&b)
	return ids, list, head, err
}

// chain queues entries for the log.
func (t *tx) chain(list []hls.AuditEntry) {
	const q = `INSERT INTO audit (seq, at, kind, task_id, delivery_id, repo, subject, actor, data, prev, hash)
		SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
			$10::bytea[], $11::bytea[])`
	text := func(field func(hls.AuditEntry) string) []string { return column(list, field) }
	t.last.Queue(q,
		column(list, func(e hls.AuditEntry) int64 { return e.Seq }),
		column(list, func(e hls.AuditEntry) time.Time { return e.At }),
		text(func(e hls.AuditEntry) string { return string(e.Kind) }),
		column(list, func(e hls.AuditEntry) int64 { return e.TaskID }),
		text(func(e hls.AuditEntry) string { return e.DeliveryID }),
		text(func(e hls.AuditEntry) string { return e.Repo }),
		text(func(e hls.AuditEntry) string { return e.Subject }),
		text(func(e hls.AuditEntry) string { return e.By }),
		text(func(e hls.AuditEntry) string { return string(e.Data) }),
		column(list, func(e hls.AuditEntry) []byte { return e.Prev[:] }),
		column(list, func(e hls.AuditEntry) []byte { return e.Hash[:] }))
}

// sealAll chains all that was committed before.
func (s *Store) sealAll(ctx context.Context) error {
	for {
		if more, err := s.seal(ctx, true); err != nil || !more {
			return err
		}
	}
}

const selectAudit = `SELECT seq, at, kind, task_id, delivery_id, repo, subject, actor, data, prev, hash FROM audit`

// Audited reads entries in their order.
func (s *Store) Audited(ctx context.Context, q record.AuditQuery) (list []hls.AuditEntry, err error) {
	// Entries have the time of their writing, and join the chain a moment later: the first of those about the time is
	// where to begin.
	const since = `SELECT coalesce(min(seq), 9223372036854775807) - 1 FROM (SELECT seq FROM audit WHERE at >= $1 ORDER BY at, seq LIMIT 1000) s`
	after := q.After
	err = s.sealAll(ctx)
	if err == nil && !q.Since.IsZero() {
		err = s.one(ctx, since, []any{q.Since}, &after)
		after = max(after, q.After)
	}
	if err == nil {
		list, err = many(ctx, s, auditEntry, selectAudit+` WHERE seq > $1 ORDER BY seq LIMIT $2`, after, q.Rows())
	}
	if err != nil {
		return nil, fmt.Errorf("read audit log: %w", err)
	}
	return list, nil
}

// AuditHead reads the last entry.
func (s *Store) AuditHead(ctx context.Context) (hls.AuditEntry, error) {
	err := s.sealAll(ctx)
	var list []hls.AuditEntry
	if err == nil {
		list, err = many(ctx, s, auditEntry, selectAudit+` ORDER BY seq DESC LIMIT 1`)
	}
	switch {
	case err != nil:
		return hls.AuditEntry{}, fmt.Errorf("read end of audit log: %w", err)
	case len(list) == 0:
		return hls.AuditEntry{}, nil
	}
	return list[0], nil
}

func auditEntry(row pgx.CollectableRow) (e hls.AuditEntry, err error) {
	var data string
	var prev, hash []byte
	err = row.Scan(&e.Seq, &e.At, &e.Kind, &e.TaskID, &e.DeliveryID, &e.Repo, &e.Subject, &e.By, &data, &prev, &hash)
	e.Data = []byte(data)
	copy(e.Prev[:], prev)
	copy(e.Hash[:], hash)
	return e, err
}

// cutRows is how many entries one step takes away at most.
const cutRows = 1000

// cutAudit takes the beginning of the log away, up to a day, and says so at its end. The last entry stays: what follows is
// chained to it.
func (s *Store) cutAudit(ctx context.Context, before time.Time) (more bool, err error) {
	const old = `SELECT seq, hash, at < $1 AND seq < (SELECT max(seq) FROM audit) FROM audit ORDER BY seq LIMIT $2`
	if err := s.sealAll(ctx); err != nil {
		return false, err
	}
	err = s.purging(ctx, func(t *tx) error {
		rows, err := t.conn.Query(t.ctx, old, record.AuditCutoff(before), cutRows)
		if err != nil {
			return unavailable(t.conn, err)
		}
		var seq, through int64
		var hash []byte
		var last hls.Digest
		var gone, stays bool
		n := 0
		_, err = pgx.ForEachRow(rows, []any{&seq, &hash, &gone}, func() error {
			if stays = stays || !gone; !stays {
				through = seq
				copy(last[:], hash)
				n++
			}
			return nil
		})
		if more = n == cutRows; err != nil || n == 0 {
			return unavailable(t.conn, err)
		}
		t.audits.Cut(through, last)
		t.last.Queue(`DELETE FROM audit WHERE seq <= $1`, through)
		return nil
	})
	return more && err == nil, err
}
