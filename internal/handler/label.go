package handler

import (
	"context"
	stdjson "encoding/json"
	"fmt"
	"slices"
	"strings"

	"hls/internal/hls"
)

// repositoryLabels takes note of labels that people delete or rename, so that none of them is created again. Claude is not
// asked, and nothing is done on GitHub.
type repositoryLabels struct{}

const labelNotes = "label-notes"

// Route: one that was created is worked on as well; it may be one that was deleted before.
func (repositoryLabels) Route(e hls.Event, _ hls.Rule) hls.Verdict {
	v := hls.Go(labelNotes)
	v.Now, v.Unasked = true, true
	switch {
	case e.Label == nil || e.Label.Name == "":
		return hls.Pass("no_label")
	case e.Action == "created", e.Action == "deleted", e.Action == "edited" && e.Former != "":
		return v
	case e.Action == "edited":
		return hls.Pass("not_renamed")
	}
	return hls.Pass("action_not_handled")
}

// labelFate is whether a label of an event is in the repository.
type labelFate struct {
	Name string `json:"name"`
	Gone bool   `json:"gone"`
}

// Gather: which labels the repository has now decides, so that late events undo nothing.
func (repositoryLabels) Gather(ctx context.Context, read Reader, e hls.Event, _ hls.Rule) (hls.Facts, error) {
	if e.Label == nil {
		return hls.Facts{Skip: "no_label"}, nil
	}
	labels, err := read.Labels(ctx, e.Subject.Repo)
	if err != nil {
		return hls.Facts{}, fmt.Errorf("read labels: %w", err)
	}
	fates := []labelFate{}
	for _, name := range []string{e.Label.Name, e.Former} {
		if name != "" {
			has := slices.ContainsFunc(labels, func(l hls.Label) bool { return hls.Fold(l.Name) == hls.Fold(name) })
			fates = append(fates, labelFate{name, !has})
		}
	}
	return hls.Facts{Revision: e.DeliveryID, Values: map[string]any{"fates": fates}}, nil
}

// labelSchema is the shape of the answer, which the facts alone give.
const labelSchema = `{
  "type": "object", "additionalProperties": false, "required": ["summary"],
  "properties": {"summary": {"type": "string"}}
}`

type labelAnswer struct {
	Summary string `json:"summary"`
}

func (repositoryLabels) Question(_ hls.Event, f hls.Facts, _ hls.Rule) hls.Question {
	var parts []string
	fates, _ := f.Values["fates"].([]labelFate)
	for _, l := range fates {
		state := "is in the repository"
		if l.Gone {
			state = "is gone, and is not created again"
		}
		parts = append(parts, fmt.Sprintf("%s %s", quoted("label", l.Name), state))
	}
	known, _ := stdjson.Marshal(labelAnswer{strings.Join(parts, "; ")}) // Texts always have a JSON form.
	return hls.Question{Group: "generic", Step: "default", Schema: stdjson.RawMessage(labelSchema), Weight: hls.Light, Known: known}
}

// Plan remembers what is gone, and forgets what is back.
func (repositoryLabels) Plan(e hls.Event, f hls.Facts, _ hls.Analysis, _ hls.Rule) hls.Plan {
	plan := hls.Plan{Silent: "taken_note"}
	fates, _ := f.Values["fates"].([]labelFate)
	for _, l := range fates {
		m := hls.Memory{Subject: e.Subject.LabelSet(), Kind: hls.LabelGone, Key: hls.Fold(l.Name)}
		if l.Gone {
			m.Value = stdjson.RawMessage(`true`)
		}
		plan.Remember = append(plan.Remember, m)
	}
	return plan
}
