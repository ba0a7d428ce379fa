package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/recovery"
	"hls/internal/simulate"
)

// away is a GitHub whose clock a test moves, and an HLS that is up and down at one address.
type away struct {
	*service
	gh    *simulate.GitHub
	hook  int64
	addr  string
	clock atomic.Int64
	text  string // of the settings
	sent  []simulate.Delivery
}

// leave starts GitHub some hours ago. The address of HLS is known from then on, though nobody listens there.
func leave(t *testing.T, ago time.Duration, settings string) *away {
	t.Helper()
	a := &away{}
	a.clock.Store(time.Now().Add(-ago).UnixNano())
	a.gh = simulate.NewGitHub(simulate.GitHubConfig{Now: func() time.Time { return time.Unix(0, a.clock.Load()) }, Limit: 100_000})
	a.gh.AddRepository(simulate.RepositorySeed{FullName: widgets, Labels: []hls.Label{{Name: "bug"}, {Name: "priority-high"}}})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a.addr = listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	a.hook = a.gh.AddHook(widgets, "http://"+a.addr+"/webhook", webhookSecret)
	a.service = &service{t: t, github: a.gh, claude: answering(bugAnswer), dir: t.TempDir(), log: &buffer{}}
	ghURL, stopGH := a.gh.Start()
	clURL, stopCL := a.claude.Start()
	t.Cleanup(stopGH)
	t.Cleanup(stopCL)
	a.text = strings.Replace(settingsFor(ghURL, clURL, a.dir), "port: 0", "port: 0, public_url: \"http://"+a.addr+"\"", 1) + settings
	return a
}

// up runs HLS at its address.
func (a *away) up() {
	a.t.Helper()
	var err error
	if a.listener, err = net.Listen("tcp", a.addr); err != nil {
		a.t.Fatal(err)
	}
	a.run(a.text)
}

func (a *away) pass(d time.Duration) { a.clock.Add(int64(d)) }

// happen makes GitHub deliver.
func (a *away) happen(d simulate.Delivery) (status int) {
	a.t.Helper()
	status, _ = a.gh.Deliver(a.t.Context(), widgets, a.hook, d)
	a.sent = append(a.sent, d)
	return status
}

func (a *away) opened(number int) simulate.Delivery {
	a.gh.AddIssue(widgets, simulate.IssueSeed{Number: number, Title: "Crash when saving", Author: "mona",
		Body: "The app panics with a nil pointer every time I press Save. Version 2.3.1, on Linux."})
	return simulate.Delivery{Event: "issues", GUID: simulate.NewGUID(), Payload: a.gh.IssuePayload(widgets, number, "opened", "mona", nil)}
}

// fetched counts the deliveries that HLS fetched from the log.
func (a *away) fetched() (n int) {
	for _, c := range a.gh.Calls() {
		if strings.Contains(c.Path, "/deliveries/") {
			n++
		}
	}
	return n
}

// looked tells whether a pass went through everything since the service was started.
func (a *away) looked() bool { return a.component("recovery")["last_success"] != nil }

const recovering = "\nrepositories: [{name: " + widgets + ", events: [issues]}]\nfeatures: {recover_missed: true}\nrecovery: {every: 20ms}\n"

// Done when 4 of "Nothing lost, nothing twice": 300 events while HLS is down for two hours, all found and run once.
func TestI7_ThreeHundredEventsOfTwoHours(t *testing.T) {
	t.Parallel()
	a := leave(t, 3*time.Hour, recovering)
	a.up()
	if status := a.happen(a.opened(1)); status != http.StatusAccepted {
		t.Fatalf("the first: %d", status)
	}
	eventually(t, a.looked)
	a.stop()
	a.missTwoHours()
	a.pass(time.Minute)

	a.up()
	a.ended(301)
	a.ranOnce()
	if n := a.fetched(); n != 300 {
		t.Errorf("%d deliveries were fetched from the log, want 300", n)
	}
	eventually(t, a.looked)
	if line := a.component("recovery"); line["status"] != "healthy" {
		t.Errorf("health: %v", line)
	}
	a.stop()
	a.up()
	eventually(t, a.looked)
	if n := a.fetched(); n != 300 {
		t.Errorf("after another start %d deliveries were fetched", n)
	}
	a.ranOnce()
}

// missTwoHours has 300 events that are wanted, the last 20 of them out of order, among others that are not; some are
// delivered twice in vain.
func (a *away) missTwoHours() {
	for i := range 280 {
		a.pass(25 * time.Second)
		d := a.opened(i + 2)
		for range 1 + i%7/6 {
			if status := a.happen(d); status != 0 {
				a.t.Errorf("nobody should answer: %d", status)
			}
		}
		if i%6 == 0 {
			a.happen(simulate.Delivery{Event: "star", GUID: simulate.NewGUID(), Payload: a.gh.EventPayload(widgets, "created", "mona", map[string]any{"starred_at": nil})})
		}
	}
	for i := range 10 {
		late := a.opened(i + 1000)
		a.pass(20 * time.Second)
		a.gh.EditIssue(widgets, i+1000, "Crash when saving", "The app panics with a nil pointer on Save. Version 2.3.1.")
		a.happen(simulate.Delivery{Event: "issues", GUID: simulate.NewGUID(), Payload: a.gh.IssuePayload(widgets, i+1000, "edited", "mona", simulate.Change{"body": "x"})})
		a.happen(late)
	}
}

// ended waits for so many tasks to end, within some minutes: the race detector is slow.
func (a *away) ended(tasks float64) {
	a.t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(8 * time.Minute); ; <-tick.C {
		stats := a.get("/stats")
		ended := stats["successful_processing"].(float64) + stats["failed_processing"].(float64)
		if ended == tasks {
			return
		}
		if time.Now().After(deadline) {
			a.t.Fatalf("%v of %v tasks ended", ended, tasks)
		}
	}
}

// ranOnce checks that every issue was labeled once, and every wanted delivery has one task that ended well.
func (a *away) ranOnce() {
	a.t.Helper()
	seen := map[string]bool{}
	for _, d := range a.sent {
		if d.Event != "issues" || seen[d.GUID] {
			continue
		}
		seen[d.GUID] = true
		task, err := a.app.Store().TaskOf(a.t.Context(), d.GUID)
		if err != nil || task.State != hls.Done && task.State != hls.Superseded {
			a.t.Errorf("delivery %s: %v, %s (%s)", d.GUID, err, task.State, task.Reason)
		}
		if n := len(a.gh.History(widgets, task.Subject.Number)); n > 2 {
			a.t.Errorf("issue %d was labeled %d times", task.Subject.Number, n)
		}
		if labels := a.gh.Labels(widgets, task.Subject.Number); len(labels) == 0 {
			a.t.Errorf("issue %d has no label", task.Subject.Number)
		}
	}
	if len(seen) != 301 {
		a.t.Errorf("%d deliveries, want 301", len(seen))
	}
}

// A gap that cannot be closed is in /health with its times, and fails nothing.
func TestI7_GapIsInHealth(t *testing.T) {
	t.Parallel()
	a := leave(t, time.Hour, recovering)
	a.up()
	eventually(t, a.looked)
	long := time.Now().Add(-100 * time.Hour).UTC().Truncate(time.Second)
	at := long.Format(time.RFC3339)
	mark := fmt.Sprintf(`{"%d":{"since":%q,"settled":%q,"clear":%q}}`, a.hook, at, at, at)
	eventually(t, func() bool {
		a.note("recovery/"+widgets, mark) // A pass under way may write over it.
		return a.component("recovery")["status"] == "degraded"
	})
	line := a.component("recovery")
	if detail := fmt.Sprint(line["detail"]); !strings.Contains(detail, "from "+long.Format(time.RFC3339)+" to ") || !strings.Contains(detail, "3 days") {
		t.Errorf("health: %v", line)
	}
	if code, _ := a.fetch("/health", ""); code != http.StatusOK {
		t.Errorf("/health answers %d", code)
	}
	if !strings.Contains(a.log.String(), "deliveries may be missing") {
		t.Error("the log does not tell")
	}
}

func (a *away) note(name, value string) {
	a.t.Helper()
	if err := a.app.Store().Note(context.Background(), name, []byte(value)); err != nil {
		a.t.Fatal(err)
	}
}

// Without the right to see webhooks, the service works and says what it takes.
func TestI7_MissingRightIsInHealth(t *testing.T) {
	t.Parallel()
	a := leave(t, time.Hour, recovering)
	a.gh.AddRepository(simulate.RepositorySeed{FullName: "acme/closed", Collaborators: map[string]string{"hls-bot": "write"}})
	a.text = strings.Replace(a.text, "repositories: [", "repositories: [{name: acme/closed}, ", 1)
	a.up()
	eventually(t, func() bool { return a.component("recovery")["status"] == "degraded" })
	if detail := fmt.Sprint(a.component("recovery")["detail"]); !strings.Contains(detail, "acme/closed") || !strings.Contains(detail, `"Webhooks" (read)`) {
		t.Errorf("detail %q", detail)
	}
	if status := a.happen(a.opened(1)); status != http.StatusAccepted {
		t.Errorf("a delivery: %d", status)
	}
	eventually(t, func() bool { return strings.Contains(a.log.String(), "deliveries may be missing") })
	if n := strings.Count(a.log.String(), "deliveries may be missing"); n != 1 {
		t.Errorf("told %d times", n)
	}
}

// By hand, the running service looks and takes in, for the admin alone; it is so whether or not it does by itself.
func TestI7_ByHandThroughTheService(t *testing.T) {
	t.Parallel()
	a := leave(t, time.Hour, strings.Replace(recovering, "recover_missed: true", "recover_missed: false", 1))
	missed := a.opened(1)
	a.happen(missed)
	a.up()
	if line := a.component("recovery"); line["status"] != "healthy" {
		t.Errorf("health: %v", line)
	}
	if code, _ := a.byHand(`{"apply":true}`, ""); code != http.StatusUnauthorized {
		t.Errorf("without the token: %d", code)
	}
	for body, want := range map[string]int{`{"target":"app"}`: 400, `{"aply":true}`: 400, `[]`: 400, `{"target":"acme/other"}`: 400} {
		if code, got := a.byHand(body, adminToken); code != want {
			t.Errorf("%s: %d %s", body, code, got)
		}
	}
	code, body := a.byHand(`{}`, adminToken)
	var report recovery.Report
	if err := json.Unmarshal(body, &report); err != nil || code != 200 || len(report.Deliveries) != 1 || report.Deliveries[0].Outcome != "missed" || a.fetched() != 0 {
		t.Fatalf("%d %s", code, body)
	}
	if code, body = a.byHand(`{"apply":true,"target":"`+widgets+`"}`, adminToken); code != 200 || !strings.Contains(string(body), `"accepted"`) {
		t.Errorf("%d %s", code, body)
	}
	if task := a.settled(missed.GUID); task.State != hls.Done {
		t.Errorf("%s (%s)", task.State, task.Reason)
	}
}

func (a *away) byHand(body, token string) (int, []byte) {
	a.t.Helper()
	r, err := http.NewRequestWithContext(a.t.Context(), http.MethodPost, a.url+"/api/v1/recovery", bytes.NewBufferString(body))
	if err != nil {
		a.t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		a.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return resp.StatusCode, text
}
