package app_test

import (
	"net/http"
	"strings"
	"testing"

	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/simulate"
)

// chatting is a chat on loopback, and the settings that name it.
func chatting(t *testing.T) (*simulate.Chat, string) {
	t.Helper()
	chat := simulate.NewChat()
	url, stop := chat.Start()
	t.Cleanup(stop)
	return chat, "notify: {webhook_url: " + url + "}\n"
}

func said(chat *simulate.Chat) (texts string) {
	for _, m := range chat.Messages() {
		texts += m.Text + "\n"
	}
	return texts
}

// A parked delivery is told of in the chat, once for its reason, by number and reason and nothing that anybody wrote.
func TestS1_ParkedDeliveriesAreToldOfByNumber(t *testing.T) {
	t.Parallel()
	chat, settings := chatting(t)
	gh := shop()
	gh.AddIssue(widgets, simulate.IssueSeed{Number: 9, Title: "<!channel> canary-of-the-title", Author: "mona", Body: "canary-of-the-body"})
	s := start(t, widgetSettings+settings, gh, answering("no JSON at all, canary-of-the-answer"))
	first := simulate.Delivery{Event: "issues", GUID: simulate.NewGUID(), HookID: 1, Payload: gh.IssuePayload(widgets, 9, "opened", "mona", nil)}
	s.send(first)
	task := s.settled(first.GUID)
	if task.State != hls.Parked {
		t.Fatalf("it is %s", task.State)
	}
	eventually(t, func() bool { return len(chat.Messages()) == 1 })
	second := s.issueOpened()
	s.send(second)
	s.settled(second.GUID)
	s.stop()
	text := said(chat)
	if len(chat.Messages()) != 1 || !strings.Contains(text, "1 delivery was parked, for the reason `"+task.Reason+"`: `"+widgets+"#9`") {
		t.Errorf("told %q", text)
	}
	for _, m := range chat.Messages() {
		if strings.Contains(m.Raw, "canary") || strings.Contains(m.Raw, "channel") {
			t.Errorf("told %s", m.Raw)
		}
	}
	if log := s.log.String(); strings.Contains(log, "Simulated0Secret") || strings.Contains(log, "cannot be told") {
		t.Errorf("the log has the address, or failed: %s", tail(log, 2000))
	}
}

// A cap that is reached is told of, and so is a door that is out of order; a chat that is out of order holds up nothing, and is
// told later.
func TestCapsAndBreakersAreToldOf(t *testing.T) {
	t.Parallel()
	chat, settings := chatting(t)
	s := start(t, widgetSettings, shop(), knowing())
	s.stop()
	spend(t, s.dir, 1)
	s.run(strings.Replace(s.text, "claude: {", "claude: {budget: {daily_usd: 0.5}, ", 1) + settings)
	d := s.issueOpened()
	s.send(d)
	eventually(t, func() bool { return strings.Contains(said(chat), "the cap `claude.budget.daily_usd` is reached") })
	if !strings.Contains(said(chat), "`"+widgets+"`") {
		t.Errorf("told %q", said(chat))
	}

	s.github.Fail(simulate.Fault{Kind: simulate.FailBefore, Status: http.StatusBadGateway, Times: -1})
	s.stop()
	s.run(strings.Replace(s.text, "daily_usd: 0.5", "daily_usd: 50", 1))
	other := s.pullOpened()
	s.send(other)
	eventually(t, func() bool { return strings.Contains(said(chat), "the door to `github` is out of order") })
	s.github.Heal()
	if task := s.settled(other.GUID); task.State != hls.Done {
		t.Errorf("it is %s (%s)", task.State, task.Reason)
	}
	if n := len(s.tasks(record.Query{State: hls.Parked})); n != 0 {
		t.Errorf("%d are parked", n)
	}
}
