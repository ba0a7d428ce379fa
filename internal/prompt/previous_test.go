package prompt

import (
	"strings"
	"testing"

	"hls/internal/hls"
)

// A purge takes the answer of an old analysis away. What follows it on the same subject is asked all the same.
func TestO1_APurgedAnalysisMakesAPrompt(t *testing.T) {
	t.Parallel()
	in := sample(t, "pull_request.opened", hls.Rule{})
	in.Facts.Previous = &hls.Analysis{Revision: "abc@main"}
	if p := render(t, renderer(t, Config{}), in); !strings.Contains(p.User, "open finding 3f2a91c2") {
		t.Errorf("%s", p.User)
	}
}
