package sqlite_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hls/internal/record"
	"hls/internal/record/sqlite"
)

// What Inspect lets through Open opens, and what it refuses Open refuses. It leaves no trace.
func TestO4_InspectAgreesWithOpen(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path func(t *testing.T, dir string) string // what stands behind sqlite:
		want string                                // "" means that it opens
	}{
		"nothing there": {func(_ *testing.T, dir string) string { return filepath.Join(dir, "a", "b", "hls.db") }, ""},
		"a database":    {made, ""},
		"an empty file": {func(t *testing.T, dir string) string { return file(t, dir, "") }, ""},
		"a newer schema": {func(t *testing.T, dir string) string {
			path := made(t, dir)
			change(t, path, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)")
			return path
		}, "newer schema"},
		"other contents":   {func(t *testing.T, dir string) string { return file(t, dir, strings.Repeat("no database ", 100)) }, "not a database"},
		"a folder":         {func(_ *testing.T, dir string) string { return dir }, "is a folder"},
		"a file in a path": {func(t *testing.T, dir string) string { return filepath.Join(file(t, dir, ""), "hls.db") }, "not a directory"},
		"in memory":        {func(*testing.T, string) string { return ":memory:" }, "memory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			url := "sqlite:" + c.path(t, dir)
			before := list(t, dir)
			err := sqlite.Inspect(t.Context(), url)
			if after := list(t, dir); after != before {
				t.Errorf("it left %s where there was %s", after, before)
			}
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			store, opened := sqlite.Open(t.Context(), sqlite.Config{URL: url})
			if opened == nil {
				_ = store.Close()
			}
			if (opened == nil) != (err == nil) {
				t.Errorf("Inspect says %v, Open %v", err, opened)
			}
			if c.want == "newer schema" && (!errors.Is(err, record.ErrNewerSchema) || !errors.Is(opened, record.ErrNewerSchema)) {
				t.Errorf("Inspect says %v, Open %v", err, opened)
			}
		})
	}
}

// A database may be looked at while a process works with it.
func TestInspectOfAnOpenDatabase(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "hls.db")
	store, err := sqlite.Open(t.Context(), sqlite.Config{URL: "sqlite:" + path})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	if err := sqlite.Inspect(t.Context(), "sqlite:"+path); err != nil {
		t.Error(err)
	}
	if err := store.Healthy(t.Context()); err != nil {
		t.Error(err)
	}
}

func made(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "hls.db")
	store, err := sqlite.Open(t.Context(), sqlite.Config{URL: "sqlite:" + path})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func file(t *testing.T, dir, text string) string {
	t.Helper()
	path := filepath.Join(dir, "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func change(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// list names the files of a folder and all below it.
func list(t *testing.T, dir string) string {
	t.Helper()
	var names []string
	if err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		names = append(names, path)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, " ")
}
