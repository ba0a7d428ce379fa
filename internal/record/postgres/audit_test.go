package postgres

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/record/recordtest"
)

func TestS5_TamperingIsNoticed(t *testing.T) {
	t.Parallel()
	recordtest.ExerciseTampered(t, func(t *testing.T) (func() record.Store, func(string)) {
		url := database(t)
		return func() record.Store { return open(t, Config{URL: url}) }, func(query string) {
			conn, err := pgx.Connect(t.Context(), url)
			must(t, err)
			_, err = conn.Exec(t.Context(), query)
			must(t, err)
			must(t, conn.Close(t.Context()))
		}
	})
}

// TestS5_CrashBeforeTheSealing: what was committed and not chained when the processes died is chained by the next that
// starts, and an entry that was never committed leaves no gap.
func TestS5_CrashBeforeTheSealing(t *testing.T) {
	t.Parallel()
	url := database(t)
	ctx := t.Context()
	other, err := pgx.Connect(ctx, url)
	must(t, err)
	defer func() { _ = other.Close(context.WithoutCancel(ctx)) }()
	_, err = other.Exec(ctx, "SELECT pg_advisory_lock($1, 2)", lockHouse) // Nobody can chain anything meanwhile.
	must(t, err)
	s := open(t, Config{URL: url})
	for i := range 5 {
		must(t, s.Audit(ctx, hls.AuditEntry{Kind: "approval", By: fmt.Sprint(i)}))
		if err := s.write(ctx, func(t *tx) error {
			t.audits = append(t.audits, hls.AuditEntry{Kind: "approval", By: "nobody"})
			t.last.Queue("SELECT 1 / 0")
			return nil
		}); err == nil {
			t.Fatal("a division by nothing was committed")
		}
	}
	var waiting, chained int
	must(t, other.QueryRow(ctx, "SELECT (SELECT count(*) FROM audit_pending), (SELECT count(*) FROM audit)").Scan(&waiting, &chained))
	if waiting != 5 || chained != 0 {
		t.Fatalf("%d entries wait, %d are chained", waiting, chained)
	}
	must(t, s.Close())
	_, err = other.Exec(ctx, "SELECT pg_advisory_unlock($1, 2)", lockHouse)
	must(t, err)
	s = open(t, Config{URL: url})
	eventually(t, func() error { // without anybody asking for it
		must(t, other.QueryRow(ctx, "SELECT (SELECT count(*) FROM audit_pending), (SELECT count(*) FROM audit)").Scan(&waiting, &chained))
		if waiting != 0 || chained != 5 {
			return fmt.Errorf("%d entries wait, %d are chained", waiting, chained)
		}
		return nil
	})
	list, err := s.Audited(ctx, record.AuditQuery{})
	must(t, err)
	chain := record.NewChain(nil)
	for i, e := range list {
		must(t, chain.Next(e))
		if e.By != fmt.Sprint(i) || time.Since(e.At) > time.Hour {
			t.Errorf("entry %+v", e)
		}
	}
	if report, err := chain.End(true); err != nil || report.Last != 5 {
		t.Errorf("%+v %v", report, err)
	}
}
