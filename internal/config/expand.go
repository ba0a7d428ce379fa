package config

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

// variable is ${NAME} or ${NAME:-default}; nothing else is expanded, so that $1, $$ and ${x y} stay as they are.
var variable = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)(:-([^}]*))?\}`)

// expand replaces the variables of a scalar by their values. As in a shell, a default stands in for a variable that
// is not set or empty. A plain scalar is typed after its new text; a quoted one stays text.
func (t *tree) expand(n *yaml.Node, key string) {
	found := variable.FindAllStringSubmatchIndex(n.Value, -1)
	if found == nil {
		return
	}
	var out strings.Builder
	last := 0
	for _, at := range found {
		name := n.Value[at[2]:at[3]]
		value, set := t.env(name)
		t.values[name] = value
		if at[4] >= 0 && value == "" {
			value, set = n.Value[at[6]:at[7]], true
		}
		if !set {
			t.unset[n] = append(t.unset[n], name)
		}
		t.from[n] = append(t.from[n], name)
		if t.expanded += at[0] - last + len(value); t.expanded > maxExpanded {
			t.overflow(n, key, "the variables expand to too much text")
			return
		}
		out.WriteString(n.Value[last:at[0]])
		out.WriteString(value)
		last = at[1]
	}
	t.expanded += len(n.Value) - last
	out.WriteString(n.Value[last:])
	n.Value = out.String()
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle|yaml.TaggedStyle) == 0 {
		n.Tag = ""
		n.Tag = n.ShortTag()
	}
}
