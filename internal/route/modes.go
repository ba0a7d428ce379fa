package route

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"hls/internal/hls"
)

var modes = []hls.Mode{hls.ModeShadow, hls.ModeSuggest, hls.ModeApply}

// modes compiles what becomes of planned effects. Who names many repositories at once sees first what would be done to them.
func (c *compiler) modes(r Repository) hls.Modes {
	out := hls.Modes{All: hls.ModeApply}
	if hls.IsGlob(r.Name) {
		out.All = hls.ModeShadow
	}
	if r.Mode != "" {
		out.All = c.mode(r.Mode, "mode")
	}
	for _, name := range slices.Sorted(maps.Keys(r.Modes)) {
		kind := hls.EffectKind(name)
		if !slices.Contains(hls.EffectKinds(), kind) {
			c.fail(fmt.Errorf("no effect is called so; want one of %s", list(hls.EffectKinds())), "modes", name)
			continue
		}
		if out.Kinds == nil {
			out.Kinds = map[hls.EffectKind]hls.Mode{}
		}
		out.Kinds[kind] = c.mode(r.Modes[name], "modes", name)
	}
	if r.DryRun && (r.Mode != "" && out.All != hls.ModeShadow || len(r.Modes) > 0) {
		c.fail(fmt.Errorf("true is mode shadow for every kind of effect: leave it out where mode or modes say otherwise"), "dry_run")
	}
	return out
}

func (c *compiler) mode(text string, path ...any) hls.Mode {
	mode := hls.Mode(text)
	if !slices.Contains(modes, mode) {
		c.fail(fmt.Errorf("want one of %s", list(modes)), path...)
	}
	return mode
}

func list[T ~string](names []T) string {
	texts := make([]string, 0, len(names))
	for _, name := range names {
		texts = append(texts, string(name))
	}
	return strings.Join(texts, ", ")
}

// What labels.demote is where it is not set.
const (
	DefaultDemoteAtLeast    = 5
	DefaultDemoteOverridden = 0.4
)

func (c *compiler) demotion(d Demote) hls.Demotion {
	out := hls.Demotion{AtLeast: DefaultDemoteAtLeast, Share: DefaultDemoteOverridden}
	if d.AtLeast != nil {
		out.AtLeast = *d.AtLeast
	}
	if d.Overridden != nil {
		out.Share = *d.Overridden
	}
	if out.AtLeast < 0 {
		c.fail(fmt.Errorf("want 0 or more"), "labels", "demote", "at_least")
	}
	if !(out.Share > 0 && out.Share <= 1) {
		c.fail(fmt.Errorf("want more than 0 and at most 1"), "labels", "demote", "overridden")
	}
	return out
}
