//go:build faults

package fault

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Built tells whether the faults are built in.
const Built = true

// At kills the process when HLS_FAULT names the place and the number of this pass through it, as "sending:2".
func At(p Place) {
	if f := planned(); p == f.place && f.passed.Add(1) == f.pass {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}

// AtFlushed is At once what was written to w has left.
func AtFlushed(w http.ResponseWriter, p Place) {
	if planned().place == p {
		_ = http.NewResponseController(w).Flush()
		At(p)
	}
}

// Scaled is a waiting time divided by HLS_FAULT_SCALE, so that hours pass in seconds.
func Scaled(d time.Duration) time.Duration { return time.Duration(float64(d) / planned().scale) }

// Paced is a span of a limit divided by HLS_FAULT_PACE.
func Paced(d time.Duration) time.Duration { return time.Duration(float64(d) / planned().pace) }

type plan struct {
	place  Place
	pass   int64
	passed atomic.Int64
	scale  float64
	pace   float64
}

// planned reads the environment once. A mistake in it is one of the test, which must not pass for it.
var planned = sync.OnceValue(func() *plan {
	f := &plan{scale: divisor("HLS_FAULT_SCALE"), pace: divisor("HLS_FAULT_PACE")}
	if text := os.Getenv("HLS_FAULT"); text != "" {
		place, pass, _ := strings.Cut(text, ":")
		n, err := strconv.ParseInt(pass, 10, 64)
		if err != nil || n < 1 || !slices.Contains(Places, Place(place)) {
			panic(fmt.Sprintf("HLS_FAULT is %q and must be place:n", text))
		}
		f.place, f.pass = Place(place), n
	}
	return f
})

// divisor is the number in a variable, 1 when there is none.
func divisor(name string) float64 {
	text := os.Getenv(name)
	if text == "" {
		return 1
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n <= 0 {
		panic(fmt.Sprintf("%s is %q and must be a positive number", name, text))
	}
	return n
}
