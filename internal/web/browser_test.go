package web

import (
	"fmt"
	"strings"
)

// hostile are texts that outsiders write, each of which runs or loads something where a page takes it for its own.
var hostile = []string{
	`<script>canary=1</script>`, `</title></textarea></pre></details><script>canary=2</script>`, `"><img src=x onerror=canary=3>`,
	`'><svg onload=canary=4>`, `<iframe srcdoc="<script>parent.canary=5</script>"></iframe>`, `<iframe src=javascript:parent.canary=6></iframe>`,
	`<style>*{background:url(http://evil.example/style)}</style>`, `<link rel=stylesheet href=http://evil.example/x.css>`,
	`<meta http-equiv=refresh content="0;url=http://evil.example/">`, `<base href=http://evil.example/>`,
	`<form action=http://evil.example/><input autofocus onfocus=canary=7></form>`, `<object data=http://evil.example/x></object>`,
	`<a href=javascript:canary=8 autofocus onfocus=canary=9>x</a>`, "\xff\xfe<script>canary=10</script>\xc3", "<scr\x00ipt>canary=11</scr\x00ipt>",
	`<img src=http://evil.example/pixel>`, `<video><source onerror=canary=12></video>`, `--><script>canary=13</script><!--`,
	`{{.CSRF}}{{template "main"}}`, `<math href="javascript:canary=14">x</math>`, `<details open ontoggle=canary=15>`,
	"\u202egnp.exe\u202c \u2066<script>canary=16</script>\u2069", `x" onmouseover="canary=17" style="position:fixed;inset:0`,
	`<script src=http://evil.example/x.js></script>`, `</script><script>canary=18</script>`, `<template><script>canary=19</script></template>`,
}

func allHostile() string { return strings.Join(hostile, "\n") }

// numberedHostile is one of them for each of many fields.
func numberedHostile(n int) string { return fmt.Sprintf("%d %s", n, hostile[n%len(hostile)]) }
