package pipeline

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/route"
)

// voters answers that nobody has reacted, and keeps who was asked about.
type voters struct {
	asked []int
	fail  map[int]error
}

func (v *voters) Votes(_ context.Context, s hls.Subject, _ int64) ([]hls.Vote, bool, error) {
	v.asked = append(v.asked, s.Number)
	return nil, true, v.fail[s.Number]
}

func (*voters) Comment(context.Context, hls.Subject, int64) (hls.Comment, error) {
	return hls.Comment{}, hls.ErrNotFound
}

func (*voters) Access(context.Context, hls.Subject, string) (hls.Access, error) {
	return hls.Access{}, hls.ErrNotFound
}

// asking is a pipeline whose store has a proposal on each of so many issues, with a comment that lists it.
func asking(t *testing.T, many int) (*Pipeline, *voters) {
	t.Helper()
	p, store, first := claimed(t, time.Hour)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(store.Finish(t.Context(), first, hls.Outcome{State: hls.Done}))
	move := func(task hls.Task, e hls.Effect, states ...hls.EffectState) int64 {
		rows, err := store.Intend(t.Context(), task, []hls.Effect{e})
		must(err)
		from := hls.Intent
		for _, to := range states {
			must(store.Move(t.Context(), task, rows[0].ID, hls.Move{From: from, To: to, RemoteID: int64(task.Subject.Number)}))
			from = to
		}
		must(store.Finish(t.Context(), task, hls.Outcome{State: hls.Done}))
		return rows[0].ID
	}
	for n := range many {
		s := hls.Subject{RepoID: 1, Repo: "o/r", Kind: hls.KindIssue, Number: n + 1}
		body := fmt.Appendf(nil, `{"n":%d}`, n)
		d := hls.Delivery{ID: fmt.Sprint("d", n), Event: "issues", Body: body, Hash: sha256.Sum256(body), ReceivedAt: time.Now()}
		work := record.NewTask{Subject: s, Purpose: "triage", Event: "issues", Origin: hls.FromDelivery, OccurredAt: time.Now()}
		_, err := store.Add(t.Context(), record.Intake{Delivery: d, Work: &work})
		must(err)
		task, err := store.Claim(t.Context(), "me", time.Hour)
		must(err)
		row := move(task, hls.Effect{Kind: hls.CloseIssue, Subject: s, Purpose: "triage", Revision: "r"}, hls.EffectProposed)
		work.Purpose, work.Origin = hls.ProposalPurpose, hls.FromProposal
		_, err = store.Enqueue(t.Context(), d.ID, work)
		must(err)
		task, err = store.Claim(t.Context(), "me", time.Hour)
		must(err)
		comment := hls.Effect{Kind: hls.UpsertComment, Subject: s, Purpose: hls.ProposalPurpose, Revision: "r", Body: "b", Rows: []int64{row}}
		move(task, comment, hls.Sending, hls.EffectDone)
	}
	router, err := route.New(route.Config{Repositories: []route.Repository{{Name: "o/r", Mode: "suggest", ApproveByReaction: true}}}, route.Features{})
	must(err)
	asked := &voters{fail: map[int]error{}}
	p.Swap(Rooms{Router: router, Voters: asked})
	return p, asked
}

func numbered(from, to int) (list []int) {
	for n := from; n <= to; n++ {
		list = append(list, n)
	}
	return list
}

// A pass asks so much and no more, about the oldest proposals first; the next goes on where it ended, and what is old is left
// alone.
func TestE9_LookingForReactionsIsBounded(t *testing.T) {
	t.Parallel()
	p, asked := asking(t, mostLooked+7)
	for i, c := range []struct {
		want []int
		more bool
	}{{numbered(1, mostLooked), true}, {numbered(mostLooked+1, mostLooked+7), false}, {numbered(1, mostLooked), true}} {
		asked.asked = nil
		if more := p.Consult(t.Context()); more != c.more || !slices.Equal(asked.asked, c.want) {
			t.Errorf("pass %d: more %t, asked about %v", i, more, asked.asked)
		}
	}
	p.cfg.Now = func() time.Time { return time.Now().Add(defaultConsent + time.Minute) }
	p.consent.after, asked.asked = 0, nil
	if more := p.Consult(t.Context()); more || len(asked.asked) > 0 {
		t.Errorf("after 14 days: more %t, asked about %v", more, asked.asked)
	}
}

// What GitHub refuses of one subject keeps no other from being looked at; an outage, or a limit, ends the pass.
func TestE9_OneRefusalIsNotTheOthers(t *testing.T) {
	t.Parallel()
	p, asked := asking(t, 3)
	asked.fail[1] = &hls.Permanent{Err: errors.New("403"), Reason: "github_forbidden"}
	p.Consult(t.Context())
	if !slices.Equal(asked.asked, []int{1, 2, 3}) {
		t.Errorf("asked about %v", asked.asked)
	}
	asked.fail[2], asked.asked = &hls.RetryAfter{Err: errors.New("429")}, nil
	p.Consult(t.Context())
	if !slices.Equal(asked.asked, []int{1, 2}) {
		t.Errorf("during an outage: asked about %v", asked.asked)
	}
}
