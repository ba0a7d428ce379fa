package record

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"hls/internal/hls"
)

// ErrTampered says that an audit log is not what was written.
var ErrTampered = errors.New("the audit log is not what was written")

// Seal makes an entry the one that follows on head, the zero entry for the first. Whoever changes, removes, adds or moves
// an entry afterwards would have to find another text with the same SHA-256, or to write all that follows anew.
func Seal(head, e hls.AuditEntry) hls.AuditEntry {
	e.Seq, e.Prev = head.Seq+1, head.Hash
	e.Hash = digest(e)
	return e
}

// digest is the SHA-256 over an entry's fields, each behind its length. Of the data it is the compact form that counts:
// that is what HTTP and files bring back.
func digest(e hls.AuditEntry) hls.Digest {
	var out bytes.Buffer
	number := func(n int64) { _ = binary.Write(&out, binary.BigEndian, n) }
	field := func(text []byte) { number(int64(len(text))); out.Write(text) }
	out.WriteString("hls audit 1\n")
	out.Write(e.Prev[:])
	number(e.Seq)
	number(e.At.UnixMicro())
	field([]byte(e.Kind))
	number(e.TaskID)
	for _, name := range []string{e.DeliveryID, e.Repo, e.Subject, e.By} {
		field([]byte(name))
	}
	var data bytes.Buffer
	if json.Compact(&data, e.Data) != nil {
		data.Reset()
		data.Write(e.Data)
	}
	field(data.Bytes())
	return sha256.Sum256(out.Bytes())
}

// AuditQuery selects entries of the audit log, in their order.
type AuditQuery struct {
	After int64     // only those that follow on this one
	Since time.Time // from the first of about that time on
	Limit int       // at most 1,000; 0 means 200
}

const mostEntries = 1000

// Rows is how many entries a query asks for.
func (q AuditQuery) Rows() int {
	if q.Limit <= 0 {
		return 200
	}
	return min(q.Limit, mostEntries)
}

// AuditCutoff is where a log that is cut begins: with a whole day, so that it is cut once a day.
func AuditCutoff(before time.Time) time.Time { return before.UTC().Truncate(24 * time.Hour) }

// Chain holds the entries of an audit log against one another, in their order.
type Chain struct {
	seek   *hls.Digest // that of an entry which has to be there
	met    bool
	report ChainReport
	last   hls.AuditEntry
	cuts   map[int64]hls.Digest // what entries of kind cut vouch for
}

// ChainReport is what is known of a log that holds.
type ChainReport struct {
	Entries int64      `json:"entries"`
	First   int64      `json:"first"` // number of the first entry, 0 when there is none
	Last    int64      `json:"last"`
	Since   time.Time  `json:"since,omitzero"`
	Until   time.Time  `json:"until,omitzero"`
	Prev    hls.Digest `json:"prev"` // that the first one follows on
	Head    hls.Digest `json:"head"` // hash of the last one
	Cut     bool       `json:"cut"`  // retention took the beginning away, and an entry says so
}

// NewChain begins with nothing. Unless it is nil, head is the hash that one of the entries must have.
func NewChain(head *hls.Digest) *Chain {
	c := &Chain{seek: head, cuts: map[int64]hls.Digest{}}
	c.meet(hls.Digest{})
	return c
}

func (c *Chain) meet(d hls.Digest) { c.met = c.met || c.seek != nil && *c.seek == d }

// Next takes the entry that follows.
func (c *Chain) Next(e hls.AuditEntry) error {
	switch {
	case c.report.Entries == 0:
		c.report.First, c.report.Since, c.report.Prev = e.Seq, e.At, e.Prev
		if e.Seq < 1 || e.Seq == 1 && e.Prev != (hls.Digest{}) {
			return fmt.Errorf("%w: the first entry has the number %d, and follows on %s", ErrTampered, e.Seq, e.Prev)
		}
		c.meet(e.Prev)
	case e.Seq != c.last.Seq+1:
		return fmt.Errorf("%w: entry %d follows on entry %d: entries are missing, were added or have changed places", ErrTampered, e.Seq, c.last.Seq)
	case e.Prev != c.last.Hash:
		return fmt.Errorf("%w: entry %d was written behind another entry than %d as it stands: one of the two was changed, or put in the place of others",
			ErrTampered, e.Seq, c.last.Seq)
	}
	if e.Hash != digest(e) {
		return fmt.Errorf("%w: entry %d was changed: its hash is not that of what it says", ErrTampered, e.Seq)
	}
	if e.Kind == hls.AuditCut {
		var at cut
		if err := json.Unmarshal(e.Data, &at); err != nil {
			return fmt.Errorf("%w: entry %d: %w", ErrTampered, e.Seq, err)
		}
		c.cuts[at.Through] = at.Hash
	}
	c.meet(e.Hash)
	c.last = e
	c.report.Entries++
	c.report.Last, c.report.Until, c.report.Head = e.Seq, e.At, e.Hash
	return nil
}

// End tells what the log is, once all entries were taken. Of a whole log the beginning must be there, or an entry must
// say that retention took it.
func (c *Chain) End(whole bool) (ChainReport, error) {
	hash, told := c.cuts[c.report.First-1]
	c.report.Cut = c.report.First > 1 && told && hash == c.report.Prev
	switch {
	case whole && c.report.First > 1 && !c.report.Cut:
		return c.report, fmt.Errorf("%w: it begins with entry %d, and no entry says that retention took those before", ErrTampered, c.report.First)
	case c.seek != nil && !c.met:
		return c.report, fmt.Errorf("%w: no entry has the hash %s: what was written last was cut off or replaced since it was noted, unless it is older than entry %d",
			ErrTampered, *c.seek, c.report.First)
	}
	return c.report, nil
}
