package route

import (
	"errors"
	"fmt"

	"go.yaml.in/yaml/v4"

	"hls/internal/hls"
)

// EventModels are models by event.
type EventModels map[string]hls.EventModel

// UnmarshalYAML reads a mapping of events to a model's name, or to model and fallback.
func (m *EventModels) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return errors.New("want models by event, as \"pull_request: claude-opus-5-5\"")
	}
	out := EventModels{}
	var problems []error
	for name, value := range pairs(n) {
		if _, twice := out[name.Value]; twice {
			problems = append(problems, fmt.Errorf("%s: the event stands here twice", name.Value))
		}
		read, err := readEventModel(value)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", name.Value, err))
		}
		out[name.Value] = read
	}
	*m = out
	return errors.Join(problems...)
}

func readEventModel(n *yaml.Node) (read hls.EventModel, err error) {
	if n.Kind != yaml.MappingNode {
		read.Model, err = text(n)
		return read, err
	}
	var problems []error
	for name, value := range pairs(n) {
		into := map[string]*string{"model": &read.Model, "fallback": &read.Fallback}[name.Value]
		if into == nil {
			problems = append(problems, unknownKey(name.Value, []string{"model", "fallback"}))
			continue
		}
		if *into, err = text(value); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", name.Value, err))
		}
	}
	return read, errors.Join(problems...)
}
