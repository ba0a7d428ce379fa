package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// Limits on a file, so that a hostile one ends fast: a file of a thousand repositories stays far below them.
const (
	maxFile     = 1 << 20 // bytes
	maxDepth    = 64      // levels, aliases followed
	maxNodes    = 50_000  // values, aliases followed
	maxExpanded = 4 << 20 // bytes that variables expand to, together
)

// tree is the file with its aliases and merge keys resolved and its variables expanded.
type tree struct {
	root     *yaml.Node
	env      func(string) (string, bool)
	from     map[*yaml.Node][]string // the variables that a scalar was made from
	unset    map[*yaml.Node][]string // those that have no value and no default
	values   map[string]string       // what the variables of the file hold
	nodes    int
	expanded int
	full     bool // a limit was reached and reported
	problems *Problems
}

// parse reads one document. Syntax errors, duplicate keys and the like go to problems; root is nil after the former.
func parse(data []byte, env func(string) (string, bool), problems *Problems) *tree {
	t := &tree{
		env: env, problems: problems,
		from: map[*yaml.Node][]string{}, unset: map[*yaml.Node][]string{}, values: map[string]string{},
	}
	if len(data) > maxFile {
		t.fail(nil, "", "the file is larger than %d bytes", maxFile)
		return t
	}
	loader, err := yaml.NewLoader(bytes.NewReader(data),
		yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth))))
	if err != nil {
		t.fail(nil, "", "cannot be read: %v", err)
		return t
	}
	var document, second yaml.Node
	if err := loader.Load(&document); err != nil && !errors.Is(err, io.EOF) {
		t.syntax(err)
		return t
	}
	if err := loader.Load(&second); err == nil {
		t.fail(&second, "", "a second document begins here; the settings are one document, without ---")
		return t
	} else if !errors.Is(err, io.EOF) {
		t.syntax(err)
		return t
	}
	t.root = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: 1, Column: 1}
	if len(document.Content) > 0 {
		t.root = t.copy(document.Content[0], "", 0)
	}
	return t
}

// syntax reports an error of the parser at its place.
func (t *tree) syntax(err error) {
	problem := Problem{Message: "not valid YAML: " + err.Error()}
	var load *yaml.LoadError
	if errors.As(err, &load) {
		problem.Line, problem.Col = load.Mark.Line, load.Mark.Column
		problem.Message = "not valid YAML: " + load.Message
		if strings.HasPrefix(load.Message, "unknown anchor") {
			problem.Message = "not valid YAML: an alias (*name) stands here whose anchor (&name) does not; put text that begins with * in quotes"
		}
	}
	t.problems.add(problem)
}

// fail reports a problem at a node; nil means the whole file.
func (t *tree) fail(n *yaml.Node, key, format string, args ...any) {
	message := strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", "; ")
	problem := Problem{Key: key, Message: message}
	if n != nil {
		problem.Line, problem.Col = n.Line, n.Column
	}
	t.problems.add(problem)
}

// copy returns a node with aliases, merge keys and variables resolved.
func (t *tree) copy(n *yaml.Node, key string, depth int) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return t.copy(n.Alias, key, depth+1)
	}
	out := &yaml.Node{Kind: n.Kind, Style: n.Style, Tag: n.ShortTag(), Value: n.Value, Line: n.Line, Column: n.Column}
	if t.nodes++; t.nodes > maxNodes || depth > maxDepth {
		t.overflow(n, key, "holds too many values, or nests them too deeply; aliases count as often as they are used")
		return out
	}
	switch n.Kind {
	case yaml.ScalarNode:
		t.expand(out, key)
	case yaml.SequenceNode:
		for i, item := range n.Content {
			out.Content = append(out.Content, t.copy(item, key+"["+strconv.Itoa(i)+"]", depth+1))
		}
	case yaml.MappingNode:
		t.copyPairs(out, n, key, depth)
	}
	if !slices.Contains(plainTags, n.ShortTag()) {
		t.fail(n, key, "tags such as %s have no meaning here", n.ShortTag())
	}
	return out
}

// plainTags are those that a value has without one being written.
var plainTags = []string{"!!str", "!!int", "!!float", "!!bool", "!!null", "!!map", "!!seq", "!!timestamp", "!!merge"}

// overflow reports that a limit is reached, once: everything after it would only repeat that.
func (t *tree) overflow(n *yaml.Node, key, message string) {
	if !t.full {
		t.fail(n, key, "%s", message)
	}
	t.full = true
}

// copyPairs copies the pairs of a mapping: its own first, then those merged in that it lacks.
func (t *tree) copyPairs(out, n *yaml.Node, key string, depth int) {
	lines := map[string]int{}
	for i := 0; i+1 < len(n.Content) && !t.full; i += 2 {
		name := n.Content[i]
		switch {
		case name.ShortTag() == "!!merge":
		case name.Kind != yaml.ScalarNode:
			t.fail(name, key, "a key must be plain text")
		case lines[name.Value] > 0:
			t.fail(name, join(key, name.Value), "set twice; the first is on line %d", lines[name.Value])
		default:
			lines[name.Value] = name.Line
			out.Content = append(out.Content, name, t.copy(n.Content[i+1], join(key, name.Value), depth+1))
		}
	}
	for i := 0; i+1 < len(n.Content) && !t.full; i += 2 {
		if n.Content[i].ShortTag() == "!!merge" {
			t.merge(out, lines, t.copy(n.Content[i+1], key, depth+1), key)
		}
	}
}

// merge adds the pairs of a merge key's mapping, or list of mappings, that out lacks; lines has the keys it has.
func (t *tree) merge(out *yaml.Node, lines map[string]int, merged *yaml.Node, key string) {
	from := []*yaml.Node{merged}
	if merged.Kind == yaml.SequenceNode {
		from = merged.Content
	}
	for _, m := range from {
		if m.Kind != yaml.MappingNode {
			t.fail(m, key, "a merge key (<<) takes a mapping")
			continue
		}
		for i := 0; i+1 < len(m.Content); i += 2 {
			if name := m.Content[i]; lines[name.Value] == 0 {
				lines[name.Value] = name.Line
				out.Content = append(out.Content, m.Content[i], m.Content[i+1])
			}
		}
	}
}

// pair is the index of a key in a mapping's content, or -1.
func pair(n *yaml.Node, name string) int {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return i
		}
	}
	return -1
}

// find walks down a path of keys and indexes, and returns the node there, or the nearest above it that exists.
func (t *tree) find(path []string) *yaml.Node {
	at := t.root
	for _, step := range path {
		next := child(at, step)
		if next == nil {
			break
		}
		at = next
	}
	return at
}

func child(n *yaml.Node, step string) *yaml.Node {
	if n == nil {
		return nil
	}
	if n.Kind == yaml.SequenceNode {
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(n.Content) {
			return n.Content[i]
		}
		return nil
	}
	if i := pair(n, step); n.Kind == yaml.MappingNode && i >= 0 {
		return n.Content[i+1]
	}
	return nil
}

// join writes a key below another.
func join(key, name string) string {
	const longest = 64
	if len(name) > longest {
		name = name[:longest] + "…"
	}
	if key == "" {
		return name
	}
	return key + "." + name
}

// split takes a key apart again: repositories[0].name becomes repositories, 0, name.
func split(key string) []string {
	return strings.FieldsFunc(key, func(r rune) bool { return r == '.' || r == '[' || r == ']' })
}
