package simulate

import (
	"encoding/json"
	"slices"
	"sort"
	"strings"
)

// unsupported are the words of JSON Schema that the real API refuses ("Structured outputs", limitations), by type.
var unsupported = map[string][]string{
	"integer": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
	"number":  {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
	"string":  {"minLength", "maxLength"},
	"array":   {"maxItems", "uniqueItems", "contains"},
	"object":  {"minProperties", "maxProperties", "patternProperties"},
}

// checkSchema refuses schemas that the real API refuses.
func checkSchema(raw json.RawMessage) *apiError {
	var schema map[string]any
	if err := json.Unmarshal(raw, &schema); err != nil || len(schema) == 0 {
		return invalidRequest("output_config.format.schema: Input should be a valid dictionary")
	}
	return walkSchema(schema)
}

func walkSchema(schema map[string]any) *apiError {
	for _, kind := range typesOf(schema) {
		var found []string
		for _, word := range unsupported[kind] {
			if _, ok := schema[word]; ok {
				found = append(found, word)
			}
		}
		if len(found) > 0 {
			return invalidRequest("output_config.format.schema: For '%s' type, properties %s are not supported", kind, strings.Join(found, ", "))
		}
		if kind == "object" && schema["additionalProperties"] != false {
			return invalidRequest("output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false")
		}
		if n, ok := schema["minItems"].(float64); ok && kind == "array" && n > 1 {
			return invalidRequest("output_config.format.schema: For 'array' type, 'minItems' values other than 0 or 1 are not supported")
		}
	}
	for _, below := range subschemas(schema) {
		if e := walkSchema(below); e != nil {
			return e
		}
	}
	return nil
}

// subschemas are the schemas directly inside one, in a stable order.
func subschemas(schema map[string]any) []map[string]any {
	var out []map[string]any
	add := func(v any) {
		if s, ok := v.(map[string]any); ok {
			out = append(out, s)
		}
	}
	add(schema["items"])
	for _, word := range []string{"properties", "$defs", "definitions"} {
		group, _ := schema[word].(map[string]any)
		for _, name := range sortedKeys(group) {
			add(group[name])
		}
	}
	for _, word := range []string{"anyOf", "allOf", "oneOf"} {
		list, _ := schema[word].([]any)
		for _, one := range list {
			add(one)
		}
	}
	return out
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// typesOf are the types that a schema allows.
func typesOf(schema map[string]any) []string {
	switch t := schema["type"].(type) {
	case string:
		return []string{t}
	case []any:
		var out []string
		for _, one := range t {
			if s, ok := one.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	if _, ok := schema["properties"]; ok {
		return []string{"object"}
	}
	return nil
}

// filler makes a value that a schema accepts out of a draft, keeping what fits.
type filler struct{ root map[string]any }

func (f filler) fill(schema map[string]any, draft any) any {
	if ref, ok := schema["$ref"].(string); ok {
		return f.fill(f.resolve(ref), draft)
	}
	for _, word := range []string{"anyOf", "oneOf", "allOf"} {
		if list, ok := schema[word].([]any); ok && len(list) > 0 {
			first, _ := list[0].(map[string]any)
			return f.fill(first, draft)
		}
	}
	if c, ok := schema["const"]; ok {
		return c
	}
	if enum, ok := schema["enum"].([]any); ok && len(enum) > 0 {
		switch draft.(type) {
		case string, float64, bool:
			if slices.Contains(enum, draft) {
				return draft
			}
		}
		return enum[0]
	}
	return f.fillType(schema, draft)
}

func (f filler) fillType(schema map[string]any, draft any) any {
	types := typesOf(schema)
	if len(types) == 0 || draft == nil && slices.Contains(types, "null") {
		return nil
	}
	switch types[0] {
	case "object":
		return f.fillObject(schema, draft)
	case "array":
		return f.fillArray(schema, draft)
	case "boolean":
		b, _ := draft.(bool)
		return b
	case "integer", "number":
		return fillNumber(schema, draft)
	case "string":
		if s, ok := draft.(string); ok {
			return s
		}
		return "simulated"
	}
	return nil
}

func (f filler) fillObject(schema map[string]any, draft any) any {
	given, _ := draft.(map[string]any)
	properties, _ := schema["properties"].(map[string]any)
	required, _ := schema["required"].([]any)
	out := map[string]any{}
	for name, p := range properties {
		inner, _ := p.(map[string]any)
		if value, ok := given[name]; ok || slices.Contains(required, any(name)) {
			out[name] = f.fill(inner, value)
		}
	}
	return out
}

func (f filler) fillArray(schema map[string]any, draft any) any {
	given, _ := draft.([]any)
	items, _ := schema["items"].(map[string]any)
	out := []any{}
	for _, one := range given {
		out = append(out, f.fill(items, one))
	}
	return out
}

func fillNumber(schema map[string]any, draft any) any {
	switch n := draft.(type) {
	case int, float64:
		return n
	}
	if least, ok := schema["minimum"].(float64); ok {
		return least
	}
	return 0
}

func (f filler) resolve(ref string) map[string]any {
	at := f.root
	for _, step := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
		at, _ = at[step].(map[string]any)
	}
	return at
}
