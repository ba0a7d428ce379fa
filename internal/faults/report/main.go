// Command report sums up what the tests of faults have found, from the lines that they add to a file: a table of cases
// with runs, losses and doubles. It ends with 1 when there are any, or nothing was run. A control is a case that has to
// lose something, to show that a loss would be seen.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// row is one line of the file, or a sum of those of one case.
type row struct {
	Case    string `json:"case"`
	Runs    int    `json:"runs"`
	Losses  int    `json:"losses"`
	Doubles int    `json:"doubles"`
	Control bool   `json:"control"`
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: report FILE")
		os.Exit(2)
	}
	file, err := os.Open(os.Args[1])
	if err == nil {
		err = run(file, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

var errHarm = errors.New("there are losses or doubles")

// run prints the table of the lines in from.
func run(from io.Reader, to io.Writer) error {
	rows, err := read(from)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return errors.New("nothing was run")
	}
	total, width := row{Case: "all"}, len("case")
	blind := false
	for _, r := range rows {
		width = max(width, len(r.name()))
		if !r.Control {
			total.add(r)
		}
		blind = blind || r.Control && r.Losses == 0
	}
	fmt.Fprintf(to, "%-*s  %6s %7s %8s\n", width, "case", "runs", "losses", "doubles")
	for _, r := range append(rows, total) {
		fmt.Fprintf(to, "%-*s  %6d %7d %8d\n", width, r.name(), r.Runs, r.Losses, r.Doubles)
	}
	if total.Losses+total.Doubles > 0 {
		return errHarm
	}
	if blind {
		return errors.New("a control has lost nothing: a loss would not be seen")
	}
	return nil
}

func (r row) name() string {
	if r.Control {
		return r.Case + " (control)"
	}
	return r.Case
}

// read sums the lines by case, in alphabetical order.
func read(from io.Reader) ([]row, error) {
	sums := map[string]*row{}
	lines := json.NewDecoder(from)
	lines.DisallowUnknownFields()
	for n := 1; ; n++ {
		var r row
		err := lines.Decode(&r)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read line %d: %w", n, err)
		}
		if sums[r.Case] == nil {
			sums[r.Case] = &row{Case: r.Case, Control: r.Control}
		}
		sums[r.Case].add(r)
	}
	rows := make([]row, 0, len(sums))
	for _, r := range sums {
		rows = append(rows, *r)
	}
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.Case, b.Case) })
	return rows, nil
}

func (r *row) add(other row) {
	r.Runs += other.Runs
	r.Losses += other.Losses
	r.Doubles += other.Doubles
}
