package history

import "slices"

// classes are what a status of an answer stands for, with the codes that it may come with.
var classes = map[string]struct {
	class string
	codes []int
}{
	"queued":    {"accepted", []int{202}},
	"processed": {"accepted", []int{200}},
	"duplicate": {"duplicate", []int{200}},
	"ignored":   {"ignored", []int{200}},
	"pong":      {"pong", []int{200}},
}

// class is what a request was told to be, "" when its answer is none that HLS may give.
func (a Answered) class() string {
	switch {
	case a.Status != "error":
		if c := classes[a.Status]; slices.Contains(c.codes, a.Code) {
			return c.class
		}
		return ""
	case a.Code == 503:
		return "deferred"
	case a.Code == 409:
		return "conflict"
	case a.Code >= 400 && a.Code < 500:
		return "rejected"
	}
	return ""
}

// durable: what was answered with a 2xx is stored.
func (b *book) durable() {
	taken := map[string]bool{}
	for _, d := range b.deliveries {
		for _, h := range d.Hashes {
			taken[h] = true
		}
	}
	for _, s := range b.sent {
		for _, a := range b.answers[s.N] {
			stored, known := b.deliveries[s.Delivery]
			switch a.class() {
			case "accepted":
				if !known || stored.Ignored != "" || !slices.Contains(stored.Hashes, s.Hash) {
					b.violated(Loss, "delivery %s was acked and is not stored", s.Delivery)
				}
			case "ignored":
				if !known {
					b.violated(Loss, "delivery %s was acked as ignored and is not stored", s.Delivery)
				}
			case "duplicate":
				if !known && !taken[s.Hash] {
					b.violated(Loss, "delivery %s was acked as a duplicate of nothing", s.Delivery)
				}
			}
		}
	}
}

// classed: each request has one class, and the counters say so. A request without an answer may have been counted.
func (b *book) classed() {
	told, silent := map[string]int64{}, int64(0)
	for _, s := range b.sent {
		answers := b.answers[s.N]
		switch len(answers) {
		case 0:
			silent++
		case 1:
			class := answers[0].class()
			if told[class]++; class == "" {
				b.violated(Loss, "request %d was answered %d %q", s.N, answers[0].Code, answers[0].Status)
			}
		default:
			b.violated(Double, "request %d has %d answers", s.N, len(answers))
		}
	}
	total := int64(0)
	for _, class := range []string{"accepted", "duplicate", "ignored", "pong", "rejected", "conflict", "deferred"} {
		counted := b.counts["request/"+class]
		total += counted
		if counted < told[class] {
			b.violated(Loss, "%d requests were told to be %s, and %d are counted", told[class], class, counted)
		}
		if counted > told[class]+silent {
			b.violated(Double, "%d requests were told to be %s, %d had no answer, and %d are counted", told[class], class, silent, counted)
		}
	}
	if total > int64(len(b.sent)) {
		b.violated(Double, "%d requests were sent, and %d are counted", len(b.sent), total)
	}
	accepted := int64(0)
	for _, d := range b.deliveries {
		if d.Ignored == "" {
			accepted++
		}
	}
	if n := b.counts["request/accepted"]; n != accepted {
		b.violated(Loss, "%d deliveries are stored as accepted, and %d are counted", accepted, n)
	}
}

// replayProof: a body is worked on once, whatever it is sent as.
func (b *book) replayProof() {
	bodies := map[string]string{}
	for _, d := range b.deliveries {
		if d.Ignored != "" {
			continue
		}
		if other, seen := bodies[d.Hash]; seen {
			b.violated(Double, "deliveries %s and %s have the same body, and both were accepted", min(other, d.ID), max(other, d.ID))
		}
		bodies[d.Hash] = d.ID
	}
	tasks := map[string]int64{}
	for _, t := range b.tasks {
		if t.Origin != "delivery" {
			continue
		}
		if other, seen := tasks[t.Delivery]; seen {
			b.violated(Double, "delivery %s has tasks %d and %d", t.Delivery, other, t.ID)
		}
		tasks[t.Delivery] = t.ID
	}
}
