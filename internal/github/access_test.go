package github

import (
	"errors"
	"testing"

	"hls/internal/hls"
)

func TestAccessIsWhatGitHubTells(t *testing.T) {
	t.Parallel()
	s := serve(t, routes{
		"GET /repos/acme/widget/collaborators/mona/permission": answer(200, `{"permission":"write","role_name":"maintain",
			"user":{"id":3,"login":"mona","type":"User","permissions":{"push":true}}}`),
		"GET /repos/acme/widget/collaborators/eve_corp/permission": answer(200, `{"permission":"read","role_name":"triage","user":{"id":4}}`),
		"GET /repos/acme/widget/collaborators/lost/permission":     answer(403, `{"message":"Must have push access"}`),
	})
	c := dial(t, s)
	if a, err := c.Access(t.Context(), widget, "mona"); err != nil || !a.Writes() || a.User.ID != 3 {
		t.Errorf("%+v, %v", a, err)
	}
	if a, err := c.Access(t.Context(), widget, "eve_corp"); err != nil || a.Writes() {
		t.Errorf("%+v, %v", a, err)
	}
	_, err := c.Access(t.Context(), widget, "lost")
	wantReason(t, err, reasonForbidden)
	asked := len(s.seen())
	for _, name := range []string{"nobody", "", "../../user", "hls[bot]", "a/b", "mona?x"} {
		if a, err := c.Access(t.Context(), widget, name); !errors.Is(err, hls.ErrNotFound) || a.Writes() {
			t.Errorf("%q: %+v, %v", name, a, err)
		}
	}
	if len(s.seen()) != asked+1 {
		t.Errorf("asked %+v", s.seen()[asked:])
	}
}
