package simulate

import (
	"encoding/json"

	"hls/internal/hls"
)

// Change is the old value of a member that an edit changed: "title" → "Crash".
type Change map[string]string

// IssuePayload is the body of an issues event about an issue as it stands.
func (g *GitHub) IssuePayload(repo string, number int, action, sender string, changes Change) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	s, l := g.subject(repo, number), links{api: apiHost}
	return g.payload(s.repo, action, sender, changes, object{"issue": l.issue(s)})
}

// LabelPayload is the body of an issues event that says a label was put on or taken off.
func (g *GitHub) LabelPayload(repo string, number int, action, sender, name string) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	s, l := g.subject(repo, number), links{api: apiHost}
	d := s.repo.label(name)
	if d == nil {
		d = &label{Label: hls.Label{Name: name, Color: "ededed"}}
	}
	return g.payload(s.repo, action, sender, nil, object{"issue": l.issue(s), "label": l.label(s.repo, d)})
}

// PullRequestPayload is the body of a pull_request event about a pull request as it stands.
func (g *GitHub) PullRequestPayload(repo string, number int, action, sender string, changes Change) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	s, l := g.subject(repo, number), links{api: apiHost}
	more := object{"pull_request": l.pull(s), "number": number}
	if n := len(s.pull.heads); action == "synchronize" && n > 1 {
		more["before"], more["after"] = s.pull.heads[n-2], s.pull.heads[n-1]
	}
	return g.payload(s.repo, action, sender, changes, more)
}

// ReviewRequestPayload is the body of pull_request.review_requested, which asks reviewer for a review.
func (g *GitHub) ReviewRequestPayload(repo string, number int, sender, reviewer string) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	s, l := g.subject(repo, number), links{api: apiHost}
	more := object{
		"pull_request": l.pull(s), "number": number, "requested_reviewer": l.user(g.account(reviewer)),
	}
	return g.payload(s.repo, "review_requested", sender, nil, more)
}

// CommentPayload is the body of an issue_comment event about the newest comment of a conversation.
func (g *GitHub) CommentPayload(repo string, number int, action, sender string) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	s, l := g.subject(repo, number), links{api: apiHost}
	more := object{"issue": l.issue(s)}
	if n := len(s.comments); n > 0 {
		more["comment"] = l.comment(s.comments[n-1])
	}
	return g.payload(s.repo, action, sender, nil, more)
}

// EventPayload is the body of any other event: the common members and what more has.
func (g *GitHub) EventPayload(repo, action, sender string, more map[string]any) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.payload(g.known(repo), action, sender, nil, more)
}

// PingPayload is the body of the event that GitHub sends when a hook is made.
func (g *GitHub) PingPayload(repo string, hookID int64) []byte {
	return g.EventPayload(repo, "", g.cfg.Self.Login, object{
		"zen": "Simulated is better than real.", "hook_id": hookID,
		"hook": object{"type": "Repository", "id": hookID, "name": "web", "active": true, "events": []string{"*"}},
	})
}

// payload joins the members common to all events with an event's own ("Webhook events and payloads").
func (g *GitHub) payload(r *repository, action, sender string, changes Change, own object) []byte {
	l := links{api: apiHost}
	o := object{"repository": l.repository(r), "sender": l.user(g.account(sender))}
	if action != "" {
		o["action"] = action
	}
	if changes != nil {
		from := object{}
		for name, old := range changes {
			from[name] = object{"from": old}
		}
		o["changes"] = from
	}
	for name, value := range own {
		o[name] = value
	}
	body, err := json.Marshal(o)
	if err != nil {
		panic("simulate: encode payload: " + err.Error())
	}
	return body
}

func actionOf(payload []byte) any {
	var in struct {
		Action string `json:"action"`
	}
	_ = json.Unmarshal(payload, &in)
	return orNull(in.Action)
}

func rawObject(payload []byte) any {
	if !json.Valid(payload) {
		return nil
	}
	return json.RawMessage(payload)
}
