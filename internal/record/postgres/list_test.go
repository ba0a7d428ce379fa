package postgres

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/record/recordtest/pgtest"
)

// filters are the lists that people ask for, and the index that each is read off.
var filters = map[string]record.Query{
	"tasks_pkey": {}, "tasks_repo": {Repo: "r7"}, "tasks_event": {Event: "push"}, "tasks_actor": {Actor: "p12"}, "tasks_reason": {Reason: "refusal"},
	"tasks_parked": {State: hls.Parked}, "tasks_done": {State: hls.Done}, "tasks_subject": {Repo: "r7", Number: 3}, "tasks_delivery": {Delivery: "d7"},
}

// Lists, and how far they reach, are read off an index in its order, whatever else is asked for: none is sorted and none goes
// through all tasks.
func TestListsAreReadOffAnIndex(t *testing.T) {
	t.Parallel()
	s := open(t, Config{URL: pgtest.Database(t)})
	s.sql(t, `INSERT INTO tasks (delivery_id, request_id, origin, subject_key, scope, repo_id, repo, kind, number, ref, purpose, event, action, actor,
			state, reason, occurred_at, queued_at, burst_at, run_at)
		SELECT 'd' || n, '', '', n % 500 || '#1', '', n % 50, 'r' || n % 50, 'issue', n / 50, '', 'triage', (ARRAY ['issues', 'push', 'release'])[1 + n % 3], '', 'p' || n % 500,
			CASE n % 100 WHEN 0 THEN 'parked' ELSE 'done' END, CASE n % 100 WHEN 0 THEN 'refusal' ELSE '' END, now(), now(), now(), now()
		FROM generate_series(1, 30000) n`)
	s.sql(t, `VACUUM ANALYZE`)
	for index, q := range filters {
		with := q
		with.Text, with.Before = "nothing", 20000
		if index != "tasks_event" && index != "tasks_done" && index != "tasks_pkey" {
			with.Event, with.State = "issues", hls.State("done")
			if index == "tasks_parked" || index == "tasks_reason" {
				with.State = hls.Parked
			}
		}
		for what, of := range map[string]record.Query{"alone": q, "with others": with} {
			expect := index
			if of.State == hls.Parked && index == "tasks_reason" { // Either of the two is of few.
				expect = "tasks_parked"
			}
			for _, f := range []func() (string, []any){
				func() (string, []any) { return listing(of) }, func() (string, []any) { return reaching(of, 20) },
			} {
				text, args := f()
				plan := s.planOf(t, text, args)
				if !strings.Contains(plan, " using "+expect+" on tasks t") {
					t.Errorf("%s %s is not read off %s:\n%s\n%s", index, what, expect, text, plan)
				}
				for _, bad := range []string{"Seq Scan", "Sort", "Bitmap"} {
					if strings.Contains(plan, bad) && index != "tasks_delivery" {
						t.Errorf("%s %s: a %s in\n%s", index, what, bad, plan)
					}
				}
			}
		}
	}
}

// So are the effects of a task, and those that are in a state that few are in, or none.
func TestEffectsAreReadOffAnIndex(t *testing.T) {
	t.Parallel()
	s := open(t, Config{URL: pgtest.Database(t)})
	s.sql(t, `INSERT INTO tasks (delivery_id, request_id, origin, subject_key, scope, repo_id, repo, kind, number, ref, purpose, event, action, actor,
			state, reason, occurred_at, queued_at, burst_at, run_at)
		SELECT 'd' || n, '', '', n || '#1', '', 1, 'r', 'issue', n, '', 'triage', 'issues', '', 'p', 'done', '', now(), now(), now(), now() FROM generate_series(1, 2000) n`)
	s.sql(t, `INSERT INTO effects (key, task_id, subject_key, purpose, kind, state, effect, at)
		SELECT n, 1 + n % 2000, '', '', 'add_labels', CASE n % 100 WHEN 0 THEN 'proposed' WHEN 1 THEN 'shadow' ELSE 'done' END, '', now() FROM generate_series(1, 40000) n`)
	s.sql(t, `VACUUM ANALYZE`)
	text, args := effectsOf, []any{7}
	plan := s.planOf(t, text, args)
	if !strings.Contains(plan, "effects_task") || !strings.Contains(plan, "effects_carrier") || strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "effects_pkey") {
		t.Errorf("of a task:\n%s", plan)
	}
	for _, state := range []hls.EffectState{hls.EffectProposed, hls.EffectFailed} {
		for _, oldest := range []bool{false, true} {
			text, args = ledger(record.LedgerQuery{State: state, Oldest: oldest})
			if plan := s.planOf(t, text, args); !strings.Contains(plan, "using effects_state on effects") || strings.Contains(plan, "Sort") {
				t.Errorf("that are %s:\n%s", state, plan)
			}
		}
	}
}

// planOf is the plan that a query has whatever its parameters are.
func (s *Store) planOf(t *testing.T, text string, args []any) string {
	t.Helper()
	conn, err := s.pool.Acquire(t.Context())
	must(t, err)
	defer conn.Release()
	rows, err := conn.Query(t.Context(), `EXPLAIN (COSTS off) `+text, texts(args)...)
	must(t, err)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	return strings.Join(lines, "\n")
}
