package faults_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"hls/internal/history"
	"hls/internal/hls"
	"hls/internal/simulate"
)

// delivery is what GitHub sends about something that people did.
type delivery struct {
	simulate.Delivery
	subject history.Subject
}

func (w *world) round(s history.Subject) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rounds[s]
}

// turn begins a new round of a subject.
func (w *world) turn(s history.Subject) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rounds[s]++
	return w.rounds[s]
}

func (w *world) about(s history.Subject, event string, payload []byte) delivery {
	return delivery{simulate.Delivery{Event: event, GUID: simulate.NewGUID(), HookID: 1, Payload: payload}, s}
}

func body(s history.Subject, round int) string {
	return fmt.Sprintf("The app panics with a nil pointer. This is %s in round %d.", s, round)
}

// openIssue and openPull begin a subject with its first round.
func (w *world) openIssue(repo string, number int) delivery {
	s := history.Subject{Repo: repo, Number: number}
	w.github.AddIssue(repo, simulate.IssueSeed{Number: number, Title: "Crash when saving", Author: reader, Body: body(s, w.turn(s))})
	return w.about(s, "issues", w.github.IssuePayload(repo, number, "opened", reader, nil))
}

func (w *world) openPull(repo string, number int) delivery {
	s := history.Subject{Repo: repo, Number: number}
	round := w.turn(s)
	w.github.AddPullRequest(repo, simulate.PullRequestSeed{
		IssueSeed: simulate.IssueSeed{Number: number, Title: "Add a cache", Author: reader, Body: "It is faster."}, Files: files(s, round),
	})
	return w.about(s, "pull_request", w.github.PullRequestPayload(repo, number, "opened", reader, nil))
}

func files(s history.Subject, round int) []hls.File {
	return []hls.File{{Filename: "cache.go", Status: "added", Patch: fmt.Sprintf(
		"@@ -0,0 +1,5 @@\n+package cache\n+// round %d of %s\n+func Open() {\n+\t_ = os.Remove(\"round %d\")\n+}", round, s, round)}}
}

// edit and push bring a subject to its next round.
func (w *world) edit(s history.Subject) delivery {
	w.github.EditIssue(s.Repo, s.Number, "Crash when saving", body(s, w.turn(s)))
	return w.about(s, "issues", w.github.IssuePayload(s.Repo, s.Number, "edited", reader, simulate.Change{"body": "before"}))
}

func (w *world) push(s history.Subject) delivery {
	w.github.Push(s.Repo, s.Number, files(s, w.turn(s)))
	return w.about(s, "pull_request", w.github.PullRequestPayload(s.Repo, s.Number, "synchronize", reader, nil))
}

// openAs is an issue that a bot, or HLS itself, has opened. Nobody is to work on it.
func (w *world) openAs(login, repo string, number int) delivery {
	s := history.Subject{Repo: repo, Number: number}
	w.github.AddIssue(repo, simulate.IssueSeed{Number: number, Title: "Crash when saving", Author: login, Body: body(s, w.turn(s))})
	return w.about(s, "issues", w.github.IssuePayload(repo, number, "opened", login, nil))
}

// attempt sends a delivery once, and tells the code of its answer, 0 when there is none.
func (w *world) attempt(d delivery) int {
	url := w.address()
	if url == "" {
		return 0
	}
	w.mu.Lock()
	w.requests++
	n := w.requests
	w.mu.Unlock()
	sum := sha256.Sum256(d.Payload)
	w.history.Add(history.Entry{Sent: &history.Sent{
		N: n, Delivery: d.GUID, Hash: hex.EncodeToString(sum[:]), Event: d.Event, Subject: d.subject,
	}})
	code, text, err := simulate.Send(context.Background(), url+w.path, webhookSecret, d.Delivery)
	var told struct{ Status, Reason string }
	if err != nil || code == http.StatusNotFound || json.Unmarshal(text, &told) != nil {
		return 0
	}
	w.history.Add(history.Entry{Answered: &history.Answered{N: n, Code: code, Status: told.Status, Reason: told.Reason}})
	return code
}

// deliver sends a delivery until it has an answer that is final, as someone does who looks at GitHub's log and presses
// "Redeliver". Every delivery has to have its answer within two minutes.
func (w *world) deliver(d delivery) {
	deadline := time.Now().Add(2 * time.Minute)
	for {
		if code := w.attempt(d); code != 0 && code != http.StatusServiceUnavailable {
			return
		}
		if time.Now().After(deadline) {
			w.t.Errorf("delivery %s has no answer", d.GUID)
			return
		}
		<-time.After(20 * time.Millisecond)
	}
}

// want says that the newest round of a subject has to be answered in the end, with these labels.
func (w *world) want(s history.Subject, labels ...string) {
	w.history.Add(history.Entry{Wanted: &history.Wanted{Subject: s, Round: w.round(s), Labels: labels}})
}
