package postgres

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"hls/internal/hls"
	"hls/internal/record"
)

// ofState are conditions without a parameter: each state has an index of its own.
var ofState = map[string]string{
	string(hls.Queued): "t.state = 'queued'", string(hls.Running): "t.state = 'running'", string(hls.Done): "t.state = 'done'",
	string(hls.Skipped): "t.state = 'skipped'", string(hls.Superseded): "t.state = 'superseded'", string(hls.Parked): "t.state = 'parked'",
}

// condition is what rows have to fit, with its parameters.
type condition struct {
	where []string
	args  []any
}

// add adds a condition whose parameter, if it has one, is written as %d.
func (c *condition) add(text string, args ...any) {
	for _, arg := range args {
		c.args = append(c.args, arg)
		text = strings.Replace(text, "%d", fmt.Sprint(len(c.args)), 1)
	}
	c.where = append(c.where, text)
}

func (c *condition) String() string {
	return strings.Join(append([]string{"true"}, c.where...), " AND ")
}

// term adds a part of a query that is not gone by, written so that no index serves it: plans are made without regard to
// what is asked for.
func (c *condition) term(t record.Term) {
	for i, column := range t.Columns {
		if column == "number" {
			c.add("t.number + 0 = $%d", t.Values[i])
		} else {
			c.add("t."+column+" || '' = $%d", t.Values[i])
		}
	}
}

// inOrder are the columns that stand before the id in an index of their own, and that many tasks may have in common.
var inOrder = map[string]bool{"repo": true, "event": true, "actor": true, "reason": true}

// by adds the part of a query that is gone by, with the bounds of the ids, and returns what the tasks are in order of. A column of
// inOrder is compared together with the id: that is an order that its index alone has, while with the column held against a
// value the planner may as well go through all tasks by their ids, in the hope of finding some soon.
func (c *condition) by(terms []record.Term, q record.Query) (order string) {
	if len(terms) > 0 && terms[0].Indexed {
		t := terms[0]
		column := t.Columns[0]
		if len(t.Columns) == 1 && inOrder[column] {
			c.add("(t."+column+", t.id) < ($%d, $%d)", t.Values[0], cmp.Or(q.Before, math.MaxInt64))
			c.add("(t."+column+", t.id) > ($%d, $%d)", t.Values[0], q.After)
			if column == "reason" {
				c.add("t.reason <> ''") // as tasks_reason has it
			}
			return "t." + column + " DESC, t.id DESC"
		}
		for i, column := range t.Columns {
			if state, _ := t.Values[i].(string); column == "state" {
				c.add(cmp.Or(ofState[state], "false"))
			} else {
				c.add("t."+column+" = $%d", t.Values[i])
			}
		}
	}
	if q.Before > 0 {
		c.add("t.id < $%d", q.Before)
	}
	if q.After > 0 {
		c.add("t.id > $%d", q.After)
	}
	return "t.id DESC"
}

const (
	searched = `concat_ws(E'\n', t.title, t.repo || '#' || t.number, t.ref, t.actor, t.event || '.' || t.action, t.reason, t.delivery_id) ILIKE $%d`

	// titleOf is the title of a task, or of another of its delivery.
	titleOf        = `CASE WHEN t.title <> '' THEN t.title ELSE coalesce((SELECT o.title FROM tasks o WHERE o.delivery_id = t.delivery_id AND o.title <> '' LIMIT 1), '') END`
	summaryColumns = taskColumns + `, t.spent, (SELECT count(*) FROM effects e WHERE e.task_id = t.id AND e.state = 'done'), ` + titleOf
)

// listing is the query of List.
func listing(q record.Query) (text string, args []any) {
	var c condition
	terms := q.Terms()
	order := c.by(terms, q)
	for i, t := range terms {
		if i > 0 || !t.Indexed {
			c.term(t)
		}
	}
	if q.Text != "" {
		c.add(searched, record.Like(q.Text))
	}
	if q.Newest {
		c.add("NOT EXISTS (SELECT 1 FROM tasks n WHERE n.delivery_id = t.delivery_id AND n.id > t.id)")
	}
	return `SELECT ` + summaryColumns + ` FROM tasks t WHERE ` + c.String() + fmt.Sprintf(` ORDER BY %s LIMIT %d`, order, q.Rows()), c.args
}

// reaching is the query of Reach.
func reaching(q record.Query, n int) (text string, args []any) {
	var c condition
	order := c.by(q.Terms(), q)
	return `SELECT t.id FROM tasks t WHERE ` + c.String() + fmt.Sprintf(` ORDER BY %s LIMIT 1 OFFSET %d`, order, n-1), c.args
}

// List reads tasks, newest first.
func (s *Store) List(ctx context.Context, q record.Query) ([]record.Summary, error) {
	text, args := listing(q)
	if s.untitled {
		text = strings.Replace(text, titleOf, "''", 1)
	}
	list, err := many(ctx, s, summary, text, args...)
	if err != nil {
		return nil, fmt.Errorf("list tasks: %w", err)
	}
	return list, nil
}

func summary(row pgx.CollectableRow) (record.Summary, error) {
	sum := record.Summary{Class: hls.Accepted}
	var spent int64
	err := row.Scan(append(targets(&sum.Task), &spent, &sum.Effects, &sum.Title)...)
	sum.Duration = time.Duration(spent) * time.Microsecond
	return sum, err
}

// Reach finds the n-th task that List looks at.
func (s *Store) Reach(ctx context.Context, q record.Query, n int) (after int64, err error) {
	text, args := reaching(q, n)
	err = s.one(ctx, text, args, &after)
	if none(err) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("list tasks: %w", err)
	}
	return after, nil
}

// hourly reads the hourly buckets, and what was not added to them yet. The hours are named one by one, so that each kind is
// looked up and those that nobody asks for are not read.
const hourly = `SELECT hour, kind, name, sum(n)::bigint FROM (
		SELECT h.hour, h.kind, h.name, h.n FROM generate_series($1::timestamptz, coalesce($2::timestamptz, clock_timestamp()), '1 hour') s (hour)
			CROSS JOIN unnest($3::text[]) k (kind) CROSS JOIN LATERAL (SELECT * FROM hours WHERE hour = s.hour AND kind = k.kind OFFSET 0) h
		UNION ALL SELECT hour, kind, name, n FROM counted WHERE hour >= $1 AND kind = ANY ($3)) c
	GROUP BY hour, kind, name`

// Hours reads what was counted by the hour.
func (s *Store) Hours(ctx context.Context, since time.Time) ([]record.Hour, error) {
	counted := map[time.Time]record.Counts{}
	err := s.look(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		clear(counted)
		rows, err := conn.Query(ctx, hourly, since.Truncate(time.Hour), s.moment(), record.HourlyKinds())
		if err != nil {
			return err
		}
		var at time.Time
		var c record.Counter
		var n int64
		_, err = pgx.ForEachRow(rows, []any{&at, &c.Kind, &c.Name, &n}, func() error {
			at = at.UTC()
			if counted[at] == nil {
				counted[at] = record.Counts{}
			}
			counted[at][c] = n
			return nil
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read hours: %w", err)
	}
	return record.NewHours(counted), nil
}
