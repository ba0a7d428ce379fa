package compare

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

const (
	around    = 3    // lines of context
	mostLines = 2000 // of a text that is compared line by line
)

// edit is a line of a comparison: ' ' for one that both texts have, '-' for one of the old and '+' for one of the new.
type edit struct {
	sign byte
	line string
}

// Unified is what differs between two texts, line by line, as diff -u tells it without the names of files; "" when nothing
// does. Of a very long text it tells only that it differs.
func Unified(was, is string) string {
	if was == is {
		return ""
	}
	old, fresh := split(was), split(is)
	if len(old) > mostLines || len(fresh) > mostLines {
		return fmt.Sprintf("@@ %d and %d lines are too many to be compared @@\n", len(old), len(fresh))
	}
	return hunks(edits(old, fresh))
}

func split(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(strings.ReplaceAll(text, "\r\n", "\n"), "\n"), "\n")
}

// edits turn one text into the other by its longest common subsequence of lines.
func edits(old, fresh []string) (all []edit) {
	common := make([][]int, len(old)+1)
	for i := range common {
		common[i] = make([]int, len(fresh)+1)
	}
	for i := len(old) - 1; i >= 0; i-- {
		for j := len(fresh) - 1; j >= 0; j-- {
			if old[i] == fresh[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(old) || j < len(fresh) {
		switch {
		case i < len(old) && j < len(fresh) && old[i] == fresh[j]:
			all = append(all, edit{' ', old[i]})
			i, j = i+1, j+1
		case j == len(fresh) || i < len(old) && common[i+1][j] >= common[i][j+1]:
			all = append(all, edit{'-', old[i]})
			i++
		default:
			all = append(all, edit{'+', fresh[j]})
			j++
		}
	}
	return all
}

// hunks are the lines that differ with those around them.
func hunks(all []edit) string {
	shown := make([]bool, len(all))
	for i, e := range all {
		if e.sign == ' ' {
			continue
		}
		for k := max(0, i-around); k <= min(len(all)-1, i+around); k++ {
			shown[k] = true
		}
	}
	var b strings.Builder
	var at place
	for i := 0; i < len(all); {
		if !shown[i] {
			at.pass(all[i])
			i++
			continue
		}
		end := i
		for end < len(all) && shown[end] {
			end++
		}
		at = at.hunk(&b, all[i:end])
		i = end
	}
	return b.String()
}

// place is how many lines of both texts lie behind.
type place struct{ old, fresh int }

func (p *place) pass(e edit) {
	if e.sign != '+' {
		p.old++
	}
	if e.sign != '-' {
		p.fresh++
	}
}

// hunk writes lines that stand together under their head, and returns the place behind them.
func (p place) hunk(b *strings.Builder, lines []edit) place {
	end := p
	for _, e := range lines {
		end.pass(e)
	}
	fmt.Fprintf(b, "@@ -%s +%s @@\n", span(p.old, end.old), span(p.fresh, end.fresh))
	for _, e := range lines {
		b.WriteByte(e.sign)
		b.WriteString(e.line)
		b.WriteByte('\n')
	}
	return end
}

// span is a range of lines as diff -u tells it: an empty one by the line before it.
func span(from, to int) string {
	switch to - from {
	case 0:
		return fmt.Sprintf("%d,0", from)
	case 1:
		return fmt.Sprint(from + 1)
	}
	return fmt.Sprintf("%d,%d", from+1, to-from)
}

// pretty is a JSON text with a member a line.
func pretty(text []byte) string {
	var out bytes.Buffer
	if len(text) == 0 || json.Indent(&out, text, "", "  ") != nil {
		return string(text)
	}
	return out.String()
}
