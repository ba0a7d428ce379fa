package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"hls/internal/record"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	versions = "hls_schema_version" // the table of the migrations that were made
	lockName = 0x686c7300           // of the advisory lock that one instance migrates behind
)

// migrate brings the schema up to date, each step in a transaction of its own, while other instances that start at the
// same time wait. With Keep it only looks.
func migrate(ctx context.Context, settings *pgx.ConnConfig, cfg Config) (err error) {
	settings = settings.Copy()
	delete(settings.RuntimeParams, "statement_timeout")
	delete(settings.RuntimeParams, "lock_timeout")
	conn, err := pgx.ConnectConfig(ctx, settings)
	if err != nil {
		return unreachable(err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	doubt, err := verify(ctx, conn)
	if err != nil {
		return err
	}
	if doubt != "" && cfg.Warn != nil {
		cfg.Warn(doubt)
	}
	want, err := lastMigration()
	if err != nil {
		return err
	}
	old, err := outdated(ctx, conn)
	switch {
	case err != nil || !old:
		return err
	case cfg.Keep:
		return fmt.Errorf("%w: run hls migrate", record.ErrOlderSchema)
	}
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", lockName); err != nil {
		return err
	}
	if err := up(ctx, settings, want); err != nil {
		return fmt.Errorf("migrate schema: %w", err)
	}
	return nil
}

// outdated tells whether the schema is older than this program's. A newer one is an error.
func outdated(ctx context.Context, conn *pgx.Conn) (bool, error) {
	have, want, err := versionsOf(ctx, conn)
	if err == nil && have > want {
		return false, fmt.Errorf("%w: it is at %d, this program knows up to %d; use the newer program, or a backup", record.ErrNewerSchema, have, want)
	}
	return have < want, err
}

func versionsOf(ctx context.Context, conn *pgx.Conn) (have, want int64, err error) {
	if want, err = lastMigration(); err != nil {
		return 0, 0, err
	}
	var there bool
	if err := conn.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", versions).Scan(&there); err != nil || !there {
		return 0, want, err
	}
	if err := conn.QueryRow(ctx, "SELECT coalesce(max(version_id), 0) FROM "+versions).Scan(&have); err != nil {
		return 0, want, fmt.Errorf("read schema version: %w", err)
	}
	return have, want, nil
}

// up makes the migrations that are missing, up to a number.
func up(ctx context.Context, settings *pgx.ConnConfig, to int64) (err error) {
	steps, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	db := stdlib.OpenDB(*settings)
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	provider, err := goose.NewProvider(goose.DialectPostgres, db, steps, goose.WithDisableGlobalRegistry(true), goose.WithTableName(versions))
	if err != nil {
		return err
	}
	_, err = provider.UpTo(ctx, to)
	return err
}

// lastMigration is the number of the last migration.
func lastMigration() (int64, error) {
	steps, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil || len(steps) == 0 {
		return 0, errors.Join(errors.New("no migrations"), err)
	}
	number, _, _ := strings.Cut(path.Base(steps[len(steps)-1]), "_")
	return strconv.ParseInt(number, 10, 64)
}

// Inspect tells why Open would fail, as far as that can be told without changing anything.
func Inspect(ctx context.Context, address string) error {
	return asked(ctx, address, func(conn *pgx.Conn) error {
		if _, err := verify(ctx, conn); err != nil {
			return err
		}
		_, err := outdated(ctx, conn)
		return err
	})
}

// Schema tells the number of the last migration of a database's schema, 0 without one, and of this program's.
func Schema(ctx context.Context, address string) (have, want int64, err error) {
	err = asked(ctx, address, func(conn *pgx.Conn) (err error) {
		have, want, err = versionsOf(ctx, conn)
		return err
	})
	return have, want, err
}

// asked asks a server something over a connection of its own.
func asked(ctx context.Context, address string, ask func(*pgx.Conn) error) (err error) {
	cfg, err := parse(address)
	if err != nil {
		return err
	}
	conn, err := pgx.ConnectConfig(ctx, cfg.ConnConfig)
	if err != nil {
		return unreachable(err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	return ask(conn)
}
