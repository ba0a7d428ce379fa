package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

// condition is what rows have to fit, with its parameters.
type condition struct {
	where []string
	args  []any
}

func (c *condition) add(text string, args ...any) {
	c.where, c.args = append(c.where, text), append(c.args, args...)
}

func (c *condition) String() string { return strings.Join(append([]string{"1"}, c.where...), " AND ") }

// term adds a part of a query. A plus sign keeps the planner from an index that is not to be gone by.
func (c *condition) term(t record.Term, by bool) {
	for i, column := range t.Columns {
		name := "t." + column
		if !by {
			name = "+" + name
		}
		c.add(name+" = ?", t.Values[i])
		if by && column == "reason" {
			c.add("t.reason <> ''") // as tasks_reason has it
		}
	}
}

// between adds the bounds of the ids.
func (c *condition) between(q record.Query) {
	if q.Before > 0 {
		c.add("t.id < ?", q.Before)
	}
	if q.After > 0 {
		c.add("t.id > ?", q.After)
	}
}

// searched is what a text is looked for in. LIKE takes no notice of the case of ASCII letters.
const searched = `(t.title || char(10) || t.repo || '#' || t.number || char(10) || t.ref || char(10) || t.actor || char(10) || t.event || '.' ||
	t.action || char(10) || t.reason || char(10) || t.delivery_id) LIKE ? ESCAPE '\'`

const selectSummary = `SELECT t.id, t.delivery_id, t.request_id, t.origin, t.scope, t.repo_id, t.repo, t.kind, t.number, t.ref, t.purpose,
	t.event, t.action, t.actor, t.state, t.reason, t.attempt, t.occurred_at, t.run_at, t.queued_at, t.failing_at, t.owner, t.epoch, t.until,
	t.spent, (SELECT count(*) FROM effects e WHERE e.task_id = t.id AND e.state = 'done'),
	CASE WHEN t.title <> '' THEN t.title ELSE ifnull((SELECT o.title FROM tasks o WHERE o.delivery_id = t.delivery_id AND o.title <> '' LIMIT 1), '') END
	FROM tasks t WHERE `

// listing is the query of List.
func listing(q record.Query) (text string, args []any) {
	var c condition
	for i, t := range q.Terms() {
		c.term(t, i == 0 && t.Indexed)
	}
	if q.Text != "" {
		c.add(searched, record.Like(q.Text))
	}
	c.between(q)
	if q.Newest {
		c.add("NOT EXISTS (SELECT 1 FROM tasks n WHERE n.delivery_id = t.delivery_id AND n.id > t.id)")
	}
	return selectSummary + c.String() + ` ORDER BY t.id DESC LIMIT ?`, append(c.args, q.Rows())
}

// reaching is the query of Reach.
func reaching(q record.Query, n int) (text string, args []any) {
	var c condition
	if terms := q.Terms(); len(terms) > 0 && terms[0].Indexed {
		c.term(terms[0], true)
	}
	c.between(q)
	return `SELECT t.id FROM tasks t WHERE ` + c.String() + ` ORDER BY t.id DESC LIMIT 1 OFFSET ?`, append(c.args, n-1)
}

// List reads tasks, newest first.
func (s *Store) List(ctx context.Context, q record.Query) (list []record.Summary, err error) {
	text, args := listing(q)
	rows, err := s.readers.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, fmt.Errorf("list tasks: %w", unavailable(err))
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		sum := record.Summary{Class: hls.Accepted}
		var spent int64
		if err := rows.Scan(append(targets(&sum.Task), &spent, &sum.Effects, &sum.Title)...); err != nil {
			return nil, fmt.Errorf("list tasks: %w", err)
		}
		sum.Duration = time.Duration(spent) * time.Microsecond
		list = append(list, sum)
	}
	return list, unavailable(rows.Err())
}

// Reach finds the n-th task that List looks at.
func (s *Store) Reach(ctx context.Context, q record.Query, n int) (after int64, err error) {
	text, args := reaching(q, n)
	err = s.readers.QueryRowContext(ctx, text, args...).Scan(&after)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("list tasks: %w", unavailable(err))
	}
	return after, nil
}

// Hours reads the hourly buckets.
func (s *Store) Hours(ctx context.Context, since time.Time) (hours []record.Hour, err error) {
	// The hours are named one by one, so that each kind is looked up and those that nobody asks for are not read.
	const q = `WITH RECURSIVE h (hour) AS (SELECT max(?1, (SELECT ifnull(min(hour), ?2 + 1) FROM counters WHERE hour > 0)) UNION ALL SELECT hour + 3600 FROM h WHERE hour + 3600 <= ?2)
		SELECT h.hour, c.kind, c.name, c.n FROM h CROSS JOIN json_each(?3) k JOIN counters c ON c.hour = h.hour AND c.kind = k.value`
	kinds := `["` + strings.Join(record.HourlyKinds(), `","`) + `"]`
	rows, err := s.readers.QueryContext(ctx, q, max(since.Truncate(time.Hour).Unix(), 1), s.now().Unix(), kinds)
	if err != nil {
		return nil, fmt.Errorf("read hours: %w", unavailable(err))
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	counted := map[time.Time]record.Counts{}
	for rows.Next() {
		var hour, n int64
		var c record.Counter
		if err := rows.Scan(&hour, &c.Kind, &c.Name, &n); err != nil {
			return nil, fmt.Errorf("read hours: %w", err)
		}
		at := time.Unix(hour, 0).UTC()
		if counted[at] == nil {
			counted[at] = record.Counts{}
		}
		counted[at][c] = n
	}
	return record.NewHours(counted), unavailable(rows.Err())
}
