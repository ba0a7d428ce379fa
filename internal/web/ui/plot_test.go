package ui_test

import (
	"strings"
	"testing"
	"time"

	"hls/internal/web/ui"
)

func TestPlotsAreDrawnToScale(t *testing.T) {
	t.Parallel()
	first := time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)
	at := []time.Time{first, first.Add(time.Hour), first.Add(2 * time.Hour), first.Add(3 * time.Hour)}
	bars := ui.Bars("x", "X", "", at, ui.Series{Name: "a", Values: []float64{10, 0, 3, 0}}, ui.Series{Name: "b", Values: []float64{10, 0, 0, 0}})
	if len(bars.Bars) != 3 || bars.Empty || bars.Marks[len(bars.Marks)-1].Label != "20" {
		t.Fatalf("%+v", bars)
	}
	a, b := bars.Bars[0], bars.Bars[2]
	if a.Height != "80" || a.Y != "88" || b.Y != "8" || b.Class != 2 || b.X != a.X || !strings.Contains(b.Label, "2026-11-29 00:00, b: 10") {
		t.Errorf("stacked: %+v and %+v", a, b)
	}
	if rows := bars.Rows(); len(rows) != 2 || rows[0].Values[0] != "3" || bars.Total(bars.Series[0]) != "13" {
		t.Errorf("in numbers: %+v", rows)
	}
	lines := ui.Lines("x", "X", "s", at, ui.Series{Name: "p50", Values: []float64{0, 0.25, 0, 0.5}})
	if len(lines.Lines) != 2 || lines.Summed() || lines.Number(0.25) != "0.25 s" || lines.Marks[0].At != "168" {
		t.Errorf("%+v", lines)
	}
	if none := ui.Bars("x", "X", "$", at, ui.Series{Name: "a", Values: make([]float64, 4)}); !none.Empty || len(none.Bars) != 0 || none.Number(1234567) != "$1.23M" {
		t.Errorf("%+v", none)
	}
	if none := ui.Lines("x", "X", "", nil); !none.Empty {
		t.Errorf("%+v", none)
	}
}
