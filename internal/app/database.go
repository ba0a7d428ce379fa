package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"hls/internal/config"
)

// SchemaVersion is how far a database's schema is, by the number of its last migration: 0 without one.
type SchemaVersion struct {
	Have int64 `json:"have"`
	Want int64 `json:"want"` // of this program
}

// errPgDump is why a server's database is not copied here.
var errPgDump = errors.New("a PostgreSQL database is backed up with pg_dump, or with the server's own means of point-in-time recovery: docs/operating.md")

// Schema tells how far the schema of the database is. It changes nothing, and makes no database.
func Schema(ctx context.Context, s *config.Settings) (at SchemaVersion, err error) {
	d, err := databaseOf(s.Storage.URL)
	if err != nil {
		return at, fmt.Errorf("%w: storage.url: %w", ErrSettings, err)
	}
	at.Have, at.Want, err = d.schema(ctx, s.Storage.URL)
	if err != nil {
		return at, fmt.Errorf("look at storage.url: %w", err)
	}
	return at, nil
}

// Migrate brings the schema up to date, and makes the database where there is none. It fails while the service has an
// SQLite file open.
func Migrate(ctx context.Context, s *config.Settings) error {
	store, err := openStore(ctx, s.Storage, slog.New(slog.DiscardHandler), newRedactor(s))
	if err != nil {
		return err
	}
	if err := store.Close(); err != nil {
		return fmt.Errorf("close storage.url: %w", err)
	}
	return nil
}

// Backup writes a consistent copy of an SQLite database to a new file, also while the service runs.
func Backup(ctx context.Context, s *config.Settings, path string) error {
	d, err := databaseOf(s.Storage.URL)
	if err != nil {
		return fmt.Errorf("%w: storage.url: %w", ErrSettings, err)
	}
	return d.copy(ctx, s.Storage.URL, path)
}
