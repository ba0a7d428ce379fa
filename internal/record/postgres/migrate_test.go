package postgres

import (
	"context"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hls/internal/hls"
	"hls/internal/record/recordtest/pgtest"
)

// TestO2_MigrationsOnlyAdd: what was there stays as it was, so that instances of the release before go on. A file that
// takes away what none of those reads any more is named as one.
func TestO2_MigrationsOnlyAdd(t *testing.T) {
	t.Parallel()
	files, err := fs.Glob(migrations, "migrations/*.sql")
	must(t, err)
	for _, name := range files[1:] {
		if strings.Contains(name, "_contract_") {
			continue
		}
		text, err := fs.ReadFile(migrations, name)
		must(t, err)
		if taken := takes(string(text)); taken != "" {
			t.Errorf("%s: %q takes away: such a file is named NNNNN_contract_….sql, and comes a release later", name, taken)
		}
	}
	for _, bad := range []string{
		"DROP TABLE x;", "ALTER TABLE x DROP CONSTRAINT y_check;", "ALTER TABLE x DROP CONSTRAINT y_key, ADD CONSTRAINT y_key UNIQUE (y);", "alter table x drop column y;", "ALTER TABLE x RENAME TO y;", "ALTER TABLE x ALTER COLUMN y TYPE bigint;",
		"ALTER TABLE x ALTER y SET NOT NULL;", "ALTER TABLE x ADD COLUMN y bigint NOT NULL;", "UPDATE x SET y = 1;", "DELETE FROM x;", "TRUNCATE x;",
	} {
		if takes(bad) == "" {
			t.Errorf("%q is not noticed", bad)
		}
	}
	for _, fine := range []string{
		"ALTER TABLE x ADD COLUMN y bigint NOT NULL DEFAULT 0, ADD COLUMN z text;",
		"ALTER TABLE x DROP CONSTRAINT y_check, ADD CONSTRAINT y_check CHECK (y IN ('a', 'b')) NOT VALID;",
	} {
		if takes(fine) != "" {
			t.Errorf("%q is called %q", fine, takes(fine))
		}
	}
}

var (
	taking  = regexp.MustCompile(`(?i)\b(DROP|RENAME|TRUNCATE|DELETE|UPDATE|SET\s+NOT\s+NULL|(SET\s+DATA\s+)?TYPE)\b`)
	adding  = regexp.MustCompile(`(?i)\bADD\s+COLUMN\b[^,;]*\bNOT\s+NULL\b[^,;]*`)
	dropped = regexp.MustCompile(`DROP CONSTRAINT (\w+_check)\b`)
	remark  = regexp.MustCompile(`--.*`)
)

// takes is what in a migration an older program could miss, "" for nothing.
func takes(text string) string {
	text = remark.ReplaceAllString(text, "")
	for _, check := range dropped.FindAllStringSubmatch(text, -1) { // A check that comes back wider takes nothing away.
		if strings.Contains(text, "ADD CONSTRAINT "+check[1]+" CHECK") {
			text = strings.ReplaceAll(text, check[0], "")
		}
	}
	if bad := taking.FindString(text); bad != "" {
		return bad
	}
	for _, column := range adding.FindAllString(text, -1) {
		if !strings.Contains(strings.ToUpper(column), "DEFAULT") {
			return column
		}
	}
	return ""
}

// TestO2_OldInstancesWorkWhileTheSchemaGrows: an instance that began on the schema of the release before takes in and
// works on while others bring it up to date, and while a later release adds to every table.
func TestO2_OldInstancesWorkWhileTheSchemaGrows(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	old := before(t, url)
	grown, done := make(chan struct{}), make(chan struct{})
	var working sync.WaitGroup
	for worker := range 3 {
		working.Go(func() {
			var running []hls.Task
			for i := 0; ; i++ {
				if err := randomStep(context.Background(), old, fmt.Sprintf("d%d-%d", worker, i), time.Now(), &running); err != nil {
					t.Error(err)
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	newer := open(t, Config{URL: url})
	go func() {
		defer close(grown)
		grow(t, newer)
	}()
	var running []hls.Task
	for i := 0; i < 100 || !ended(grown); i++ {
		must(t, randomStep(t.Context(), newer, fmt.Sprint("new", i), time.Now(), &running))
	}
	close(done)
	working.Wait()
	must(t, newer.consistent(t))
	must(t, old.Close())
	reopened := open(t, Config{URL: url})
	must(t, reopened.Healthy(t.Context()))
}

// before is a store on the schema of the release before.
func before(t *testing.T, url string) *Store {
	t.Helper()
	settings, err := parse(url)
	must(t, err)
	last, err := lastMigration()
	must(t, err)
	must(t, up(t.Context(), settings.ConnConfig, last-1))
	s := &Store{warn: func(string) {}, unaudited: true, untitled: true, name: "old", wake: make(chan struct{}, 1), news: make(chan struct{}, 1)}
	s.close = sync.OnceValue(s.shut)
	must(t, s.start(t.Context(), settings))
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// grow adds to every table as a later release may.
func grow(t *testing.T, s *Store) {
	rows, err := s.pool.Query(context.Background(), `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`)
	if err != nil {
		t.Error(err)
		return
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 10 {
		t.Errorf("tables %v, %v", tables, err)
	}
	for _, table := range tables {
		_, err := s.pool.Exec(context.Background(), fmt.Sprintf(`ALTER TABLE %s ADD COLUMN later text, ADD COLUMN latest bigint NOT NULL DEFAULT 7`, table))
		if err != nil {
			t.Error(err)
		}
	}
}

func ended(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
