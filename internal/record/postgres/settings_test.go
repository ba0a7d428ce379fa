package postgres

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/record/recordtest/pgtest"
)

// TestI1_UnsafeServersAreRefused: a server that could lose what it has committed is found out at start, whatever the
// address asks for.
func TestI1_UnsafeServersAreRefused(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	url := server.Database(t)
	s := open(t, Config{URL: url + "&synchronous_commit=off"})
	var got string
	must(t, s.pool.QueryRow(t.Context(), `SHOW synchronous_commit`).Scan(&got))
	if got != "on" {
		t.Errorf("synchronous_commit is %s", got)
	}
	set := func(name, value string) {
		s.sql(t, `ALTER SYSTEM SET `+name+` = `+value)
		s.sql(t, `SELECT pg_reload_conf()`)
		eventually(t, func() error {
			var now string
			must(t, s.pool.QueryRow(t.Context(), `SHOW `+name).Scan(&now))
			if now != value {
				return fmt.Errorf("%s is %s", name, now)
			}
			return nil
		})
	}
	set("full_page_writes", "off")
	var doubts []string
	doubtful, err := Open(t.Context(), Config{URL: url, Warn: func(doubt string) { doubts = append(doubts, doubt) }})
	must(t, err)
	must(t, doubtful.Close())
	if len(doubts) != 1 || !strings.Contains(doubts[0], "full_page_writes") {
		t.Errorf("doubts are %q", doubts)
	}
	set("fsync", "off")
	_, opened := Open(t.Context(), Config{URL: url})
	for _, err := range []error{opened, Inspect(t.Context(), url)} {
		if err == nil || !strings.Contains(err.Error(), "fsync") || errors.Is(err, record.ErrUnavailable) {
			t.Errorf("fsync is off: %v", err)
		}
	}
}

// TestI1_VerifiedOnEveryConnection: not only the first.
func TestI1_VerifiedOnEveryConnection(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	conn, err := s.pool.Acquire(t.Context())
	must(t, err)
	defer conn.Release()
	if doubt, err := verify(t.Context(), conn.Conn()); err != nil || doubt != "" {
		t.Errorf("doubt %q, %v", doubt, err)
	}
	for name, value := range map[string]string{
		"idle_in_transaction_session_timeout": "5s", "lock_timeout": "8s", "statement_timeout": "10s", "plan_cache_mode": "force_generic_plan",
	} {
		var got string
		must(t, conn.QueryRow(t.Context(), `SHOW `+name).Scan(&got))
		if got != value {
			t.Errorf("%s is %s, want %s", name, got, value)
		}
	}
	_, err = conn.Exec(t.Context(), `SET synchronous_commit = local`)
	must(t, err)
	if _, err := verify(t.Context(), conn.Conn()); err == nil || !strings.Contains(err.Error(), "synchronous_commit") {
		t.Errorf("synchronous_commit is local: %v", err)
	}
}

func TestO4_OtherSchemas(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	if s, err := Open(t.Context(), Config{URL: url, Keep: true}); !errors.Is(err, record.ErrOlderSchema) {
		t.Errorf("an empty database was opened as it is: %v %v", s, err)
	}
	must(t, Inspect(t.Context(), url))
	s := open(t, Config{URL: url})
	open(t, Config{URL: url, Keep: true})
	s.sql(t, `INSERT INTO hls_schema_version (version_id, is_applied) VALUES (99, true)`)
	for _, keep := range []bool{true, false} {
		s, err := Open(t.Context(), Config{URL: url, Keep: keep})
		if !errors.Is(err, record.ErrNewerSchema) || !strings.Contains(err.Error(), "99") {
			t.Errorf("a newer schema was opened: %v %v", s, err)
		}
	}
	if err := Inspect(t.Context(), url); !errors.Is(err, record.ErrNewerSchema) {
		t.Errorf("Inspect says %v", err)
	}
}

// TestO2_StartedAtOnce: instances may start together on a database that has nothing yet.
func TestO2_StartedAtOnce(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			s, err := Open(t.Context(), Config{URL: url})
			if err == nil {
				err = s.Close()
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// TestAddresses: what is wrong with an address is said without the password.
func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"", "hls.db", "sqlite:hls.db", "mysql://u:s3cr3t-pass@h/d", "postgres://u:s3cr3t-pass@h:port/d", "postgres://u:s3cr3t-pass@h/d?sslmode=maybe",
		"postgres://u:s3cr3t-pass@h/d?pool_max_conns=many", "postgres://u:s3cr3t-pass%zz@h/d",
	} {
		s, err := Open(t.Context(), Config{URL: url})
		if err == nil {
			_ = s.Close()
			t.Errorf("opened %q", url)
		} else if !strings.Contains(err.Error(), "storage.url") || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("the error for %q: %v", url, err)
		}
	}
	_, err := Open(t.Context(), Config{URL: "postgres://u:s3cr3t-pass@127.0.0.1:1/d?connect_timeout=1"})
	if !errors.Is(err, record.ErrUnavailable) || strings.Contains(err.Error(), "s3cr3t") {
		t.Errorf("nobody there: %v", err)
	}
}

// shifted is the address of a database whose clock is set wrong.
func shifted(t *testing.T, by string) string {
	t.Helper()
	address := database(t)
	s := open(t, Config{URL: address})
	s.sql(t, `CREATE SCHEMA wrong`)
	s.sql(t, `CREATE FUNCTION wrong.clock_timestamp() RETURNS timestamptz VOLATILE LANGUAGE sql AS $$ SELECT pg_catalog.clock_timestamp() + interval '`+by+`' $$`)
	return address + "&search_path=wrong,pg_catalog,public"
}

// TestO2_DatabaseTellsTheTime: debounce, retries and leases go by the clock of the database, and the time to look
// again by that of whoever waits.
func TestO2_DatabaseTellsTheTime(t *testing.T) {
	t.Parallel()
	for _, by := range []string{"3 hours", "-3 hours"} {
		s := open(t, Config{URL: shifted(t, by)})
		ctx := t.Context()
		in := intake("a", 1, 1)
		in.Work.Debounce = 300 * time.Millisecond
		r, err := s.Add(ctx, in)
		must(t, err)
		if _, err := s.Claim(ctx, "me", time.Minute); !errors.Is(err, record.ErrNone) {
			t.Fatalf("claimed at once: %v", err)
		}
		next, ok, err := s.Next(ctx)
		must(t, err)
		if wait := time.Until(next); !ok || wait <= 0 || wait > 300*time.Millisecond {
			t.Errorf("due in %v, %v", wait, ok)
		}
		task, err := s.Task(ctx, r.TaskID)
		must(t, err)
		if off := time.Until(task.QueuedAt).Abs(); off < 2*time.Hour || task.RunAt.Sub(task.QueuedAt) != in.Work.Debounce {
			t.Errorf("queued at %v and due at %v", task.QueuedAt, task.RunAt)
		}
		for attempt := range 3 {
			eventually(t, func() error {
				task, err = s.Claim(ctx, "me", 300*time.Millisecond)
				return err
			})
			if task.Attempt != attempt+1 {
				t.Errorf("attempt %d, want %d", task.Attempt, attempt+1)
			}
		}
	}
}

// TestI3_ClockSetPurgesNothing: what is old by one clock only is kept.
func TestI3_ClockSetPurgesNothing(t *testing.T) {
	t.Parallel()
	s := open(t, Config{URL: shifted(t, "400 days")})
	_, err := s.Add(t.Context(), intake("kept", 1, 1))
	must(t, err)
	task, err := s.Claim(t.Context(), "me", time.Minute)
	must(t, err)
	must(t, s.Finish(t.Context(), task, hls.Outcome{State: hls.Done}))
	old := time.Now().Add(399 * 24 * time.Hour)
	more, err := s.Purge(t.Context(), record.Cutoff{Payloads: old, Records: old})
	must(t, err)
	if d, err := s.Delivery(t.Context(), "kept"); err != nil || len(d.Body) == 0 || more {
		t.Errorf("%d bytes are kept, more is %v: %v", len(d.Body), more, err)
	}
}

// TestBatchIsOneTransaction: what has gathered is committed together, and a delivery that cannot be stored fails alone.
func TestBatchIsOneTransaction(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	before := s.transactions(t)
	var batch []*addition
	for i := range 40 {
		batch = append(batch, &addition{Intake: intake(fmt.Sprint("d", i), 1, i), headers: "{}"})
	}
	s.addAll(batch)
	for i, a := range batch {
		if a.err != nil || a.receipt.Class != hls.Accepted {
			t.Errorf("delivery %d: %+v, %v", i, a.receipt, a.err)
		}
	}
	if n := s.transactions(t) - before; n != 1 {
		t.Errorf("%d transactions for a batch", n)
	}
	for i := range batch {
		batch[i] = &addition{Intake: intake(fmt.Sprint("e", i), 1, i), headers: "{}"}
	}
	batch[20].Work.Purpose = tooLong()
	s.addAll(batch)
	for i, a := range batch {
		_, err := s.Delivery(t.Context(), a.Delivery.ID)
		if (a.err != nil) != (i == 20) || (err != nil) != (i == 20) {
			t.Errorf("delivery %d: %v, reads as %v", i, a.err, err)
		}
	}
	must(t, s.consistent(t))
}

// transactions is how many have written a delivery.
func (s *Store) transactions(t *testing.T) (n int) {
	t.Helper()
	must(t, s.pool.QueryRow(t.Context(), `SELECT count(DISTINCT xmin::text) FROM deliveries`).Scan(&n))
	return n
}

// tooLong is a text that no index takes.
func tooLong() string {
	var b strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&b, "%x", i*i*7919)
	}
	return b.String()
}

// TestCountersTakeAnyName: a name that no index takes does not keep counts from being added up.
func TestCountersTakeAnyName(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	must(t, s.Tally(t.Context(), tooLong(), 1))
	must(t, s.Tally(t.Context(), "\xff\x00", 1))
	must(t, s.Tally(t.Context(), "calls", 1))
	eventually(t, func() error {
		var left, total int
		must(t, s.pool.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM counted), (SELECT count(*) FROM totals)`).Scan(&left, &total))
		if left > 0 || total != 3 {
			return fmt.Errorf("%d rows are left, %d totals", left, total)
		}
		return nil
	})
	stats, err := s.Stats(t.Context())
	must(t, err)
	if stats.Tallies["calls"] != 1 || len(stats.Tallies) != 3 {
		t.Errorf("tallies are %v", stats.Tallies)
	}
}

func TestBackupIsTheServers(t *testing.T) {
	t.Parallel()
	if err := fresh(t).Backup(t.Context(), "x"); err == nil || !strings.Contains(err.Error(), "pg_dump") {
		t.Errorf("back up: %v", err)
	}
}
