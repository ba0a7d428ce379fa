package main

import (
	"io"
	"testing"
	"time"
)

// Work of several kinds tells of each how far it is and how long it may take.
func TestPhases(t *testing.T) {
	t.Parallel()
	p := &phases{c: &call{io: streams{err: io.Discard}}}
	at := func(what string, done, of int) string {
		p.tell(what, done, of)
		return p.now.line(p.now.began.Add(30 * time.Second))
	}
	for _, step := range []struct {
		what     string
		done, of int
		want     string
	}{
		{"asking", 0, 4, "asking … 0 of 4"}, {"asking", 2, 4, "asking … 2 of 4, about 30s left"},
		{"waiting", 0, 9, "waiting … 0 of 9"}, {"waiting", 3, 9, "waiting … 3 of 9, about 1m0s left"},
	} {
		if got := at(step.what, step.done, step.of); got != step.want {
			t.Errorf("%q, want %q", got, step.want)
		}
	}
	p.end()
	if p.end(); p.now != nil {
		t.Error("it goes on")
	}
}
