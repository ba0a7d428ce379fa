package record

import (
	"cmp"
	"encoding/json"
	"fmt"

	"hls/internal/hls"
)

const mostRecalled = 500

// RecallLimit is how many memories a selection is given at most.
func RecallLimit(r hls.Recall) int { return min(cmp.Or(r.Limit, 100), mostRecalled) }

// PackedMemory is a memory as it is stored: its subject as JSON, and its value packed.
type PackedMemory struct {
	hls.Memory
	Subject []byte
	Value   []byte
}

// PackMemory makes a memory ready to be stored by a task. Of a task's memories none may be about another repository, or
// one proved by another secret.
func PackMemory(task hls.Task, m hls.Memory) (PackedMemory, error) {
	if m.Subject.Key() != task.Subject.Key() && !m.Subject.Beside(task.Subject) {
		return PackedMemory{}, fmt.Errorf("memory %s is of %s, and the task of %s", m.Kind, m.Subject, task.Subject)
	}
	subject, err := json.Marshal(m.Subject)
	if err != nil {
		return PackedMemory{}, err
	}
	if len(m.Value) > 0 && !json.Valid(m.Value) {
		return PackedMemory{}, fmt.Errorf("memory %s %q is not JSON", m.Kind, m.Key)
	}
	return PackedMemory{Memory: m, Subject: subject, Value: Pack(m.Value)}, nil
}

// Unpack is the inverse of PackMemory.
func (p PackedMemory) Unpack() (hls.Memory, error) {
	m := p.Memory
	if err := json.Unmarshal(p.Subject, &m.Subject); err != nil {
		return hls.Memory{}, fmt.Errorf("decode subject of memory %s: %w", m.Kind, err)
	}
	value, err := Unpack(p.Value)
	if err != nil {
		return hls.Memory{}, fmt.Errorf("decode memory %s: %w", m.Kind, err)
	}
	m.Value = value
	return m, nil
}
