package jinja_test

import (
	"context"
	"errors"
	"fmt"
	"os"

	"hls/jinja"
)

func Example() {
	env, err := jinja.New(jinja.Options{TrimBlocks: true, LstripBlocks: true})
	if err != nil {
		panic(err)
	}
	tpl, err := env.Parse("labels.j2", "{% for label in issue.labels %}\n- {{ label.name|upper }}\n{% endfor %}\n")
	if err != nil {
		panic(err)
	}
	values, err := jinja.FromJSON([]byte(`{"issue": {"labels": [{"name": "bug"}, {"name": "help wanted"}]}}`))
	if err != nil {
		panic(err)
	}
	if err := tpl.Render(context.Background(), os.Stdout, values); err != nil {
		panic(err)
	}
	// Output:
	// - BUG
	// - HELP WANTED
}

func ExampleEnv_Template() {
	env, err := jinja.New(jinja.Options{Loader: jinja.Chain(
		jinja.Map{"greeting.j2": "{% extends 'base.j2' %}{% block who %}reader{% endblock %}"},
		jinja.Map{"base.j2": "Hello, {% block who %}world{% endblock %}!"},
	)})
	if err != nil {
		panic(err)
	}
	tpl, err := env.Template("greeting.j2")
	if err != nil {
		panic(err)
	}
	fmt.Println(tpl.RenderString(context.Background(), nil))
	// Output: Hello, reader! <nil>
}

func ExampleFS() {
	root, err := os.OpenRoot("testdata/corpus/templates") // refuses links that lead out of the folder
	if err != nil {
		panic(err)
	}
	defer func() { _ = root.Close() }()
	env, err := jinja.New(jinja.Options{Loader: jinja.FS(root.FS())})
	if err != nil {
		panic(err)
	}
	_, err = env.Template("../manifest.json")
	fmt.Println(err)
	// Output: TemplateNotFound: ../manifest.json
}

func ExampleError() {
	env, err := jinja.New(jinja.Options{})
	if err != nil {
		panic(err)
	}
	_, err = env.Parse("broken.j2", "Title:\n{{ issue.title | uper }}")
	var e *jinja.Error
	if errors.As(err, &e) {
		fmt.Println(e.Position(), e.Message)
	}
	// Output: broken.j2:2:18 No filter named 'uper'.
}

func ExampleFilter() {
	plural := func(value any, args jinja.Args) (any, error) {
		if value == int64(1) {
			return args.Positional[0], nil
		}
		return fmt.Sprintf("%vs", args.Positional[0]), nil
	}
	env, err := jinja.New(jinja.Options{Filters: map[string]jinja.Filter{"plural": plural}})
	if err != nil {
		panic(err)
	}
	tpl, err := env.Parse("t", "{{ n }} {{ n|plural('label') }}")
	if err != nil {
		panic(err)
	}
	fmt.Println(tpl.RenderString(context.Background(), map[string]any{"n": 3}))
	// Output: 3 labels <nil>
}
