package hls

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// AuditKind says what an entry of the audit log tells of.
type AuditKind string

// The kinds that the record itself writes. docs/audit.md tells what the data of each has.
const (
	AuditTask       AuditKind = "task"       // a task came to its end
	AuditSuperseded AuditKind = "superseded" // queued tasks gave way to newer work, or work came too late
	AuditAnalysis   AuditKind = "analysis"   // Claude's answer was stored
	AuditPlan       AuditKind = "plan"       // what is to follow from it
	AuditEffect     AuditKind = "effect"     // an effect moved in the ledger
	AuditReplay     AuditKind = "replay"     // a delivery is to be worked on again
	AuditResume     AuditKind = "resume"     // a parked task goes on
	AuditPurge      AuditKind = "purge"      // retention took something away
	AuditCut        AuditKind = "cut"        // retention took the beginning of the log itself away

	AuditApproval  AuditKind = "approval"  // a person has proposals carried out
	AuditRejection AuditKind = "rejection" // a person decided against proposals
	AuditUndo      AuditKind = "undo"      // an operator has taken back what was done
)

// What people do with the service itself, besides what the record tells of.
const (
	AuditSignIn     AuditKind = "sign_in"     // somebody signed in to the dashboard, or tried to
	AuditRecovery   AuditKind = "recovery"    // a pass was made by hand
	AuditSweep      AuditKind = "sweep"       // likewise
	AuditLabelReset AuditKind = "label_reset" // what became of a label counts no more
)

// AuditSettings is the kind of an entry that says which settings are in force from then on.
const AuditSettings AuditKind = "settings"

// AuditEntry is one entry of the audit log. Hash covers everything before it, Prev is the hash of the entry before: see
// record.Seal.
type AuditEntry struct {
	Seq        int64           `json:"seq"` // from 1, without a gap
	At         time.Time       `json:"at"`
	Kind       AuditKind       `json:"kind"`
	TaskID     int64           `json:"task_id,omitempty"`
	DeliveryID string          `json:"delivery_id,omitempty"`
	Repo       string          `json:"repo,omitempty"`
	Subject    string          `json:"subject,omitempty"` // as Subject.String has it
	By         string          `json:"by,omitempty"`      // who caused it: Account.Person, or Operator
	Data       json.RawMessage `json:"data"`
	Prev       Digest          `json:"prev"`
	Hash       Digest          `json:"hash"`
}

// What stands in an entry where somebody has no login: whoever works on the machine or has the admin token, and whoever has
// the token of viewers.
const (
	Operator = "operator"
	Viewer   = "viewer"
)

// Person is a login as it stands where operators are named, too. One that is the name of those has a sign before it that no
// login begins with.
func (a Account) Person() string {
	switch Fold(a.Login) {
	case Operator, Viewer:
		return "@" + a.Login
	}
	return a.Login
}

// Digest is a SHA-256. It is written in hexadecimal.
type Digest [32]byte

// String is the digest in hexadecimal.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// MarshalText is String for encoders.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (d *Digest) UnmarshalText(text []byte) error {
	if len(text) != 2*len(d) {
		return fmt.Errorf("a hash has %d hexadecimal digits, and this text %d", 2*len(d), len(text))
	}
	_, err := hex.Decode(d[:], text)
	return err
}
