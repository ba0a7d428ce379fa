package route_test

import (
	"fmt"
	"testing"

	"hls/internal/hls"
	"hls/internal/route"
)

// Each kind of write has its option, and is off without it.
func TestE1_HappeningsWriteNothingByDefault(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set  route.Happenings
		want string
	}{
		"default":     {route.Happenings{}, "[] {{} {false} {false} {false}}"},
		"section":     {route.Happenings{Releases: route.Releases{Notes: "section"}}, "[set_section] {{section} {false} {false} {false}}"},
		"issue":       {route.Happenings{Releases: route.Releases{Notes: "issue"}}, "[create_issue] {{issue} {false} {false} {false}}"},
		"pushes":      {route.Happenings{Pushes: route.Pushes{Issues: true}}, "[create_issue] {{} {true} {false} {false}}"},
		"deployments": {route.Happenings{Deployments: route.Deployments{Issues: true}}, "[create_issue] {{} {false} {true} {false}}"},
		"discussions": {route.Happenings{Discussions: route.Discussions{Issues: true}}, "[create_issue] {{} {false} {false} {true}}"},
	} {
		rule, _ := router(t, features, route.Repository{Name: "o/r", Happenings: c.set}).Rule("o/r")
		if got := fmt.Sprint(rule.Also, " ", rule.Happenings); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	_, err := route.New(route.Config{Repositories: []route.Repository{{Name: "o/r", Happenings: route.Happenings{Releases: route.Releases{Notes: "sections"}}}}}, features)
	if err == nil || err.Error() != "repositories[0].releases.notes: want section or issue" {
		t.Errorf("a place that there is not: %v", err)
	}
}

// Where HLS may create labels it hears which ones people delete.
func TestLabelsAreHeardWhereTheyMayBeCreated(t *testing.T) {
	t.Parallel()
	categories := route.Categories{{Name: "type", Labels: []hls.Label{{Name: "bug"}}}}
	for name, c := range map[string]struct {
		rule route.Repository
		want string
	}{
		"created":        {route.Repository{Labels: route.Labels{CreateMissing: ptr(true), Categories: categories}}, ""},
		"not created":    {route.Repository{Labels: route.Labels{Categories: categories}}, route.EventNotEnabled},
		"none to create": {route.Repository{Labels: route.Labels{CreateMissing: ptr(true)}}, route.EventNotEnabled},
		"no events":      {route.Repository{Events: route.Strings{}, Labels: route.Labels{CreateMissing: ptr(true), Categories: categories}}, route.EventNotEnabled},
		"named":          {route.Repository{Events: route.Strings{"label"}}, ""},
		"disabled":       {route.Repository{Enabled: ptr(false), Labels: route.Labels{CreateMissing: ptr(true), Categories: categories}}, route.RepositoryDisabled},
	} {
		c.rule.Name = "o/r"
		_, verdict := router(t, features, c.rule).Match(event("label", "deleted", func(e *hls.Event) { e.Issue = nil }), hls.Account{})
		if verdict.Reason != c.want {
			t.Errorf("%s: %q, want %q", name, verdict.Reason, c.want)
		}
	}
}
