package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/simulate"
)

const (
	tenant       = "mallory/own"
	tenantSecret = "secret-of-mallory-987654321"
	twoTenants   = `
repositories:
  - name: acme/widget-shop
  - name: mallory/own
    webhook_secret: "` + tenantSecret + `"
`
)

// shared is a service for two repositories that do not trust each other; the second has a secret of its own.
func shared(t *testing.T, cl *simulate.Claude) *service {
	t.Helper()
	gh := shop()
	gh.AddRepository(simulate.RepositorySeed{FullName: tenant, Labels: []hls.Label{{Name: "bug"}}})
	gh.AddIssue(tenant, simulate.IssueSeed{Number: 7, Title: "x crash", Author: "mallory", Body: "The app panics with a nil pointer always"})
	return start(t, twoTenants, gh, cl)
}

// forge sends an issue of the tenant's that was changed, signed with the tenant's secret.
func (s *service) forge(guid string, change func(payload map[string]any)) {
	s.t.Helper()
	body := edited(s.t, s.github.IssuePayload(tenant, 7, "opened", "mallory", nil), change)
	code, answer, err := simulate.Send(s.t.Context(), s.url+"/webhook", tenantSecret, simulate.Delivery{Event: "issues", GUID: guid, Payload: body})
	if err != nil || code != http.StatusAccepted {
		s.t.Fatalf("%s: %d %s %v", guid, code, answer, err)
	}
}

func edited(t *testing.T, payload []byte, change func(map[string]any)) []byte {
	t.Helper()
	in := json.NewDecoder(strings.NewReader(string(payload)))
	in.UseNumber()
	var m map[string]any
	if err := in.Decode(&m); err != nil {
		t.Fatal(err)
	}
	change(m)
	out, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func numberOf(t *testing.T, payload []byte) (id json.Number) {
	t.Helper()
	edited(t, payload, func(m map[string]any) { id, _ = m["repository"].(map[string]any)["id"].(json.Number) })
	return id
}

// Whoever has the secret of one repository can claim the number of another, and any time. It does them no good, and
// the other no harm.
func TestI5_ASecretProvesNoOtherRepository(t *testing.T) {
	t.Parallel()
	s := shared(t, answering(bugAnswer))
	victim := s.issueOpened()
	number := numberOf(t, victim.Payload)
	for i, at := range []string{"9999-01-01T00:00:00Z", "2000-01-01T00:00:00Z", time.Now().Add(time.Hour).Format(time.RFC3339)} {
		guid := fmt.Sprintf("forged-%d", i)
		s.forge(guid, func(m map[string]any) {
			m["repository"].(map[string]any)["id"] = number
			m["issue"].(map[string]any)["updated_at"] = at
		})
		if task := s.settled(guid); task.State != hls.Skipped || task.Reason != "another_repository" {
			t.Errorf("the forged delivery ended as %s (%s)", task.State, task.Reason)
		}
	}
	s.forge("unnumbered", func(m map[string]any) { delete(m["repository"].(map[string]any), "id") })
	if task := s.settled("unnumbered"); task.State != hls.Skipped || task.Reason != "another_repository" {
		t.Errorf("the delivery without a number ended as %s (%s)", task.State, task.Reason)
	}
	s.send(victim)
	if task := s.settled(victim.GUID); task.State != hls.Done || len(s.github.Comments(widgets, 7)) != 1 {
		t.Errorf("the real delivery ended as %s (%s)", task.State, task.Reason)
	}
	if n := len(s.claude.Calls()); n != 1 {
		t.Errorf("Claude was asked %d times", n)
	}
}

// A name that was given away and taken anew is not the repository that the event was about.
func TestE6_ANameTakenByAnotherIsLeftAlone(t *testing.T) {
	t.Parallel()
	gh := shop()
	s := start(t, widgetSettings+"processing: {debounce: 1s}\n", gh, answering(bugAnswer))
	d := s.issueOpened()
	s.send(d)
	gh.RenameRepository(widgets, "acme/renamed")
	gh.AddRepository(simulate.RepositorySeed{FullName: widgets, Labels: []hls.Label{{Name: "bug"}}})
	gh.AddIssue(widgets, simulate.IssueSeed{Number: 7, Title: "another's", Author: "mallory", Body: "panics with a nil pointer, says mallory"})
	if task := s.settled(d.GUID); task.State != hls.Skipped || task.Reason != "another_repository" {
		t.Errorf("ended as %s (%s)", task.State, task.Reason)
	}
	if len(gh.Comments(widgets, 7)) > 0 || len(gh.Labels(widgets, 7)) > 0 {
		t.Error("the other repository was written to")
	}
}

// A secret that happens to hold a repository's name is kept out of texts, and hides no delivery from its own service.
func TestS1_ASecretLikeANameStopsNoDelivery(t *testing.T) {
	t.Parallel()
	const secret = "acme/widget-shop-webhook-2026"
	s := start(t, "\nrepositories:\n  - {name: acme/widget-shop, webhook_secret: "+secret+"}\n", shop(), answering(bugAnswer))
	d := s.issueOpened()
	if code, answer, err := simulate.Send(t.Context(), s.url+"/webhook", secret, d); err != nil || code != http.StatusAccepted {
		t.Fatal(code, string(answer), err)
	}
	if task := s.settled(d.GUID); task.State != hls.Done {
		t.Errorf("ended as %s (%s)", task.State, task.Reason)
	}
}
