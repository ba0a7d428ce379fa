package route_test

import (
	"fmt"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"hls/internal/route"
)

func node(t *testing.T, text string) *yaml.Node {
	t.Helper()
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		t.Fatal(err)
	}
	return document.Content[0]
}

func TestStrings(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`one`:          `["one"]`,
		`[one, "two"]`: `["one" "two"]`,
		`[1.0, 2]`:     `["1.0" "2"]`,
		`[]`:           `[]`,
		`true`:         `true is not a text; write it in quotes if it is meant as one`,
		`"true"`:       `["true"]`,
		`[a, [b], ~]`:  "item 2: want a text, or a list of texts\nitem 3: want a text, or a list of texts",
		`{a: b}`:       `want a text, or a list of texts`,
		`""`:           `the text is empty`,
		`[a, " "]`:     `item 2: the text is empty`,
	} {
		var got route.Strings
		err := got.UnmarshalYAML(node(t, text))
		if err != nil {
			if err.Error() != want {
				t.Errorf("%s: %v; want %s", text, err, want)
			}
		} else if s := fmt.Sprintf("%q", []string(got)); s != want {
			t.Errorf("%s: %s; want %s", text, s, want)
		}
	}
}

func TestCategoriesKeepTheirOrder(t *testing.T) {
	t.Parallel()
	var c route.Categories
	err := c.UnmarshalYAML(node(t, `
zone: [z1, {name: z2, description: Last, color: "#00FF00"}]
priority:
  exclusive: false
  labels: [p1, 2.0]
area: {labels: one}
`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, category := range c {
		exclusive := "?"
		if category.Exclusive != nil {
			exclusive = fmt.Sprint(*category.Exclusive)
		}
		got = append(got, fmt.Sprintf("%s %s %v", category.Name, exclusive, category.Labels))
	}
	want := "zone ? [{z1  } {z2 Last 00FF00}]; priority false [{p1  } {2.0  }]; area ? [{one  }]"
	if s := strings.Join(got, "; "); s != want {
		t.Errorf("got %s, want %s", s, want)
	}
}

func TestCategoriesRefuse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`[a]`:                             `want groups of labels, as "priority: [priority-high, priority-low]"`,
		`{a: {labels: [x], exclusiv: 1}}`: `a: unknown key "exclusiv" (did you mean "exclusive"?)`,
		`{a: {exclusive: 3, labels: x}}`:  `a: exclusive: want true or false`,
		`{a: [{name: x, colr: y}]}`:       `a: unknown key "colr" (did you mean "color"?)`,
		`{a: [{description: y}]}`:         `a: want a label's name, or name, description and color`,
		`{a: [{name: [x]}]}`:              `a: name: want a text, or a list of texts`,
		`{a: [[x]], b: [~]}`:              "a: want a label's name, or name, description and color\nb: want a label's name, or name, description and color",
		`{a: [{name: x, qqqqq: y}]}`:      `a: unknown key "qqqqq"`,
	} {
		var c route.Categories
		if err := c.UnmarshalYAML(node(t, text)); err == nil || err.Error() != want {
			t.Errorf("%s: %v; want %s", text, err, want)
		}
	}
}
