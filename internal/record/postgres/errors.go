package postgres

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"hls/internal/record"
)

// errCut says that the connection was lost before the transaction could have been committed: nothing was written.
var errCut = errors.New("the connection to the database was lost")

// errUnknown says that nobody could be asked what became of a commit.
var errUnknown = errors.New("whether the write was committed is not known")

func none(err error) bool { return errors.Is(err, pgx.ErrNoRows) }

// unreachable wraps the failure to get a connection.
func unreachable(err error) error {
	if err == nil || errors.Is(err, errUnsafe) {
		return err
	}
	return fmt.Errorf("%w: %w", record.ErrUnavailable, err)
}

// unavailable wraps errors of the database as a whole, not of one row, in record.ErrUnavailable.
func unavailable(conn *pgx.Conn, err error) error {
	if err == nil || errors.Is(err, record.ErrUnavailable) {
		return err
	}
	if conn.IsClosed() {
		return fmt.Errorf("%w: %w: %w", record.ErrUnavailable, errCut, err)
	}
	if passing(code(err)) {
		return fmt.Errorf("%w: %w", record.ErrUnavailable, err)
	}
	return err
}

// code is the SQLSTATE of an error of the server, else "".
func code(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// passing tells whether the same write may succeed another time, as "Appendix A. PostgreSQL Error Codes" has it.
func passing(code string) bool {
	switch code {
	case "25006", "25P03", "55P03", "XX001", "XX002": // read only, idle too long, lock not available, data or index corrupted
		return true
	case "":
		return false
	}
	switch code[:2] {
	case "08", "40", "53", "57", "58": // connection, rollback, resources, operator's intervention, system
		return true
	}
	return false
}

// repeatable tells whether a transaction was rolled back for what a further try may not meet.
func repeatable(err error) bool {
	switch code(err) {
	case "40001", "40P01": // serialization failure, deadlock
		return true
	}
	return errors.Is(err, errCut)
}

// doubled tells whether a unique index refused a row.
func doubled(err error, index string) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == "23505" && e.ConstraintName == index
}
