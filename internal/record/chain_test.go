package record_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

// sealed is a log of ten entries.
func sealed() (list []hls.AuditEntry) {
	var head hls.AuditEntry
	for i := range 10 {
		head = record.Seal(head, hls.AuditEntry{
			Kind: "approval", At: time.Unix(int64(i), 0).UTC(), TaskID: int64(i), By: "ann", Repo: "acme/widget", Data: json.RawMessage(fmt.Sprint(i)),
		})
		list = append(list, head)
	}
	return list
}

func holds(list []hls.AuditEntry, head *hls.Digest) (record.ChainReport, error) {
	chain := record.NewChain(head)
	for _, e := range list {
		if err := chain.Next(e); err != nil {
			return record.ChainReport{}, err
		}
	}
	return chain.End(true)
}

// TestS5_EveryFieldIsHeld: no field of an entry can be changed, nor its text be moved from one into the next.
func TestS5_EveryFieldIsHeld(t *testing.T) {
	t.Parallel()
	list := sealed()
	report, err := holds(list, &list[9].Hash)
	if err != nil || report.Entries != 10 || report.First != 1 || report.Last != 10 || report.Head != list[9].Hash {
		t.Fatalf("%+v, %v", report, err)
	}
	for name, change := range map[string]func(*hls.AuditEntry){
		"seq": func(e *hls.AuditEntry) { e.Seq++ }, "at": func(e *hls.AuditEntry) { e.At = e.At.Add(time.Microsecond) },
		"kind": func(e *hls.AuditEntry) { e.Kind = "approvals" }, "task": func(e *hls.AuditEntry) { e.TaskID++ },
		"delivery": func(e *hls.AuditEntry) { e.DeliveryID = "x" }, "repo": func(e *hls.AuditEntry) { e.Repo = "" },
		"subject": func(e *hls.AuditEntry) { e.Subject = "x" }, "by": func(e *hls.AuditEntry) { e.By = "bob" },
		"data": func(e *hls.AuditEntry) { e.Data = json.RawMessage(`"3"`) }, "prev": func(e *hls.AuditEntry) { e.Prev[0]++ },
		"hash":         func(e *hls.AuditEntry) { e.Hash[31]++ },
		"repo to by":   func(e *hls.AuditEntry) { e.Repo, e.By = "", "acme/widgetann" },
		"by to data":   func(e *hls.AuditEntry) { e.By, e.Data = "", json.RawMessage(`"ann3"`) },
		"kind to repo": func(e *hls.AuditEntry) { e.Kind, e.DeliveryID = "appro", "val" },
	} {
		bent := slices.Clone(list)
		change(&bent[3])
		if _, err := holds(bent, nil); !errors.Is(err, record.ErrTampered) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestS5_AForgedEntryDoesNotFit: whoever knows how hashes are made can change an entry and its hash, but then the next one does
// not follow on it. Who writes all that follows anew ends with another hash than was noted.
func TestS5_AForgedEntryDoesNotFit(t *testing.T) {
	t.Parallel()
	list := sealed()
	forged := slices.Clone(list)
	forged[3].By = "mallory"
	forged[3] = record.Seal(forged[2], forged[3])
	if _, err := holds(forged, nil); !errors.Is(err, record.ErrTampered) {
		t.Errorf("one entry forged: %v", err)
	}
	for i := 4; i < len(forged); i++ {
		forged[i] = record.Seal(forged[i-1], forged[i])
	}
	if _, err := holds(forged, nil); err != nil {
		t.Errorf("all forged, with no hash known: %v", err)
	}
	if _, err := holds(forged, &list[9].Hash); !errors.Is(err, record.ErrTampered) {
		t.Errorf("all forged, with the hash known: %v", err)
	}
	if _, err := holds(forged, &list[2].Hash); err != nil {
		t.Errorf("all forged, with a hash known of before: %v", err)
	}
	if _, err := holds(nil, &list[9].Hash); !errors.Is(err, record.ErrTampered) {
		t.Errorf("nothing left: %v", err)
	}
	if _, err := holds(nil, &hls.Digest{}); err != nil {
		t.Errorf("nothing yet: %v", err)
	}
}
