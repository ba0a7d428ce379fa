package sweep

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/receive"
	"hls/internal/record"
)

var began = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// world is a GitHub with one issue and one pull request, a record that knows nothing, and a door that lets all in.
type world struct {
	stars int // of the repository: they change all the time
	took  []hls.Delivery
	items []Item
}

const (
	issue = `{"id": 90071992547409931, "number": 7, "title": "Crash <b>", "body": "It panics.", "state": "open", "created_at": "2026-01-15T09:30:00Z",
		"updated_at": "2026-02-01T00:00:00Z", "user": {"id": 3, "login": "mona", "type": "User"}, "labels": []}`
	listed = `{"id": 80, "number": 8, "title": "Add cache", "state": "open", "created_at": "2026-01-16T09:30:00Z", "pull_request": {},
		"user": {"id": 4, "login": "paul", "type": "User"}, "labels": []}`
	pull = `{"id": 80, "number": 8, "title": "Add cache", "state": "open", "created_at": "2026-01-16T09:30:00Z",
		"head": {"ref": "cache", "sha": "aaaa", "repo": {"id": 1, "temp_clone_token": "ghs_of_the_head", "permissions": {"admin": true}}},
		"base": {"ref": "main", "sha": "bbbb"}, "user": {"id": 4, "login": "paul", "type": "User"}, "labels": []}`
)

func (w *world) OpenSubjects(context.Context, string, int) ([]json.RawMessage, bool, error) {
	return []json.RawMessage{json.RawMessage(issue), json.RawMessage(listed)}, false, nil
}

func (w *world) WholeRepository(context.Context, string) (json.RawMessage, error) {
	w.stars++
	return json.RawMessage(fmt.Sprintf(`{"id": 5, "full_name": "acme/widget", "stargazers_count": %d, "temp_clone_token": "ghs_of_the_repository",
		"permissions": {"admin": true}, "security_and_analysis": {"secret_scanning": {"status": "disabled"}}}`, w.stars)), nil
}

func (w *world) WholePullRequest(context.Context, hls.Subject) (json.RawMessage, error) {
	return json.RawMessage(pull), nil
}

func (w *world) List(context.Context, record.Query) ([]record.Summary, error) { return nil, nil }

func (w *world) Analysis(context.Context, int64) (hls.Analysis, error) {
	return hls.Analysis{}, hls.ErrNotFound
}

func (w *world) Scope(string) string { return "" }

func (w *world) Take(ctx context.Context, f receive.Fetched) (receive.Taken, error) {
	d := hls.Delivery{ID: f.ID, Event: f.Event, Body: f.Body, ReceivedAt: f.At}
	e, err := hls.DecodeEvent(d)
	if err != nil {
		return receive.Taken{}, err
	}
	receipt, err := f.Accept(ctx, d, e)
	return receive.Taken{Class: receipt.Class}, err
}

func (w *world) accept(_ context.Context, d hls.Delivery, _ hls.Event, i Item) (hls.Receipt, error) {
	w.took, w.items = append(w.took, d), append(w.items, i)
	return hls.Receipt{Class: hls.Accepted}, nil
}

func (w *world) sweep(t *testing.T) Report {
	t.Helper()
	s, err := New(Deps{
		GitHub: w, Record: w, Door: w, Accept: w.accept, Log: slog.New(slog.DiscardHandler), Spare: func() bool { return true },
		Verdict:      func(hls.Event) hls.Verdict { return hls.Go("triage") },
		Repositories: func(context.Context) ([]string, error) { return []string{"acme/widget"}, nil },
		Unwanted:     func(string, string, string) string { return "" }, Now: func() time.Time { return began },
	})
	if err != nil {
		t.Fatal(err)
	}
	report, err := s.Pass(t.Context(), Request{Apply: true, Most: 10})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// I3: whoever finds the same state of a subject makes the same delivery of it, whatever else has changed; another state is
// another delivery.
func TestI3_TheSameStateIsTheSameDelivery(t *testing.T) {
	t.Parallel()
	w := &world{}
	w.sweep(t)
	w.sweep(t)
	if len(w.took) != 4 {
		t.Fatalf("took %d", len(w.took))
	}
	for i := range 2 {
		a, b := w.took[i], w.took[i+2]
		if a.ID != b.ID || a.Hash != b.Hash || string(a.Body) == string(b.Body) || !strings.HasPrefix(a.ID, hls.SweptID) || len(a.ID) > 64 {
			t.Errorf("%s %x and %s %x", a.ID, a.Hash, b.ID, b.Hash)
		}
	}
	if w.took[0].ID == w.took[1].ID || w.took[0].Hash == w.took[1].Hash {
		t.Error("two subjects are one")
	}
	e := hls.Event{Subject: hls.Subject{RepoID: 5, Kind: hls.KindIssue, Number: 7}, Issue: &hls.Issue{Title: "a"}}
	before := nameOf(e)
	e.Issue.Body = "edited"
	if nameOf(e) == before {
		t.Error("an edit changes nothing")
	}
}

// What is made is the payload of the event that would have told, with every number as it was.
func TestWhatIsFoundIsTheEventThatWouldHaveTold(t *testing.T) {
	t.Parallel()
	w := &world{}
	report := w.sweep(t)
	if len(report.Found) != 2 || report.Found[1].Kind != hls.KindPullRequest || report.Repositories[0].Open != 2 {
		t.Fatalf("%+v", report)
	}
	first, err := hls.DecodeEvent(w.took[0])
	if err != nil || first.String() != "issues.opened" || first.Issue.ID != 90071992547409931 || first.Issue.Title != "Crash <b>" ||
		first.Sender.Login != "mona" || first.Repo.ID != 5 || first.Subject.String() != "acme/widget#7" {
		t.Errorf("%+v, %v", first, err)
	}
	second, err := hls.DecodeEvent(w.took[1])
	if err != nil || second.String() != "pull_request.opened" || second.PullRequest.Head.SHA != "aaaa" || second.Issue != nil {
		t.Errorf("%+v, %v", second, err)
	}
	if w.items[0].Place != 0 || w.items[1].Place != 1 || !w.items[1].Made.Equal(time.Date(2026, 1, 16, 9, 30, 0, 0, time.UTC)) || w.items[0].Comment {
		t.Errorf("%+v", w.items)
	}
}

// S1: what the API tells the holder of a token alone is in no delivery.
func TestS1_TokensOfTheAPIAreNotStored(t *testing.T) {
	t.Parallel()
	w := &world{}
	w.sweep(t)
	for _, d := range w.took {
		for _, word := range []string{"ghs_of", "temp_clone_token", "permissions", "security_and_analysis"} {
			if strings.Contains(string(d.Body), word) {
				t.Errorf("%s has %s", d.Event, word)
			}
		}
	}
}
