package simulate

import (
	"hls/internal/hls"
)

// doorSteps are deliveries that must not start anything.
func (s *Scenario) doorSteps() []Step {
	twice := Want{Status: 200, Class: hls.Duplicate}
	return []Step{
		{
			Title: "The wish again, as GitHub redelivers it", Expect: "known by its id: nothing is done twice",
			Want: twice, prepare: s.again(4, guid(4)),
		},
		{
			Title: "The wish again, replayed under another id", Expect: "known by its body: nothing is done twice",
			Want: twice, prepare: s.again(4, guid(9)),
		},
		{
			Title: "A forged delivery", Expect: "refused: the signature is not made with the secret",
			Want: Want{Status: 401, Class: hls.Rejected},
			prepare: func() Delivery {
				body := s.Hub.IssuePayload(s.Repo, 195, "opened", "mallory", nil)
				return Delivery{Event: "issues", GUID: guid(10), Payload: body, Signature: Sign("a guess", body)}
			},
		},
		{
			Title: "An event that is not enabled", Expect: "ignored", Want: ignored("event_not_enabled"),
			prepare: func() Delivery {
				more := map[string]any{"starred_at": "2026-01-15T09:30:00Z"}
				return Delivery{Event: "star", GUID: guid(11), Payload: s.Hub.EventPayload(s.Repo, "created", "ines", more)}
			},
		},
		{
			Title: "A label that HLS set itself", Expect: "ignored, or it would answer itself for ever", Want: ignored("own_event"),
			prepare: func() Delivery {
				body := s.Hub.LabelPayload(s.Repo, 195, "labeled", s.Hub.Self().Login, "enhancement")
				return Delivery{Event: "issues", GUID: guid(12), Payload: body}
			},
		},
	}
}

// again sends the body of an earlier step once more, byte for byte.
func (s *Scenario) again(n int, id string) func() Delivery {
	return func() Delivery { return Delivery{Event: "issues", GUID: id, Payload: s.sent[n]} }
}

// otherSteps are the ping of a new hook.
func (s *Scenario) otherSteps() []Step {
	return []Step{
		{
			Title: "GitHub's ping", Expect: "a pong", Want: Want{Status: 200, Class: hls.Pong},
			prepare: func() Delivery {
				return Delivery{Event: "ping", GUID: guid(18), Payload: s.Hub.PingPayload(s.Repo, 4242)}
			},
		},
	}
}
