package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// channel is where instances tell one another that work may have become ready.
const channel = "hls_work"

// tellEvery is the least time between two tellings. Telling takes a lock of the whole server until its transaction has
// ended, so it happens apart from the writes, and once for all that came together.
const tellEvery = 10 * time.Millisecond

// Wake receives when work may have become ready, here or on another instance.
func (s *Store) Wake() <-chan struct{} { return s.wake }

func nudge(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// announce wakes the workers of this instance at once, and has the others told.
func (s *Store) announce() {
	nudge(s.wake)
	nudge(s.news)
}

// tell tells the others until ctx ends. What it fails to tell they find when they look at Next.
func (s *Store) tell(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.news:
		}
		limited, cancel := context.WithTimeout(ctx, patience)
		_, _ = s.pool.Exec(limited, "SELECT pg_notify($1, $2)", channel, s.name)
		cancel()
		pause(ctx, tellEvery)
	}
}

// listen wakes the workers when another instance tells of work, on a connection of its own that it makes again and
// again until ctx ends.
func (s *Store) listen(ctx context.Context, settings *pgx.ConnConfig) {
	const first, last = 100 * time.Millisecond, 5 * time.Second
	wait := first
	for ctx.Err() == nil {
		if s.listenOnce(ctx, settings) {
			wait = first
		}
		pause(ctx, wait)
		wait = min(2*wait, last)
	}
}

// listenOnce listens until the connection fails, and tells whether there was one.
func (s *Store) listenOnce(ctx context.Context, settings *pgx.ConnConfig) bool {
	conn, err := pgx.ConnectConfig(ctx, settings)
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return false
	}
	nudge(s.wake) // There may have been news while nobody listened.
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return true
		}
		if n.Payload != s.name {
			nudge(s.wake)
		}
	}
}
