package hls

import "slices"

// Mode says what becomes of an effect that was planned.
type Mode string

// The modes. Each stores the same plan.
const (
	ModeShadow  Mode = "shadow"  // nothing is written
	ModeSuggest Mode = "suggest" // it waits for the approval of a person
	ModeApply   Mode = "apply"   // it is written
)

// Modes are the modes of a repository.
type Modes struct {
	All   Mode                // "" means ModeApply
	Kinds map[EffectKind]Mode // in place of All
}

// Of is the mode of a kind of effect.
func (m Modes) Of(k EffectKind) Mode {
	if mode, ok := m.Kinds[k]; ok {
		return mode
	}
	if m.All == "" {
		return ModeApply
	}
	return m.All
}

// Shadow tells whether effects of every kind are in ModeShadow.
func (m Modes) Shadow() bool {
	return !slices.ContainsFunc(EffectKinds(), func(k EffectKind) bool { return m.Of(k) != ModeShadow })
}

// Asked are the modes for what a person with a say asks for by a command: that is the approval.
func (m Modes) Asked() Modes {
	kinds := map[EffectKind]Mode{}
	for _, k := range EffectKinds() {
		if kinds[k] = m.Of(k); kinds[k] == ModeSuggest {
			kinds[k] = ModeApply
		}
	}
	return Modes{All: m.All, Kinds: kinds}
}

// Mode is what becomes of an effect of a kind: by the modes, and by the options that are older than these.
func (r Rule) Mode(k EffectKind) Mode {
	switch {
	case r.DryRun,
		(k == AddLabels || k == RemoveLabels) && !r.Labels.AutoApply,
		k == EditRemark && r.Comments.Post == PostNever:
		return ModeShadow
	}
	return r.Modes.Of(k)
}

// ModeOf is what becomes of an effect: its kind's mode, but that of what waits for approval by itself.
func (r Rule) ModeOf(e Effect) Mode {
	if mode := r.Mode(e.Kind); mode != ModeApply || e.Hold == "" {
		return mode
	}
	return ModeSuggest
}

// Writes tells whether effects of a kind are written without anybody's approval.
func (r Rule) Writes(k EffectKind) bool { return r.Mode(k) == ModeApply }

// ProposalPurpose is the purpose of the one comment on a subject that lists what waits for approval there.
const ProposalPurpose = "proposals"

// Asks tells whether proposals are listed in a comment, for people to decide about by a reaction.
func (r Rule) Asks() bool { return r.Reactions && !r.DryRun }
