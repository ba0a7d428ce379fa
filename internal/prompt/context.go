package prompt

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"hls/internal/hls"
	"hls/jinja"
)

// objects are the members of a payload that templates see by their own name, besides repository and sender.
var objects = []string{"issue", "pull_request", "comment", "review", "workflow_run", "workflow_job", "check_run",
	"check_suite", "release", "commits", "head_commit", "ref", "discussion", "deployment", "deployment_status", "changes"}

// stableValues are the context of system templates: what is the same for all events of a repository.
func stableValues(in Input) *jinja.Dict {
	owner, name, _ := strings.Cut(in.Event.Repo.FullName, "/")
	values := jinja.NewDict()
	values.Set("repository", dict("full_name", in.Event.Repo.FullName, "name", cmp.Or(in.Event.Repo.Name, name),
		"owner", dict("login", owner)))
	values.Set("labels", labelValues(in.Rule.Labels.Allowed(in.Facts.Labels)))
	values.Set("config", configValues(in.Rule))
	return values
}

// eventValues are the context of a step's template: the event as GitHub sent it, overlaid by what was gathered. With them
// comes how many characters nobody sees in which of its fields.
func eventValues(in Input) (*jinja.Dict, map[string]int, error) {
	payload, err := jinja.FromJSON(in.Event.Body)
	if err != nil {
		return nil, nil, fmt.Errorf("read payload: %w", err)
	}
	values := jinja.NewDict()
	values.Set("event_type", in.Event.Name)
	values.Set("action", in.Event.Action)
	values.Set("payload", payload)
	stable := stableValues(in)
	for _, name := range []string{"repository", "labels", "config"} {
		v, _ := stable.Get(name)
		values.Set(name, v)
	}
	values.Set("payload_text", cut(string(in.Event.Body), longPayload))
	if p, ok := payload.(*jinja.Dict); ok {
		for _, name := range append([]string{"repository", "sender"}, objects...) {
			if v, ok := p.Get(name); ok {
				values.Set(name, v)
			}
		}
	}
	if err := gatheredValues(values, in.Facts, in.Rule.Self); err != nil {
		return nil, nil, err
	}
	if err := presentValues(values, in); err != nil {
		return nil, nil, err
	}
	hidden := hiddenIn(values)
	values.Set("metadata", dict("request_id", in.Event.RequestID, "delivery_id", in.Event.DeliveryID,
		"received_at", stamp(in.Event.ReceivedAt), "now", stamp(in.Now), "hidden_characters", countValues(hidden)))
	return values, hidden, nil
}

func gatheredValues(values *jinja.Dict, f hls.Facts, self hls.Account) error {
	checks := shownChecks(f.Checks)
	for _, v := range []struct {
		name  string
		value any
	}{
		{"comments", shownComments(f.Comments, self)}, {"files", f.Files}, {"omitted", shownOmissions(f.Omitted)}, {"checks", checks},
		{"similar_issues", shownIssues(f.Similar)}, {"linked_issues", shownIssues(f.Linked)}, {"failed_jobs", checks.Failed},
	} {
		converted, err := plainValue(v.value)
		if err != nil {
			return fmt.Errorf("convert %s: %w", v.name, err)
		}
		values.Set(v.name, converted)
	}
	for _, name := range slices.Sorted(maps.Keys(f.Values)) {
		converted, err := plainValue(f.Values[name])
		if err != nil {
			return fmt.Errorf("convert %s: %w", name, err)
		}
		values.Set(name, converted)
	}
	values.Set("diff", f.Diff)
	values.Set("previous_analysis", nil)
	if f.Previous != nil && len(f.Previous.Answer) > 0 { // A purge leaves none.
		answer, err := jinja.FromJSON(f.Previous.Answer)
		if err != nil {
			return fmt.Errorf("convert previous analysis: %w", err)
		}
		values.Set("previous_analysis", answer)
	}
	return nil
}

// presentValues puts the present state of the issue or pull request over what the payload says of it. The object is
// read once more for that: payload stays as GitHub sent it.
func presentValues(values *jinja.Dict, in Input) error {
	if in.Facts.Issue == nil && in.Facts.PullRequest == nil {
		return nil
	}
	var members struct {
		Issue       jsontext.Value `json:"issue"`
		PullRequest jsontext.Value `json:"pull_request"`
	}
	if err := json.Unmarshal(in.Event.Body, &members); err != nil {
		return fmt.Errorf("read payload: %w", err)
	}
	if in.Facts.Issue != nil {
		issue := *in.Facts.Issue
		issue.Title, issue.Body = cut(issue.Title, longTitle), cut(issue.Body, longBody)
		if err := overlay(values, "issue", members.Issue, issue); err != nil {
			return err
		}
	}
	if in.Facts.PullRequest != nil {
		pr := *in.Facts.PullRequest
		pr.Title, pr.Body = cut(pr.Title, longTitle), cut(pr.Body, longBody)
		return overlay(values, "pull_request", members.PullRequest, pr)
	}
	return nil
}

// overlay sets name to what the payload says with the object's present state over it. Members that HLS does not know
// stay.
func overlay(values *jinja.Dict, name string, said jsontext.Value, object any) error {
	now, err := plainValue(object)
	if err != nil {
		return fmt.Errorf("convert %s: %w", name, err)
	}
	fresh, ok := now.(*jinja.Dict)
	if !ok {
		return fmt.Errorf("convert %s: not an object", name)
	}
	values.Set(name, fresh)
	if said.Kind() != '{' {
		return nil
	}
	old, err := jinja.FromJSON(said)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	target, ok := old.(*jinja.Dict)
	if !ok {
		return nil
	}
	values.Set(name, target)
	for _, member := range []string{"title", "body", "state", "state_reason", "locked", "draft", "merged", "labels",
		"head", "base", "additions", "deletions", "changed_files", "updated_at"} {
		v, ok := fresh.Get(member)
		if was, had := target.Get(member); ok && (v != "" || had && was != nil) {
			target.Set(member, v)
		}
	}
	return nil
}

// plainValue is a noun as templates see it: by its JSON names, and with an empty list for none.
func plainValue(v any) (any, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return jinja.FromJSON(b)
}

func labelValues(labels []hls.Label) *jinja.List {
	list := &jinja.List{}
	for _, l := range labels {
		list.Items = append(list.Items, dict("name", l.Name, "description", strings.Join(strings.Fields(l.Description), " ")))
	}
	return list
}

// configValues are the rule without what is secret or no matter of a prompt.
func configValues(r hls.Rule) *jinja.Dict {
	categories := &jinja.List{}
	for _, c := range r.Labels.Categories {
		labels := slices.SortedFunc(slices.Values(c.Labels), func(a, b hls.Label) int { return cmp.Compare(a.Name, b.Name) })
		categories.Items = append(categories.Items, dict("name", c.Name, "exclusive", c.Exclusive, "labels", labelValues(labels)))
	}
	return dict("name", r.Name, "events", textValues(r.Events), "model", r.Model, "dry_run", r.DryRun,
		"labels", dict("auto_apply", r.Labels.AutoApply, "categories", categories, "min_confidence", r.Labels.MinConfidence),
		"comments", dict("auto_post", string(r.Comments.Post), "event_types", textValues(r.Comments.EventTypes)))
}

func textValues(texts []string) *jinja.List {
	list := &jinja.List{}
	for _, text := range texts {
		list.Items = append(list.Items, text)
	}
	return list
}

// dict makes a Dict of pairs.
func dict(pairs ...any) *jinja.Dict {
	d := jinja.NewDict()
	for i := 0; i+1 < len(pairs); i += 2 {
		d.Set(pairs[i], pairs[i+1])
	}
	return d
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// PayloadFacts are the facts that a payload alone gives, for a prompt that is rendered without asking GitHub.
func PayloadFacts(e hls.Event) hls.Facts {
	f := hls.Facts{Issue: e.Issue, PullRequest: e.PullRequest, Revision: e.DeliveryID, Values: payloadValues(e)}
	switch {
	case e.PullRequest != nil:
		f.Revision = e.PullRequest.Revision()
	case e.Issue != nil:
		f.Revision = e.Issue.Revision()
	}
	return f
}
