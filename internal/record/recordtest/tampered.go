package recordtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"hls/internal/hls"
	"hls/internal/record"
)

const auditRest = `at, kind, task_id, delivery_id, repo, subject, actor, data, prev, hash`

// tampered are changes of a log of ten entries by somebody who can write to the database, in the SQL of any.
var tampered = map[string]string{
	"Changed":      `UPDATE audit SET actor = 'mallory' WHERE seq = 4`,
	"DataChanged":  `UPDATE audit SET data = '{"state":"done"}' WHERE seq = 4`,
	"TimeChanged":  `UPDATE audit SET at = (SELECT at FROM audit WHERE seq = 10) WHERE seq = 4`,
	"Removed":      `DELETE FROM audit WHERE seq = 4`,
	"FirstRemoved": `DELETE FROM audit WHERE seq = 1`,
	"Renumbered": `DELETE FROM audit WHERE seq = 4; UPDATE audit SET seq = -seq WHERE seq > 4;
		UPDATE audit SET seq = -seq - 1 WHERE seq < 0`,
	"Moved": `UPDATE audit SET seq = -4 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = 5; UPDATE audit SET seq = 5 WHERE seq = -4`,
	"Added": `UPDATE audit SET seq = -seq WHERE seq > 4; UPDATE audit SET seq = -seq + 1 WHERE seq < 0;
		INSERT INTO audit (seq, ` + auditRest + `) SELECT 5, ` + auditRest + ` FROM audit WHERE seq = 4`,
	"AddedAtTheEnd": `INSERT INTO audit (seq, ` + auditRest + `) SELECT 11, ` + auditRest + ` FROM audit WHERE seq = 4`,
	"HashOfAnother": `UPDATE audit SET hash = (SELECT hash FROM audit WHERE seq = 5) WHERE seq = 4`,
	"CutOff":        cutOff,
}

// cutOff is what only somebody notices who has noted the hash of the last entry.
const cutOff = `DELETE FROM audit WHERE seq > 8`

// ExerciseTampered says that every change of the audit log is noticed. The backend makes an empty database, and returns
// what opens the store, and what runs SQL on the database while the store is closed.
func ExerciseTampered(t *testing.T, backend func(t *testing.T) (open func() record.Store, exec func(query string))) {
	for name, query := range tampered {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			open, exec := backend(t)
			store := open()
			for i := range 10 {
				approve(t, store, i)
			}
			noted, err := store.AuditHead(t.Context())
			check(t, errors.Join(err, verify(t, store, &noted.Hash), store.Close()))
			for q := range strings.SplitSeq(query, ";") {
				exec(q)
			}
			store = open()
			approve(t, store, 10) // The log goes on.
			if err := verify(t, store, &noted.Hash); !errors.Is(err, record.ErrTampered) {
				t.Errorf("with the hash known: %v", err)
			}
			if err := verify(t, store, nil); errors.Is(err, record.ErrTampered) == (query == cutOff) {
				t.Errorf("with no hash known: %v", err)
			}
			check(t, store.Close())
		})
	}
}

func approve(t *testing.T, store record.Store, n int) {
	t.Helper()
	check(t, store.Audit(t.Context(), hls.AuditEntry{Kind: "approval", By: "ann", Data: json.RawMessage(fmt.Sprint(n))}))
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// verify holds a log against itself.
func verify(t *testing.T, store record.Store, head *hls.Digest) error {
	t.Helper()
	list, err := store.Audited(t.Context(), record.AuditQuery{Limit: 1000})
	check(t, err)
	chain := record.NewChain(head)
	for _, e := range list {
		if err := chain.Next(e); err != nil {
			return err
		}
	}
	_, err = chain.End(true)
	return err
}
