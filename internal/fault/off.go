//go:build !faults

package fault

import (
	"net/http"
	"time"
)

// Built tells whether the faults are built in.
const Built = false

// At crashes the process when HLS_FAULT says so.
func At(Place) {}

// AtFlushed is At once what was written to w has left.
func AtFlushed(http.ResponseWriter, Place) {}

// Scaled is a waiting time, shortened as HLS_FAULT_SCALE says.
func Scaled(d time.Duration) time.Duration { return d }

// Paced is a span of a limit, shortened as HLS_FAULT_PACE says.
func Paced(d time.Duration) time.Duration { return d }
