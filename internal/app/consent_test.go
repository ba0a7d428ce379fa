package app_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/simulate"
	"hls/internal/web"
)

const consenting = widgetSettings + "    mode: suggest\n    approve_by_reaction: true\n\napprovals: {every: 20ms}\n"

// proposed starts a service that asks for reactions, has it propose what follows from an issue, and returns the comment
// that asks.
func proposed(t *testing.T, settings string) (s *service, d simulate.Delivery, asked hls.Comment) {
	t.Helper()
	return proposedAt(t, settings, &atomic.Int64{})
}

// proposedAt is proposed where the clock of GitHub is so many nanoseconds ahead.
func proposedAt(t *testing.T, settings string, ahead *atomic.Int64) (s *service, d simulate.Delivery, asked hls.Comment) {
	t.Helper()
	gh := shopOf(simulate.GitHubConfig{Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }})
	s = start(t, settings, gh, answering(bugAnswer))
	s.github.SetPermission(widgets, "mona", "write")
	d = s.issueOpened()
	s.send(d)
	eventually(t, func() bool { // Who reacts before the record knows the comment is heard by the next pass alone.
		_, said := s.ledger(d.GUID)
		return s.asked() != nil && strings.HasSuffix(said, "upsert_comment: done\n")
	})
	return s, d, *s.asked()
}

// asked is the comment that asks for a decision, nil while there is none.
func (s *service) asked() *hls.Comment {
	for _, c := range s.github.Comments(widgets, 7) {
		if c.User.Same(s.github.Self()) && strings.Contains(c.Body, "purpose=proposals ") {
			return &c
		}
	}
	return nil
}

// saysProposals tells whether the comment that asks has come to say something.
func (s *service) saysProposals(text string) func() bool {
	return func() bool { return s.asked() != nil && strings.Contains(s.asked().Body, text) }
}

// looks counts how often GitHub was asked for something.
func (s *service) looks(part string) int {
	n := 0
	for _, c := range s.github.Calls() {
		if strings.Contains(c.Path, part) {
			n++
		}
	}
	return n
}

// looksAgain waits until reactions have been read twice more: a pass that began afterwards has come to its end.
func (s *service) looksAgain(part string) {
	s.t.Helper()
	before := s.looks(part)
	eventually(s.t, func() bool { return s.looks(part) >= before+2 })
}

// A thumb of somebody with write access has done exactly what was stored, and the comment says so.
func TestConsent_ThumbsUpDoesWhatWasStored(t *testing.T) {
	t.Parallel()
	s, d, asked := proposed(t, consenting)
	for _, want := range []string{"- add the label `bug`\n", "- comment: `", "Reactions are looked for until "} {
		if !strings.Contains(asked.Body, want) {
			t.Errorf("no %q in %s", want, asked.Body)
		}
	}
	if n := len(s.github.Writes()); n != 1 {
		t.Errorf("%d writes before anybody decided", n)
	}
	rows, _ := s.ledger(d.GUID)
	s.claude.SetAnswer(func(simulate.Request) string { return strings.ReplaceAll(bugAnswer, `"bug"`, `"enhancement"`) })
	calls := len(s.claude.Calls())
	s.github.ReactAs(widgets, asked.ID, "mona", "+1")
	eventually(t, s.saysProposals("**approved** by `mona`, done"))
	if got := s.github.Labels(widgets, 7); !slices.Equal(got, []string{"bug"}) {
		t.Errorf("labels %v", got)
	}
	comments := s.github.Comments(widgets, 7)
	if len(comments) != 2 || !strings.HasPrefix(comments[1].Body, rows[1].Effect.Body) {
		t.Errorf("comments %+v, stored %q", comments, rows[1].Effect.Body)
	}
	if len(s.claude.Calls()) != calls {
		t.Error("Claude was asked again")
	}
	if after, _ := s.ledger(d.GUID); after[0].DecidedBy != "mona" || after[0].State != hls.EffectDone {
		t.Errorf("row %+v", after[0])
	}
}

// A thumb down ends what was proposed, also where others are for it.
func TestConsent_ThumbsDownRejects(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string]string{"alone": consenting, "against another": strings.Replace(consenting, "20ms", "0s", 1)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, d, asked := proposed(t, settings)
			if name != "alone" {
				s.github.SetPermission(widgets, "paul", "admin")
				s.github.ReactAs(widgets, asked.ID, "paul", "+1")
			}
			s.github.ReactAs(widgets, asked.ID, "mona", "-1")
			s.send(s.says(7, "eve", "Any news?"))
			eventually(t, s.saysProposals("**rejected** by `mona`"))
			eventually(t, func() bool { // GitHub shows the comment before its row is done.
				_, said := s.ledger(d.GUID)
				return said == "add_labels: rejected\nupsert_comment: rejected\nupsert_comment: done\nupsert_comment: done\n"
			})
			if n := len(s.github.Labels(widgets, 7)); n != 0 {
				t.Errorf("%d labels", n)
			}
		})
	}
}

// E1: reactions by others than people with write access do nothing, and keep nobody's from being seen.
func TestE1_OnlyPeopleWithWriteAccessDecide(t *testing.T) {
	t.Parallel()
	s, d, asked := proposed(t, consenting)
	s.github.SetPermission(widgets, "tri", "triage")
	for _, login := range []string{"eve", "tri", "helper[bot]", s.github.Self().Login} {
		s.github.ReactAs(widgets, asked.ID, login, "+1")
		s.github.ReactAs(widgets, asked.ID, login, "-1")
	}
	s.github.ReactAs(widgets, asked.ID, "mona", "heart")
	eventually(t, func() bool {
		return s.looks("/collaborators/eve/permission") > 0 && s.looks("/collaborators/tri/permission") > 0
	})
	s.looksAgain(fmt.Sprintf("/issues/comments/%d/reactions", asked.ID))
	if _, said := s.ledger(d.GUID); !strings.HasPrefix(said, "add_labels: proposed\nupsert_comment: proposed\n") {
		t.Errorf("ledger:\n%s", said)
	}
	if n := s.looks("/collaborators/eve/permission"); n > 2 {
		t.Errorf("a stranger was asked about %d times", n)
	}
	for _, login := range []string{"mona", "helper", s.github.Self().Login} {
		if s.looks("/collaborators/"+login) > 0 {
			t.Errorf("%s was asked about", login)
		}
	}
	s.github.ReactAs(widgets, asked.ID, "mona", "+1")
	eventually(t, s.saysProposals("**approved** by `mona`, done"))
}

// E1: whatever a crowd puts on the comment hides nobody's reaction; and where there are too many that are against it to be
// looked at, nobody is for it.
func TestE1_ACrowdHidesNobody(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		accounts int
		puts     []string
		approved bool
	}{
		"of every kind": {38, []string{"laugh", "confused", "heart", "hooray", "rocket", "eyes", "+1", "-1"}, true},
		"against it":    {301, []string{"-1"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, d, asked := proposed(t, consenting)
			for n := range c.accounts {
				for _, content := range c.puts {
					s.github.ReactAs(widgets, asked.ID, fmt.Sprint("eve-", n), content)
				}
			}
			s.github.ReactAs(widgets, asked.ID, "mona", "+1")
			if c.approved {
				eventually(t, s.saysProposals("**approved** by `mona`, done"))
				return
			}
			eventually(t, func() bool { return s.looks("/collaborators/eve-") >= 300 })
			for range 3 { // Several requests are made in a pass.
				s.looksAgain(fmt.Sprintf("/issues/comments/%d/reactions", asked.ID))
			}
			if _, said := s.ledger(d.GUID); !strings.HasPrefix(said, "add_labels: proposed\nupsert_comment: proposed\n") {
				t.Errorf("ledger:\n%s", said)
			}
			if n := strings.Count(s.log.String(), "too many reactions"); n != 1 {
				t.Errorf("told %d times", n)
			}
		})
	}
}

// E1: what somebody made of the comment is not what people decide about.
func TestE1_AnEditedProposalIsNotDecidedAbout(t *testing.T) {
	t.Parallel()
	s, d, asked := proposed(t, consenting)
	s.github.EditCommentAs(widgets, 7, "eve", strings.Replace(asked.Body, "`bug`", "`enhancement`", 1))
	began := time.Now()
	eventually(t, func() bool { return time.Since(began) > time.Second }) // GitHub tells times to the second.
	s.github.ReactAs(widgets, asked.ID, "mona", "+1")
	s.looksAgain(fmt.Sprintf("/issues/comments/%d/reactions", asked.ID))
	if _, said := s.ledger(d.GUID); !strings.HasPrefix(said, "add_labels: proposed\nupsert_comment: proposed\n") {
		t.Errorf("ledger:\n%s", said)
	}
}

// E1: what is not listed is not decided about, although it waits on the same subject.
func TestE1_OnlyWhatIsListedIsDecidedAbout(t *testing.T) {
	t.Parallel()
	s, _, asked := proposed(t, strings.Replace(consenting, "20ms", "0s", 1))
	if said := s.triages(9); !strings.HasPrefix(said, "add_labels: proposed\n") {
		t.Fatalf("ledger:\n%s", said)
	}
	eventually(t, func() bool { return len(s.github.Comments(widgets, 9)) == 1 })
	s.github.Fail(simulate.Fault{Method: http.MethodPatch, PathGlob: "/repos/*/*/issues/comments/*", Kind: simulate.FailBefore, Status: http.StatusForbidden, Times: -1})
	s.github.EditIssue(widgets, 7, "Crash when saving as", "The app panics with a nil pointer when I save as.")
	again := s.issueOpened()
	s.send(again)
	eventually(t, func() bool { return len(s.tasks(record.Query{State: hls.Parked})) == 1 }) // The comment could not be edited.
	s.github.ReactAs(widgets, asked.ID, "mona", "+1")
	s.github.ReactAs(widgets, s.github.Comments(widgets, 9)[0].ID, "mona", "+1")
	s.send(s.says(7, "eve", "Any news?"))
	s.send(s.says(9, "eve", "And here?"))
	eventually(t, func() bool { return len(s.github.Labels(widgets, 9)) == 1 }) // The other was looked at before.
	rows, said := s.ledger(again.GUID)
	if !strings.HasPrefix(said, "add_labels: proposed\nupsert_comment: proposed\n") {
		t.Errorf("ledger:\n%s", said)
	}
	if code, answer := s.decide(true, rows[0]); code != http.StatusOK { // It could be.
		t.Errorf("approve: %d %s", code, answer)
	}
	eventually(t, func() bool { return len(s.github.Labels(widgets, 7)) == 1 })
}

// E6: what was decided too late is outdated, as by any other door; and a reaction to what was proposed before is none to what
// is proposed now.
func TestE6_AReactionIsToWhatStoodThere(t *testing.T) {
	t.Parallel()
	ahead := &atomic.Int64{}
	s, d, asked := proposedAt(t, consenting, ahead)
	s.github.EditIssue(widgets, 7, "Crash when saving as", "The app panics with a nil pointer when I save as.")
	s.github.ReactAs(widgets, asked.ID, "mona", "+1")
	eventually(t, s.saysProposals("outdated, not done"))
	if n := len(s.github.Labels(widgets, 7)); n != 0 {
		t.Errorf("%d labels", n)
	}
	again := s.issueOpened() // as it is now
	s.send(again)
	eventually(t, s.saysProposals("This comment was edited"))
	s.looksAgain(fmt.Sprintf("/issues/comments/%d/reactions", asked.ID))
	if _, said := s.ledger(again.GUID); !strings.HasPrefix(said, "add_labels: proposed\nupsert_comment: proposed\n") {
		t.Errorf("ledger:\n%s", said)
	}
	if len(s.github.Comments(widgets, 7)) != 1 {
		t.Errorf("comments %+v", s.github.Comments(widgets, 7))
	}
	ahead.Store(int64(2*time.Minute + time.Second))
	s.github.UnreactAs(widgets, asked.ID, "mona", "+1")
	s.github.ReactAs(widgets, asked.ID, "mona", "+1")
	eventually(t, func() bool { return len(s.github.Labels(widgets, 7)) == 1 })
	if rows, _ := s.ledger(d.GUID); rows[0].State != hls.EffectStale {
		t.Errorf("row %+v", rows[0])
	}
}

// E6: who reads a page that was opened before the comment was edited has not seen what it proposes now. That is not approved
// by them; to reject it is safe.
func TestE6_NobodyApprovesWhatWasJustPutThere(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{"+1": "proposed", "-1": "rejected"} {
		t.Run(content, func(t *testing.T) {
			t.Parallel()
			ahead := &atomic.Int64{}
			s, _, asked := proposedAt(t, consenting, ahead)
			s.github.EditIssue(widgets, 7, "Crash when saving as", "The app panics with a nil pointer when I save as.")
			again := s.issueOpened()
			s.send(again)
			eventually(t, s.saysProposals("a 👍 of the first two minutes"))
			ahead.Store(int64(time.Minute))
			s.github.ReactAs(widgets, asked.ID, "mona", content)
			if want == "proposed" {
				s.looksAgain(fmt.Sprintf("/issues/comments/%d/reactions", asked.ID))
			}
			eventually(t, func() bool {
				_, said := s.ledger(again.GUID)
				return strings.HasPrefix(said, fmt.Sprintf("add_labels: %[1]s\nupsert_comment: %[1]s\n", want))
			})
			if n := len(s.github.Labels(widgets, 7)); n != 0 {
				t.Errorf("%d labels", n)
			}
		})
	}
}

// Another event of the subject has reactions looked at where no pass is made.
func TestConsent_AnEventOfTheSubjectIsEnough(t *testing.T) {
	t.Parallel()
	s, _, asked := proposed(t, strings.Replace(consenting, "20ms", "0s", 1))
	s.github.ReactAs(widgets, asked.ID, "mona", "+1")
	s.send(s.says(7, "eve", "Any news?"))
	eventually(t, s.saysProposals("**approved** by `mona`, done"))
}

// What another door has decided is said in the comment as well.
func TestConsent_OtherDoorsAreTold(t *testing.T) {
	t.Parallel()
	s, d, _ := proposed(t, consenting)
	rows, _ := s.ledger(d.GUID)
	if code, _ := s.decide(false, rows[0]); code != http.StatusOK {
		t.Fatalf("reject: %d", code)
	}
	eventually(t, s.saysProposals("- add the label `bug`: **rejected** by `operator`"))
	if code, _ := s.decide(true, rows[1]); code != http.StatusOK {
		t.Fatalf("approve: %d", code)
	}
	eventually(t, s.saysProposals("**approved** by `operator`, done"))
}

// Nobody is asked unless the settings say so, and then nothing else is written.
func TestConsent_IsOffByDefault(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string]string{
		"unset":  withMode("suggest"),
		"shadow": strings.Replace(consenting, "mode: suggest", "mode: shadow", 1),
	} {
		s := start(t, settings, shop(), answering(bugAnswer))
		d := s.issueOpened()
		s.send(d)
		s.settled(d.GUID)
		if n := len(s.github.Writes()); n != 0 {
			t.Errorf("%s: %d writes", name, n)
		}
		if tasks := s.tasks(record.Query{}); len(tasks) != 1 {
			t.Errorf("%s: %d tasks", name, len(tasks))
		}
	}
}

// S5: somebody who bears the name of operators is told from them.
func TestS5_APersonIsNotTheOperator(t *testing.T) {
	t.Parallel()
	s, _, asked := proposed(t, consenting)
	s.github.SetPermission(widgets, "Operator", "write")
	s.github.ReactAs(widgets, asked.ID, "Operator", "+1")
	eventually(t, s.saysProposals("**approved** by `@Operator`, done"))
	of := simulate.Delivery{Event: "issues", GUID: simulate.NewGUID(), HookID: 1, Payload: s.github.IssuePayload(widgets, 7, "opened", "Operator", nil)}
	s.send(of)
	s.settled(of.GUID)
	if code, text := s.postAdmin("/api/v1/deliveries/"+of.GUID+"/replay", nil); code != http.StatusAccepted {
		t.Fatalf("replay: %d %s", code, text)
	}
	list, err := s.app.Store().Audited(t.Context(), record.AuditQuery{})
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]bool{}
	for _, e := range list {
		by[fmt.Sprintf("%s of its: %t, by %s", e.Kind, e.DeliveryID == of.GUID, e.By)] = true
	}
	for want, ok := range map[string]bool{
		"approval of its: false, by @Operator": true, "approval of its: false, by operator": false, "task of its: false, by mona": true,
		"task of its: true, by @Operator": true, "task of its: true, by Operator": false, "replay of its: true, by operator": true,
	} {
		if by[want] != ok {
			t.Errorf("%s: %t, of %v", want, by[want], by)
		}
	}
}

// A sweep that was not told to speak asks nobody, although it proposes.
func TestConsent_AQuietSweepAsksNobody(t *testing.T) {
	t.Parallel()
	gh := shop()
	gh.AddIssue(widgets, simulate.IssueSeed{Number: 40, Title: "Crash", Author: "mona", Body: "It panics with a nil pointer.", Age: 2 * time.Hour})
	s := start(t, consenting, gh, answering(bugAnswer))
	s.swept(web.Sweep{Apply: true, Most: 1})
	eventually(t, func() bool { return s.allDone(1) })
	rows, err := s.app.Store().Ledger(t.Context(), record.LedgerQuery{State: hls.EffectProposed})
	if err != nil || len(rows) != 1 || len(s.github.Writes()) > 0 || len(s.tasks(record.Query{})) != 1 {
		t.Errorf("%d proposals, %d writes, tasks %+v: %v", len(rows), len(s.github.Writes()), s.tasks(record.Query{}), err)
	}
}
