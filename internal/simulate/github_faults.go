package simulate

import (
	"encoding/json"
	"net/http"
	"path"
	"strconv"
	"time"
)

// FaultKind is one way for a stand-in to fail.
type FaultKind string

// The faults. Those named After happen once the change is made: the client cannot know that it was.
const (
	FailBefore   FaultKind = "fail_before"   // Status (by default 500), nothing changed
	FailAfter    FaultKind = "fail_after"    // Status (by default 500; 504 is another that happens), changed
	ResetBefore  FaultKind = "reset_before"  // the connection breaks, nothing changed
	ResetAfter   FaultKind = "reset_after"   // the connection breaks, changed
	Delay        FaultKind = "delay"         // answers after Wait
	HangAfter    FaultKind = "hang_after"    // never answers, changed
	Outlived     FaultKind = "outlived"      // changed after Wait, though the client may have gone by then
	Truncated    FaultKind = "truncated"     // half of the JSON, changed
	NoID         FaultKind = "no_id"         // 2xx with a body that names nothing, changed
	Secondary    FaultKind = "secondary"     // 403 with Retry-After of Wait, nothing changed
	PrimaryLimit FaultKind = "primary_limit" // 403 with 0 remaining and a reset after Wait, nothing changed
	Late         FaultKind = "late"          // changed and answered, but lists show it only after Wait
)

// Fault is what happens to the requests that it matches.
type Fault struct {
	Method   string // "" matches all
	PathGlob string // as path.Match has it, "/repos/*/*/issues/*/comments"; "" matches all
	Skip     int    // matching requests to let through first
	Times    int    // then how many fail: 0 is once, negative is always
	Kind     FaultKind
	Status   int
	Wait     time.Duration
	Hidden   time.Duration // whatever the kind: what was made appears in lists only after it
}

// Fail plans a fault. Those planned earlier are met first.
func (g *GitHub) Fail(f Fault) {
	if f.Times == 0 {
		f.Times = 1
	}
	if f.Status == 0 {
		f.Status = http.StatusInternalServerError
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.faults = append(g.faults, &f)
}

// Heal forgets all faults.
func (g *GitHub) Heal() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.faults = nil
}

// fault takes the fault that a request meets; its Kind is "" when it meets none.
func (g *GitHub) fault(method, route string) Fault {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, f := range g.faults {
		if f.Times == 0 || !f.matches(method, route) {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		if f.Times > 0 {
			f.Times--
		}
		return *f
	}
	return Fault{}
}

func (f *Fault) matches(method, route string) bool {
	if f.Method != "" && f.Method != method {
		return false
	}
	if f.PathGlob == "" {
		return true
	}
	ok, err := path.Match(f.PathGlob, route)
	return ok && err == nil
}

// before is the answer of a fault without effect.
func (f Fault) before() reply {
	switch f.Kind {
	case FailBefore:
		return failure(f.Status, "Server Error")
	case ResetBefore:
		return failure(http.StatusBadGateway, "reset")
	case Secondary:
		return secondaryLimit()
	case PrimaryLimit:
		return failure(http.StatusForbidden, "API rate limit exceeded for user ID 9001.")
	}
	return reply{}
}

// secondaryLimit bears the address of GitHub's page on these limits, because clients know them by it.
func secondaryLimit() reply {
	out := failure(http.StatusForbidden, "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.")
	body, _ := out.body.(object)
	body["documentation_url"] = documentation + "/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits"
	return out
}

func (f Fault) limitHeaders(h http.Header, now time.Time) {
	switch f.Kind {
	case Secondary:
		if f.Wait > 0 {
			h.Set("Retry-After", strconv.Itoa(seconds(f.Wait)))
		}
	case PrimaryLimit:
		h.Set("X-RateLimit-Remaining", "0")
		h.Set("X-RateLimit-Reset", strconv.FormatInt(now.Unix()+int64(seconds(f.Wait)), 10))
	}
}

// after spoils the answer to a request that had its effect, and returns the status that the client will see.
func (f Fault) after(out *reply) int {
	switch f.Kind {
	case ResetBefore, ResetAfter, HangAfter:
		return 0
	case FailAfter:
		out.status = f.Status
		out.raw, _ = json.Marshal(failure(f.Status, "Server Error").body)
	case NoID:
		if out.status < 300 {
			out.raw = []byte("{}")
		}
	}
	return out.status
}

func (f Fault) late() time.Duration {
	if f.Kind == Late {
		return f.Wait
	}
	return f.Hidden
}

// seconds rounds up, so that whoever waits as told has waited enough.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
