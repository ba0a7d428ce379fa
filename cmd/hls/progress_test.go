package main

import (
	"strings"
	"testing"
	"time"
)

// A terminal is told how far the work is and how long it may take; nobody else is told anything.
func TestMeter(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	now := time.Unix(0, 0)
	m := &meter{to: &out, now: func() time.Time { return now }}
	m.tell("asking", 1, 4)
	now = now.Add(30 * time.Second)
	m.tell("asking", 2, 4)
	m.tell("asking", 4, 4)
	m.tell("waiting", 0, 9)
	m.end()
	m.end()
	want := "\rasking: 1 of 4\rasking: 2 of 4, about 30s left\rasking: 4 of 4                \n\rwaiting: 0 of 9\n"
	if out.String() != want {
		t.Errorf("%q\nwant %q", out.String(), want)
	}
	silent := newMeter(&out)
	silent.tell("asking", 1, 2)
	silent.end()
	if out.String() != want {
		t.Errorf("what is no terminal is told %q", out.String())
	}
}
