package pgtest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Dump reads every value of every table of a database, as the server stores it, a line each.
func Dump(t testing.TB, url string) (all []byte) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := conn.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	names, err := query(t, conn, `SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`)
	if err == nil && len(names) == 0 {
		err = errors.New("the database has no tables")
	}
	for _, name := range names {
		values, failed := query(t, conn, "SELECT * FROM "+string(name))
		err = errors.Join(err, failed)
		for _, v := range values {
			all = append(append(all, v...), '\n')
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// query returns the values of all rows, as they come from the server.
func query(t testing.TB, conn *pgx.Conn, text string) (values [][]byte, err error) {
	t.Helper()
	rows, err := conn.Query(t.Context(), text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", text, err)
	}
	defer rows.Close()
	for rows.Next() {
		for _, v := range rows.RawValues() {
			values = append(values, append([]byte(nil), v...))
		}
	}
	return values, rows.Err()
}
