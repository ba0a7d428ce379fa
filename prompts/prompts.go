// Package prompts holds the built-in templates: a folder for each group of events, with system.j2 for the stable part
// of a prompt and one template for each step.
package prompts

import "embed"

// FS is the folder of built-in templates.
//
//go:embed system.j2 */*.j2
var FS embed.FS
