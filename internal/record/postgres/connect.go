package postgres

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"hls/internal/record"
)

// errUnsafe is a server that must not be used as it is.
var errUnsafe = errors.New("the PostgreSQL server cannot be used")

// oldest is the first version of the server with all that is used here.
const oldest = 140000

// parse reads an address. What it does not set has defaults that fit many instances on one server.
func parse(address string) (*pgxpool.Config, error) {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return nil, errors.New("storage.url: want postgres://USER:PASSWORD@HOST/DATABASE")
	}
	cfg, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, fmt.Errorf("storage.url: %w", withoutPassword(err, u))
	}
	set := u.Query()
	if !set.Has("connect_timeout") {
		cfg.ConnConfig.ConnectTimeout = 5 * time.Second
	}
	if !set.Has("pool_max_conns") {
		cfg.MaxConns = 10
	}
	for name, value := range session {
		if !set.Has(name) || name == "synchronous_commit" {
			cfg.ConnConfig.RuntimeParams[name] = value
		}
	}
	cfg.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		prepare(conn)
		_, err := verify(ctx, conn)
		return err
	}
	return cfg, nil
}

func withoutPassword(err error, u *url.URL) error {
	if password, ok := u.User.Password(); ok && password != "" {
		return errors.New(strings.ReplaceAll(err.Error(), password, "xxxxx"))
	}
	return err
}

// session is what every connection sets. The time limits are the server's: they free what an instance holds that was
// stopped in the middle of a transaction, long before a lease runs out. Every query here looks up a few rows by an
// index, one after the other: a plan that was made while a table was empty must be that one, too.
var session = map[string]string{
	"application_name":                    "hls",
	"synchronous_commit":                  "on",
	"idle_in_transaction_session_timeout": "5s",
	"lock_timeout":                        "8s",
	"statement_timeout":                   "10s",
	"enable_seqscan":                      "off",
	"jit":                                 "off",
	"enable_bitmapscan":                   "off",
	"enable_hashjoin":                     "off",
	"enable_mergejoin":                    "off",
	"plan_cache_mode":                     "force_generic_plan",
	"timezone":                            "UTC",
}

// prepare has times come in UTC.
func prepare(conn *pgx.Conn) {
	conn.TypeMap().RegisterType(&pgtype.Type{Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC}})
}

// verify finds out here, and not after a power loss, whether what the server acknowledges is on its disk. It returns
// what is doubtful about the server.
func verify(ctx context.Context, conn *pgx.Conn) (doubt string, err error) {
	const q = `SELECT current_setting('server_version_num')::int, current_setting('server_encoding'), pg_is_in_recovery(),
		current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit')`
	var version int
	var encoding, fsync, whole, synchronous string
	var standby bool
	err = conn.QueryRow(ctx, q).Scan(&version, &encoding, &standby, &fsync, &whole, &synchronous)
	switch {
	case err != nil:
		return "", fmt.Errorf("read the server's settings: %w", err)
	case version < oldest:
		return "", fmt.Errorf("%w: it has version %d, and must have %d or newer", errUnsafe, version/10000, oldest/10000)
	case encoding != "UTF8":
		return "", fmt.Errorf("%w: the database has the encoding %s, and must have UTF8", errUnsafe, encoding)
	case standby:
		return "", fmt.Errorf("%w: the PostgreSQL server is a standby", record.ErrUnavailable)
	case fsync != "on":
		return "", fmt.Errorf("%w: fsync is %s, and must be on: accepted deliveries would not be safe", errUnsafe, fsync)
	case synchronous != "on":
		return "", fmt.Errorf("%w: synchronous_commit is %s, and must be on: accepted deliveries would not be safe", errUnsafe, synchronous)
	case whole != "on":
		doubt = "full_page_writes is off on the PostgreSQL server: unless its storage never writes a page by half, a power loss can destroy accepted deliveries"
	}
	return doubt, nil
}
