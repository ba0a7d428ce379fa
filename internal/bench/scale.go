package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// kindOfEvent is one kind of the events of a repository that people work in. The shares are those of busy public
// repositories with continuous integration; the rest is what HLS does about one, as measured or read off its code.
type kindOfEvent struct {
	name    string
	share   float64 // of all deliveries
	taken   float64 // how many of them the rules let in: each has a task
	asks    float64 // how many of them Claude is asked about, after rules, bursts and what was seen before
	input   float64 // tokens of one question, the stable part among them
	output  float64
	light   bool
	looks   float64 // requests of GitHub for one that is taken and ends without a question
	reads   float64 // requests of GitHub for one that Claude is asked about
	writes  float64
	content float64 // of the writes, those that make something new
}

var mix = []kindOfEvent{
	{"issues", 0.06, 0.65, 0.45, 3_200, 350, true, 1, 6, 0.6, 0.2},
	{"issue_comment", 0.18, 0.15, 0.06, 3_600, 350, true, 2, 5, 0.2, 0.1},
	{"pull_request", 0.14, 0.60, 0.40, 14_000, 900, false, 2, 9, 0.8, 0.4},
	{"pull_request_review", 0.10, 0.90, 0.35, 2_400, 250, true, 6, 6, 0.7, 0.2},
	{"pull_request_review_comment", 0.10, 0.90, 0.10, 4_000, 200, false, 2, 5, 0.1, 0.05},
	{"workflow_run", 0.22, 0.30, 0.06, 7_000, 500, true, 3, 8, 0.15, 0.1},
	{"push", 0.14, 0.20, 0.10, 6_000, 250, true, 1, 2, 0, 0},
	{"others", 0.06, 0, 0, 0, 0, true, 0, 0, 0, 0},
}

// Prices of the models that are asked when the settings name none, in dollars for a million tokens (docs/models.md). What the
// prompt cache saves is left out.
const (
	lightIn, lightOut = 0.1, 0.5
	heavyIn, heavyOut = 2.0, 10.0
)

// What a delivery leaves in a PostgreSQL database, in bytes with its indexes (docs/scale.md): one that is ignored, one that is
// taken, whose payload is stored, and what comes on top where Claude is asked, for the rows and for each token of the question.
const (
	bytesOfIgnored = 890
	bytesOfTaken   = 7_170
	bytesOfAsked   = 4_200
	bytesOfToken   = 2.5
)

// Limits of GitHub for one token or one installation of an App, and of HLS below them ("Rate limits for the REST API").
const (
	requestsAnHour = 5_000.0
	mostRequests   = 12_500.0
	writesAMinute  = 60.0
	contentAnHour  = 500.0
)

// profile is a size.
type profile struct {
	name          string
	repositories  int
	events        float64 // a day, of a repository, on average
	installations float64 // tokens, or installations of an App: each has limits of its own
	workers       float64 // of all instances
}

var profiles = []profile{
	{"one project, a laptop", 1, 60, 1, 16},
	{"a team", 40, 45, 1, 16},
	{"a company", 2_000, 25, 1, 48},
	{"an organization, one App", 50_000, 12, 1, 128},
	{"the same, nine Apps that share it", 50_000, 12, 9, 128},
}

// day is what comes of a day.
type day struct {
	deliveries, taken, asked, input, output, dollars float64
	requests, writes, content                        float64 // of GitHub; writes are requests, too
	bytes                                            float64
}

func dayOf(p profile) day {
	var d day
	for _, k := range mix {
		n := float64(p.repositories) * p.events * k.share
		asked := n * k.asks
		d.deliveries += n
		d.taken += n * k.taken
		d.asked += asked
		d.input += asked * k.input
		d.output += asked * k.output
		in, out := heavyIn, heavyOut
		if k.light {
			in, out = lightIn, lightOut
		}
		d.dollars += asked * (k.input*in + k.output*out) / 1e6
		d.requests += asked*(k.reads+k.writes) + n*(k.taken-k.asks)*k.looks
		d.writes += asked * k.writes
		d.content += asked * k.content
	}
	d.bytes = (d.deliveries-d.taken)*bytesOfIgnored + d.taken*bytesOfTaken + d.asked*bytesOfAsked + d.input*bytesOfToken
	return d
}

// hours is how a day's events are spread over it: most come in working hours.
var hours = []float64{1, 1, 1, 1, 1, 1, 2, 4, 7, 9, 9, 8, 6, 8, 9, 9, 8, 6, 4, 3, 2, 2, 1, 1}

// took is how long one question takes a worker, with GitHub read before it and written to after it.
const took = 14 * time.Second

// pass is what a second lets through.
type pass struct{ workers, requests, writes, content bucket }

// bucket fills at a steady rate up to its size.
type bucket struct{ level, size, rate float64 }

func (b *bucket) fill() { b.level = min(b.size, b.level+b.rate) }

// delays simulates a day second by second, and returns how long those waited that Claude is asked about.
func delays(p profile, d day) (waits []time.Duration, left int) {
	r := rand.New(rand.NewPCG(1, uint64(p.repositories))) //nolint:gosec // It decides on no secret.
	limited := func(perSecond, size float64) bucket {
		return bucket{size * p.installations, size * p.installations, perSecond * p.installations}
	}
	now := pass{
		workers:  bucket{p.workers / took.Seconds(), p.workers, p.workers / took.Seconds()},
		requests: limited(mostRequests/3600, mostRequests), writes: limited(writesAMinute/60, writesAMinute), content: limited(contentAnHour/3600, contentAnHour),
	}
	sum := 0.0
	for _, h := range hours {
		sum += h
	}
	var queue []int
	for second := range 86_400 {
		for range poisson(r, d.asked*hours[second/3600]/sum/3600) {
			queue = append(queue, second)
		}
		for _, b := range []*bucket{&now.workers, &now.requests, &now.writes, &now.content} {
			b.fill()
		}
		for len(queue) > 0 && now.take(d) {
			waits = append(waits, time.Duration(second-queue[0])*time.Second)
			queue = queue[1:]
		}
	}
	slices.Sort(waits)
	return waits, len(queue)
}

// take takes what one question needs on average, with its share of what is taken and not asked about, or nothing.
func (n *pass) take(d day) bool {
	requests, writes, content := d.requests/d.asked, d.writes/d.asked, d.content/d.asked
	if n.workers.level < 1 || n.requests.level < requests || n.writes.level < writes || n.content.level < content {
		return false
	}
	n.workers.level--
	n.requests.level -= requests
	n.writes.level -= writes
	n.content.level -= content
	return true
}

// poisson draws how many of what comes at a rate come in one second.
func poisson(r *rand.Rand, rate float64) int {
	limit, n, p := math.Exp(-rate), 0, r.Float64()
	for p > limit {
		n++
		p *= r.Float64()
	}
	return n
}

func scale(context.Context, options) error {
	sums, load := table{}, table{}
	sums.row("", "deliveries a day", "a second at peak", "taken in", "asked of Claude", "million tokens in/out", "dollars a day", "MB a day", "GB a month")
	load.row("", "GitHub requests an hour at peak", "of the limit", "made anew an hour", "of the limit", "waits, p50", "waits, p99", "left at midnight")
	sum := 0.0
	for _, h := range hours {
		sum += h
	}
	peak := slices.Max(hours) / sum
	for _, p := range profiles {
		d := dayOf(p)
		sums.row(p.name, d.deliveries, d.deliveries*peak/3600, d.taken, d.asked, fmt.Sprintf("%.1f / %.2f", d.input/1e6, d.output/1e6), d.dollars, d.bytes/1e6, d.bytes*30/1e9)
		waits, left := delays(p, d)
		load.row(p.name, d.requests*peak, share(d.requests*peak/(mostRequests*p.installations)), d.content*peak,
			share(d.content*peak/(contentAnHour*p.installations)), at(waits, 0.5), at(waits, 0.99), left)
	}
	sums.print()
	fmt.Println()
	load.print()
	fmt.Printf("\nLimits are those of an App's installation (%.0f requests an hour; a token has %.0f); answers that have not changed count for nothing.\n", mostRequests, requestsAnHour)
	return nil
}

func at(waits []time.Duration, part float64) string {
	if len(waits) == 0 {
		return "-"
	}
	return waits[min(int(part*float64(len(waits))), len(waits)-1)].String()
}
