package backtest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"hls/internal/compare"
	"hls/internal/hls"
)

// Target is the entry of a settings file that advice is written into.
type Target struct {
	File  string // its path
	Text  string
	Entry int    // of repositories
	Repo  string // the repository's name: an entry whose name is a glob is copied for it
	Apply bool   // labels are in mode apply there already
}

// ErrUnpatchable says that a settings file is written in a way that cannot be patched line by line.
var ErrUnpatchable = errors.New("the settings file cannot be patched")

// Patch is a unified diff of the settings file, for patch, that has labels applied, suggested or left to people as advised,
// and the text that comes of it; "" when nothing changes.
func Patch(t Target, advice []Advice) (diff, text string, err error) {
	if strings.Contains(t.Text, "\r") || !strings.HasSuffix(t.Text, "\n") {
		return "", "", fmt.Errorf("%w: its lines have to end with a line feed, the last one too", ErrUnpatchable)
	}
	p := &patcher{lines: strings.Split(strings.TrimSuffix(t.Text, "\n"), "\n")}
	entry, err := p.entry(t)
	if err != nil {
		return "", "", err
	}
	if hls.IsGlob(value(entry, "name")) {
		if entry, err = p.copied(t, entry); err != nil {
			return "", "", err
		}
	}
	if err := p.advise(entry, t, advice); err != nil {
		return "", "", err
	}
	text = strings.Join(p.lines, "\n") + "\n"
	hunks := compare.Unified(t.Text, text)
	switch {
	case hunks == "":
		return "", text, nil
	case strings.Contains(hunks, "too many to be compared"):
		return "", "", fmt.Errorf("%w: it has too many lines", ErrUnpatchable)
	}
	name := diffName(t.File)
	return fmt.Sprintf("--- %s\n+++ %s\n%s", name, name, hunks), text, nil
}

// diffName is how a patch names a file. Tools take no name from outside of the folder that they run in: such a file is named as
// from its own folder. A name with a space ends with a tab, as diff has it.
func diffName(file string) string {
	name := filepath.ToSlash(filepath.Clean(file))
	if !filepath.IsLocal(file) {
		name = filepath.Base(file)
	}
	if strings.Contains(name, " ") {
		name += "\t"
	}
	return name
}

// patcher changes lines of a YAML file, from the last to the first, so that the places that are still to come stay right.
type patcher struct {
	lines []string
	edits []change
}

// change puts lines in the place of some: those from at (counted from 1), as many as gone.
type change struct {
	at, gone int
	lines    []string
}

func (p *patcher) apply() {
	slices.SortStableFunc(p.edits, func(a, b change) int { return cmp.Or(b.at-a.at, b.gone-a.gone) }) // What is put before a line finds it changed.
	for _, c := range p.edits {
		p.lines = slices.Replace(p.lines, c.at-1, c.at-1+c.gone, c.lines...)
	}
	p.edits = nil
}

// entry finds the entry of repositories.
func (p *patcher) entry(t Target) (*yaml.Node, error) {
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(strings.Join(p.lines, "\n")+"\n"), &document); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnpatchable, err)
	}
	if len(document.Content) != 1 {
		return nil, fmt.Errorf("%w: it is empty", ErrUnpatchable)
	}
	list := member(document.Content[0], "repositories")
	if list == nil || list.Kind != yaml.SequenceNode || t.Entry >= len(list.Content) {
		return nil, fmt.Errorf("%w: it has no entry %d of repositories", ErrUnpatchable, t.Entry+1)
	}
	entry := list.Content[t.Entry]
	if !isBlock(list) || !isBlock(entry) {
		return nil, fmt.Errorf("%w: the entry of repositories is written in braces, on one line; write it with a key a line", ErrUnpatchable)
	}
	return entry, nil
}

func isBlock(n *yaml.Node) bool {
	return n.Style&yaml.FlowStyle == 0 && n.Kind != yaml.AliasNode && n.Kind != yaml.ScalarNode
}

// member is the value of a key of a mapping, or nil.
func member(n *yaml.Node, key string) *yaml.Node {
	_, v := pair(n, key)
	return v
}

func pair(n *yaml.Node, key string) (k, v *yaml.Node) {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil, nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i], n.Content[i+1]
		}
	}
	return nil, nil
}

func value(n *yaml.Node, key string) string {
	if v := member(n, key); v != nil {
		return v.Value
	}
	return ""
}

// lastLine is the last line that a node stands on.
func lastLine(n *yaml.Node) int {
	last := n.Line
	if n.Kind == yaml.ScalarNode && (n.Style&(yaml.LiteralStyle|yaml.FoldedStyle)) != 0 {
		last += strings.Count(n.Value, "\n") + 1
	}
	for _, inner := range n.Content {
		last = max(last, lastLine(inner))
	}
	return last
}

// copied puts a copy of a glob's entry before it, for one repository by its name. What is shadow for the glob stays so, but
// for labels.
func (p *patcher) copied(t Target, entry *yaml.Node) (*yaml.Node, error) {
	first, last := entry.Line, lastLine(entry)
	lines := slices.Clone(p.lines[first-1 : min(last, len(p.lines))])
	name := member(entry, "name")
	at := name.Line - first
	if strings.Count(lines[at], name.Value) != 1 {
		return nil, fmt.Errorf("%w: the name of the entry cannot be told from the rest of its line", ErrUnpatchable)
	}
	plain := name.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) == 0
	as := t.Repo
	if plain {
		as = quote(t.Repo)
	}
	lines[at] = strings.Replace(lines[at], name.Value, as, 1)
	if member(entry, "mode") == nil && value(entry, "dry_run") != "true" {
		lines = slices.Insert(lines, at+1, strings.Repeat(" ", entry.Content[0].Column-1)+"mode: shadow")
	}
	p.edits = append(p.edits, change{at: first, lines: lines})
	p.apply()
	return p.entry(t)
}

// advise writes the advice into an entry.
func (p *patcher) advise(entry *yaml.Node, t Target, advice []Advice) error {
	var suggest, leave []string
	applied := false
	for _, a := range advice {
		switch a.Mode {
		case hls.ModeSuggest:
			suggest = append(suggest, a.Label)
		case Leave:
			leave = append(leave, a.Label)
		default:
			applied = true
		}
	}
	if err := p.section(entry, "labels", []setting{{"suggest", flow(suggest)}, {"leave", flow(leave)}}); err != nil {
		return err
	}
	if applied && !t.Apply {
		if err := p.section(entry, "modes", []setting{{string(hls.AddLabels), string(hls.ModeApply)}}); err != nil {
			return err
		}
		p.shadow(entry)
	}
	p.apply()
	return nil
}

// shadow puts the mode in the place of its older name, which would hold for every kind of effect.
func (p *patcher) shadow(entry *yaml.Node) {
	key, dry := pair(entry, "dry_run")
	if dry == nil || dry.Value != "true" || member(entry, "mode") != nil {
		return
	}
	text := strings.Replace(p.lines[key.Line-1], "dry_run", "mode", 1)
	p.edits = append(p.edits, change{at: key.Line, gone: 1, lines: []string{strings.Replace(text, "true", "shadow", 1)}})
}

// setting is a key with its value; "" takes it out.
type setting struct{ key, value string }

// section writes settings into a section of an entry, and makes it where there is none.
func (p *patcher) section(entry *yaml.Node, name string, settings []setting) error {
	key, section := pair(entry, name)
	indent := strings.Repeat(" ", entry.Content[0].Column-1)
	inner, at := indent+"  ", entry.Content[0].Line
	switch {
	case section == nil:
		if lines := written(inner, settings); len(lines) > 0 {
			after := lastLine(member(entry, "name"))
			p.edits = append(p.edits, change{at: after + 1, lines: append([]string{indent + name + ":"}, lines...)})
		}
		return nil
	case section.Kind == yaml.ScalarNode && section.ShortTag() == "!!null":
		at = key.Line
	case section.Kind == yaml.MappingNode && isBlock(section) && len(section.Content) > 0:
		inner, at = strings.Repeat(" ", section.Content[0].Column-1), key.Line
	case section.Kind == yaml.MappingNode && section.Line == key.Line && lastLine(section) == key.Line:
		return p.unfold(entry, name, settings)
	default:
		return fmt.Errorf("%w: %s of the entry is written in braces; write it with a key a line", ErrUnpatchable, name)
	}
	for _, s := range slices.Backward(settings) { // What is put in one place later stands before.
		if k, old := pair(section, s.key); k != nil {
			p.edits = append(p.edits, change{at: k.Line, gone: lastLine(old) - k.Line + 1, lines: written(inner, []setting{s})})
			continue
		}
		p.edits = append(p.edits, change{at: at + 1, lines: written(inner, []setting{s})})
	}
	return nil
}

// unfold writes a section that stands in braces on one line with a key a line.
func (p *patcher) unfold(entry *yaml.Node, name string, settings []setting) error {
	key, section := pair(entry, name)
	line := p.lines[key.Line-1]
	if !strings.HasSuffix(strings.TrimRight(line, " "), "}") {
		return fmt.Errorf("%w: something follows the braces of %s; write it with a key a line", ErrUnpatchable, name)
	}
	inner := strings.Repeat(" ", entry.Content[0].Column+1)
	lines := []string{line[:key.Column-1] + name + ":"}
	for i := 0; i+1 < len(section.Content); i += 2 {
		if slices.ContainsFunc(settings, func(s setting) bool { return s.key == section.Content[i].Value }) {
			continue
		}
		text, err := flowText(section.Content[i+1])
		if err != nil {
			return err
		}
		lines = append(lines, inner+section.Content[i].Value+": "+text)
	}
	lines = append(lines, written(inner, settings)...)
	p.edits = append(p.edits, change{at: key.Line, gone: 1, lines: lines})
	return nil
}

func flowText(n *yaml.Node) (string, error) {
	copied := *n
	copied.Style |= yaml.FlowStyle
	if n.Kind == yaml.ScalarNode {
		copied.Style = n.Style
	}
	text, err := yaml.Marshal(&copied)
	if err != nil || bytes.Count(bytes.TrimSpace(text), []byte("\n")) > 0 {
		return "", fmt.Errorf("%w: a value in braces is too long; write it with a key a line", ErrUnpatchable)
	}
	return string(bytes.TrimSpace(text)), nil
}

func written(indent string, settings []setting) []string {
	var lines []string
	for _, s := range settings {
		if s.value != "" {
			lines = append(lines, indent+s.key+": "+s.value)
		}
	}
	return lines
}

// flow is a list of names as YAML has it on one line; "" for none.
func flow(names []string) string {
	if len(names) == 0 {
		return ""
	}
	quoted := make([]string, 0, len(names))
	for _, n := range names {
		quoted = append(quoted, quote(n))
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// quote is a text in quotation marks, which YAML reads as JSON does.
func quote(text string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(text)
	return strings.TrimSpace(b.String())
}
