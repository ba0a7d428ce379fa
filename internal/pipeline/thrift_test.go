package pipeline

import (
	"reflect"
	"testing"

	"hls/internal/handler"
	"hls/internal/hls"
)

// verbose is a handler that labels and, where it may, speaks.
type verbose struct {
	handler.Handler
	says []hls.EffectKind
}

func (v verbose) Plan(_ hls.Event, _ hls.Facts, _ hls.Analysis, r hls.Rule) hls.Plan {
	plan := hls.Plan{Effects: []hls.Effect{{Kind: hls.AddLabels}, {Kind: hls.RemoveLabels}}, Dropped: []hls.Drop{{What: "x", Why: "y"}}}
	if r.Comments.Post == hls.PostNever {
		plan.Silent = "comments_off"
		plan.Remember = []hls.Memory{{Key: "quiet"}}
		return plan
	}
	for _, kind := range v.says {
		plan.Effects = append(plan.Effects, hls.Effect{Kind: kind})
	}
	if len(v.says) == 0 {
		plan.Silent = "nothing_to_say"
	}
	plan.Remember = []hls.Memory{{Key: "said"}}
	return plan
}

// Where the budget leaves labels only, nothing else follows of what would have, and the plan says why; nothing is remembered
// as said. Otherwise the plan is the handler's.
func TestS3_LabelsOnlySaysNothing(t *testing.T) {
	t.Parallel()
	labels := []hls.Effect{{Kind: hls.AddLabels}, {Kind: hls.RemoveLabels}}
	for name, c := range map[string]struct {
		says    []hls.EffectKind
		silent  string
		dropped []hls.Drop
	}{
		"a comment": {[]hls.EffectKind{hls.UpsertComment}, labelsOnly, []hls.Drop{{What: "x", Why: "y"}, {What: "upsert_comment", Why: labelsOnly}}},
		"nothing":   {nil, "nothing_to_say", []hls.Drop{{What: "x", Why: "y"}}},
	} {
		q := question{knows: verbose{says: c.says}}
		got := q.plan(hls.Analysis{Step: hls.LabelsOnly})
		want := hls.Plan{Effects: labels, Dropped: c.dropped, Silent: c.silent, Remember: []hls.Memory{{Key: "quiet"}}}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	for _, kind := range hls.EffectKinds() {
		q := question{knows: verbose{says: []hls.EffectKind{kind}}}
		for _, step := range []hls.Step{hls.AsAsked, hls.Cheaper} {
			if got := q.plan(hls.Analysis{Step: step}); len(got.Effects) != 3 || got.Silent != "" || len(got.Dropped) != 1 {
				t.Errorf("%s on step %d: %+v", kind, step, got)
			}
		}
	}
}
