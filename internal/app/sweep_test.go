package app_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/record/recordtest/pgtest"
	"hls/internal/simulate"
	"hls/internal/web"
)

// backlog is a shop with so many issues that nobody told HLS of, each opened a day ago and a minute after the last.
func backlog(n int) *simulate.GitHub {
	gh := simulate.NewGitHub(simulate.GitHubConfig{})
	gh.AddRepository(simulate.RepositorySeed{FullName: widgets, Labels: []hls.Label{{Name: "bug"}, {Name: "priority-high"}}})
	for i := range n {
		gh.AddIssue(widgets, simulate.IssueSeed{
			Number: i + 1, Title: "Crash when saving", Author: "mona", Body: "The app panics with a nil pointer every time I press Save.",
			Age: 24*time.Hour - time.Duration(i)*time.Minute,
		})
	}
	return gh
}

// tasks are all that the record has, oldest first.
func (s *service) tasks(q record.Query) []hls.Task {
	s.t.Helper()
	q.Limit = 200
	list, err := s.app.Store().List(s.t.Context(), q)
	if err != nil {
		s.t.Fatal(err)
	}
	var tasks []hls.Task
	for i := range list {
		tasks = append(tasks, list[len(list)-1-i].Task)
	}
	return tasks
}

func (s *service) allDone(n int) bool { return len(s.tasks(record.Query{State: hls.Done})) == n }

const sweeping = "\nrepositories: [{name: 'acme/*', mode: apply, events: [issues]}]\nsweep: {every: 20ms, older_than: 1h}\n"

// By itself the service finds what no event told of, in repositories that it knows of, and speaks of none of it.
func TestSweepByItself(t *testing.T) {
	t.Parallel()
	gh := backlog(5)
	gh.AddIssue(widgets, simulate.IssueSeed{Number: 50, Title: "Fresh", Author: "mona", Body: "The app panics with a nil pointer."})
	s := start(t, sweeping, gh, answering(bugAnswer))
	s.send(simulate.Delivery{Event: "issues", Payload: gh.IssuePayload(widgets, 1, "opened", "mona", nil)}) // The glob alone names nobody.
	eventually(t, func() bool { return s.allDone(5) })
	for n := 1; n <= 5; n++ {
		if labels := gh.Labels(widgets, n); len(labels) == 0 {
			t.Errorf("issue %d has no label", n)
		}
		if comments := len(gh.Comments(widgets, n)); (comments > 0) != (n == 1) {
			t.Errorf("issue %d has %d comments", n, comments)
		}
	}
	if len(gh.Labels(widgets, 50)) > 0 {
		t.Error("what is fresh is left to its event")
	}
}

// Of one repository no more is taken in at a time than is asked for, the oldest first; one follows the other, and an event
// that comes meanwhile waits for none of them.
func TestSweepLeavesRoomForEvents(t *testing.T) {
	t.Parallel()
	gh := backlog(9)
	s := start(t, "\nrepositories: [{name: "+widgets+", events: [issues]}]\nprocessing: {debounce: 1m, concurrency: 1}\n", gh, answering(bugAnswer))
	if report := s.swept(web.Sweep{}); len(report.Found) != 9 || len(s.tasks(record.Query{})) != 0 {
		t.Errorf("looking changes something: %+v", report)
	}
	report := s.swept(web.Sweep{Apply: true, Most: 4})
	if len(report.Found) != 4 || !report.Unfinished {
		t.Fatalf("%+v", report)
	}
	for i, task := range s.tasks(record.Query{}) {
		wait := task.RunAt.Sub(task.QueuedAt)
		if task.Subject.Number != i+1 || task.Origin != hls.FromSweep || wait < time.Duration(i)*time.Minute || wait > time.Duration(i)*time.Minute+time.Second {
			t.Errorf("task %d is about %s, starts after %s, comes from %s", i, task.Subject, wait, task.Origin)
		}
	}
	if report := s.swept(web.Sweep{Apply: true, Most: 20}); len(report.Found) != 5 || report.Repositories[0].Passed["worked_on"] != 4 {
		t.Errorf("%+v", report)
	}
}

// E7: what a sweep does is quiet, also when it is replayed; told to speak, it speaks.
func TestE7_SweptWorkSaysNothing(t *testing.T) {
	t.Parallel()
	gh := backlog(2)
	s := start(t, "\nrepositories: [{name: "+widgets+", events: [issues], comments: {auto_post: true}}]\n", gh, answering(bugAnswer))
	quiet := s.swept(web.Sweep{Apply: true, Most: 1})
	eventually(t, func() bool { return s.allDone(1) })
	task, err := s.app.Store().Task(t.Context(), quiet.Found[0].TaskID)
	if err != nil || !strings.HasPrefix(task.DeliveryID, hls.SweptID) {
		t.Fatalf("%+v, %v", task, err)
	}
	if code, text := s.postAdmin("/api/v1/deliveries/"+task.DeliveryID+"/replay", nil); code != http.StatusAccepted {
		t.Fatalf("replay: %d %s", code, text)
	}
	eventually(t, func() bool { return s.allDone(2) })
	s.swept(web.Sweep{Apply: true, Comment: true})
	eventually(t, func() bool { return s.allDone(3) })
	if first, second := len(gh.Comments(widgets, 1)), len(gh.Comments(widgets, 2)); first != 0 || second != 1 {
		t.Errorf("%d comments on what was swept quietly, %d on what was not", first, second)
	}
}

// I3: sweeps of several instances on one database, again and again and at the same time, and the event besides, come to
// one analysis of each subject.
func TestI3_SweepsOfSeveralInstances(t *testing.T) {
	t.Parallel()
	gh, cl := backlog(12), answering(bugAnswer)
	first := start(t, "\nrepositories: [{name: "+widgets+", events: [issues]}]\nsweep: {most: 100}\n", gh, cl)
	first.stop()
	text := strings.Replace(first.text, "sqlite:"+filepath.Join(first.dir, "hls.db"), pgtest.Database(t), 1)
	first.run(text)
	second := &service{t: t, github: gh, claude: cl, dir: t.TempDir(), log: &buffer{}}
	second.run(text)
	var all sync.WaitGroup
	for i := range 10 {
		for _, s := range []*service{first, second} {
			all.Go(func() { s.swept(web.Sweep{Apply: true}) })
		}
		if i == 0 {
			all.Go(func() {
				first.send(simulate.Delivery{Event: "issues", Payload: gh.IssuePayload(widgets, 5, "opened", "mona", nil)})
			})
		}
	}
	all.Wait()
	eventually(t, func() bool {
		return len(first.tasks(record.Query{State: hls.Queued})) == 0 && len(first.tasks(record.Query{State: hls.Running})) == 0
	})
	asked := map[string]int{}
	for _, task := range first.tasks(record.Query{State: hls.Done}) {
		asked[task.Subject.String()]++
	}
	for n := range 12 {
		if got := asked[fmt.Sprintf("%s#%d", widgets, n+1)]; got != 1 {
			t.Errorf("issue %d was worked on %d times", n+1, got)
		}
	}
	if n := len(cl.Calls()); n < 12 || n > 13 { // That of the event may have begun before it came.
		t.Errorf("Claude was asked %d times", n)
	}
	stats, err := first.app.Store().Stats(t.Context())
	if err != nil || stats.Requests["conflict"] > 0 {
		t.Errorf("%v, %v", stats.Requests, err)
	}
}

// E9: a repository that cannot be read is told of, and the others are swept; what a sweep asks GitHub is bounded.
func TestE9_SweepIsBounded(t *testing.T) {
	t.Parallel()
	gh := backlog(250)
	s := start(t, "\nrepositories: [{name: acme/nowhere, events: [issues]}, {name: "+widgets+", events: [issues]}]\n", gh, answering(bugAnswer))
	read := func() (n int) {
		for _, c := range gh.Calls() {
			if strings.HasPrefix(c.Path, "/repos/") {
				n++
			}
		}
		return n
	}
	report := s.swept(web.Sweep{Most: 1000})
	if len(report.Found) != 250 || len(report.Problems) != 1 || report.Problems[0].Repository != "acme/nowhere" {
		t.Errorf("%d found, problems %v", len(report.Found), report.Problems)
	}
	if n := read(); n != 5 { // Both repositories, and three pages.
		t.Errorf("GitHub was asked %d times", n)
	}
	gh.Fail(simulate.Fault{Method: http.MethodGet, PathGlob: "/repos/*/*/issues", Kind: simulate.PrimaryLimit, Wait: time.Hour, Times: -1})
	if report := s.swept(web.Sweep{Repositories: []string{widgets}}); len(report.Found) != 0 || !report.Unfinished {
		t.Errorf("%+v", report)
	}
	for _, bad := range []web.Sweep{{Repositories: []string{"acme/other"}}, {Repositories: []string{"acme"}}, {OlderThan: "soon"}, {Most: -1}} {
		if code, text := s.postAdmin("/api/v1/sweep", bad); code != http.StatusBadRequest {
			t.Errorf("%+v: %d %s", bad, code, text)
		}
	}
}

// O1: what failed for an event is tried once more by a sweep, and what failed for a sweep is not tried for ever.
func TestO1_SweepTriesOnceMore(t *testing.T) {
	t.Parallel()
	gh, cl := backlog(1), simulate.NewClaude(simulate.ClaudeConfig{Mode: simulate.Refuse})
	s := start(t, "\nrepositories: [{name: "+widgets+", events: [issues]}]\n", gh, cl)
	d := simulate.Delivery{Event: "issues", GUID: simulate.NewGUID(), Payload: gh.IssuePayload(widgets, 1, "opened", "mona", nil)}
	s.send(d)
	if task := s.settled(d.GUID); task.State != hls.Parked {
		t.Fatalf("%s (%s)", task.State, task.Reason)
	}
	report := s.swept(web.Sweep{Apply: true})
	if len(report.Found) != 1 || report.Found[0].Outcome != "accepted" {
		t.Fatalf("%+v", report)
	}
	eventually(t, func() bool { return len(s.tasks(record.Query{State: hls.Parked})) == 2 })
	cl.SetMode(simulate.Good)
	if report := s.swept(web.Sweep{Apply: true}); len(report.Found) != 0 || report.Repositories[0].Passed["swept_before"] != 1 {
		t.Errorf("%+v", report)
	}
}
