package simulate

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"hls/internal/hls"
)

// Voice is what HLS says on an issue or pull request.
type Voice string

// The voices. The zero value asks for nothing.
const (
	Quiet    Voice = "quiet"     // neither a comment nor a review
	Comments Voice = "a comment" // exactly one comment and no review
	Reviews  Voice = "a review"  // a review of the last commit with remarks on its lines, at most one for each commit
)

// Want is how a delivery should end.
type Want struct {
	Status  int         // of the answer at the door
	Class   hls.Class   // what became of it there
	Reason  string      // named in the answer, when it was not taken in
	States  []hls.State // any of these is a right end of its task; nil when it makes none
	Labels  []string    // on the subject in the end, among others
	Without []string    // not on the subject in the end
	Voice   Voice       // what HLS has said on the subject in the end
}

// Step is one delivery of a scenario. Steps are prepared and sent in their order.
type Step struct {
	Title  string // what comes, for people
	Expect string // what HLS should do, for people
	Number int    // of the issue or pull request; 0 for other events
	Want   Want

	prepare func() Delivery
}

// Prepare changes the stand-in for GitHub as the event says, and makes the delivery that GitHub sends about it.
// It is called once.
func (s Step) Prepare() Delivery { return s.prepare() }

// CheckAnswer says what is wrong with the answer at the door, or "".
func (s Step) CheckAnswer(status int, body []byte) string {
	var answer struct {
		Status string `json:"status"`
		Reason string `json:"reason"`
	}
	_ = json.Unmarshal(body, &answer)
	words := map[hls.Class]string{
		hls.Accepted: "queued", hls.Duplicate: "duplicate", hls.Ignored: "ignored", hls.Pong: "pong", hls.Rejected: "error",
	}
	switch {
	case status != s.Want.Status:
		return fmt.Sprintf("answered %d, not %d", status, s.Want.Status)
	case answer.Status != words[s.Want.Class]:
		return fmt.Sprintf("answered %q, not %q", answer.Status, words[s.Want.Class])
	case s.Want.Reason != "" && answer.Reason != s.Want.Reason:
		return fmt.Sprintf("answered with reason %q, not %q", answer.Reason, s.Want.Reason)
	}
	return ""
}

// CheckState says what is wrong with how the task of the delivery ended, or "".
func (s Step) CheckState(state hls.State) string {
	if !slices.Contains(s.Want.States, state) {
		return fmt.Sprintf("its task ended as %q, not as %v", state, s.Want.States)
	}
	return ""
}

// Scenario is a repository with a history, and a dozen and some deliveries about it, good and bad.
type Scenario struct {
	Repo   string
	Events []string // that the repository's settings enable
	Hub    *GitHub

	steps []Step
	sent  map[int][]byte // bodies of earlier steps, by their number
}

// NewScenario adds the repository to g. Its settings leave labels.categories empty, so that all labels of the
// repository are allowed.
func NewScenario(g *GitHub) *Scenario {
	events := slices.Concat([]string{"issues", "issue_comment", "pull_request", "pull_request_review", "workflow_run"}, happenings)
	s := &Scenario{Repo: "acme/widget-shop", Events: events, Hub: g, sent: map[int][]byte{}}
	s.seed()
	s.steps = slices.Concat(s.issueSteps(), s.doorSteps(), s.pullSteps(), s.reviewSteps(), s.commentSteps(), s.runSteps(), s.happeningSteps(), s.otherSteps())
	return s
}

// Deliveries are the steps in the order in which they are sent.
func (s *Scenario) Deliveries() []Step { return slices.Clone(s.steps) }

// Check says what is wrong with the issues and pull requests once all tasks have ended; nil when all is as it should be.
func (s *Scenario) Check() []string {
	var problems []string
	for _, step := range s.steps {
		if step.Number == 0 {
			continue
		}
		for _, p := range s.checkSubject(step) {
			problems = append(problems, fmt.Sprintf("#%d (%s): %s", step.Number, step.Title, p))
		}
	}
	return problems
}

func (s *Scenario) checkSubject(step Step) []string {
	var problems []string
	labels := s.Hub.Labels(s.Repo, step.Number)
	for _, name := range step.Want.Labels {
		if !slices.Contains(labels, name) {
			problems = append(problems, fmt.Sprintf("has no label %q, but %v", name, labels))
		}
	}
	for _, name := range step.Want.Without {
		if slices.Contains(labels, name) {
			problems = append(problems, fmt.Sprintf("has the label %q", name))
		}
	}
	if p := s.checkVoice(step); p != "" {
		problems = append(problems, p)
	}
	return problems
}

func (s *Scenario) checkVoice(step Step) string {
	comments := 0
	for _, c := range s.Hub.Comments(s.Repo, step.Number) {
		if c.User.Same(s.Hub.Self()) {
			comments++
		}
	}
	heads, reviews := map[string]int{}, 0
	for _, r := range s.Hub.Reviews(s.Repo, step.Number) {
		if !r.User.Same(s.Hub.Self()) {
			continue
		}
		reviews++
		heads[r.CommitID] += max(1, len(r.Remarks))
		if len(r.Remarks) == 0 {
			return "has a review without remarks"
		}
	}
	switch step.Want.Voice {
	case Quiet:
		if comments+reviews > 0 {
			return fmt.Sprintf("has %d comments and %d reviews, and should have none", comments, reviews)
		}
	case Comments:
		if comments != 1 || reviews > 0 {
			return fmt.Sprintf("has %d comments and %d reviews, not one comment", comments, reviews)
		}
	case Reviews:
		if heads[s.Hub.PullRequest(s.Repo, step.Number).Head.SHA] == 0 || reviews != len(heads) || comments > 0 {
			return fmt.Sprintf("has %d reviews of %d commits and %d comments, not a review of its last commit", reviews, len(heads), comments)
		}
	}
	return ""
}

// guid makes delivery ids that are the same on every run, so that a scenario can be told apart in a log.
func guid(n int) string { return fmt.Sprintf("51a10000-0000-4000-8000-%012d", n) }

// poem joins the lines of a text.
func poem(lines ...string) string { return strings.Join(lines, "\n") }

func taken() Want { return Want{Status: 202, Class: hls.Accepted, States: []hls.State{hls.Done}} }

func ignored(reason string) Want { return Want{Status: 200, Class: hls.Ignored, Reason: reason} }

func (w Want) labels(names ...string) Want {
	w.Labels = names
	return w
}

func (w Want) without(names ...string) Want {
	w.Without = names
	return w
}

func (w Want) says(v Voice) Want {
	w.Voice = v
	return w
}

func (w Want) ends(states ...hls.State) Want {
	w.States = states
	return w
}
