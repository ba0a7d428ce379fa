package hls

import (
	"encoding/json"
	"time"
)

// Memory is something that HLS knows of a repository beyond one task. A plan carries what is to be remembered, which is
// stored with it, before anything is done; later tasks read it when they gather. A memory is one of its subject, kind and
// key: remembering it again replaces its value.
type Memory struct {
	Subject Subject         `json:"subject"` // the task's own or another of the same repository, proved by the same secret
	Kind    string          `json:"kind"`    // "cause", "finding", …; the handler that writes it says what it means
	Key     string          `json:"key"`
	Value   json.RawMessage `json:"value,omitempty"` // JSON; none to forget it
	At      time.Time       `json:"at,omitzero"`     // when it was stored last; the store's to say
}

// Paused is the kind of the memory that holds a subject's tasks back: see Facts.Asked.
const Paused = "paused"

// LabelGone is the kind of the memory that a label was deleted or renamed, under its folded name: it is not created again.
// It does not age.
const LabelGone = "label_gone"

// LabelSet is the subject of what is remembered of a repository's labels, whatever event told of it.
func (s Subject) LabelSet() Subject {
	return Subject{Scope: s.Scope, RepoID: s.RepoID, Repo: s.Repo, Kind: KindOther, Ref: "labels"}
}

// Recall selects memories of a repository, newest first.
type Recall struct {
	Subject Subject // whose; with Wide, any of its repository's
	Wide    bool
	Kind    string
	Key     string // "" for all
	Limit   int    // at most 500; 0 means 100
}
