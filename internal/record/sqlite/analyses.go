package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"hls/internal/hls"
	"hls/internal/record"
)

// SaveAnalysis stores an analysis and settles what was set aside for it.
func (s *Store) SaveAnalysis(ctx context.Context, task hls.Task, reservation int64, a hls.Analysis) error {
	const q = `INSERT INTO analyses (task_id, delivery_id, subject_key, subject, purpose, revision, answer, model, template,
			prompt_hash, prompt, system, user, schema, usage, at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (task_id) DO NOTHING`
	rest := a.Prompt
	rest.System, rest.User, rest.Schema = "", "", nil
	subject, err1 := json.Marshal(task.Subject)
	prompt, err2 := json.Marshal(rest)
	usage, err3 := json.Marshal(a.Usage)
	if err := errors.Join(err1, err2, err3); err != nil {
		return named("save analysis of task", task.ID, err)
	}
	args := []any{task.ID, task.DeliveryID, task.Subject.Key(), string(subject), task.Purpose, a.Revision, record.Pack(a.Answer),
		a.Model, a.Template, a.PromptHash, string(prompt), record.Pack([]byte(a.Prompt.System)), record.Pack([]byte(a.Prompt.User)),
		record.Pack(a.Prompt.Schema), string(usage)}
	err := s.write(ctx, func(t *tx) error {
		if err := t.hold(task); err != nil {
			return err
		}
		when := a.At
		if when.IsZero() {
			when = t.now
		}
		n, err := t.change(q, append(args[:len(args):len(args)], stamp(when))...)
		if err != nil {
			return err
		}
		if n > 0 {
			t.audits.Analyzed(task, a)
		}
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
	a, err := s.analysis(ctx, selectAnalysis+` WHERE a.task_id = ?`, taskID)
	return a, named("read analysis of task", taskID, err)
}

// Previous reads the newest analysis that another task of the subject and purpose ended with.
func (s *Store) Previous(ctx context.Context, task hls.Task) (hls.Analysis, error) {
	a, err := s.analysis(ctx, selectAnalysis+` JOIN tasks t ON t.id = a.task_id
		WHERE a.subject_key = ? AND a.purpose = ? AND a.task_id <> ? AND t.state = 'done' ORDER BY a.task_id DESC LIMIT 1`,
		task.Subject.Key(), task.Purpose, task.ID)
	return a, named("read analysis before task", task.ID, err)
}

func (s *Store) analysis(ctx context.Context, query string, args ...any) (a hls.Analysis, err error) {
	var subject, prompt, usage, answer, system, user, schema []byte
	err = s.readers.QueryRowContext(ctx, query, args...).Scan(&a.TaskID, &a.DeliveryID, &subject, &a.Purpose, &a.Revision, &answer,
		&a.Model, &a.Template, &a.PromptHash, &prompt, &system, &user, &schema, &usage, at{&a.At})
	if err != nil {
		return hls.Analysis{}, found(err)
	}
	err = errors.Join(json.Unmarshal(subject, &a.Subject), json.Unmarshal(prompt, &a.Prompt), json.Unmarshal(usage, &a.Usage))
	for _, text := range []struct {
		packed []byte
		into   func([]byte)
	}{
		{answer, func(b []byte) { a.Answer = b }},
		{system, func(b []byte) { a.Prompt.System = string(b) }},
		{user, func(b []byte) { a.Prompt.User = string(b) }},
		{schema, func(b []byte) { a.Prompt.Schema = b }},
	} {
		plain, e := record.Unpack(text.packed)
		err = errors.Join(err, e)
		text.into(plain)
	}
	if err != nil {
		return hls.Analysis{}, fmt.Errorf("decode row: %w", err)
	}
	return a, nil
}

// SavePlan keeps the plan of a task; a later one replaces it.
func (s *Store) SavePlan(ctx context.Context, task hls.Task, plan hls.Plan) error {
	const q = `INSERT INTO plans (task_id, plan) VALUES (?, ?) ON CONFLICT (task_id) DO UPDATE SET plan = excluded.plan`
	text, err := json.Marshal(plan)
	if err != nil {
		return named("save plan of task", task.ID, err)
	}
	packed := record.Pack(text)
	err = s.write(ctx, func(t *tx) error {
		if err := t.hold(task); err != nil {
			return err
		}
		if err := t.remember(task, plan.Remember); err != nil {
			return err
		}
		t.audits.Planned(task, plan)
		return t.exec(q, task.ID, packed)
	})
	return named("save plan of task", task.ID, err)
}

// Plan reads the plan of a task.
func (s *Store) Plan(ctx context.Context, taskID int64) (plan hls.Plan, err error) {
	var packed []byte
	err = found(s.readers.QueryRowContext(ctx, `SELECT plan FROM plans WHERE task_id = ?`, taskID).Scan(&packed))
	if err == nil {
		err = decode(packed, &plan)
	}
	return plan, named("read plan of task", taskID, err)
}

// decode reads packed JSON.
func decode(packed []byte, into any) error {
	text, err := record.Unpack(packed)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}
