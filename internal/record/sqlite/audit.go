package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

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

const auditColumns = `seq, at, kind, task_id, delivery_id, repo, subject, actor, data, prev, hash`

// seal appends what the writes of this transaction have to tell. One goroutine writes, so that each entry is chained to
// the one before it within the transaction that it tells of.
func (t *tx) seal() error {
	const q = `INSERT INTO audit (` + auditColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	if len(t.audits) == 0 {
		return nil
	}
	var head hls.AuditEntry
	err := t.row(`SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1`, nil, &head.Seq, digest{&head.Hash})
	if err != nil && !none(err) {
		return fmt.Errorf("audit: %w", err)
	}
	for _, e := range t.audits.Ready(t.now, t.w.secrets) {
		e = record.Seal(head, e)
		err := t.exec(q, e.Seq, stamp(e.At), e.Kind, e.TaskID, e.DeliveryID, e.Repo, e.Subject, e.By, string(e.Data), e.Prev[:], e.Hash[:])
		if err != nil {
			return fmt.Errorf("audit: %w", err)
		}
		head = e
	}
	return nil
}

// digest scans a hash. What has another length is none, and will not fit.
type digest struct{ d *hls.Digest }

// Scan implements sql.Scanner.
func (d digest) Scan(v any) error {
	*d.d = hls.Digest{}
	if hash, ok := v.([]byte); ok && len(hash) == len(d.d) {
		copy(d.d[:], hash)
	}
	return nil
}

// Audited reads entries in their order.
func (s *Store) Audited(ctx context.Context, q record.AuditQuery) (list []hls.AuditEntry, err error) {
	// Entries have the time of their writing, and a clock may be set: the first of those about the time is where to begin.
	const since = `SELECT ifnull(min(seq), 9223372036854775807) - 1 FROM (SELECT seq FROM audit WHERE at >= ? ORDER BY at, seq LIMIT 1000)`
	after := q.After
	if !q.Since.IsZero() {
		if err := s.readers.QueryRowContext(ctx, since, stamp(q.Since)).Scan(&after); err != nil {
			return nil, fmt.Errorf("read audit log: %w", unavailable(err))
		}
		after = max(after, q.After)
	}
	rows, err := s.readers.QueryContext(ctx, `SELECT `+auditColumns+` FROM audit WHERE seq > ? ORDER BY seq LIMIT ?`, after, q.Rows())
	if err != nil {
		return nil, fmt.Errorf("read audit log: %w", unavailable(err))
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		e, err := auditEntry(rows)
		if err != nil {
			return nil, fmt.Errorf("read audit log: %w", err)
		}
		list = append(list, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read audit log: %w", unavailable(err))
	}
	return list, nil
}

// AuditHead reads the last entry.
func (s *Store) AuditHead(ctx context.Context) (hls.AuditEntry, error) {
	e, err := auditEntry(s.readers.QueryRowContext(ctx, `SELECT `+auditColumns+` FROM audit ORDER BY seq DESC LIMIT 1`))
	if errors.Is(err, sql.ErrNoRows) {
		return hls.AuditEntry{}, nil
	}
	if err != nil {
		return hls.AuditEntry{}, fmt.Errorf("read end of audit log: %w", unavailable(err))
	}
	return e, nil
}

func auditEntry(row interface{ Scan(...any) error }) (e hls.AuditEntry, err error) {
	var data []byte
	err = row.Scan(&e.Seq, at{&e.At}, &e.Kind, &e.TaskID, &e.DeliveryID, &e.Repo, &e.Subject, &e.By, &data, digest{&e.Prev}, digest{&e.Hash})
	e.Data = data
	return e, err
}

// cutRows is how many entries one step takes away at most.
const cutRows = 1000

// cutAudit takes the beginning of the log away, up to a day, and says so at its end. The last entry stays: what follows is
// chained to it.
func (t *tx) cutAudit(before time.Time) (more bool, err error) {
	const old = `SELECT seq, at, (SELECT max(seq) FROM audit) FROM audit ORDER BY seq LIMIT ?`
	if before.IsZero() {
		return false, nil
	}
	found, err := t.triples(old, cutRows)
	if err != nil {
		return false, err
	}
	var through int64
	day := stamp(record.AuditCutoff(before))
	n := 0
	for _, f := range found {
		if f[1] >= day || f[0] == f[2] {
			break
		}
		through = f[0]
		n++
	}
	if n == 0 {
		return false, nil
	}
	var hash hls.Digest
	if err := t.row(`SELECT hash FROM audit WHERE seq = ?`, []any{through}, digest{&hash}); err != nil {
		return false, err
	}
	t.audits.Cut(through, hash)
	return n == cutRows, t.exec(`DELETE FROM audit WHERE seq <= ?`, through)
}
