package github

import (
	"errors"
	"testing"

	"hls/internal/hls"
)

func TestWhoMayWrite(t *testing.T) {
	t.Parallel()
	const path = "GET /repos/acme/widget/collaborators/mona/permission"
	of := func(permission string) string {
		return `{"permission":"` + permission + `","role_name":"x","user":{"id":2,"login":"mona"}}`
	}
	for name, tc := range map[string]struct {
		status  int
		body    string
		may     bool
		unknown bool
	}{
		"admin": {200, of("admin"), true, false}, "write": {200, of("write"), true, false}, "read": {200, of("read"), false, false},
		"none": {200, of("none"), false, false}, "something new": {200, of("owner"), false, false},
		"another account": {200, `{"permission":"admin","user":{"id":9,"login":"mona"}}`, false, false},
		"no account":      {200, `{"permission":"admin","user":null}`, false, false},
		"no such login":   {404, `{"message":"mona is not a user"}`, false, false},
		"not to be known": {403, `{"message":"Must have push access to view collaborator permission."}`, false, true},
	} {
		c := dial(t, serve(t, routes{path: answer(tc.status, tc.body)}))
		may, err := c.MayWrite(t.Context(), widget, hls.Account{ID: 2, Login: "mona"})
		if may != tc.may || errors.Is(err, hls.ErrNotFound) != tc.unknown || !tc.unknown && err != nil {
			t.Errorf("%s: %v, %v", name, may, err)
		}
	}
	c := dial(t, serve(t, routes{path: answer(502, `{}`)}))
	var retry *hls.RetryAfter
	if _, err := c.MayWrite(t.Context(), widget, hls.Account{ID: 2, Login: "mona"}); !errors.As(err, &retry) {
		t.Errorf("an outage: %v", err)
	}
}
