package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"hls/internal/hls"
)

// Problem is one thing wrong with the settings, and where. Line is 0 when it stands on no line, as for a value
// that came from the environment. Message never holds the value of a secret.
type Problem struct {
	File    string
	Line    int
	Col     int
	Key     string // as server.port or repositories[0].name; "" when it is about the whole file
	Message string
}

// Place is file:line:col as far as it is known, or the file alone.
func (p Problem) Place() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Col == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	default:
		return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
	}
}

// Text is key: message, or the message alone.
func (p Problem) Text() string {
	if p.Key == "" {
		return p.Message
	}
	return p.Key + ": " + p.Message
}

// String is the problem as compilers write theirs: file:line:col: key: message.
func (p Problem) String() string { return p.Place() + ": " + p.Text() }

// A hostile file has more problems than anyone reads: so many are noted, and so many of them told.
const (
	maxNoted = 1000
	maxTold  = 100
)

// Problems is the error of Load: all that is wrong, in the order of the file.
type Problems struct {
	List []Problem
	more int // not noted
}

func (p *Problems) add(one Problem) {
	if len(p.List) >= maxNoted {
		p.more++
		return
	}
	p.List = append(p.List, one)
}

// Error gives one line for each problem.
func (p *Problems) Error() string {
	lines := make([]string, 0, len(p.List))
	for _, one := range p.List {
		lines = append(lines, one.String())
	}
	return strings.Join(lines, "\n")
}

// finish puts the report in order and takes out of it whatever must not be shown.
func (p *Problems) finish(file string, hidden *hls.Redactor) error {
	if len(p.List) == 0 {
		return nil
	}
	slices.SortStableFunc(p.List, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	p.List = slices.Compact(p.List)
	if more := len(p.List) - maxTold; more > 0 {
		p.List = append(p.List[:maxTold], Problem{Message: fmt.Sprintf("and %d more problems", more+p.more)})
	}
	for i := range p.List {
		p.List[i].File = file
		p.List[i].Message = hidden.Redact(p.List[i].Message)
	}
	return p
}
