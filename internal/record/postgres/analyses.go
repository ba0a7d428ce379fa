package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"hls/internal/hls"
	"hls/internal/record"
)

// SaveAnalysis stores an analysis and settles what was set aside for it.
func (s *Store) SaveAnalysis(ctx context.Context, task hls.Task, reservation int64, a hls.Analysis) error {
	const q = `INSERT INTO analyses (task_id, delivery_id, subject_key, subject, purpose, revision, answer, model, template,
			prompt_hash, prompt, system, "user", schema, usage, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT (task_id) DO NOTHING`
	p, err := record.PackAnalysis(task.Subject, a)
	if err != nil {
		return named("save analysis of task", task.ID, err)
	}
	var there bool
	err = s.transact(ctx, func(b *queries) {
		hold(b, task)
		b.Queue(`SELECT EXISTS (SELECT 1 FROM analyses WHERE task_id = $1)`, task.ID).QueryRow(func(row pgx.Row) error { return row.Scan(&there) })
	}, func(t *tx) error {
		when := a.At
		if when.IsZero() {
			when = t.now
		}
		if !there {
			t.audits.Analyzed(task, a)
		}
		t.last.Queue(q, task.ID, task.DeliveryID, task.Subject.Key(), p.Subject, task.Purpose, a.Revision, p.Answer,
			a.Model, a.Template, a.PromptHash, p.Prompt, p.System, p.User, p.Schema, p.Usage, when)
		if reservation == 0 {
			return nil
		}
		return t.settleSpend(reservation, a.Model, a.Usage)
	})
	return named("save analysis of task", task.ID, err)
}

const selectAnalysis = `SELECT a.task_id, a.delivery_id, a.subject, a.purpose, a.revision, a.answer, a.model, a.template, a.prompt_hash,
	a.prompt, a.system, a.user, a.schema, a.usage, a.at FROM analyses a`

// Analysis reads the analysis of a task.
func (s *Store) Analysis(ctx context.Context, taskID int64) (hls.Analysis, error) {
	a, err := s.analysis(ctx, selectAnalysis+` WHERE a.task_id = $1`, taskID)
	return a, named("read analysis of task", taskID, err)
}

// Previous reads the newest analysis that another task of the subject and purpose ended with.
func (s *Store) Previous(ctx context.Context, task hls.Task) (hls.Analysis, error) {
	a, err := s.analysis(ctx, selectAnalysis+` JOIN tasks t ON t.id = a.task_id
		WHERE a.subject_key = $1 AND a.purpose = $2 AND a.task_id <> $3 AND t.state = 'done' ORDER BY a.at DESC, a.task_id DESC LIMIT 1`,
		task.Subject.Key(), task.Purpose, task.ID)
	return a, named("read analysis before task", task.ID, err)
}

func (s *Store) analysis(ctx context.Context, query string, args ...any) (a hls.Analysis, err error) {
	var p record.PackedAnalysis
	err = s.one(ctx, query, args, &a.TaskID, &a.DeliveryID, &p.Subject, &a.Purpose, &a.Revision, &p.Answer, &a.Model, &a.Template,
		&a.PromptHash, &p.Prompt, &p.System, &p.User, &p.Schema, &p.Usage, &a.At)
	if err == nil {
		err = p.Unpack(&a)
	}
	if err != nil {
		return hls.Analysis{}, err
	}
	return a, nil
}

// SavePlan keeps the plan of a task; a later one replaces it.
func (s *Store) SavePlan(ctx context.Context, task hls.Task, plan hls.Plan) error {
	const q = `INSERT INTO plans (task_id, plan) VALUES ($1, $2) ON CONFLICT (task_id) DO UPDATE SET plan = excluded.plan`
	packed, err := record.PackJSON(plan)
	if err != nil {
		return named("save plan of task", task.ID, err)
	}
	err = s.writeFor(ctx, task, func(t *tx) error {
		t.last.Queue(q, task.ID, packed)
		t.audits.Planned(task, plan)
		return t.remember(task, plan.Remember)
	})
	return named("save plan of task", task.ID, err)
}

// Plan reads the plan of a task.
func (s *Store) Plan(ctx context.Context, taskID int64) (plan hls.Plan, err error) {
	var packed []byte
	if err = s.one(ctx, `SELECT plan FROM plans WHERE task_id = $1`, []any{taskID}, &packed); err == nil {
		err = record.UnpackJSON(packed, &plan)
	}
	return plan, named("read plan of task", taskID, err)
}
