// Package jinja renders Jinja2 templates as Python's Jinja2 3.1 renders them, byte for byte, and can be given templates
// and values that nobody trusts.
//
// An [Env] holds the options: the [Loader], the filters, tests and globals, the [Limits]. It is made once, by [New], and
// then used from any number of goroutines. [Env.Template] gives a template by its name, [Template.Render] renders it:
//
//	env, err := jinja.New(jinja.Options{Loader: jinja.FS(root.FS()), TrimBlocks: true, LstripBlocks: true})
//	tpl, err := env.Template("issues/analyze.j2")
//	values, err := jinja.FromJSON(payload)
//	err = tpl.Render(ctx, w, values)
//
// # Values
//
// Values are data. They are never parsed as templates, and a template reaches nothing of the program but the values,
// filters, tests and globals that it was given: there is no reflection, and what Jinja2's sandbox refuses is refused
// here. [FromJSON] keeps the order of keys and integers apart from floats, [From] takes Go's maps, slices, scalars and
// whatever JSON can be made of. Values are not changed by a rendering.
//
// # Missing values
//
// [Options.Undefined] says what a missing value is: [Lenient], [Strict], [Chainable] or [Debug], which are Jinja2's
// classes. [Options.OnUndefined] is told of each use of one, with its place.
//
// # Limits
//
// Rendering is bounded by [Limits] and by the context's deadline, so that neither a template nor a value that it works on
// can exhaust memory, time or the stack.
//
// # Errors
//
// Every failure is an [*Error] that has the class of Python's exception as its [Kind], names template, line and column,
// shows the line, and tells how the rendering came there.
package jinja
