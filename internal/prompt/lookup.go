package prompt

import (
	"fmt"
	"regexp"
)

// extensions of templates, in the order in which they are looked for.
var extensions = []string{".j2", ".md"}

// plainName is what an action or a step must look like to be part of a file's name: both may come from a payload.
var plainName = regexp.MustCompile(`^[a-z0-9_]{1,64}$`)

// system finds the template of the stable part.
func (s *set) system(group string) (string, error) {
	return s.first([]string{group + "/system"}, []string{"generic/system"})
}

// lookup finds the template for an event: the one that the rule or the settings name, then the one for its action,
// its step or its group, then generic/default. In each group the configured folders come before the built-in ones.
func (s *set) lookup(in Input, defaults map[string]map[string]string) (string, error) {
	group, step, action := in.Question.Group, in.Question.Step, in.Event.Action
	for _, configured := range []map[string]map[string]string{in.Rule.Prompts.Defaults, defaults} {
		for _, key := range []string{action, step} {
			if name := configured[group][key]; name != "" {
				if _, ok := s.text(name); !ok {
					return "", fmt.Errorf("prompts.defaults.%s.%s names %q, which does not exist", group, key, name)
				}
				return name, nil
			}
		}
	}
	var names []string
	for _, part := range []string{action, step, "default"} {
		if plainName.MatchString(part) && part != "system" {
			names = append(names, group+"/"+part)
		}
	}
	return s.first(names, []string{"generic/default"})
}

// first is the first name that a source has: all sources for the names of one tier, the configured before the
// built-in one, and only then the next tier.
func (s *set) first(tiers ...[]string) (string, error) {
	for _, tier := range tiers {
		for _, src := range s.sources {
			if name, ok := src.first(tier); ok {
				return name, nil
			}
		}
	}
	return "", fmt.Errorf("no template named any of %v", tiers)
}

func (s source) first(names []string) (string, bool) {
	for _, name := range names {
		for _, ext := range extensions {
			if _, ok := s.files[name+ext]; ok {
				return name + ext, true
			}
		}
	}
	return "", false
}
