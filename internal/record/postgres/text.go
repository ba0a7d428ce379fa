package postgres

import (
	"strings"

	"github.com/jackc/pgx/v5"
)

// queries are a pgx.Batch that takes any text.
type queries struct{ pgx.Batch }

// Queue adds a query.
func (b *queries) Queue(query string, args ...any) *pgx.QueuedQuery {
	return b.Batch.Queue(query, texts(args)...)
}

// texts makes arguments such that PostgreSQL takes them: it knows neither the character 0 nor bytes that are not
// UTF-8, and what came from the network may have both. They become U+FFFD.
func texts(args []any) []any {
	for i, arg := range args {
		switch v := arg.(type) {
		case string:
			args[i] = text(v)
		case []string:
			args[i] = column(v, text)
		}
	}
	return args
}

func text(s string) string {
	const instead = "\uFFFD"
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", instead), instead)
}
