package app_test

import (
	"encoding/json"
	"strings"
	"testing"

	"hls/internal/hls"
	"hls/internal/record"
)

// TestS5_SettingsAreTold: the audit log says which settings are in force, from the start and from each reload on, and what
// was refused is not told.
func TestS5_SettingsAreTold(t *testing.T) {
	t.Parallel()
	s := startReloadable(t, widgetSettings, shop(), answering(bugAnswer))
	s.reload(strings.Replace(widgetSettings, "pull_request", "issue_comment", 1))
	eventually(t, s.logged("settings read again"))
	s.reload("repositories: [{name: 7, nonsense: true}]")
	eventually(t, s.logged("the new settings are refused"))
	d := s.issueOpened()
	s.send(d)
	s.settled(d.GUID)
	list, err := s.app.Store().Audited(t.Context(), record.AuditQuery{})
	if err != nil {
		t.Fatal(err)
	}
	chain := record.NewChain(nil)
	told, digests := []string{}, map[string]bool{}
	for _, e := range list {
		if err := chain.Next(e); err != nil {
			t.Fatal(err)
		}
		var data struct{ When, Digest string }
		if err := json.Unmarshal(e.Data, &data); err != nil {
			t.Fatal(err)
		}
		if e.Kind == hls.AuditSettings {
			told = append(told, data.When)
			digests[data.Digest] = true
		}
	}
	if strings.Join(told, " ") != "start reload" || len(digests) != 2 || len(list) < 5 {
		t.Errorf("told %v with digests %v, in %d entries", told, digests, len(list))
	}
}
