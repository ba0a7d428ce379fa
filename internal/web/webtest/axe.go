package webtest

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// axe is axe-core, which finds what keeps people out who cannot see, point or tell colors apart: see axe/LICENSE.
//
//go:embed axe/axe.min.js
var axe string

// finding is what axe says of a page.
type finding struct {
	ID     string `json:"id"`
	Impact string `json:"impact"`
	Help   string `json:"help"`
	Nodes  []struct {
		HTML    string `json:"html"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

// Accessible expects that axe has nothing serious or critical to say of the page, in light and in dark.
func (b *Tab) Accessible(where string) {
	b.t.Helper()
	for _, barrier := range b.Barriers() {
		b.t.Errorf("%s, %s", where, barrier)
	}
}

// Barriers are what axe has to say of the page that is serious or critical, in light and in dark.
func (b *Tab) Barriers() (all []string) {
	b.t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		b.Scheme(scheme)
		b.Do(chromedp.EvaluateAsDevTools[chromedp.Void](axe))
		const run = `axe.run(document, {resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations))`
		text, err := chromedp.Run(b.Context, chromedp.Evaluate[string](run, chromedp.EvalAwaitPromise))
		if err != nil {
			b.t.Fatal(err)
		}
		var found []finding
		if err := json.Unmarshal([]byte(text), &found); err != nil {
			b.t.Fatal(err)
		}
		for _, f := range found {
			if f.Impact == "serious" || f.Impact == "critical" {
				all = append(all, fmt.Sprintf("%s: %s: %s: %s%s", scheme, f.Impact, f.ID, f.Help, f.of()))
			}
		}
	}
	b.Scheme("")
	return all
}

func (f finding) of() string {
	var all strings.Builder
	for _, n := range f.Nodes[:min(len(f.Nodes), 3)] {
		fmt.Fprintf(&all, "\n\t%.200s\n\t%s", n.HTML, strings.ReplaceAll(n.Summary, "\n", " "))
	}
	return all.String()
}

// Scheme has the page think that the reader prefers light or dark; "" leaves it to the machine.
func (b *Tab) Scheme(name string) {
	b.t.Helper()
	params := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}}}
	if _, err := chromedp.Call(b.Context, emulation.SetEmulatedMedia, params); err != nil {
		b.t.Fatal(err)
	}
}
