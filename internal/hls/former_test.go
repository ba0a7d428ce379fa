package hls_test

import (
	"strings"
	"testing"

	"hls/internal/hls"
)

func TestFormerNames(t *testing.T) {
	t.Parallel()
	const repo = `"repository":{"id":1,"name":"new","full_name":"acme/new","owner":{"login":"acme"}}`
	for name, c := range map[string]struct{ event, body, want string }{
		"label renamed":             {"label", `{"label":{"name":"b"},"changes":{"name":{"from":"a"}}}`, "a"},
		"label recolored":           {"label", `{"label":{"name":"b"},"changes":{"color":{"from":"ededed"}}}`, ""},
		"repository renamed":        {"repository", `{"changes":{"repository":{"name":{"from":"old"}}},` + repo + `}`, "acme/old"},
		"given to another user":     {"repository", `{"changes":{"owner":{"from":{"user":{"login":"mona"}}}},` + repo + `}`, "mona/new"},
		"to another organization":   {"repository", `{"changes":{"owner":{"from":{"organization":{"login":"octo"}}}},` + repo + `}`, "octo/new"},
		"a change of another shape": {"repository", `{"changes":{"owner":7},` + repo + `}`, ""},
		"another event":             {"issues", `{"changes":{"name":{"from":"a"}}}`, ""},
		"a long one":                {"label", `{"changes":{"name":{"from":"` + strings.Repeat("x", 900) + `"}}}`, strings.Repeat("x", 300)},
	} {
		e, err := hls.DecodeEvent(hls.Delivery{Event: c.event, Body: []byte(c.body)})
		if err != nil || e.Former != c.want {
			t.Errorf("%s: %q, %v", name, e.Former, err)
		}
	}
}
