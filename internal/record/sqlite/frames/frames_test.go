package frames_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	_ "modernc.org/sqlite"

	"hls/internal/record/sqlite/frames"
)

// pair is one database as seen by the connection whose log is held back, and by another one.
type pair struct {
	*testing.T
	rand       *rand.Rand
	own, other *sql.Conn
}

func newPair(t *testing.T, synchronous string) *pair {
	t.Helper()
	vfs, err := frames.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := vfs.Close(); err != nil {
			t.Error(err)
		}
	})
	path := filepath.Join(t.TempDir(), "a.db")
	// With so few pages in memory most transactions write to the log long before they commit, and read from it again.
	const settings = "&_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=wal_autocheckpoint(0)&_pragma=cache_size(6)"
	p := &pair{T: t, rand: rand.New(rand.NewPCG(1, uint64(len(synchronous))))}
	p.own = p.connect("file:" + path + "?vfs=" + vfs.Name + settings + "&_pragma=synchronous(" + synchronous + ")")
	p.other = p.connect("file:" + path + "?_pragma=busy_timeout(5000)")
	p.exec(`CREATE TABLE a (k INTEGER PRIMARY KEY, text BLOB)`)
	p.exec(`CREATE TABLE b AS SELECT 0 AS n`)
	p.exec(`CREATE INDEX a_text ON a (text)`)
	return p
}

func (p *pair) connect(url string) *sql.Conn {
	p.Helper()
	db, err := sql.Open("sqlite", url)
	if err != nil {
		p.Fatal(err)
	}
	conn, err := db.Conn(p.Context())
	if err != nil {
		p.Fatal(err)
	}
	p.Cleanup(func() { _ = conn.Close(); _ = db.Close() })
	return conn
}

func (p *pair) exec(query string, args ...any) {
	p.Helper()
	if _, err := p.own.ExecContext(p.Context(), query, args...); err != nil {
		p.Fatalf("%s: %v", query, err)
	}
}

// change does something to a few rows.
func (p *pair) change() {
	p.Helper()
	for range 1 << p.rand.IntN(6) {
		k, size := p.rand.IntN(500), p.rand.IntN(9000)
		switch p.rand.IntN(4) {
		case 0:
			p.exec(`DELETE FROM a WHERE k = ?`, k)
		case 1:
			p.exec(`UPDATE a SET text = randomblob(?) WHERE k BETWEEN ? AND ?`, size, k, k+3)
		default:
			p.exec(`INSERT INTO a VALUES (?, randomblob(?)) ON CONFLICT DO UPDATE SET text = excluded.text`, k, size)
		}
	}
}

// transaction changes rows, takes some of that back, and ends in one way or the other.
func (p *pair) transaction() {
	p.Helper()
	p.exec(`BEGIN IMMEDIATE`)
	p.change()
	for range p.rand.IntN(3) {
		p.exec(`SAVEPOINT s`)
		p.change()
		if p.rand.IntN(2) == 0 {
			p.exec(`ROLLBACK TO s`)
		}
		p.exec(`RELEASE s`)
	}
	p.exec([]string{`COMMIT`, `COMMIT`, `ROLLBACK`}[p.rand.IntN(3)])
	if p.rand.IntN(3) == 0 {
		p.exec(`UPDATE b SET n = n + 1`) // One page, after whatever was written before.
	}
}

// sum is all that a connection sees.
func (p *pair) sum(conn *sql.Conn) (sum string) {
	p.Helper()
	const q = `SELECT concat_ws(' ', count(*), sum(length(text)), hex(group_concat(substr(text, -8), '' ORDER BY k)), (SELECT n FROM b)) FROM a`
	if err := conn.QueryRowContext(p.Context(), q).Scan(&sum); err != nil {
		p.Fatal(err)
	}
	return sum
}

// TestI1_OthersSeeWhatIsCommitted: after each transaction another connection finds the same rows as the one that wrote
// them, however the disk is waited for, and the file is whole.
func TestI1_OthersSeeWhatIsCommitted(t *testing.T) {
	t.Parallel()
	for _, synchronous := range []string{"OFF", "NORMAL", "FULL"} {
		t.Run(synchronous, func(t *testing.T) {
			t.Parallel()
			p := newPair(t, synchronous)
			for i := range 60 {
				p.transaction()
				if own, other := p.sum(p.own), p.sum(p.other); own != other {
					t.Fatalf("transaction %d: the writer sees %.40s, another connection %.40s", i, own, other)
				}
				if p.rand.IntN(10) == 0 {
					p.checkpoint(t.Context(), p.other, []string{"PASSIVE", "RESTART", "TRUNCATE"}[p.rand.IntN(3)])
				}
			}
			var found string
			if err := p.other.QueryRowContext(t.Context(), `PRAGMA integrity_check`).Scan(&found); err != nil || found != "ok" {
				t.Errorf("the file: %s, %v", found, err)
			}
		})
	}
}

func (p *pair) checkpoint(ctx context.Context, conn *sql.Conn, mode string) {
	p.Helper()
	if _, err := conn.ExecContext(ctx, fmt.Sprintf(`PRAGMA wal_checkpoint = %s`, mode)); err != nil {
		p.Fatal(err)
	}
}
