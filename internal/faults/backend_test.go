package faults_test

import (
	"database/sql"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"
	_ "modernc.org/sqlite"             // registers the driver "sqlite"

	"hls/internal/record/recordtest/pgtest"
)

// backend is one kind of database. Their tables are the same but for how times and counters are kept.
type backend struct {
	name    string
	storage func(t *testing.T) string // storage.url of a new, empty database
	open    func(storage string) (*sql.DB, error)
	micros  func(column string) string // an expression for a time in microseconds
	bodies  string                     // a query for the ids and hashes of accepted bodies
	totals  string                     // the query for kind, name and number of every counter
}

// backends are those that every fault is tried on.
var backends = []backend{
	{
		name: "sqlite",
		storage: func(t *testing.T) string {
			t.Helper()
			return "sqlite:" + filepath.Join(t.TempDir(), "data", "hls.db")
		},
		open: func(storage string) (*sql.DB, error) {
			path, _ := strings.CutPrefix(storage, "sqlite:")
			at := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: "mode=ro"}
			return sql.Open("sqlite", at.String())
		},
		micros: func(column string) string { return column },
		bodies: `SELECT delivery_id, hash FROM bodies WHERE accepted_at > 0 UNION SELECT id, hash FROM deliveries WHERE accepted_at > 0`,
		totals: `SELECT kind, name, n FROM counters WHERE hour = 0`,
	},
	{
		name: "postgres",
		storage: func(t *testing.T) string {
			t.Helper()
			return pgtest.Database(t)
		},
		open:   func(storage string) (*sql.DB, error) { return sql.Open("pgx", storage) },
		bodies: `SELECT delivery_id, hash FROM bodies WHERE accepted_at > to_timestamp(0)`,
		micros: func(column string) string { return "(extract(epoch FROM " + column + ") * 1000000)::bigint" },
		totals: `SELECT kind, name, sum(n)::bigint
			FROM (SELECT kind, name, n FROM totals UNION ALL SELECT kind, name, n FROM counted) AS c GROUP BY kind, name`,
	},
}

// onEach runs a test on every backend.
func onEach(t *testing.T, test func(*testing.T, backend)) {
	t.Helper()
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			test(t, b)
		})
	}
}
