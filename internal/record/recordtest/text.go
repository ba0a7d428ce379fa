package recordtest

import (
	"hls/internal/hls"
	"hls/internal/record"
)

func textTests() map[string]func(*house) {
	return map[string]func(*house){"TextOfAnyBytesIsStored": anyBytes}
}

// anyBytes: what came from the network may have bytes that are no text, and is stored all the same, with what cannot
// be kept of it replaced.
func anyBytes(h *house) {
	const odd = "a\x00b\xffc\xc3"
	w := h.work(issue(1, 1))
	w.Action, w.Actor = odd, odd
	d := h.delivery(w.Subject)
	d.Action, d.Sender, d.Headers = odd, odd, map[string]string{odd: odd}
	id := h.add(record.Intake{Delivery: d, Work: &w}).TaskID
	h.add(record.Intake{Delivery: h.delivery(w.Subject), Ignored: odd})
	h.must(h.store.Count(h.ctx, hls.Rejected, odd))
	h.must(h.store.Tally(h.ctx, odd, 1))
	h.must(h.store.Note(h.ctx, odd, []byte(odd)))
	got, err := h.store.Noted(h.ctx, odd)
	h.must(err)
	same(h, "note", string(got), odd)
	task := h.claims(id)
	entry := h.intend(task, comment(task, odd))[0].ID
	h.move(task, entry, hls.Intent, hls.Sending)
	h.must(h.store.Move(h.ctx, task, entry, hls.Move{From: hls.Sending, To: hls.EffectUnknown, URL: odd, Error: odd}))
	h.must(h.store.SaveAnalysis(h.ctx, task, 0, h.analysis(task, odd)))
	h.finish(task, hls.Outcome{State: hls.Parked, Reason: odd})
	same(h, "state", h.task(id).State, hls.Parked)
	kept, err := h.store.Delivery(h.ctx, d.ID)
	h.must(err)
	same(h, "body", string(kept.Body), string(d.Body))
	_, err = h.store.Delivery(h.ctx, odd)
	h.wants(err, hls.ErrNotFound)
}
