package app_test

import (
	"net/http"
	"strings"
	"testing"

	"hls/internal/simulate"
)

// The list of GitHub's addresses is fetched, and the one known outlives a restart while GitHub is down.
func TestI6_GitHubsAddressesAreKnownAcrossRestarts(t *testing.T) {
	t.Parallel()
	gh := shop()
	gh.SetHookNetworks("127.0.0.0/8", "::1/128")
	s := start(t, widgetSettings, gh, answering(bugAnswer))
	s.stop()
	text := strings.Replace(s.text, "server: {", "server: {only_github: true, ", 1)
	s.run(text)
	eventually(t, func() bool { return s.knock() == http.StatusAccepted })
	s.stop()
	gh.Fail(simulate.Fault{PathGlob: "/meta", Times: -1, Status: http.StatusBadGateway})
	s.run(text)
	eventually(t, func() bool { return s.knock() == http.StatusOK }) // a duplicate
	s.stop()
	gh.SetHookNetworks("192.0.2.0/24")
	gh.Heal()
	s.run(text)
	eventually(t, func() bool { return s.knock() == http.StatusForbidden })
}

func (s *service) knock() int {
	s.t.Helper()
	code, _ := s.send(s.issueOpened())
	return code
}
