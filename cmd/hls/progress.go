package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// isTerminal tells whether somebody watches what is written.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// meter is a line that tells how far long work is, and how long it may still take. Only a terminal is told.
type meter struct {
	to    io.Writer // nil for nobody
	now   func() time.Time
	what  string
	began time.Time
	shown int // characters of the line
}

func newMeter(w io.Writer) *meter {
	m := &meter{now: time.Now}
	if isTerminal(w) {
		m.to = w
	}
	return m
}

// tell shows how far the work is. Another kind of work begins a line of its own.
func (m *meter) tell(what string, done, of int) {
	if m.to == nil {
		return
	}
	if what != m.what {
		m.end()
		m.what, m.began = what, m.now()
	}
	line := fmt.Sprintf("%s: %d of %d", what, done, of)
	if left, ok := m.left(done, of); ok {
		line += ", about " + left.String() + " left"
	}
	fmt.Fprintf(m.to, "\r%s%s", line, strings.Repeat(" ", max(m.shown-len(line), 0)))
	m.shown = len(line)
	if done >= of {
		m.end()
	}
}

// left is how long what is left takes at the pace so far, which the first second does not tell.
func (m *meter) left(done, of int) (time.Duration, bool) {
	spent := m.now().Sub(m.began)
	if done <= 0 || done >= of || spent < time.Second {
		return 0, false
	}
	return (spent / time.Duration(done) * time.Duration(of-done)).Round(time.Second), true
}

// end ends the line, so that something else can be written.
func (m *meter) end() {
	if m.to != nil && m.shown > 0 {
		fmt.Fprintln(m.to)
	}
	m.shown, m.what = 0, ""
}
