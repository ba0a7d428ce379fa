package ui

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Plot is a drawing of numbers over time, as its template draws it, and the numbers themselves.
type Plot struct {
	ID, Title, Unit string
	Times           []time.Time
	Series          []Series
	Bars            []Bar
	Lines           []Line
	Marks           []Mark // of the upright axis
	Ticks           []Mark // of the level one
	Empty           bool
}

// Series is one row of numbers, one for each time.
type Series struct {
	Name   string
	Values []float64
}

// Bar is a rectangle. Its Class is the number of its series from 1 on.
type Bar struct {
	X, Y, Width, Height string
	Class               int
	Label               string
}

// Line is a series of points that are joined.
type Line struct {
	Points string
	Class  int
}

// Mark is a name at a place of an axis.
type Mark struct{ At, Label string }

// The drawing's own measures. The style makes it as wide as the page lets it be.
const (
	plotLeft, plotTop      = 56.0, 8.0
	plotWidth, plotHeight  = 560.0, 160.0
	mostTicks, mostMarks   = 6, 4
	betweenBars, leastBar  = 0.2, 1.0
	plotBottom, plotAcross = plotTop + plotHeight, plotLeft + plotWidth
)

// Bars stacks the series upon one another.
func Bars(id, title, unit string, at []time.Time, series ...Series) Plot {
	p := Plot{ID: id, Title: title, Unit: unit, Times: at, Series: series}
	sums := make([]float64, len(at))
	for _, s := range series {
		for i, v := range s.Values {
			sums[i] += v
		}
	}
	top := p.scale(sums)
	step := plotWidth / float64(max(len(at), 1))
	base := make([]float64, len(at))
	for n, s := range series {
		for i, v := range s.Values {
			if v <= 0 {
				continue
			}
			height := v / top * plotHeight
			base[i] += height
			p.Bars = append(p.Bars, Bar{
				X: point(plotLeft + (float64(i)+betweenBars/2)*step), Y: point(plotBottom - base[i]), Width: point(max(step*(1-betweenBars), leastBar)), Height: point(height),
				Class: n + 1, Label: fmt.Sprintf("%s, %s: %s", stamped(at[i]), s.Name, p.Number(v)),
			})
		}
	}
	return p
}

// Lines draws a line for each series. Where one is 0 nothing was measured, and it is broken.
func Lines(id, title, unit string, at []time.Time, series ...Series) Plot {
	p := Plot{ID: id, Title: title, Unit: unit, Times: at, Series: series}
	var all []float64
	for _, s := range series {
		all = append(all, s.Values...)
	}
	top := p.scale(all)
	step := plotWidth / float64(max(len(at), 1))
	for n, s := range series {
		var points []string
		cut := func() {
			if len(points) == 1 { // A point alone is drawn as a short line.
				x, y, _ := strings.Cut(points[0], ",")
				from, _ := strconv.ParseFloat(x, 64)
				points = append(points, point(from+step/3)+","+y)
			}
			if len(points) > 0 {
				p.Lines = append(p.Lines, Line{strings.Join(points, " "), n + 1})
			}
			points = nil
		}
		for i, v := range s.Values {
			if v <= 0 {
				cut()
				continue
			}
			points = append(points, point(plotLeft+(float64(i)+0.5)*step)+","+point(plotBottom-v/top*plotHeight))
		}
		cut()
	}
	return p
}

// scale makes the axes, and returns the number at the top.
func (p *Plot) scale(values []float64) float64 {
	most := 0.0
	for _, v := range values {
		most = max(most, v)
	}
	p.Empty = most == 0
	top, step := round(most)
	for v := 0.0; v <= top+step/2; v += step {
		p.Marks = append(p.Marks, Mark{point(plotBottom - v/top*plotHeight), p.Number(v)})
	}
	every := max((len(p.Times)+mostTicks-1)/mostTicks, 1)
	width := plotWidth / float64(max(len(p.Times), 1))
	for i := 0; i < len(p.Times); i += every {
		layout := "15:04"
		if len(p.Times) > 1 && p.Times[1].Sub(p.Times[0]) > time.Hour {
			layout = "Jan 2"
		}
		p.Ticks = append(p.Ticks, Mark{point(plotLeft + (float64(i)+0.5)*width), p.Times[i].Format(layout)})
	}
	return top
}

// round is the least number not below another that is a few times a round one, and that round one.
func round(most float64) (top, step float64) {
	if most <= 0 {
		return 1, 1
	}
	step = math.Pow(10, math.Floor(math.Log10(most/mostMarks)))
	for _, times := range []float64{1, 2, 5, 10} {
		if most <= step*times*mostMarks {
			step *= times
			break
		}
	}
	return step * math.Ceil(most/step-1e-9), step
}

// Number is a number of the plot as people read it.
func (p Plot) Number(v float64) string {
	text := ""
	switch {
	case v >= 1e6:
		text = strconv.FormatFloat(v/1e6, 'g', 3, 64) + "M"
	case v >= 1e4:
		text = strconv.FormatFloat(v/1e3, 'g', 3, 64) + "k"
	case v == math.Trunc(v):
		text = strconv.FormatFloat(v, 'f', 0, 64)
	default:
		text = strconv.FormatFloat(v, 'g', 3, 64)
	}
	switch p.Unit {
	case "":
		return text
	case "$":
		return "$" + text
	}
	return text + " " + p.Unit
}

// Row is a step of time with the number of each series, for the table beside the drawing.
type Row struct {
	At     time.Time
	Values []string
}

// Rows are the steps in which something was measured, the newest first.
func (p Plot) Rows() []Row {
	var rows []Row
	for i := len(p.Times) - 1; i >= 0; i-- {
		row, some := Row{At: p.Times[i]}, false
		for _, s := range p.Series {
			row.Values = append(row.Values, p.Number(s.Values[i]))
			some = some || s.Values[i] != 0
		}
		if some {
			rows = append(rows, row)
		}
	}
	return rows
}

// Total is the sum of a series, for what is said of the plot in a line.
func (p Plot) Total(s Series) string {
	sum := 0.0
	for _, v := range s.Values {
		sum += v
	}
	return p.Number(sum)
}

// Summed tells whether the numbers of a series can be added up.
func (p Plot) Summed() bool { return len(p.Lines) == 0 && p.Unit != "s" }

func point(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }

func stamped(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }
