package prompt

import (
	"maps"
	"strings"
	"testing"

	"hls/internal/hls"
)

// The model and the record learn of characters that nobody sees, whatever a template prints.
func TestHiddenCharactersAreTold(t *testing.T) {
	t.Parallel()
	in := sample(t, "issues.opened", hls.Rule{})
	in.Facts.Issue.Title = "Cra\u200bsh"
	in.Facts.Issue.Body = "It \u202efails\u202c, \U000e0041\U000e0042 and 👩\u200d💻 ❤\ufe0f\u200d🔥 is fine."
	in.Facts.Comments = []hls.Comment{{User: hls.Account{ID: 1, Login: "mona"}, Body: "a\u200bb"}, {User: hls.Account{ID: 1, Login: "mona"}, Body: "a\u2066b"}}
	dir := folder(t, map[string]string{"issues/analyze.j2": `{{ metadata.hidden_characters["issue.body"] }} hidden`})
	want := map[string]int{"issue.title": 1, "issue.body": 4, "comments": 2}
	for name, cfg := range map[string]Config{"built-in": {}, "own": {BaseDir: dir}} {
		p := render(t, renderer(t, cfg), in)
		if !maps.Equal(p.Hidden, want) {
			t.Errorf("%s: %v", name, p.Hidden)
		}
		head, _, _ := strings.Cut(p.User, "<<<EVENT")
		if !strings.Contains(head, "comments 2, issue.body 4, issue.title 1") {
			t.Errorf("%s: the model is told %q", name, head)
		}
		if name == "own" && !strings.Contains(sent(t, p), "4 hidden") {
			t.Errorf("a template sees %q", sent(t, p))
		}
	}
	if p := render(t, renderer(t, Config{}), sample(t, "issues.opened", hls.Rule{})); p.Hidden != nil || strings.Contains(p.User, "readers do not see") {
		t.Errorf("an ordinary event: %v", p.Hidden)
	}
}

// What was gathered is masked as the event is, and the model learns how much was.
func TestS1_PastedSecretsStayOutOfPrompts(t *testing.T) {
	t.Parallel()
	in := sample(t, "pull_request.opened", hls.Rule{})
	token := "gh" + "p_0123456789abcdefghijKLMNOPQRSTUVWXYZ"
	in.Facts.PullRequest.Body = "Try " + token
	in.Facts.Comments = []hls.Comment{{User: hls.Account{ID: 1, Login: "mona"}, Body: "or " + token}}
	in.Facts.Diff = "    12 +\ttoken := \"" + token + "\"\n"
	p := render(t, renderer(t, Config{}), in)
	if strings.Contains(p.User, token[4:]) || p.Masked["github_token"] < 3 {
		t.Errorf("%v in:\n%s", p.Masked, p.User)
	}
	if head, _, _ := strings.Cut(p.User, "<<<EVENT"); !strings.Contains(head, "github_token ") {
		t.Errorf("the model is told %q", head)
	}
}
