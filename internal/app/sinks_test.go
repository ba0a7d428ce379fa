package app_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// What a door says when it fails may repeat what it was sent. No sink shows it.
func TestS1_ErrorsOfADoorShowNoSecret(t *testing.T) {
	t.Parallel()
	const secret = "github-token-of-the-tests"
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, `{"message":"cannot serve `+r.Header.Get("Authorization")+`"}`, http.StatusInternalServerError)
	}))
	t.Cleanup(broken.Close)
	cl := answering(bugAnswer)
	claudeURL, stop := cl.Start()
	t.Cleanup(stop)
	s := &service{t: t, github: shop(), claude: cl, dir: t.TempDir(), log: &buffer{}}
	s.run(settingsFor(broken.URL, claudeURL, s.dir) + widgetSettings)
	d := s.issueOpened()
	s.send(d)
	eventually(t, func() bool {
		_, health := s.fetch("/health", adminToken)
		return strings.Contains(string(health), "cannot serve") && strings.Contains(s.log.String(), "cannot serve")
	})
	sinks := map[string]string{"log": s.log.String()}
	for _, path := range []string{"/health", "/stats", "/metrics", "/api/v1/deliveries", "/api/v1/deliveries/" + d.GUID, "/api/v1/audit"} {
		_, body := s.fetch(path, adminToken)
		sinks[path] = string(body)
	}
	for name, text := range sinks {
		for i := 0; i+8 <= len(secret); i++ {
			if strings.Contains(text, secret[i:i+8]) {
				t.Errorf("%s shows %q", name, secret[i:i+8])
			}
		}
	}
}
