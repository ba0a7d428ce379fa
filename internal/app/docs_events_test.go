package app_test

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hls/internal/handler"
	"hls/internal/hls"
	"hls/internal/route"
)

// marked is a place of a page that is made from the code: its head, and what stands there up to its end.
var marked = regexp.MustCompile(`(?ms)^(<!-- table: (\w+)(?: (\w+))? -->\n).*?^(<!-- end -->)$`)

// tables are what a marked place can be filled with, by the first word of its head; the second is an event.
var tables = map[string]func(t *testing.T, event string) string{
	"actions": actionsTable, "effects": effectsTable, "families": familiesTable,
}

// The pages of docs/events have what the code says in their marked places, and every event that HLS knows in particular
// has a page with both of its tables. -update writes them.
func TestEventPagesAreWhatTheCodeSays(t *testing.T) {
	t.Parallel()
	for _, page := range eventPages(t) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		want := marked.ReplaceAllStringFunc(string(text), func(place string) string {
			part := marked.FindStringSubmatch(place)
			fill, known := tables[part[2]]
			if !known {
				t.Errorf("%s: there is no table %q", page, part[2])
				return place
			}
			return part[1] + fill(t, part[3]) + part[4]
		})
		switch {
		case want == string(text):
		case *update:
			if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		default:
			t.Errorf("%s is not what the code says: go test ./internal/app -run EventPages -update", page)
		}
	}
	for _, event := range known() {
		for _, table := range []string{"actions", "effects"} {
			if pageOf(t, event, table) == "" {
				t.Errorf("no page of docs/events has the table of %s of %s: <!-- table: %s %s --> … <!-- end -->", table, event, table, event)
			}
		}
	}
}

func eventPages(t *testing.T) []string {
	t.Helper()
	pages, err := filepath.Glob("../../docs/events/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	return pages
}

// known are the events of the table.
func known() []string {
	return slices.DeleteFunc(handler.Names(), func(name string) bool { return name == "generic" })
}

// pageOf is the page that has a table of an event, "" for none.
func pageOf(t *testing.T, event, table string) string {
	t.Helper()
	for _, page := range eventPages(t) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range marked.FindAllStringSubmatch(string(text), -1) {
			if part[2] == table && part[3] == event {
				return filepath.Base(page)
			}
		}
	}
	return ""
}

// actionsTable groups the actions that GitHub has for an event by what the handler makes of each.
func actionsTable(t *testing.T, event string) string {
	t.Helper()
	if !slices.Contains(route.Events(), event) {
		t.Fatalf("GitHub has no event %q", event)
	}
	actions := route.Actions(event)
	if len(actions) == 0 {
		actions = []string{""}
	}
	var verdicts []string
	by := map[string][]string{}
	for _, action := range actions {
		told := follows(event, action)
		by[told] = append(by[told], "`"+cmp.Or(action, event)+"`")
		verdicts = append(verdicts, told)
	}
	slices.SortStableFunc(verdicts, func(a, b string) int { return cmp.Compare(passedOver(a), passedOver(b)) })
	var b strings.Builder
	b.WriteString("| action | what follows |\n| --- | --- |\n")
	for _, told := range slices.Compact(verdicts) {
		if names := by[told]; names != nil {
			fmt.Fprintf(&b, "| %s | %s |\n", strings.Join(names, ", "), told)
			delete(by, told)
		}
	}
	return b.String()
}

func passedOver(told string) int {
	if strings.HasPrefix(told, "passed over") {
		return 1
	}
	return 0
}

// follows is the verdict of an event's handler on a plain event, by settings that name the repository and no more.
func follows(event, action string) string {
	v := handler.For(event).Route(plainEvent(event, action), defaultRule())
	if !v.Do {
		return "passed over: `" + v.Reason + "`"
	}
	told := "worked on as `" + v.Purpose + "`"
	if v.Now {
		told += ", at once"
	}
	if v.Unasked {
		told += ", without Claude"
	}
	return told
}

func defaultRule() hls.Rule {
	rule, _ := compiled(route.Repository{Name: widgets}).Rule(widgets)
	rule.Self = hls.Account{ID: 99, Login: "hls-bot", Type: "Bot"}
	return rule
}

func compiled(r route.Repository) *route.Router {
	router, err := route.New(route.Config{Repositories: []route.Repository{r}}, route.Features{
		AutoLabeling: true, AutoCommenting: true, AutoSetupLabels: true,
	})
	if err != nil {
		panic("compile " + fmt.Sprintf("%+v", r) + ": " + err.Error())
	}
	return router
}

// plainly makes an event plain whose family needs more than plainEvent gives.
var plainly = map[string]func(*hls.Event){}

// plainEvent is an event by a person about what is open, in which everything changed that can change: what is passed
// over all the same is passed over for its action.
func plainEvent(event, action string) hls.Event {
	mona := hls.Account{ID: 7, Login: "mona", Type: "User"}
	e := hls.Event{
		Name: event, Action: action, DeliveryID: "d", Repo: hls.Repository{ID: 1, FullName: widgets, DefaultBranch: "main"}, Sender: mona,
		Subject:  hls.Subject{RepoID: 1, Repo: widgets, Kind: hls.KindIssue, Number: 7},
		Issue:    &hls.Issue{ID: 70, Number: 7, Title: "Crash", State: "open", User: mona},
		Reviewer: &hls.Account{ID: 99, Login: "hls-bot", Type: "Bot"}, Changed: map[string]bool{"title": true, "body": true, "base": true},
		Comment:    &hls.ReviewComment{ID: 1, User: mona, Body: "It happens with version 2.3.1 on Linux.", AuthorAssociation: "MEMBER"},
		Thread:     20,
		Review:     &hls.Review{ID: 2, User: mona, State: "approved"},
		Run:        &hls.WorkflowRun{ID: 3, RunAttempt: 1, Event: "push", Status: "completed", Conclusion: "failure", HeadBranch: "main"},
		Job:        &hls.WorkflowJob{ID: 4, RunID: 3, Status: "completed", Conclusion: "failure"},
		CheckRun:   &hls.CheckRun{ID: 5, Status: "completed", Conclusion: "failure"},
		Release:    &hls.Release{ID: 6, TagName: "v1.1.0", Target: "main", Author: mona},
		Deployment: &hls.Deployment{ID: 8, Environment: "production"},
		Status:     &hls.DeploymentStatus{ID: 9, State: "failure", Environment: "production"},
		Discussion: &hls.Discussion{ID: 10, Number: 11, Title: "How to?", State: "open", User: mona},
		Label:      &hls.Label{Name: "bug"},
		Push:       hls.Push{Ref: "refs/heads/main", Before: strings.Repeat("a", 40), After: strings.Repeat("b", 40)},
	}
	if strings.HasPrefix(event, "pull_request") {
		e.Issue, e.Subject.Kind = nil, hls.KindPullRequest
		e.PullRequest = &hls.PullRequest{ID: 70, Number: 7, Title: "Fix", State: "open", User: mona}
	}
	if more, ok := plainly[event]; ok {
		more(&e)
	}
	return e
}

// effectsTable is what can come of an event at all, each kind with the options that it takes.
func effectsTable(_ *testing.T, event string) string {
	may := handler.May(hls.Event{Name: event})
	if len(may) == 0 {
		return "Nothing is done on GitHub: the analysis is stored for people to read.\n"
	}
	var b strings.Builder
	b.WriteString("| effect | takes | by default |\n| --- | --- | --- |\n")
	for _, kind := range may {
		switches := ofFamily(switchesOf(kind), event)
		state := "off"
		if defaultRule().Lets(kind) {
			state = "on"
		}
		fmt.Fprintf(&b, "| [`%s`](../effects.md) | %s | %s |\n", kind, cmp.Or(strings.Join(switches, " or "), "no option of this version"), state)
	}
	return b.String()
}

// always are the options of the kinds that need none to be switched on.
var always = map[hls.EffectKind]string{
	hls.AddLabels: "labels.auto_apply", hls.RemoveLabels: "labels.auto_apply",
	hls.UpsertComment: "comments.auto_post", hls.CreateReview: "comments.auto_post",
}

// switchesOf are the options of a repository that let a kind of effect be done: those of the kinds that are on by
// default, and otherwise whichever puts the kind into the rule, as trying them one by one shows.
func switchesOf(kind hls.EffectKind) []string {
	if key := always[kind]; key != "" {
		return []string{"`" + key + "`"}
	}
	var keys []string
	try(reflect.TypeFor[route.Repository](), nil, "", func(path []int, key string, set func(reflect.Value)) {
		r := route.Repository{Name: widgets}
		set(settable(reflect.ValueOf(&r).Elem(), path))
		if rule, _ := compiled(r).Rule(widgets); slices.Contains(rule.Also, kind) && !slices.Contains(keys, "`"+key+"`") {
			keys = append(keys, "`"+key+"`")
		}
	})
	return keys
}

// sections are the options of a family whose effects other families have as well: each goes by its own.
var sections = map[string]string{
	"workflow_run": "workflows", "workflow_job": "workflows", "check_run": "workflows", "release": "releases", "push": "pushes",
	"deployment_status": "deployments", "discussion": "discussions",
}

// ofFamily leaves out the options of other families.
func ofFamily(keys []string, event string) []string {
	own := sections[event]
	if own == "" {
		return keys
	}
	return slices.DeleteFunc(keys, func(key string) bool {
		section, _, nested := strings.Cut(strings.Trim(key, "`"), ".")
		return nested && section != own && slices.Contains(slices.Collect(maps.Values(sections)), section)
	})
}

// settable finds a field, and makes what the pointers on the way there point at.
func settable(v reflect.Value, path []int) reflect.Value {
	for _, i := range path {
		if v = v.Field(i); v.Kind() == reflect.Pointer {
			v.Set(reflect.New(v.Type().Elem()))
			v = v.Elem()
		}
	}
	return v
}

// try tells of every option that switches something on, and how it is set so that it does.
func try(at reflect.Type, path []int, key string, tell func(path []int, key string, set func(reflect.Value))) {
	for i := range at.NumField() {
		f := at.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		own, kind := slices.Concat(path, []int{i}), f.Type
		if kind.Kind() == reflect.Pointer {
			kind = kind.Elem()
		}
		name = strings.TrimPrefix(key+"."+name, ".")
		switch kind.Kind() {
		case reflect.Struct:
			try(kind, own, name, tell)
		case reflect.Bool:
			tell(own, name, func(v reflect.Value) { v.SetBool(true) })
		case reflect.Int, reflect.Int64:
			tell(own, name, func(v reflect.Value) { v.SetInt(1) })
		case reflect.String:
			for _, value := range enumerated.FindAllStringSubmatch(f.Tag.Get("jsonschema"), -1) {
				tell(own, name+": "+value[1], func(v reflect.Value) { v.SetString(value[1]) })
			}
		}
	}
}

var enumerated = regexp.MustCompile(`enum=([^,]+)`)

// familiesTable lists what HLS knows in particular.
func familiesTable(t *testing.T, _ string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| event | worked on | may lead to |\n| --- | --- | --- |\n")
	for _, event := range known() {
		worked := map[string]bool{}
		for _, action := range append(route.Actions(event), "") {
			if !strings.HasPrefix(follows(event, action), "passed over") && (action != "" || len(route.Actions(event)) == 0) {
				worked["`"+cmp.Or(action, event)+"`"] = true
			}
		}
		var kinds []string
		for _, kind := range handler.May(hls.Event{Name: event}) {
			kinds = append(kinds, "`"+string(kind)+"`")
		}
		fmt.Fprintf(&b, "| [`%s`](%s) | %s | %s |\n", event, pageOf(t, event, "actions"),
			cmp.Or(strings.Join(slices.Sorted(maps.Keys(worked)), ", "), "when its options ask for it"), cmp.Or(strings.Join(kinds, ", "), "an analysis alone"))
	}
	b.WriteString("| every other event that `events` enables | all of its actions | an analysis alone |\n")
	return b.String()
}
