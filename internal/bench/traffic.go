package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"

	"hls/internal/hls"
	"hls/internal/simulate"
)

const (
	// common is how large most deliveries of GitHub are.
	common = 10_000
	// firstNumber is of the issues that are delivered: all numbers have as many digits.
	firstNumber = 1_000_000
	// repositories is over how many the deliveries are spread.
	repositories = 20
)

// traffic makes deliveries of new issues, each of which is another issue of one of the repositories.
type traffic struct {
	bodies [][]byte // by repository, each about the issue firstNumber
	made   atomic.Int64
}

func repository(n int) string { return fmt.Sprintf("acme/repository-%02d", n%repositories) }

// newTraffic takes the bodies from a stand-in, so that they have GitHub's shape.
func newTraffic() *traffic {
	gh := newGitHub(nil)
	t := &traffic{}
	for n := range repositories {
		gh.AddIssue(repository(n), issue(firstNumber))
		body := gh.IssuePayload(repository(n), firstNumber, "opened", "mona", nil)
		t.bodies = append(t.bodies, body)
	}
	return t
}

// newGitHub is a stand-in with the repositories, which answers at once and has no limits.
func newGitHub(journal func(simulate.Entry)) *simulate.GitHub {
	gh := simulate.NewGitHub(simulate.GitHubConfig{Limit: 1 << 30, Journal: journal})
	for n := range repositories {
		gh.AddRepository(simulate.RepositorySeed{FullName: repository(n), Labels: []hls.Label{{Name: "bug"}, {Name: "question"}}})
	}
	return gh
}

// newClaude is a stand-in that answers at once.
func newClaude() *simulate.Claude {
	return simulate.NewClaude(simulate.ClaudeConfig{
		Requests: 1 << 30, InputTokens: 1 << 40, OutputTokens: 1 << 40,
		Answer: func(simulate.Request) string { return answer },
	})
}

const answer = `{"type":"bug","priority":{"level":"medium","reason":"It fails."},"difficulty":{"level":"easy","reason":"Local."},
"components":[],"labels":[{"name":"bug","confidence":0.95,"evidence":"The program crashes when it saves a widget"}],"duplicates":[],"missing_information":[],
"security_sensitive":false,"injection_suspected":false,"needs_human":false,"summary":"It crashes.","comment":""}`

// issue is one whose delivery has the common size.
func issue(number int) simulate.IssueSeed {
	return simulate.IssueSeed{
		Number: number, Title: fmt.Sprintf("Crash when saving widget %d", number), Author: "mona",
		Body: "The program crashes when it saves a widget.\n\n" + prose(common-3500),
	}
}

// prose is text that compresses as well as people's does.
func prose(size int) string {
	words := strings.Fields("the a program widget save crash log line error version when after before button window file folder " +
		"user path config option value null index range panic goroutine stack trace handler request response timeout retry " +
		"database table column migration branch commit merge release build test failed passed expected actual got want")
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // It is text, and no secret.
	var b strings.Builder
	for b.Len() < size {
		b.WriteString(words[r.IntN(len(words))])
		if r.IntN(12) == 0 {
			fmt.Fprintf(&b, " 0x%08x:\n", r.Uint32())
			continue
		}
		b.WriteByte(' ')
	}
	return b.String()
}

// ahead sets so many deliveries apart: those that the traffic it returns makes.
func (t *traffic) ahead(n int) *traffic {
	apart := &traffic{bodies: t.bodies}
	apart.made.Store(t.made.Add(int64(n)) - int64(n))
	return apart
}

// next is a delivery that there was not before.
func (t *traffic) next() simulate.Delivery {
	n := int(t.made.Add(1))
	body := bytes.ReplaceAll(t.bodies[n%repositories], []byte(fmt.Sprint(firstNumber)), []byte(fmt.Sprint(firstNumber+n)))
	return simulate.Delivery{Event: "issues", GUID: simulate.NewGUID(), HookID: 1, Payload: body}
}
