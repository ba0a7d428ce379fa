// Package jinja renders Jinja2 templates as Python's Jinja2 3.1 renders them, byte for byte.
//
// An [Env] holds the options, the loader, the filters, tests and globals. It is configured once, with [New] and the
// Add methods, and then used from any number of goroutines:
//
//	env, err := jinja.New(jinja.Options{Loader: jinja.FS(root.FS()), TrimBlocks: true, LstripBlocks: true})
//	tpl, err := env.Template("issues/analyze.j2")
//	vars, err := jinja.FromJSON(payload)
//	text, err := tpl.RenderString(ctx, vars)
//
// Values are data. They are never parsed as templates, and a template reaches nothing of the program but the values,
// filters, tests and globals that it was given: there is no reflection, and attributes that begin with an underscore
// are refused.
//
// Rendering is bounded by [Limits] and by the context's deadline, so that a template, or a value that it works on,
// cannot exhaust memory or time. Every failure is an [*Error] that names template, line and column.
package jinja
