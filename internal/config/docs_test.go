package config

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"hls/internal/hls"
	"hls/internal/route"
)

const (
	docsFile = "../../docs/configuration.md"
	docsMark = "<!-- Below: made from the Go structs by go test ./internal/config -update. Edit the comments there. -->\n"
)

// commented is a line of the example that shows a key without setting it: #key, while prose has a space after #.
var commented = regexp.MustCompile(`(?m)^( *)#( *[a-z-])`)

// uncomment sets every key that the example shows.
func uncomment(example string) string { return commented.ReplaceAllString(example, "$1$2") }

func readExample(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestExampleIsTheDefaults(t *testing.T) {
	t.Parallel()
	got := mustLoad(t, readExample(t))
	want := Default()
	want.GitHub.Token, got.GitHub.Token = "", ""
	got.GitHub.WebhookSecret, got.Claude.APIKey, got.Repositories = nil, "", nil
	for _, key := range Keys() {
		path := split(key.Path)
		if strings.HasPrefix(key.Path, "repositories") || !key.Leaf {
			continue
		}
		g, w := value(got, path), value(want, path)
		if g != w {
			t.Errorf("%s: the example has %s, the default is %s", key.Path, g, w)
		}
	}
}

// value is what stands at a path of keys, as JSON; empty lists and maps are like none.
func value(s *Settings, path []string) string {
	v := reflect.ValueOf(s).Elem()
	for _, step := range path {
		if v.Kind() != reflect.Struct {
			return "none"
		}
		for _, f := range fieldsOf(v.Type()) {
			if f.name == step {
				v = v.FieldByIndex(f.index)
				break
			}
		}
	}
	if (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.Len() == 0 {
		return "none"
	}
	out, err := json.Marshal(v.Interface())
	if err != nil {
		return err.Error()
	}
	return string(out)
}

func TestExampleShowsEveryKey(t *testing.T) {
	t.Parallel()
	example := uncomment(readExample(t))
	// Of token and app, and of the two ways to give the App's key, one must go.
	loadable := regexp.MustCompile(`(?m)^ +(token: "\$\{GITHUB_TOKEN\}"|private_key_file:).*$`).ReplaceAllString(example, "")
	mustLoad(t, loadable, map[string]string{
		"HLS_ADMIN_TOKEN": "an-admin-token", "HLS_VIEWER_TOKEN": "a-viewer-token", "GITHUB_APP_KEY": "pem", "REPO_WEBHOOK_SECRET": "another-secret", "REPO_TOKEN": "t",
		"HLS_NOTIFY_URL": "https://hooks.example.com/services/t0/b0/a1",
	})
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(example), &root); err != nil {
		t.Fatal(err)
	}
	var has []string
	paths(root.Content[0], "", &has)
	for _, key := range Keys() {
		if !slices.Contains(has, key.Path) {
			t.Errorf("settings.example.yaml lacks %s", key.Path)
		}
	}
}

// paths lists the keys of a tree as Keys does.
func paths(n *yaml.Node, at string, out *[]string) {
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		path := strings.TrimPrefix(at+"."+n.Content[i].Value, ".")
		if at == "claude.prices" {
			path = at + ".*"
		}
		*out = append(*out, path)
		paths(n.Content[i+1], path, out)
	}
	for _, item := range n.Content {
		if n.Kind == yaml.SequenceNode {
			paths(item, at+"[]", out)
		}
	}
}

func TestSchemaHasEveryKey(t *testing.T) {
	t.Parallel()
	var document map[string]any
	if err := json.Unmarshal(Schema(), &document); err != nil {
		t.Fatal(err)
	}
	for _, key := range Keys() {
		at := document
		for _, step := range strings.Split(strings.ReplaceAll(key.Path, "[]", ".[]"), ".") {
			next, kind := at["properties"], step
			switch step {
			case "[]":
				next, kind = at, "items"
			case "*":
				next, kind = at, "additionalProperties"
			}
			found, _ := next.(map[string]any)
			at, _ = found[kind].(map[string]any)
		}
		if at == nil || at["description"] == "" || at["description"] == nil {
			t.Errorf("schema.json lacks %s, or its description", key.Path)
		}
	}
}

func TestReferenceIsFresh(t *testing.T) {
	data, err := os.ReadFile(docsFile)
	if err != nil {
		t.Fatal(err)
	}
	head, old, found := strings.Cut(string(data), docsMark)
	if !found {
		t.Fatalf("%s lacks the line %s", docsFile, docsMark)
	}
	fresh := reference(t)
	if *update {
		if err := os.WriteFile(docsFile, []byte(head+docsMark+fresh), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if old != fresh {
		t.Error("docs/configuration.md is stale: run go test ./internal/config -update")
	}
}

// reference is a table of the keys of each section.
func reference(t *testing.T) string {
	t.Helper()
	docs := comments(t)
	defaults := reflect.ValueOf(Default()).Elem()
	var out strings.Builder
	for _, key := range Keys() {
		text := describe(docs, key.in)
		if text == "" {
			t.Errorf("%s: its field has no comment", key.Path)
		}
		if !strings.Contains(key.Path, ".") && !key.Leaf {
			fmt.Fprintf(&out, "\n## `%s`\n\n%s\n\n| key | value | default | in force | |\n| --- | --- | --- | --- | --- |\n", key.Path, text)
			continue
		}
		if key.Leaf || text != "" {
			fmt.Fprintf(&out, "| `%s` | %s | %s | %s | %s |\n", key.Path, typeName(key), defaultOf(defaults, key.Path), key.Force(), text)
		}
	}
	return out.String()
}

func defaultOf(defaults reflect.Value, path string) string {
	v := defaults
	for _, step := range strings.Split(path, ".") {
		if v.Kind() != reflect.Struct {
			return ""
		}
		next := reflect.Value{}
		for _, f := range fieldsOf(v.Type()) {
			if f.name == step {
				next = v.FieldByIndex(f.index)
			}
		}
		if !next.IsValid() {
			return ""
		}
		v = next
	}
	if text := shown(v); text != nil {
		return fmt.Sprintf("`%v`", text)
	}
	return ""
}

// typeName is what the reference calls the type of a key.
func typeName(key Key) string {
	t := key.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	_, _, choices := bounds(key.in.tag)
	switch {
	case !key.Leaf:
		return "section"
	case len(choices) > 0:
		return "`" + strings.Join(choices, "`, `") + "`"
	case t == reflect.TypeFor[Level]():
		return "`DEBUG`, `INFO`, `WARNING`, `ERROR`"
	case is[time.Duration](t):
		return "duration"
	case is[hls.Secret](t):
		return "secret"
	case t == reflect.TypeFor[route.Strings]():
		return "text or list"
	case t == reflect.TypeFor[route.Categories]():
		return "groups of labels"
	case t.Kind() == reflect.Slice && is[hls.Secret](t.Elem()):
		return "secret or list"
	case t.Kind() == reflect.Slice:
		return "list"
	case t.Kind() == reflect.Map:
		return "mapping"
	case t.Kind() == reflect.Bool:
		return "`true`, `false`"
	default:
		return wanted(t)
	}
}
