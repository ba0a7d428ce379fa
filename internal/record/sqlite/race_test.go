//go:build race

package sqlite

// raced tells that the race detector runs, which makes SQLite some ten times slower: less is done then.
const raced = true
