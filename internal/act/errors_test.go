package act_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"hls/internal/hls"
)

// What GitHub says of a write that failed is kept in the ledger, and may repeat what it was sent.
func TestS1_TheLedgerHoldsNoSecretOfAnError(t *testing.T) {
	t.Parallel()
	const secret = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
	s := newScene(t, hls.KindIssue)
	s.redactor = hls.NewRedactor(secret)
	s.restart()
	s.world.faults["CreateComment"] = []fault{{err: &hls.Permanent{Err: errors.New("bad credentials: " + secret), Reason: "forbidden"}}}
	if err := s.act(s.effect(hls.UpsertComment)); err == nil {
		t.Error("no error")
	}
	stored, err := json.Marshal(s.book.rows)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(stored); !strings.Contains(text, "bad credentials") || strings.Contains(text, secret[:8]) {
		t.Errorf("the ledger has %s", text)
	}
}
