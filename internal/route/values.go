package route

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"hls/internal/hls"
)

// Strings is a list of texts that may be written as one text.
type Strings []string

// UnmarshalYAML reads a text or a list of them.
func (s *Strings) UnmarshalYAML(n *yaml.Node) error {
	items := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		items = n.Content
	}
	out := Strings{}
	var problems []error
	for i, item := range items {
		v, err := text(item)
		if err != nil && n.Kind == yaml.SequenceNode {
			err = fmt.Errorf("item %d: %w", i+1, err)
		}
		problems = append(problems, err)
		out = append(out, v)
	}
	*s = out
	return errors.Join(problems...)
}

var (
	errNotText  = errors.New("want a text, or a list of texts")
	errNotLabel = errors.New("want a label's name, or name, description and color")
)

// text reads a scalar. Numbers stand for themselves, as labels named 1.0; true and null are likelier mistakes.
func text(n *yaml.Node) (string, error) {
	if n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
		return "", errNotText
	}
	if n.ShortTag() == "!!bool" {
		return "", fmt.Errorf("%s is not a text; write it in quotes if it is meant as one", n.Value)
	}
	if strings.TrimSpace(n.Value) == "" {
		return "", errors.New("the text is empty")
	}
	return n.Value, nil
}

// Categories are groups of labels in the order of the file.
type Categories []Category

// Category is a group of labels, as priority. Exclusive is nil when the settings leave it to the group's name.
type Category struct {
	Name      string
	Exclusive *bool
	Labels    []hls.Label
}

// UnmarshalYAML reads a mapping of names to lists of labels, or to exclusive and labels.
func (c *Categories) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return errors.New("want groups of labels, as \"priority: [priority-high, priority-low]\"")
	}
	out := Categories{}
	var problems []error
	for name, value := range pairs(n) {
		category := Category{Name: name.Value}
		if slices.ContainsFunc(out, func(o Category) bool { return o.Name == name.Value }) {
			problems = append(problems, fmt.Errorf("%s: the group stands here twice", name.Value))
		}
		for _, err := range category.read(value) {
			problems = append(problems, fmt.Errorf("%s: %w", name.Value, err))
		}
		out = append(out, category)
	}
	*c = out
	return errors.Join(problems...)
}

func (c *Category) read(n *yaml.Node) []error {
	if n.Kind != yaml.MappingNode {
		return c.readLabels(n)
	}
	var problems []error
	for name, value := range pairs(n) {
		switch name.Value {
		case "exclusive":
			var on bool
			if err := value.Decode(&on); err != nil {
				problems = append(problems, errors.New("exclusive: want true or false"))
			}
			c.Exclusive = &on
		case "labels":
			problems = append(problems, c.readLabels(value)...)
		default:
			problems = append(problems, unknownKey(name.Value, []string{"exclusive", "labels"}))
		}
	}
	return problems
}

func (c *Category) readLabels(n *yaml.Node) (problems []error) {
	items := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		items = n.Content
	}
	for _, item := range items {
		label, err := readLabel(item)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		c.Labels = append(c.Labels, label)
	}
	return problems
}

func readLabel(n *yaml.Node) (label hls.Label, err error) {
	if n.Kind != yaml.MappingNode {
		if label.Name, err = text(n); errors.Is(err, errNotText) {
			err = errNotLabel
		}
		return label, err
	}
	var problems []error
	for name, value := range pairs(n) {
		var into *string
		switch name.Value {
		case "name":
			into = &label.Name
		case "description":
			into = &label.Description
		case "color":
			into = &label.Color
		default:
			problems = append(problems, unknownKey(name.Value, []string{"name", "description", "color"}))
			continue
		}
		v, err := text(value)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", name.Value, err))
		}
		*into = strings.TrimPrefix(v, "#")
		if name.Value != "color" {
			*into = v
		}
	}
	if label.Name == "" && len(problems) == 0 {
		problems = append(problems, errNotLabel)
	}
	return label, errors.Join(problems...)
}

// pairs walks the keys and values of a mapping.
func pairs(n *yaml.Node) func(yield func(name, value *yaml.Node) bool) {
	return func(yield func(name, value *yaml.Node) bool) {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i], n.Content[i+1]) {
				return
			}
		}
	}
}

func unknownKey(name string, known []string) error {
	return fmt.Errorf("unknown key %q%s", name, didYouMean(name, known))
}
