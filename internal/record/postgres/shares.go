package postgres

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"hls/internal/share"
)

var _ share.Store = (*Store)(nil)

const (
	usesOf    = `SELECT name, amount, flying, until FROM uses WHERE name = ANY ($1)`
	bucketsOf = `SELECT name, size, level, rate, at FROM buckets WHERE name = ANY ($1)`
	pausesOf  = `SELECT name, until FROM pauses WHERE name = ANY ($1)`

	use = `INSERT INTO uses (ticket, name, amount, span, flying, until)
		SELECT $1, name, amount, span, true, until FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::timestamptz[]) AS u (name, amount, span, until)`
	pour = `UPDATE buckets b SET level = least(b.size, b.level + b.rate * greatest(extract(epoch FROM $3 - b.at), 0)::float8) - n.need, at = $3
		FROM unnest($1::text[], $2::float8[]) AS n (name, need) WHERE b.name = n.name`

	endUse = `UPDATE uses u SET flying = false, until = $2::timestamptz + u.span * interval '1 microsecond',
			amount = coalesce((SELECT used.n FROM unnest($3::text[], $4::bigint[]) AS used (name, n) WHERE used.name = u.name), u.amount)
		WHERE ticket = $1`
	fill = `INSERT INTO buckets (name, size, level, rate, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (name) DO UPDATE SET size = excluded.size, level = excluded.level, rate = excluded.rate, at = excluded.at`
)

// shelf is what is kept of the limits of a draw.
type shelf struct {
	now     time.Time // once the draw is the only one
	uses    map[string][]share.Counted
	buckets map[string]level
	pauses  map[string]time.Time
}

// level is a bucket as it stood at a time.
type level struct {
	share.Bucket
	at time.Time
}

// Draw takes a share of limits. All draws on one limit go one after the other, behind its lock.
func (s *Store) Draw(ctx context.Context, d share.Draw) (drawn share.Drawn, err error) {
	var k *shelf
	quotas := column(d.Quotas, func(q share.Quota) string { return q.Name })
	buckets := slices.Sorted(maps.Keys(d.Buckets))
	err = s.transact(ctx, func(b *queries) {
		k = &shelf{uses: map[string][]share.Counted{}, buckets: map[string]level{}, pauses: map[string]time.Time{}}
		b.lock(append(column(quotas, lockOfShare), column(buckets, lockOfShare)...))
		k.ask(b, quotas, buckets, d.Pauses)
	}, func(t *tx) error {
		if s.now == nil {
			t.now = k.now
		}
		if drawn = k.judge(d, t.now); drawn.Wait == 0 && len(quotas)+len(buckets) > 0 {
			drawn.Ticket = rand.Text()
			t.draw(drawn.Ticket, d)
		}
		return nil
	})
	if err != nil {
		return share.Drawn{}, fmt.Errorf("draw a share of limits: %w", err)
	}
	return drawn, nil
}

// lockOfShare is the advisory lock behind which is drawn on a limit.
func lockOfShare(name string) int64 {
	sum := sha256.Sum256([]byte("share " + name))
	return int64(binary.BigEndian.Uint64(sum[:]))
}

// ask queues the reading of what is kept.
func (k *shelf) ask(b *queries, quotas, buckets, pauses []string) {
	b.Queue(`SELECT clock_timestamp()`).QueryRow(func(row pgx.Row) error { return row.Scan(&k.now) })
	b.Queue(usesOf, quotas).Query(func(rows pgx.Rows) error {
		var name string
		var u share.Counted
		_, err := pgx.ForEachRow(rows, []any{&name, &u.Amount, &u.Flying, &u.Until}, func() error {
			k.uses[name] = append(k.uses[name], u)
			return nil
		})
		return err
	})
	b.Queue(bucketsOf, buckets).Query(func(rows pgx.Rows) error {
		var l level
		_, err := pgx.ForEachRow(rows, []any{&l.Name, &l.Size, &l.Level, &l.Rate, &l.at}, func() error {
			k.buckets[l.Name] = l
			return nil
		})
		return err
	})
	b.Queue(pausesOf, pauses).Query(func(rows pgx.Rows) error {
		var name string
		var until time.Time
		_, err := pgx.ForEachRow(rows, []any{&name, &until}, func() error {
			k.pauses[name] = until
			return nil
		})
		return err
	})
}

// judge finds what a draw has to wait for the longest.
func (k *shelf) judge(d share.Draw, now time.Time) (drawn share.Drawn) {
	for _, q := range d.Quotas {
		if wait := q.Wait(k.uses[q.Name], now); wait > drawn.Wait {
			drawn = share.Drawn{Wait: wait, Held: q.Name}
		}
	}
	for name, need := range d.Buckets {
		l := k.buckets[name]
		if wait := l.Wait(need, now.Sub(l.at)); wait > drawn.Wait {
			drawn = share.Drawn{Wait: wait, Held: name, Theirs: true}
		}
	}
	for name, until := range k.pauses {
		if wait := until.Sub(now); wait > drawn.Wait {
			drawn = share.Drawn{Wait: wait, Held: name, Theirs: true}
		}
	}
	return drawn
}

// draw queues the taking of what a draw needs.
func (t *tx) draw(ticket string, d share.Draw) {
	if len(d.Quotas) > 0 {
		t.last.Queue(use, ticket, column(d.Quotas, func(q share.Quota) string { return q.Name }),
			column(d.Quotas, func(q share.Quota) int64 { return q.Need }),
			column(d.Quotas, func(q share.Quota) int64 { return q.Span.Microseconds() }),
			column(d.Quotas, func(q share.Quota) time.Time { return t.now.Add(d.Longest + q.Span) }))
	}
	if len(d.Buckets) > 0 {
		names := slices.Sorted(maps.Keys(d.Buckets))
		t.last.Queue(pour, names, column(names, func(name string) float64 { return d.Buckets[name] }), t.now)
	}
}

// Give ends a use, or undoes it.
func (s *Store) Give(ctx context.Context, u share.Use) error {
	err := s.write(ctx, func(t *tx) error {
		if u.Void {
			t.last.Queue(`DELETE FROM uses WHERE ticket = $1`, u.Ticket)
		} else {
			names := slices.Sorted(maps.Keys(u.Used))
			t.last.Queue(endUse, u.Ticket, t.now, names, column(names, func(name string) int64 { return u.Used[name] }))
		}
		told := slices.SortedFunc(slices.Values(u.Told), func(a, b share.Bucket) int { return cmp.Compare(a.Name, b.Name) })
		for _, b := range told {
			t.last.Queue(fill, b.Name, b.Size, b.Level, b.Rate, t.now)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("give back a share of limits: %w", err)
	}
	return nil
}

// Pause keeps until when a server asked to wait.
func (s *Store) Pause(ctx context.Context, name string, lasts time.Duration) error {
	const q = `INSERT INTO pauses (name, until) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET until = greatest(pauses.until, excluded.until)`
	if err := s.write(ctx, func(t *tx) error { return t.exec(q, name, t.now.Add(lasts)) }); err != nil {
		return fmt.Errorf("pause %s: %w", name, err)
	}
	return nil
}

// Pauses reads how long pauses still last.
func (s *Store) Pauses(ctx context.Context) (map[string]time.Duration, error) {
	left := map[string]time.Duration{}
	_, err := many(ctx, s, func(row pgx.CollectableRow) (none struct{}, err error) {
		var name string
		var until, now time.Time
		if err := row.Scan(&name, &until, &now); err != nil {
			return none, err
		}
		if s.now != nil {
			now = s.now()
		}
		if until.After(now) {
			left[name] = until.Sub(now)
		}
		return none, nil
	}, `SELECT name, until, clock_timestamp() FROM pauses`)
	if err != nil {
		return nil, fmt.Errorf("read pauses: %w", err)
	}
	return left, nil
}

// outlived is how long a limit of a server is believed that nobody heard of again.
const outlived = 24 * time.Hour

// clear queues the removal of shares that no longer count. Rows in the hands of others wait for the next time.
func (t *tx) clear() {
	t.last.Queue(`DELETE FROM uses WHERE ctid = ANY (ARRAY (SELECT ctid FROM uses WHERE until <= $1 ORDER BY until LIMIT 1000 FOR UPDATE SKIP LOCKED))`, t.now)
	t.last.Queue(`DELETE FROM buckets WHERE ctid = ANY (ARRAY (SELECT ctid FROM buckets WHERE at <= $1 LIMIT 100 FOR UPDATE SKIP LOCKED))`, t.now.Add(-outlived))
	t.last.Queue(`DELETE FROM pauses WHERE ctid = ANY (ARRAY (SELECT ctid FROM pauses WHERE until <= $1 LIMIT 100 FOR UPDATE SKIP LOCKED))`, t.now)
}
