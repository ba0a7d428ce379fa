package recordtest

import (
	"fmt"

	"hls/internal/hls"
	"hls/internal/record"
)

func noteTests() map[string]func(*house) {
	return map[string]func(*house){
		"NotesAreKept":          notes,
		"I7_KnownDeliveriesAre": knownDeliveries,
	}
}

func notes(h *house) {
	_, err := h.store.Noted(h.ctx, "recovery/acme")
	h.wants(err, hls.ErrNotFound)
	for _, value := range []string{`{"a": 1}`, "", `{"a": 2}`} {
		h.must(h.store.Note(h.ctx, "recovery/acme", []byte(value)))
		h.restart()
		got, err := h.store.Noted(h.ctx, "recovery/acme")
		h.must(err)
		same(h, "note", string(got), value)
	}
	h.must(h.store.Note(h.ctx, "recovery/other", nil))
	got, err := h.store.Noted(h.ctx, "recovery/acme")
	h.must(err)
	same(h, "note beside another", string(got), `{"a": 2}`)
	secret, err := h.store.Secret(h.ctx, "recovery/acme")
	h.must(err)
	same(h, "length of a secret of the same name", len(secret), 32)
}

func knownDeliveries(h *house) {
	s := issue(1, 1)
	w := h.work(s)
	accepted, ignored := h.delivery(s), h.delivery(s)
	h.add(record.Intake{Delivery: accepted, Work: &w})
	h.add(record.Intake{Delivery: ignored, Ignored: "event_not_enabled"})
	ids := []string{accepted.ID, ignored.ID, "never-seen", ""}
	for i := range 1200 {
		ids = append(ids, fmt.Sprintf("never-%d", i))
	}
	for range 2 {
		known, err := h.store.Known(h.ctx, ids)
		h.must(err)
		same(h, "number known", len(known), 2)
		same(h, "accepted", known[accepted.ID], true)
		same(h, "ignored", known[ignored.ID], true)
		h.restart()
	}
	known, err := h.store.Known(h.ctx, nil)
	h.must(err)
	same(h, "known of none", len(known), 0)
}
