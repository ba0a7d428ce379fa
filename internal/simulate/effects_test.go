package simulate_test

import (
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hls/internal/act"
	door "hls/internal/github"
	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/record/sqlite"
	"hls/internal/simulate"
)

// stage is the real room for effects, with its real record and the real door, before a simulated GitHub.
type stage struct {
	*testing.T
	github *simulate.GitHub
	deeds  []string // by HLS
	store  record.Store
	actor  *act.Actor
	rule   hls.Rule
	n      int
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{T: t, rule: hls.Rule{Labels: hls.LabelPolicy{AutoApply: true}, Also: hls.EffectKinds()}}
	s.github = simulate.NewGitHub(simulate.GitHubConfig{Token: "right", Journal: func(e simulate.Entry) {
		if e.Deed != nil && e.Deed.Actor.Login == "hls-bot" {
			s.deeds = append(s.deeds, string(e.Deed.Kind))
		}
	}})
	s.github.AddRepository(simulate.RepositorySeed{FullName: shop, ID: 77, Labels: []hls.Label{{Name: "bug"}}})
	s.github.AddPullRequest(shop, simulate.PullRequestSeed{
		IssueSeed: simulate.IssueSeed{Number: 2, Title: "Fix save", Author: "paul"},
		Files:     []hls.File{{Filename: "cart/save.go", Patch: patch}},
	})
	s.github.AddRun(shop, simulate.RunSeed{ID: 55, Name: "CI", SHA: s.github.PullRequest(shop, 2).Head.SHA})
	s.github.AddRelease(shop, simulate.ReleaseSeed{ID: 88, Tag: "v2", Body: "By hand.\r\n", Author: "mona"})
	url, stop := s.github.Start()
	t.Cleanup(stop)
	none := 0
	client, err := door.New(door.Config{BaseURL: url, Token: "right", Limits: door.Limits{WritesPerMinute: &none, ContentPerHour: &none}}, nil)
	must(t, err)
	s.store, err = sqlite.Open(t.Context(), sqlite.Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "hls.db")})
	must(t, err)
	t.Cleanup(func() { _ = s.store.Close() })
	s.actor, err = act.New(act.Config{Settle: 300 * time.Millisecond, Attempts: 9}, client, s.store)
	must(t, err)
	return s
}

func other(ref string) hls.Subject {
	return hls.Subject{RepoID: 77, Repo: shop, Kind: hls.KindOther, Ref: ref}
}

var second = hls.Subject{RepoID: 77, Repo: shop, Kind: hls.KindPullRequest, Number: 2}

// task takes in a delivery about a subject and claims its task.
func (s *stage) task(of hls.Subject) hls.Task {
	s.Helper()
	s.n++
	id := fmt.Sprint("delivery-", s.n)
	d := hls.Delivery{ID: id, Event: "workflow_run", Repo: shop, RepoID: 77, Body: []byte(`{}`), ReceivedAt: time.Now()}
	d.Hash[0] = byte(s.n)
	_, err := s.store.Add(s.Context(), record.Intake{Delivery: d, Work: &record.NewTask{
		Subject: of, Purpose: "ci", Event: d.Event, Origin: hls.FromDelivery, OccurredAt: time.Now(),
	}})
	must(s.T, err)
	task, err := s.store.Claim(s.Context(), "test", time.Hour)
	must(s.T, err)
	return task
}

// carried acts until nothing waits, as the runs of a task do.
func (s *stage) carried(task hls.Task, plan hls.Plan) error {
	for {
		_, err := s.actor.Act(s.Context(), task, plan, s.rule)
		var retry *hls.RetryAfter
		if !errors.As(err, &retry) {
			return err
		}
		<-time.After(min(retry.After, time.Second))
	}
}

// effects are one of each kind on a subject that it is for, with how often GitHub then has it.
func (s *stage) effects() map[string]hls.Effect {
	review := hls.Effect{Kind: hls.CreateReview, Subject: second, Purpose: "ci", Revision: "first", Body: "One thing.", Head: s.github.PullRequest(shop, 2).Head.SHA,
		Remarks: []hls.Remark{{Path: "cart/save.go", Line: 11, EndLine: 11, Side: "RIGHT", Body: "A panic."}}}
	task := s.task(second)
	must(s.T, s.carried(task, hls.Plan{Effects: []hls.Effect{review}}))
	must(s.T, s.store.Finish(s.Context(), task, hls.Outcome{State: hls.Done}))
	comment := s.github.CommentAs(shop, 2, "mona", "/hls review")
	return map[string]hls.Effect{
		"POST /repos/*/*/issues":                           {Kind: hls.CreateIssue, Subject: other("workflow_run/55").Cause("0123abcd"), Title: "Main is broken", Body: "Since then.", Labels: []hls.Label{{Name: "bug"}, {Name: "ci"}}},
		"POST /repos/*/*/actions/runs/*/rerun-failed-jobs": {Kind: hls.RerunFailedJobs, Subject: other("workflow_run/55"), Run: 55, Attempt: 1},
		"POST /repos/*/*/issues/comments/*/reactions":      {Kind: hls.AddReaction, Subject: second, Comment: comment.ID, Reaction: hls.Eyes},
		"PATCH /repos/*/*/pulls/comments/*":                {Kind: hls.EditRemark, Subject: second, Comment: s.github.Remarks(shop, 2)[0].ID, Body: "Withdrawn."},
		"PATCH /repos/*/*/releases/*":                      {Kind: hls.SetSection, Subject: other("release/88"), Section: "notes", Body: "- A new button.", Expect: s.github.Release(shop, 88).Revision()},
		"POST /repos/*/*/issues/2/comments":                {Kind: hls.UpsertComment, Subject: second, Body: "The build fails.", Head: review.Head},
	}
}

// deedOf is what the journal calls an effect that was done.
var deedOf = map[hls.EffectKind]simulate.DeedKind{
	hls.CreateIssue: simulate.Opened, hls.RerunFailedJobs: simulate.Rerun, hls.AddReaction: simulate.Reacted,
	hls.EditRemark: simulate.RemarkEdited, hls.SetSection: simulate.ReleaseEdited, hls.UpsertComment: simulate.Commented,
}

// Whatever the network makes of a write and of its answer, it is done, and once.
func TestE5_EveryKindIsDoneOnceOverTheWire(t *testing.T) {
	t.Parallel()
	for _, fault := range []simulate.Fault{
		{}, {Kind: simulate.FailBefore, Status: 502}, {Kind: simulate.FailAfter, Status: 502}, {Kind: simulate.ResetBefore},
		{Kind: simulate.ResetAfter}, {Kind: simulate.Truncated}, {Kind: simulate.NoID},
		{Kind: simulate.FailAfter, Status: 500, Hidden: 150 * time.Millisecond},
	} {
		for _, kind := range hls.EffectKinds() {
			deed, known := deedOf[kind]
			if !known {
				continue
			}
			t.Run(fmt.Sprint(kind, fault.Kind, fault.Hidden), func(t *testing.T) {
				t.Parallel()
				s, fault := newStage(t), fault
				for route, e := range s.effects() {
					if e.Kind != kind {
						continue
					}
					if fault.Kind != "" {
						fault.Method, fault.PathGlob, _ = strings.Cut(route, " ")
						s.github.Fail(fault)
					}
					s.once(e, deed)
				}
			})
		}
	}
}

func (s *stage) once(e hls.Effect, deed simulate.DeedKind) {
	s.Helper()
	e.Purpose, e.Revision = "ci", "run/55/1"
	of := e.Subject
	if e.Kind == hls.CreateIssue {
		of = other("workflow_run/55")
	}
	plan := hls.Plan{Effects: []hls.Effect{e}}
	if e.Kind == hls.UpsertComment {
		of, plan.Target = other("workflow_run/55"), &second
	}
	s.deeds = nil
	task := s.task(of)
	if err := s.carried(task, plan); err != nil {
		s.Fatal(err)
	}
	rows, err := s.store.Effects(s.Context(), task.ID)
	must(s.T, err)
	n := 0
	for _, d := range s.deeds {
		if d == string(deed) {
			n++
		}
	}
	if n != 1 || len(rows) != 1 || rows[0].State != hls.EffectDone {
		s.Errorf("GitHub has it %d times, rows %+v", n, rows)
	}
	before := len(s.github.Writes())
	if err := s.carried(task, plan); err != nil || len(s.github.Writes()) != before {
		s.Errorf("carried once more it writes: %v", err)
	}
}

// What an issue about a cause says, and how it is found by the runs that follow.
func TestE5_AnIssueAboutACauseOverTheWire(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for run := range 3 {
		of := other(fmt.Sprintf("workflow_run/%d", 55+run))
		e := hls.Effect{
			Kind: hls.CreateIssue, Subject: of.Cause("0123abcd"), Purpose: "ci", Revision: fmt.Sprintf("run/%d/1", 55+run), Title: "Main is broken",
			Body: "Since then, see /merge.", Labels: []hls.Label{{Name: "BUG"}, {Name: "ci"}},
		}
		task := s.task(of)
		must(t, s.carried(task, hls.Plan{Effects: []hls.Effect{e}}))
		must(t, s.store.Finish(t.Context(), task, hls.Outcome{State: hls.Done}))
		if run == 1 {
			s.github.CloseIssue(shop, 3)
		}
	}
	first, next := s.github.Issue(shop, 3), s.github.Issue(shop, 4)
	if first.Title != "Main is broken" || !strings.Contains(first.Body, "<!-- hls:v1 purpose=ci ref=") || next.Number != 4 {
		t.Errorf("issues %+v, %+v", first, next)
	}
	if got := s.github.Labels(shop, 3); !slices.Equal(got, []string{"bug"}) {
		t.Errorf("labels %v", got)
	}
	posts := 0
	for _, w := range s.github.Writes() {
		if w.Method == http.MethodPost && strings.HasSuffix(w.Path, "/issues") {
			posts++
		}
	}
	if posts != 2 {
		t.Errorf("%d issues were opened", posts)
	}
}
