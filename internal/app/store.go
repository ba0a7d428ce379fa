package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/record/postgres"
	"hls/internal/record/sqlite"
	"hls/internal/share"
)

// database is a kind of place that the record can be kept in.
type database struct {
	form    string                // of storage.url
	made    func(url string) bool // whether there is a database, as far as that can be told without a connection
	inspect func(ctx context.Context, url string) error
	open    func(ctx context.Context, url string, o opening) (record.Store, error)
	room    func(url string) (used, free int64, err error) // on its disk; nil where that is another machine's
	schema  func(ctx context.Context, url string) (have, want int64, err error)
	copy    func(ctx context.Context, url, path string) error
}

// opening is what a database is opened with besides its address.
type opening struct {
	redactor *hls.Redactor     // of the audit log
	warn     func(text string) // is told what is doubtful about the server
}

// databases are the kinds, by the scheme of storage.url. PostgreSQL is inspected without a connection: hls check asks
// nobody.
var databases = map[string]database{
	"sqlite": {
		form:    "sqlite:PATH",
		made:    sqlite.Made,
		inspect: sqlite.Inspect,
		open: func(ctx context.Context, url string, o opening) (record.Store, error) {
			return sqlite.Open(ctx, sqlite.Config{URL: url, Redactor: o.redactor})
		},
		room:   sqlite.Room,
		schema: sqlite.Schema,
		copy:   sqlite.Copy,
	},
	"postgres": {
		form:    "postgres://USER:PASSWORD@HOST/DATABASE",
		made:    func(string) bool { return true },
		inspect: func(_ context.Context, url string) error { return postgres.Validate(url) },
		open: func(ctx context.Context, url string, o opening) (record.Store, error) {
			return postgres.Open(ctx, postgres.Config{URL: url, Warn: o.warn, Redactor: o.redactor})
		},
		schema: postgres.Schema,
		copy:   func(context.Context, string, string) error { return errPgDump },
	},
}

func databaseOf(url string) (database, error) {
	scheme, _, _ := strings.Cut(url, ":")
	if scheme == "postgresql" { // libpq takes both
		scheme = "postgres"
	}
	if d, ok := databases[scheme]; ok {
		return d, nil
	}
	var forms []string
	for _, name := range slices.Sorted(maps.Keys(databases)) {
		forms = append(forms, databases[name].form)
	}
	return database{}, fmt.Errorf("want %s", strings.Join(forms, " or "))
}

func openStore(ctx context.Context, cfg record.Config, log *slog.Logger, r *hls.Redactor) (record.Store, error) {
	d, err := databaseOf(cfg.URL)
	if err != nil {
		return nil, fmt.Errorf("%w: storage.url: %w", ErrSettings, err)
	}
	store, err := d.open(ctx, cfg.URL, opening{r, func(text string) { log.Warn(text, hls.KeyStage, hls.StageRecord) }})
	switch {
	case errors.Is(err, record.ErrNewerSchema):
		return nil, fmt.Errorf("%w: storage.url: %w", ErrSettings, err)
	case err != nil:
		return nil, fmt.Errorf("open storage.url: %w", err)
	}
	return store, nil
}

// room tells of the disk that the record is on; ok is false where that cannot be told.
func (a *App) room() (used, free int64, ok bool) {
	url := a.started.Storage.URL
	d, err := databaseOf(url)
	if err != nil || d.room == nil {
		return 0, 0, false
	}
	used, free, err = d.room(url)
	return used, free, err == nil
}

// sharing is where the instances on one record keep their limits together; nil for a record that belongs to one process.
func sharing(store record.Store) share.Store {
	shares, _ := store.(share.Store)
	return shares
}
