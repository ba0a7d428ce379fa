package app_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"hls/internal/hls"
	"hls/internal/simulate"
)

const reviewSettings = `
repositories:
  - name: acme/widget-shop
    events: [pull_request, pull_request_review, pull_request_review_comment, pull_request_review_thread]
`

// lists are the comments of HLS's own on a pull request.
func (s *service) lists(number int) (bodies []string) {
	for _, c := range s.github.Comments(widgets, number) {
		if c.User.Same(s.github.Self()) && strings.Contains(c.Body, "purpose=requests") {
			bodies = append(bodies, c.Body)
		}
	}
	return bodies
}

// Work on the pull request and work on its reviews write one list. Whatever comes while Claude is asked by one of them,
// in the end the list has it.
func TestE6_ReviewsAndPushesLoseNothingOfEachOther(t *testing.T) {
	t.Parallel()
	code := []hls.File{{Filename: "cache.go", Status: "modified", Patch: "@@ -1 +1,3 @@\n package cache\n+\n+var size = 1\n"}}
	for name, tc := range map[string]struct {
		asked string // what Claude is asked when the other comes
		begin func(*service) simulate.Delivery
		meet  func(*service) simulate.Delivery
	}{
		"a push while a review is read": {"requests", (*service).reviewed, pushing(code)},
		"a review while a push is read": {"findings", pushing(code), (*service).reviewed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s *service
			var once sync.Once
			met := make(chan string, 1)
			cl := simulate.NewClaude(simulate.ClaudeConfig{Answer: func(r simulate.Request) string {
				if strings.Contains(string(r.Schema), `"`+tc.asked+`"`) {
					once.Do(func() {
						d := tc.meet(s)
						s.send(d)
						met <- d.GUID
					})
				}
				return simulate.Reply(r)
			}})
			s = start(t, reviewSettings, shop(), cl)
			d := tc.begin(s)
			s.send(d)
			s.settled(d.GUID)
			s.settled(<-met)
			lists := s.lists(8)
			if len(lists) != 1 || !strings.Contains(lists[0], "- [ ]") || !strings.Contains(lists[0], "Please add a test for this.") {
				t.Errorf("lists %q", lists)
			}
		})
	}
}

func (s *service) reviewed() simulate.Delivery {
	r := s.github.ReviewAs(widgets, 8, "acme", simulate.ReviewSeed{State: "CHANGES_REQUESTED", Body: "Please add a test for this."})
	return simulate.Delivery{Event: "pull_request_review", GUID: simulate.NewGUID(), HookID: 1,
		Payload: s.github.ReviewPayload(widgets, 8, r.ID, "submitted", "acme")}
}

func pushing(files []hls.File) func(*service) simulate.Delivery {
	return func(s *service) simulate.Delivery {
		s.github.Push(widgets, 8, files)
		return simulate.Delivery{Event: "pull_request", GUID: simulate.NewGUID(), HookID: 1,
			Payload: s.github.PullRequestPayload(widgets, 8, "synchronize", "paul", nil)}
	}
}

// Five threads that are resolved in a burst are five tasks; the list knows of all.
func TestE6_ThreadsResolvedInABurst(t *testing.T) {
	t.Parallel()
	gh := shop()
	gh.Push(widgets, 8, []hls.File{{Filename: "cache.go", Status: "modified", Patch: "@@ -1 +1,6 @@\n package cache\n+a()\n+b()\n+c()\n+d()\n+e()\n"}})
	seed := simulate.ReviewSeed{State: "COMMENTED"}
	for line := range 5 {
		seed.Remarks = append(seed.Remarks, hls.Remark{Path: "cache.go", Line: line + 2, Body: "Please rename this one."})
	}
	review := gh.ReviewAs(widgets, 8, "acme", seed)
	s := start(t, reviewSettings, gh, simulate.NewClaude(simulate.ClaudeConfig{}))
	d := simulate.Delivery{Event: "pull_request_review", GUID: simulate.NewGUID(), HookID: 1, Payload: gh.ReviewPayload(widgets, 8, review.ID, "submitted", "acme")}
	s.send(d)
	s.settled(d.GUID)
	var sent []string
	for _, remark := range gh.Remarks(widgets, 8) {
		d := simulate.Delivery{Event: "pull_request_review_thread", GUID: simulate.NewGUID(), HookID: 1, Payload: gh.ThreadPayload(widgets, remark.ID, "resolved", "acme")}
		s.send(d)
		sent = append(sent, d.GUID)
	}
	for _, guid := range sent {
		if task := s.settled(guid); task.State != hls.Done {
			t.Errorf("ended as %s (%s)", task.State, task.Reason)
		}
	}
	lists := s.lists(8)
	if len(lists) != 1 || strings.Count(lists[0], "- [x]") != 5 {
		t.Errorf("lists %q", lists)
	}
}

// A draft that is ready was reviewed before: its label follows, and nobody is asked again.
func TestADraftThatIsReadyGetsItsLabel(t *testing.T) {
	t.Parallel()
	gh, cl := shop(), simulate.NewClaude(simulate.ClaudeConfig{})
	s := start(t, reviewSettings+"    reviews: {labels: {needs_review: enhancement}}\n", gh, cl)
	for _, step := range []struct {
		draft  bool
		action string
		label  bool
	}{{true, "opened", false}, {false, "ready_for_review", true}} {
		gh.SetDraft(widgets, 8, step.draft)
		d := simulate.Delivery{Event: "pull_request", GUID: simulate.NewGUID(), Payload: gh.PullRequestPayload(widgets, 8, step.action, "mona", nil)}
		s.send(d)
		if task := s.settled(d.GUID); task.State != hls.Done {
			t.Errorf("%s: %s (%s)", step.action, task.State, task.Reason)
		}
		if has := slices.Contains(gh.Labels(widgets, 8), "enhancement"); has != step.label {
			t.Errorf("%s: the label is there: %v", step.action, has)
		}
	}
	if n := len(cl.Calls()); n != 1 {
		t.Errorf("Claude was asked %d times", n)
	}
}
