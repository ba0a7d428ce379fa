// Package history is what happened around HLS in a test, line by line, and the judgment which of its promises were
// kept: see Check. A history is written by whoever sends deliveries, by the stand-ins for GitHub and Claude, by whoever
// starts and ends the process, and at the end from the database.
package history

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// Entry is one line of a history. Of its members but At, one is set.
type Entry struct {
	At       time.Time        `json:"at"`
	Rules    *Rules           `json:"rules,omitempty"`    // what holds in this history; it comes first
	Process  *Process         `json:"process,omitempty"`  // what happened to HLS
	Sent     *Sent            `json:"sent,omitempty"`     // a request to the webhook, before it is sent
	Answered *Answered        `json:"answered,omitempty"` // its answer, once it was read whole
	Call     *Call            `json:"call,omitempty"`     // a request to GitHub
	Deed     *Deed            `json:"deed,omitempty"`     // a change on GitHub, whoever made it
	Asked    *Asked           `json:"asked,omitempty"`    // a request to Claude
	Wanted   *Wanted          `json:"wanted,omitempty"`   // what has to be answered in the end
	Delivery *Delivery        `json:"delivery,omitempty"` // rows of the database, at the end
	Task     *Task            `json:"task,omitempty"`
	Analysis *Analysis        `json:"analysis,omitempty"`
	Effect   *Effect          `json:"effect,omitempty"`
	Spend    *Spend           `json:"spend,omitempty"`
	Counts   map[string]int64 `json:"counts,omitempty"` // totals by "kind/name", as "request/accepted"
}

// Rules say what HLS was allowed to do.
type Rules struct {
	Self   string        `json:"self"`   // the login that it acts as
	Bots   []string      `json:"bots"`   // logins whose events start nothing
	Labels []string      `json:"labels"` // the closed set
	Deeds  []string      `json:"deeds"`  // the kinds of Deed
	Daily  int           `json:"daily"`  // analyses of one subject in 24 hours; 0 means no cap
	Grace  time.Duration `json:"grace"`  // between HLS's last look at a subject and its write
}

// Subject is an issue or pull request.
type Subject struct {
	Repo   string `json:"repo"`
	Number int    `json:"number"`
}

func (s Subject) String() string { return fmt.Sprintf("%s#%d", s.Repo, s.Number) }

// Process is what happened to HLS: "started", "killed", "stopped" (by SIGTERM), "paused" or "resumed".
type Process struct {
	What string `json:"what"`
	Code int    `json:"code"` // exit code after "stopped"
}

// Sent is one request to the webhook.
type Sent struct {
	N        int    `json:"n"` // counts the requests
	Delivery string `json:"delivery"`
	Hash     string `json:"hash"` // of the payload, hexadecimal SHA-256
	Event    string `json:"event"`
	Subject
}

// Answered is what the sender read.
type Answered struct {
	N      int    `json:"n"`
	Code   int    `json:"code"`
	Status string `json:"status"` // of the answer's JSON
	Reason string `json:"reason,omitempty"`
}

// Call is one request to GitHub. Status is 0 when the connection was broken.
type Call struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Status int    `json:"status"`
	Fault  string `json:"fault,omitempty"`
}

// Deed is one change on GitHub. Round says which state of the subject a text is, or answers to: they count up.
type Deed struct {
	Kind  string `json:"kind"` // as GitHub's timeline names it: "commented", "labeled", "reviewed", "pushed", …
	Actor string `json:"actor"`
	Subject
	ID     int64  `json:"id,omitempty"` // of a comment or review
	Label  string `json:"label,omitempty"`
	Body   string `json:"body,omitempty"`
	Commit string `json:"commit,omitempty"`
	Round  int    `json:"round,omitempty"`
}

// Asked is one request to Claude.
type Asked struct {
	Subject
	Round  int    `json:"round"`
	Status int    `json:"status"`         // 0 when nothing was answered
	Stop   string `json:"stop,omitempty"` // stop_reason
	Valid  bool   `json:"valid"`          // one object in the schema
	Input  int    `json:"input"`          // tokens
	Output int    `json:"output"`
}

// Wanted is the newest state of an open subject: HLS has to have answered to it.
type Wanted struct {
	Subject
	Round  int      `json:"round"`
	Labels []string `json:"labels,omitempty"` // of the closed set, that are to be on it and no others; none means any
}

// Delivery is a stored delivery.
type Delivery struct {
	ID      string   `json:"id"`
	Hash    string   `json:"hash"`
	Hashes  []string `json:"hashes"` // of every body that was taken in under the id
	Ignored string   `json:"ignored,omitempty"`
}

// Task is a stored task.
type Task struct {
	ID       int64  `json:"id"`
	Delivery string `json:"delivery"`
	Origin   string `json:"origin"`
	Subject
	Purpose string `json:"purpose"`
	Actor   string `json:"actor"`
	State   string `json:"state"`
	Reason  string `json:"reason,omitempty"`
	Attempt int    `json:"attempt"`
}

// Analysis is a stored analysis. Its time is when Claude answered.
type Analysis struct {
	Task     int64     `json:"task"`
	Revision string    `json:"revision"`
	Made     time.Time `json:"made"`
}

// Effect is a row of the ledger.
type Effect struct {
	ID   int64  `json:"id"`
	Task int64  `json:"task"`
	Kind string `json:"kind"`
	Subject
	State  string   `json:"state"`
	Remote int64    `json:"remote,omitempty"`
	Labels []string `json:"labels,omitempty"`
	Note   string   `json:"note,omitempty"`
}

// Spend is money set aside for one call of Claude, or what it cost.
type Spend struct {
	ID   int64 `json:"id"`
	Task int64 `json:"task"`
	Subject
	State string    `json:"state"` // "open", "settled" or "void"
	Made  time.Time `json:"made"`  // when it was set aside
}

// Log collects a history. It is safe for concurrent use: what is added first stands first.
type Log struct {
	mu      sync.Mutex
	entries []Entry
}

// Add appends an entry, at the present time unless it has one.
func (l *Log) Add(e Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.At.IsZero() {
		e.At = time.Now()
	}
	l.entries = append(l.entries, e)
}

// Entries are all so far.
func (l *Log) Entries() []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.entries[:len(l.entries):len(l.entries)]
}

// Write writes a history as JSON lines.
func Write(w io.Writer, entries []Entry) error {
	out := bufio.NewWriter(w)
	to := json.NewEncoder(out)
	for i, e := range entries {
		if err := to.Encode(e); err != nil {
			return fmt.Errorf("write line %d of the history: %w", i+1, err)
		}
	}
	return out.Flush()
}

// Read reads what Write wrote. A member that is not known is an error.
func Read(r io.Reader) ([]Entry, error) {
	var entries []Entry
	from := json.NewDecoder(r)
	from.DisallowUnknownFields()
	for {
		var e Entry
		err := from.Decode(&e)
		if errors.Is(err, io.EOF) {
			return entries, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read line %d of the history: %w", len(entries)+1, err)
		}
		entries = append(entries, e)
	}
}
