package record

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"hls/internal/hls"
)

// Audits collects what one transaction appends to the audit log, as Counts does for the counters.
type Audits []hls.AuditEntry

// Ended tells how a task ended: the verdict on what it was made for.
func (a *Audits) Ended(task hls.Task, state hls.State, reason string) {
	a.of(task, hls.AuditTask, struct {
		Event   string     `json:"event"`
		Action  string     `json:"action,omitempty"`
		Purpose string     `json:"purpose"`
		Origin  hls.Origin `json:"origin"`
		State   hls.State  `json:"state"`
		Reason  string     `json:"reason,omitempty"`
		Attempt int        `json:"attempt"`
	}{task.Event, task.Action, task.Purpose, task.Origin, state, reason, task.Attempt})
}

// Superseded tells that tasks are not worked on: those that were queued, for newer work of their subject and purpose, or
// that of a delivery which came late.
func (a *Audits) Superseded(deliveryID string, work NewTask, reason string, tasks ...int64) {
	if len(tasks) == 0 {
		return
	}
	*a = append(*a, hls.AuditEntry{
		Kind: hls.AuditSuperseded, DeliveryID: deliveryID, Repo: work.Subject.Repo, Subject: work.Subject.String(), By: work.Actor,
		Data: encode(struct {
			Purpose string  `json:"purpose"`
			Reason  string  `json:"reason"`
			Tasks   []int64 `json:"tasks"`
		}{work.Purpose, reason, tasks}),
	})
}

// Again tells that an operator has a delivery worked on again.
func (a *Audits) Again(kind hls.AuditKind, taskID int64, deliveryID string, s hls.Subject) {
	*a = append(*a, hls.AuditEntry{
		Kind: kind, TaskID: taskID, DeliveryID: deliveryID, Repo: s.Repo, Subject: s.String(), By: hls.Operator, Data: encode(struct{}{}),
	})
}

// Enqueued tells of work on a stored delivery, where an operator asked for it.
func (a *Audits) Enqueued(taskID int64, deliveryID string, work NewTask) {
	if work.Origin != hls.FromProposal {
		a.Again(hls.AuditReplay, taskID, deliveryID, work.Subject)
	}
}

// Analyzed tells of an analysis, without its texts.
func (a *Audits) Analyzed(task hls.Task, n hls.Analysis) {
	a.of(task, hls.AuditAnalysis, struct {
		Purpose    string    `json:"purpose"`
		Revision   string    `json:"revision"`
		Model      string    `json:"model"`
		Template   string    `json:"template"`
		PromptHash string    `json:"prompt_hash"`
		Answer     string    `json:"answer_sha256"`
		Usage      hls.Usage `json:"usage"`
	}{task.Purpose, n.Revision, n.Model, n.Template, n.PromptHash, sum(n.Answer), n.Usage})
}

// Planned tells what is to follow, and for which reasons something was dropped.
func (a *Audits) Planned(task hls.Task, p hls.Plan) {
	effects, dropped := []hls.EffectKind{}, map[string]int{}
	for _, e := range p.Effects {
		effects = append(effects, e.Kind)
	}
	for _, d := range p.Dropped {
		dropped[d.Why]++
	}
	a.of(task, hls.AuditPlan, struct {
		Purpose string           `json:"purpose"`
		Effects []hls.EffectKind `json:"effects"`
		Dropped map[string]int   `json:"dropped,omitempty"` // by reason
		Silent  string           `json:"silent,omitempty"`
	}{task.Purpose, effects, dropped, p.Silent})
}

// Moved tells of a move of a ledger row whose effect is stored as packed. The digest is that of the effect's JSON, so that
// the row can be held against the log.
func (a *Audits) Moved(task hls.Task, row int64, m hls.Move, packed []byte) error {
	text, err := Unpack(packed)
	if err != nil {
		return err
	}
	var e hls.Effect
	if err := json.Unmarshal(text, &e); err != nil {
		return fmt.Errorf("decode effect %d: %w", row, err)
	}
	var labels []string
	for _, l := range e.Labels {
		labels = append(labels, l.Name)
	}
	task.Subject = e.Subject
	a.of(task, hls.AuditEffect, struct {
		Row      int64           `json:"row"`
		Effect   hls.EffectKind  `json:"effect"`
		Purpose  string          `json:"purpose"`
		State    hls.EffectState `json:"state"`
		Labels   []string        `json:"labels,omitempty"`
		Undoes   int64           `json:"undoes,omitempty"` // the row that it takes back
		RemoteID int64           `json:"remote_id,omitempty"`
		URL      string          `json:"url,omitempty"`
		Error    string          `json:"error,omitempty"`
		Digest   string          `json:"effect_sha256"`
	}{row, e.Kind, e.Purpose, m.To, labels, e.Undoes, m.RemoteID, m.URL, m.Error, sum(text)})
	return nil
}

// Decided tells what a person decided about rows of the ledger.
func (a *Audits) Decided(d Decisions) {
	for _, task := range d.tasks {
		task.Actor = d.By
		a.of(task, d.Kind, struct {
			Rows []int64 `json:"rows"`
		}{d.rows[task.ID]})
	}
}

// Purged tells how much retention took away, by what it was.
func (a *Audits) Purged(removed map[string]int64) {
	some := map[string]int64{}
	for what, n := range removed {
		if n > 0 {
			some[what] = n
		}
	}
	if len(some) > 0 {
		*a = append(*a, hls.AuditEntry{Kind: hls.AuditPurge, Data: encode(some)})
	}
}

// cut is the data of an entry that vouches for a log without its beginning: what is left follows on the entry Through.
type cut struct {
	Through int64      `json:"through"`
	Hash    hls.Digest `json:"hash"` // of that entry
}

// Cut tells that the log has lost its beginning, up to an entry, because retention took it.
func (a *Audits) Cut(through int64, hash hls.Digest) {
	*a = append(*a, hls.AuditEntry{Kind: hls.AuditCut, Data: encode(cut{through, hash})})
}

func (a *Audits) of(task hls.Task, kind hls.AuditKind, data any) {
	*a = append(*a, hls.AuditEntry{
		Kind: kind, TaskID: task.ID, DeliveryID: task.DeliveryID, Repo: task.Subject.Repo, Subject: task.Subject.String(), By: task.Actor,
		Data: encode(data),
	})
}

// Ready are the entries as they are stored: made at a time, and without secrets.
func (a Audits) Ready(now time.Time, r *hls.Redactor) []hls.AuditEntry {
	for i := range a {
		e := &a[i]
		e.At = now.UTC().Truncate(time.Microsecond)
		e.Kind = hls.AuditKind(plain(string(e.Kind), r))
		e.DeliveryID, e.Repo = plain(e.DeliveryID, r), plain(e.Repo, r)
		e.Subject, e.By = plain(e.Subject, r), plain(e.By, r)
		e.Data = encode(r.RedactJSON(json.RawMessage(text(string(e.Data)))))
	}
	return a
}

var auditKind = regexp.MustCompile(`^[a-z][a-z_]{1,39}$`)

// mostAudited is the most data that an entry may have.
const mostAudited = 64 << 10

// CheckAudit tells why an entry that is not the record's own cannot be appended.
func CheckAudit(e hls.AuditEntry) error {
	switch {
	case !auditKind.MatchString(string(e.Kind)):
		return fmt.Errorf("the kind %q is none: want lower-case letters and _", e.Kind)
	case e.Kind == hls.AuditCut:
		return fmt.Errorf("entries of kind %s are written by retention alone", e.Kind)
	case len(e.Data) > mostAudited:
		return fmt.Errorf("%d bytes of data are too many", len(e.Data))
	case len(e.Data) > 0 && !json.Valid(e.Data):
		return fmt.Errorf("the data is not JSON")
	}
	return nil
}

// encode makes JSON of a value, in the one form that it keeps when it is encoded again: compact, with HTML escaped.
func encode(v any) json.RawMessage {
	if raw, ok := v.([]byte); ok {
		if len(raw) == 0 {
			raw = []byte("{}")
		}
		v = json.RawMessage(raw)
	}
	text, err := json.Marshal(v)
	if err != nil { // What is not JSON any more, having been redacted.
		return json.RawMessage(`{}`)
	}
	return text
}

// longestAudited is the most bytes that a name in an entry has.
const longestAudited = 500

// plain is a name as any database and any JSON keeps it, without secrets.
func plain(name string, r *hls.Redactor) string {
	name = r.Redact(text(name))
	if len(name) > longestAudited {
		name = strings.ToValidUTF8(name[:longestAudited], "")
	}
	return name
}

// text is what PostgreSQL and JSON take: UTF-8 without the character 0.
func text(s string) string {
	const instead = "\uFFFD"
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", instead), instead)
}

func sum(text []byte) string {
	digest := sha256.Sum256(text)
	return hex.EncodeToString(digest[:])
}
