package prompt_test

import (
	"flag"
	"testing"
	"fmt"

	"hls/internal/hls"
	"hls/internal/prompt"
	"hls/prompts"
)

var update = flag.Bool("update", false, "write the golden files")

func TestBuiltinTemplatesPass(t *testing.T) {
	r, err := prompt.New(prompt.Config{}, prompts.FS, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range r.Check(t.Context()) {
		t.Error(p)
	}
	in, _ := prompt.SampleInput("issues.opened", hls.Rule{})
	in.Question = hls.Question{Group:"issues", Step:"analyze"}
	p, err := r.Render(t.Context(), in)
	fmt.Println(err, p.System, p.User)
	in, _ = prompt.SampleInput("pull_request.opened", hls.Rule{})
	in.Question = hls.Question{Group:"pull_requests", Step:"review"}
	p, err = r.Render(t.Context(), in)
	fmt.Println(err, p.System, p.User)
	in, _ = prompt.SampleInput("push", hls.Rule{})
	in.Question = hls.Question{Group:"push", Step:"analyze"}
	p, err = r.Render(t.Context(), in)
	fmt.Println(err, p.User)
}
