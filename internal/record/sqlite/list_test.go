package sqlite

import (
	"strings"
	"testing"

	"hls/internal/hls"
	"hls/internal/record"
)

// Lists, and how far they reach, are read off an index in its order, whatever else is asked for: none is sorted and none goes
// through all tasks.
func TestListsAreReadOffAnIndex(t *testing.T) {
	t.Parallel()
	s := newClocked(t)
	for index, q := range map[string]record.Query{
		"tasks_repo": {Repo: "r7"}, "tasks_event": {Event: "push"}, "tasks_actor": {Actor: "p12"}, "tasks_reason": {Reason: "refusal"},
		"tasks_state": {State: hls.Parked}, "tasks_subject": {Repo: "r7", Number: 3}, "tasks_delivery": {Delivery: "d7"}, "": {},
	} {
		with := q
		with.Text, with.Before, with.After, with.Newest, with.Purpose = "nothing", 20000, 10, true, "triage"
		if index != "tasks_state" && index != "" {
			with.State = hls.Done
		}
		for _, of := range []record.Query{q, with} {
			text, args := listing(of)
			how := s.plan(t, text, args)
			text, args = reaching(of, 20)
			for _, plan := range []string{how, s.plan(t, text, args)} {
				if index != "" && !strings.Contains(plan, "SEARCH t USING INDEX "+index+" ") && !strings.Contains(plan, "SEARCH t USING COVERING INDEX "+index+" ") {
					t.Errorf("%+v is not read off %s:\n%s", of, index, plan)
				}
				if strings.Contains(plan, "TEMP B-TREE") || index != "" && strings.Contains(plan, "SCAN t") {
					t.Errorf("%+v is sorted, or goes through all:\n%s", of, plan)
				}
			}
		}
	}
	for _, state := range []hls.EffectState{hls.EffectShadow, hls.EffectProposed, hls.EffectFailed} {
		text := selectEntry + " WHERE state = ? AND state <> 'done' ORDER BY id DESC LIMIT 50"
		if plan := s.plan(t, text, []any{state}); !strings.Contains(plan, "USING INDEX effects_state") || strings.Contains(plan, "TEMP B-TREE") {
			t.Errorf("effects that are %s:\n%s", state, plan)
		}
	}
}

func (c *clocked) plan(t *testing.T, text string, args []any) string {
	t.Helper()
	rows, err := c.readers.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+text, args...)
	must(t, err)
	defer func() { must(t, rows.Close()) }()
	var plan strings.Builder
	for rows.Next() {
		var id, parent, none int
		var detail string
		must(t, rows.Scan(&id, &parent, &none, &detail))
		plan.WriteString(detail + "\n")
	}
	must(t, rows.Err())
	return plan.String()
}
