package config

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/netip"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/invopop/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"hls/internal/hls"
	"hls/internal/route"
)

var update = flag.Bool("update", false, "write schema.json and docs/configuration.md anew")

const exampleFile = "../../settings.example.yaml"

// rooms are the folders whose structs the settings are composed of.
var rooms = []string{".", "../receive", "../github", "../claude", "../analyze", "../record", "../route", "../prompt", "../telemetry", "../notify"}

// comments are the Go doc comments of the rooms' types and fields.
func comments(t *testing.T) map[string]string {
	t.Helper()
	r := &jsonschema.Reflector{}
	for _, room := range rooms {
		if err := r.AddGoComments("hls/internal/config", room); err != nil {
			t.Fatal(err)
		}
	}
	return r.CommentMap
}

// describe turns a field's Go comment into a description of its key: BaseURL is the root → The root.
func describe(comments map[string]string, f field) string {
	text := strings.Join(strings.Fields(comments[f.owner.PkgPath()+"."+f.owner.Name()+"."+f.goes]), " ")
	if rest, named := strings.CutPrefix(text, f.goes); named {
		rest, plain := strings.TrimPrefix(rest, " "), strings.EqualFold(f.goes, f.name)
		switch verb, bare, _ := strings.Cut(rest, " "); verb {
		case "is", "are":
			text, plain = bare, true
		case "says", "names", "name", "replaces", "reads":
			text, plain = rest, true
		}
		if !plain || strings.HasPrefix(rest, "true") || strings.HasPrefix(rest, "false") {
			text = strings.ReplaceAll("`"+f.name+"` "+rest, "` ,", "`,")
		}
	}
	for _, sibling := range fieldsOf(f.owner) {
		if !strings.EqualFold(sibling.goes, sibling.name) {
			text = strings.ReplaceAll(text, sibling.goes, "`"+sibling.name+"`")
		}
	}
	if word, _, _ := strings.Cut(text, " "); strings.Contains(word, "/") {
		return text
	}
	first, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(first)) + text[size:]
}

func textOrList() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
		{Type: "string"}, {Type: "array", Items: &jsonschema.Schema{Type: "string"}},
	}}
}

// special gives the schemas of types that read their own text.
func special(t reflect.Type) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[time.Duration]():
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
			{Type: "string", Pattern: `^([0-9]+d)?(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h))*$|^0$|\$\{`}, {Const: 0},
		}}
	case reflect.TypeFor[netip.Prefix](), reflect.TypeFor[hls.Secret]():
		return &jsonschema.Schema{Type: "string"}
	case reflect.TypeFor[route.Strings](), reflect.TypeFor[[]hls.Secret]():
		return textOrList()
	case reflect.TypeFor[route.Categories]():
		return &jsonschema.Schema{Type: "object", AdditionalProperties: group()}
	case reflect.TypeFor[route.EventModels]():
		return &jsonschema.Schema{Type: "object", AdditionalProperties: eventModel()}
	case reflect.TypeFor[Level]():
		level := &jsonschema.Schema{Type: "string"}
		for _, name := range []string{"DEBUG", "INFO", "WARN", "WARNING", "ERROR", "CRITICAL"} {
			level.Enum = append(level.Enum, name, strings.ToLower(name))
		}
		return level
	default:
		return nil
	}
}

// eventModel is the schema of the models for one event.
func eventModel() *jsonschema.Schema {
	models := &jsonschema.Schema{Type: "object", Properties: jsonschema.NewProperties(), AdditionalProperties: jsonschema.FalseSchema}
	for _, name := range []string{"model", "fallback"} {
		models.Properties.Set(name, &jsonschema.Schema{Type: "string"})
	}
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string"}, models}}
}

// group is the schema of one group of labels.
func group() *jsonschema.Schema {
	text := &jsonschema.Schema{Type: "string"}
	object := func(required string, pairs ...any) *jsonschema.Schema {
		s := &jsonschema.Schema{Type: "object", Properties: jsonschema.NewProperties(),
			AdditionalProperties: jsonschema.FalseSchema, Required: []string{required}}
		for i := 0; i < len(pairs); i += 2 {
			s.Properties.Set(pairs[i].(string), pairs[i+1].(*jsonschema.Schema))
		}
		return s
	}
	label := &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
		{Type: "string"}, {Type: "number"}, object("name", "name", text, "description", text, "color", text),
	}}
	labels := &jsonschema.Schema{AnyOf: []*jsonschema.Schema{label, {Type: "array", Items: label}}}
	exclusive := &jsonschema.Schema{Type: "boolean"}
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
		labels, object("labels", "exclusive", exclusive, "labels", labels),
	}}
}

// generate makes the schema out of the Go types.
func generate(t *testing.T) []byte {
	t.Helper()
	r := &jsonschema.Reflector{
		FieldNameTag: "yaml", Anonymous: true, DoNotReference: true, RequiredFromJSONSchemaTags: true, Mapper: special,
	}
	s := r.ReflectFromType(reflect.TypeFor[Settings]())
	s.Title = "settings.yaml of HLS"
	s.Description = "Every text may hold ${NAME} or ${NAME:-default}, which the environment fills in."
	docs := comments(t)
	finish(s, reflect.TypeFor[Settings](), reflect.ValueOf(Default()).Elem(), docs)
	repositories, _ := s.Properties.Get("repositories")
	repositories.Items.Required = []string{"name"}
	out, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(out, '\n')
}

// finish gives an object's properties their descriptions and defaults, and lets variables stand for any scalar.
func finish(s *jsonschema.Schema, t reflect.Type, defaults reflect.Value, docs map[string]string) {
	s.Description = strings.Join(strings.Fields(s.Description), " ")
	for _, f := range fieldsOf(t) {
		p, ok := s.Properties.Get(f.name)
		if !ok {
			continue
		}
		value := reflect.Value{}
		if defaults.IsValid() {
			value = defaults.FieldByIndex(f.index)
		}
		inner, below := p, f.kind
		if p.Items != nil && p.Items.Properties != nil {
			inner, below = p.Items, f.kind.Elem()
		}
		if extra := p.AdditionalProperties; extra != nil && extra.Properties != nil {
			inner, below = extra, f.kind.Elem()
		}
		if inner.Properties != nil {
			if inner != p {
				value = reflect.Value{}
			}
			finish(inner, below, value, docs)
		}
		p = open(p)
		p.Description = describe(docs, f)
		if inner.Properties == nil {
			p.Default = shown(value)
		}
		s.Properties.Set(f.name, p)
	}
}

// open lets a variable stand where the schema asks for more than any text.
func open(p *jsonschema.Schema) *jsonschema.Schema {
	variable := &jsonschema.Schema{Type: "string", Pattern: `\$\{`}
	switch {
	case p.Type == "integer" || p.Type == "number" || p.Type == "boolean" || len(p.Enum) > 0:
		p.Description = ""
		if p.Minimum == "" && p.Type != "boolean" && p.Type != "string" {
			p.Minimum = "0" // as the binder has it
		}
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{p, variable}}
	default:
		return p
	}
}

// shown is a default as the file would have it, nil when there is none to show.
func shown(v reflect.Value) any {
	for v.IsValid() && v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if !v.IsValid() || is[hls.Secret](v.Type()) {
		return nil
	}
	if d, ok := v.Interface().(time.Duration); ok {
		return shortDuration(d)
	}
	switch v.Kind() {
	case reflect.String:
		if v.Len() == 0 {
			return nil
		}
		return v.String()
	case reflect.Bool, reflect.Int, reflect.Int64, reflect.Float64:
		return v.Interface()
	default:
		return nil
	}
}

func shortDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func TestSchemaIsFresh(t *testing.T) {
	want := generate(t)
	if *update {
		if err := os.WriteFile("schema.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(Schema(), want) {
		t.Error("schema.json is stale: run go test ./internal/config -update")
	}
}

// compiled is the schema, ready to validate.
func compiled(t *testing.T) *validator.Schema {
	t.Helper()
	document, err := validator.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := validator.NewCompiler()
	if err := c.AddResource("settings.json", document); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("settings.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// instance is YAML as a JSON validator sees it.
func instance(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	out, err := validator.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSchemaAcceptsWhatLoadAccepts(t *testing.T) {
	t.Parallel()
	example, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	s := compiled(t)
	for name, text := range map[string]string{
		"seed": seed, "example": string(example), "minimal": minimal, "uncommented": uncomment(string(example)),
		"flexible": `
server: {port: "${PORT}", trusted_proxies: [10.0.0.0/8, "::1"], shutdown_grace: 1d12h}
github: {webhook_secret: [one-of-two-secrets, "${OTHER}"]}
features: {dry_run: "${DRY:-true}"}
logging: {level: warning, format: "${FORMAT:-text}"}
processing: {debounce: 0, timeout: "${T}"}
repositories:
  - name: a/*
    events: issues
    webhook_secret: its-own-secret
    labels:
      categories:
        priority: [priority-high, {name: priority-low, description: d, color: "aabbcc"}]
        kind: bug
        area: {exclusive: true, labels: [a, b]}
`,
	} {
		if err := s.Validate(instance(t, text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, text := range map[string]string{
		"unknown key": "server: {prot: 1}", "wrong type": "server: {port: here}", "out of range": "server: {port: 70000}",
		"bad duration": "processing: {debounce: 10}", "no name": "repositories: [{}]", "bad choice": "logging: {format: xml}",
		"bad list": "repositories: [{name: a/b, events: {a: b}}]", "bad group": "repositories: [{name: a/b, labels: {categories: {x: {y: z}}}}]",
	} {
		if s.Validate(instance(t, text)) == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
