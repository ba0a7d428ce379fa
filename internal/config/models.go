package config

import (
	"fmt"
	"maps"
	"slices"
)

// NamedModel is a model, and the key that names it.
type NamedModel struct{ Key, Model string }

// Models are all that the settings name.
func (s *Settings) Models() []NamedModel {
	all := s.Claude.Analyze.Models
	named := []NamedModel{
		{"claude.model", s.Claude.Model}, {"claude.models.light", all.Light}, {"claude.models.heavy", all.Heavy},
		{"claude.models.fallback", all.Fallback},
	}
	for i, r := range s.Repositories {
		at := fmt.Sprintf("repositories[%d].model", i)
		own := r.Models
		named = append(named, NamedModel{at, r.Model}, NamedModel{at + "s.light", own.Light}, NamedModel{at + "s.heavy", own.Heavy},
			NamedModel{at + "s.fallback", own.Fallback})
		for _, event := range slices.Sorted(maps.Keys(own.Events)) {
			key, models := at+"s.events."+event, own.Events[event]
			named = append(named, NamedModel{key, models.Model}, NamedModel{key, models.Fallback})
		}
	}
	return slices.DeleteFunc(named, func(n NamedModel) bool { return n.Model == "" })
}
