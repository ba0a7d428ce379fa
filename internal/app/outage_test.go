package app_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/simulate"
)

// firstWrites are the issues in the order in which HLS first wrote to them.
func firstWrites(calls []simulate.Call) []int {
	var order []int
	seen := map[string]bool{}
	for _, call := range calls {
		parts := strings.Split(call.Path, "/")
		if !call.Effect || len(parts) < 6 || seen[parts[5]] {
			continue
		}
		seen[parts[5]] = true
		n, _ := strconv.Atoi(parts[5])
		order = append(order, n)
	}
	return order
}

// densest is the most calls in any span of time.
func densest(calls []simulate.Call, span time.Duration) (most int) {
	first := 0
	for i := range calls {
		for calls[i].At.Sub(calls[first].At) > span {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// GitHub is down for six hours while deliveries keep coming. Each is taken in at once. GitHub is left alone but for
// probes; afterwards all are worked off, in their order, once each, and slowly at first.
func TestO1_SixHoursWithoutGitHub(t *testing.T) {
	withoutGitHub(t, 6, func(c *town) { c.lan.setDown("github.test", true) }, func(c *town) { c.lan.setDown("github.test", false) })
}

func TestO1_TwoHoursOf503(t *testing.T) {
	withoutGitHub(t, 2, func(c *town) {
		c.github.Fail(simulate.Fault{Kind: simulate.FailBefore, Status: http.StatusServiceUnavailable, Times: -1})
	}, func(c *town) { c.github.Heal() })
}

func withoutGitHub(t *testing.T, hours int, begin, end func(*town)) {
	t.Helper()
	inBubble(t, threeShops, shops(), answering(bugAnswer), func(c *town) {
		var guids []string
		deliver := func(n int) {
			for range n {
				d := c.issue(len(guids))
				c.send(d)
				guids = append(guids, d.GUID)
				time.Sleep(time.Minute)
			}
		}
		deliver(5)
		if n := c.open(); n != 0 {
			c.Fatalf("%d are not done before the outage", n)
		}
		before := len(c.github.Calls())
		begin(c)
		deliver(30 * hours)
		c.isShut("github", time.Duration(hours)*time.Hour/2)
		deliver(30 * hours)
		probes := len(c.github.Calls()) - before
		if n := c.open(); n != int64(60*hours) {
			c.Fatalf("%d wait at the end of the outage", n)
		}
		end(c)
		healed := len(c.github.Calls())
		if took := c.settle(); took > 15*time.Minute {
			c.Errorf("it took %s to work off what had gathered", took)
		}
		if probes > 25*hours {
			c.Errorf("GitHub was called %d times while it was down", probes)
		}
		c.workedOff(guids)
		c.slowly(c.github.Calls()[healed:])
	})
}

// isShut says that a door is open to nobody, in /health and in /metrics.
func (c *town) isShut(name string, since time.Duration) {
	c.Helper()
	line := c.door(name)
	b := line.Breaker
	if line.Status != "degraded" || (b.State != "open" && b.State != "half_open") || b.Error == "" || len(b.Only) != 0 {
		c.Errorf("health of %s: %+v", name, line)
	}
	if lasts := time.Since(b.Since); lasts < since-10*time.Minute || lasts > since+time.Minute {
		c.Errorf("it is shut for %s", lasts)
	}
	if wait := time.Until(b.NextTry); wait > 7*time.Minute {
		c.Errorf("it is tried in %s", wait)
	}
	if want := fmt.Sprintf(`hls_breaker_state{door=%q,state=%q} 1`, name, b.State); !strings.Contains(c.get("/metrics"), want) {
		c.Errorf("metrics do not have %s", want)
	}
}

// workedOff: all are done at the first attempt, each was written to once, and in their order, but for as many as are
// worked on at a time.
func (c *town) workedOff(guids []string) {
	c.Helper()
	c.written(guids)
	if asked := len(c.claude.Calls()); asked != len(guids) {
		c.Errorf("Claude was asked %d times about %d issues", asked, len(guids))
	}
}

func (c *town) written(guids []string) {
	c.Helper()
	for i, task := range c.tasks(guids) {
		if task.State != hls.Done || task.Attempt != 1 {
			c.Fatalf("task %d ended as %s (%s) at attempt %d", i, task.State, task.Reason, task.Attempt)
		}
	}
	order := firstWrites(c.github.Writes())
	if len(order) != len(guids) {
		c.Fatalf("%d of %d were written to", len(order), len(guids))
	}
	for at, n := range order {
		if late := at - (n - 1000); late < -20 || late > 20 {
			c.Errorf("delivery %d came as number %d", n-1000, at)
		}
	}
}

// slowly: a server that comes back is called one at a time at first, then by two, and so on.
func (c *town) slowly(calls []simulate.Call) {
	c.Helper()
	begun := 0 // the first call that went well
	for begun < len(calls) && calls[begun].Status >= 500 {
		begun++
	}
	calls = calls[begun:]
	within := func(span time.Duration) (part []simulate.Call) {
		for _, call := range calls {
			if call.At.Sub(calls[0].At) < span {
				part = append(part, call)
			}
		}
		return part
	}
	// A call takes 50 ms, so that one at a time are 20 a second.
	if n := densest(within(4*time.Second), time.Second); n > 22 {
		c.Errorf("%d calls in one of the first seconds", n)
	}
	if n := densest(within(9*time.Second), time.Second); n > 44 {
		c.Errorf("%d calls in one of the first ten seconds", n)
	}
}

// While Claude is down GitHub is not read for nothing.
func TestO1_TwoHoursWithoutClaude(t *testing.T) {
	gh, cl := shops(), answering(bugAnswer)
	inBubble(t, threeShops, gh, cl, func(c *town) {
		cl.SetMode(simulate.Overloaded)
		var guids []string
		for range 120 {
			d := c.issue(len(guids))
			c.send(d)
			guids = append(guids, d.GUID)
			time.Sleep(time.Minute)
		}
		if b := c.door("claude").Breaker; b.State == "closed" || !strings.Contains(b.Error, "529") {
			c.Errorf("health of claude: %+v", b)
		}
		if b := c.door("github").Breaker; b.State != "closed" {
			c.Errorf("health of github: %+v", b)
		}
		asked := len(cl.Calls())
		if read := len(gh.Calls()); asked > 50 || read > 20*asked {
			c.Errorf("Claude was asked %d times, and GitHub %d times", asked, read)
		}
		cl.SetMode(simulate.Good)
		if took := c.settle(); took > 20*time.Minute {
			c.Errorf("it took %s to work off what had gathered", took)
		}
		if n := len(cl.Calls()) - asked; n != len(guids) {
			c.Errorf("Claude was asked %d times afterwards", n)
		}
		c.written(guids)
	})
}

// An outage that lasts for too long ends under the door's name; resumed, all are done.
func TestO1_AnOutageForTooLongParks(t *testing.T) {
	settings := strings.Replace(threeShops, "debounce: 1s", "debounce: 1s, give_up_after: 2h", 1)
	inBubble(t, settings, shops(), answering(bugAnswer), func(c *town) {
		c.lan.setDown("github.test", true)
		var guids []string
		for range 10 {
			d := c.issue(len(guids))
			c.send(d)
			guids = append(guids, d.GUID)
		}
		time.Sleep(110 * time.Minute)
		if n := c.open(); n != 10 {
			c.Errorf("%d wait before their time is up", n)
		}
		time.Sleep(20 * time.Minute)
		for _, task := range c.tasks(guids) {
			if task.State != hls.Parked || task.Reason != "github_unavailable" || task.Attempt > 1 {
				c.Errorf("task %d is %s (%s) at attempt %d", task.ID, task.State, task.Reason, task.Attempt)
			}
		}
		c.lan.setDown("github.test", false)
		for _, task := range c.tasks(guids) {
			if err := c.app.Store().Resume(c.Context(), task.ID); err != nil {
				c.Fatal(err)
			}
		}
		c.settle()
		c.workedOff(guids)
	})
}
