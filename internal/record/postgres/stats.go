package postgres

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"hls/internal/record"
)

const (
	// sums adds what was not yet added to the totals.
	sums = `SELECT kind, name, sum(n)::bigint FROM (SELECT kind, name, n FROM totals UNION ALL SELECT kind, name, n FROM counted) c GROUP BY kind, name`
	// queue is the state of the queue. Its oldest task is that of the lane, busy or not, that has been due the longest. Each
	// repository with a free lane has a yard.
	queue = `SELECT (SELECT count(*) FROM tasks WHERE state = 'queued'), (SELECT count(*) FROM tasks WHERE state = 'running'),
		least((SELECT min(` + earliest + `) FROM yards y), (SELECT min(due_at) FROM lanes WHERE busy)), clock_timestamp()`
	// byDay is what was spent or set aside on the last days, each looked up by its key.
	byDay = `SELECT d.day, m.micro_usd
		FROM (SELECT (coalesce($3::timestamptz, clock_timestamp()) AT TIME ZONE 'UTC')::date - n AS day FROM generate_series(0, $2::integer - 1) n) d
		CROSS JOIN LATERAL (SELECT sum(micro_usd)::bigint AS micro_usd FROM money WHERE day = d.day AND repo_id = $1 OFFSET 0) m
		WHERE m.micro_usd IS NOT NULL ORDER BY d.day DESC`
	// underWay is what calls that may be under way have set aside.
	underWay = `SELECT coalesce(sum(micro_usd), 0)::bigint FROM spend
		WHERE state = 'open' AND at > coalesce($1::timestamptz, clock_timestamp()) - make_interval(secs => $2::double precision)`
)

// Stats reads the totals and the state of the queue, as of one moment.
func (s *Store) Stats(ctx context.Context) (stats record.Stats, err error) {
	totals := record.Counts{}
	var pending, running, open int64
	var oldest *time.Time
	var now time.Time
	var days []record.DaySpend
	err = s.look(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		clear(totals)
		var b queries
		b.Queue("begin isolation level repeatable read read only")
		b.Queue(sums).Query(func(rows pgx.Rows) error {
			var c record.Counter
			var n int64
			_, err := pgx.ForEachRow(rows, []any{&c.Kind, &c.Name, &n}, func() error {
				totals[c] = n
				return nil
			})
			return err
		})
		b.Queue(queue).QueryRow(func(row pgx.Row) error { return row.Scan(&pending, &running, &oldest, &now) })
		b.Queue(byDay, everyRepo, record.MostDays, s.moment()).Query(func(rows pgx.Rows) (err error) {
			days, err = pgx.CollectRows(rows, pgx.RowToStructByPos[record.DaySpend])
			return err
		})
		b.Queue(underWay, s.moment(), record.OpenWindow.Seconds()).QueryRow(func(row pgx.Row) error { return row.Scan(&open) })
		b.Queue("commit")
		return conn.SendBatch(ctx, &b.Batch).Close()
	})
	if err != nil {
		return record.Stats{}, fmt.Errorf("read stats: %w", err)
	}
	stats = record.NewStats(totals)
	stats.Pending, stats.Running = pending, running
	if s.now != nil {
		now = s.now()
	}
	stats.Spent(days, open, now)
	if oldest != nil {
		stats.Oldest = max(now.Sub(*oldest), 0)
	}
	return stats, nil
}

// moment is the time of a clock that the store was given, nil for the database's.
func (s *Store) moment() *time.Time {
	if s.now == nil {
		return nil
	}
	now := s.now()
	return &now
}

// Secret reads a named secret, and makes it the first time.
func (s *Store) Secret(ctx context.Context, name string) (secret []byte, err error) {
	fresh := make([]byte, 32)
	_, _ = rand.Read(fresh) // It never fails: see crypto/rand.
	err = s.write(ctx, func(t *tx) error {
		err := t.exec(`INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`, "secret/"+name, fresh)
		if err != nil {
			return err
		}
		return t.row(`SELECT value FROM meta WHERE name = $1`, []any{"secret/" + name}, &secret)
	})
	if err != nil {
		return nil, fmt.Errorf("read secret %s: %w", name, err)
	}
	return secret, nil
}

// notes keeps the names of Note apart from the others in the table.
const notes = "note/"

// Note keeps a value under a name.
func (s *Store) Note(ctx context.Context, name string, value []byte) error {
	const q = `INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`
	if err := s.write(ctx, func(t *tx) error { return t.exec(q, notes+name, append([]byte{}, value...)) }); err != nil {
		return fmt.Errorf("write note %s: %w", name, err)
	}
	return nil
}

// Noted reads what Note kept.
func (s *Store) Noted(ctx context.Context, name string) (value []byte, err error) {
	err = s.one(ctx, `SELECT value FROM meta WHERE name = $1`, []any{notes + name}, &value)
	if err != nil {
		return nil, fmt.Errorf("read note %s: %w", name, found(err))
	}
	return value, nil
}
