//go:build faults

package faults_test

import (
	"net/http"
	"testing"
	"time"

	"hls/internal/simulate"
)

// A write that waits for its turn under github.limits is made long after its effect was planned. A crash right after it
// must not make HLS believe that it would have seen the effect by now.
func TestE5_CrashAfterAWriteThatWaited(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b backend) {
		w := newWorld(t, b, setup{timeout: requestTimeout, writes: 1, answers: func(q question) string { return triaged(q, nil, true) }})
		w.addRepository("acme/alpha")
		w.github.Fail(simulate.Fault{Method: http.MethodPost, Skip: 1, Kind: simulate.FailAfter, Status: http.StatusBadGateway, Hidden: unseen})
		p := w.run("HLS_FAULT=posted:2")
		first, second := w.openIssue("acme/alpha", 1), w.openIssue("acme/alpha", 2)
		w.deliver(first)
		w.deliver(second)
		w.eventually("the second write is made", func() bool {
			return len(w.github.Comments("acme/alpha", 1))+len(w.github.Comments("acme/alpha", 2)) == 2
		})
		w.crashed(p)
		p = w.run()
		w.idle()
		w.want(first.subject)
		w.want(second.subject)
		w.report("crash after a write that waited", 1, w.verdict(p))
	})
}

// What changes while a write waits for its turn is not answered with what was true before.
func TestE6_ChangedWhileTheWriteWaited(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b backend) {
		w := newWorld(t, b, setup{writes: 1, answers: func(q question) string { return triaged(q, nil, true) }})
		w.addRepository("acme/alpha")
		p := w.run()
		first, second := w.openIssue("acme/alpha", 1), w.openIssue("acme/alpha", 2)
		w.deliver(first)
		w.eventually("the first write is made", func() bool { return len(w.github.Comments("acme/alpha", 1)) == 1 })
		w.deliver(second)
		w.eventually("the second is asked about", func() bool { return len(w.claude.Calls()) == 2 })
		<-time.After(10 * time.Second)
		w.deliver(w.edit(second.subject))
		w.idle()
		w.want(first.subject)
		w.want(second.subject)
		w.report("change while a write waited", 1, w.verdict(p))
	})
}
