package faults_test

import (
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"time"

	"hls/internal/history"
	"hls/internal/hls"
	"hls/internal/record"
)

// dump takes the database into the history. HLS must have ended.
func (w *world) dump() {
	w.t.Helper()
	db, err := w.backend.open(w.storage)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	w.dumpDeliveries(db)
	w.dumpWork(db)
	w.dumpEffects(db)
	counts := map[string]int64{}
	w.each(db, w.backend.totals, func(scan func(...any)) {
		var kind, name string
		var n int64
		scan(&kind, &name, &n)
		counts[kind+"/"+name] = n
	})
	w.history.Add(history.Entry{Counts: counts})
}

// each calls row for each row of a query.
func (w *world) each(db *sql.DB, query string, row func(scan func(...any))) {
	w.t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		row(func(into ...any) {
			if err := rows.Scan(into...); err != nil {
				w.t.Fatal(err)
			}
		})
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) dumpDeliveries(db *sql.DB) {
	hashes := map[string][]string{}
	w.each(db, w.backend.bodies, func(scan func(...any)) {
		var id string
		var hash []byte
		scan(&id, &hash)
		hashes[id] = append(hashes[id], hex.EncodeToString(hash))
	})
	w.each(db, `SELECT id, hash, ignored FROM deliveries`, func(scan func(...any)) {
		var d history.Delivery
		var hash []byte
		scan(&d.ID, &hash, &d.Ignored)
		d.Hash, d.Hashes = hex.EncodeToString(hash), hashes[d.ID]
		w.history.Add(history.Entry{Delivery: &d})
	})
}

func (w *world) dumpWork(db *sql.DB) {
	subjects, micros := map[int64]history.Subject{}, w.backend.micros
	w.each(db, `SELECT id, delivery_id, origin, repo, number, purpose, actor, state, reason, attempt FROM tasks`, func(scan func(...any)) {
		var t history.Task
		scan(&t.ID, &t.Delivery, &t.Origin, &t.Repo, &t.Number, &t.Purpose, &t.Actor, &t.State, &t.Reason, &t.Attempt)
		subjects[t.ID] = t.Subject
		w.history.Add(history.Entry{Task: &t})
	})
	w.each(db, `SELECT task_id, revision, `+micros("at")+` FROM analyses`, func(scan func(...any)) {
		var a history.Analysis
		var at int64
		scan(&a.Task, &a.Revision, &at)
		a.Made = time.UnixMicro(at)
		w.history.Add(history.Entry{Analysis: &a})
	})
	w.each(db, `SELECT id, task_id, state, `+micros("at")+` FROM spend`, func(scan func(...any)) {
		var s history.Spend
		var at int64
		scan(&s.ID, &s.Task, &s.State, &at)
		s.Made, s.Subject = time.UnixMicro(at), subjects[s.Task]
		w.history.Add(history.Entry{Spend: &s})
	})
}

func (w *world) dumpEffects(db *sql.DB) {
	w.each(db, `SELECT id, task_id, kind, state, effect, remote_id, error FROM effects`, func(scan func(...any)) {
		var e history.Effect
		var packed []byte
		scan(&e.ID, &e.Task, &e.Kind, &e.State, &packed, &e.Remote, &e.Note)
		text, err := record.Unpack(packed)
		var effect hls.Effect
		if err == nil {
			err = json.Unmarshal(text, &effect)
		}
		if err != nil {
			w.t.Fatalf("read effect %d: %v", e.ID, err)
		}
		e.Subject = history.Subject{Repo: effect.Subject.Repo, Number: effect.Subject.Number}
		for _, l := range effect.Labels {
			e.Labels = append(e.Labels, l.Name)
		}
		w.history.Add(history.Entry{Effect: &e})
	})
}
