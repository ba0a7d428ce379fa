package receive

import (
	"context"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// mediaType tells forms from JSON, and refuses everything else as well as compressed bodies, whose size is unknown.
func mediaType(header http.Header) (form bool, refused *ending) {
	values := header.Values("Content-Type")
	if len(values) != 1 {
		return false, reject(http.StatusUnsupportedMediaType, "content_type_not_supported")
	}
	for _, encoding := range header.Values("Content-Encoding") {
		if !strings.EqualFold(encoding, "identity") {
			return false, reject(http.StatusUnsupportedMediaType, "content_encoding_not_supported")
		}
	}
	media, _, err := mime.ParseMediaType(values[0])
	switch {
	case err == nil && media == "application/json":
		return false, nil
	case err == nil && media == "application/x-www-form-urlencoded":
		return true, nil
	}
	return false, reject(http.StatusUnsupportedMediaType, "content_type_not_supported")
}

const (
	firstBuffer = 1 << 10
	growth      = 4        // times what has come is the next buffer
	leastRate   = 32 << 10 // bytes a second
	graceShare  = 5        // one part in so many of the time for a body may pass before the rate counts

	commonBody    = 64 << 10
	veryLargeBody = 4 << 20
)

// read returns the whole body. The buffer follows what has come, not what Content-Length promises, and all buffers
// together stay within one memory. Afterwards the read deadline is lifted: it would cancel the request's context.
func (h *Handler) read(x *exchange) ([]byte, *ending) {
	if x.r.ContentLength > h.cfg.MaxPayloadBytes {
		return nil, reject(http.StatusRequestEntityTooLarge, "body_too_large")
	}
	ctx, cancel := context.WithDeadline(x.r.Context(), x.start.Add(h.deps.BodyTimeout))
	defer cancel()
	x.body.from = http.MaxBytesReader(x.w, x.r.Body, h.cfg.MaxPayloadBytes)
	var buf []byte
	for {
		size, claim := h.capacity(x.r.ContentLength, int64(len(buf)))
		if !x.body.pausing(func() bool { return x.hold.grow(ctx, claim) }) {
			return nil, overloaded()
		}
		buf = append(make([]byte, 0, size), buf...)
		for len(buf) < cap(buf) {
			n, err := x.body.Read(buf[len(buf):cap(buf)])
			buf = buf[:len(buf)+n]
			if err != nil {
				return buf, x.ended(err)
			}
		}
	}
}

// capacity is the size of the next buffer, and what memory to claim for it. It has room for one byte more than the
// body may have, to meet its end. What is claimed grows in fewer steps: a common body claims once, before it comes, and
// a very large one all that it may come to, for two that have half of what they need would wait for each other.
func (h *Handler) capacity(promised, come int64) (size, claim int64) {
	most := h.cfg.MaxPayloadBytes
	if promised >= 0 {
		most = promised
	}
	size = min(max(firstBuffer, growth*come), most+1)
	for _, claim = range []int64{commonBody, smallBody, smallBody * growth, veryLargeBody} {
		if size <= claim {
			return size, min(claim, most+1)
		}
	}
	return size, most + 1
}

// ended judges the error that ended the reading of a body.
func (x *exchange) ended(err error) *ending {
	var tooLarge *http.MaxBytesError
	var network net.Error
	switch {
	case errors.Is(err, io.EOF):
		x.read = true
		x.hold.settle()
		if err := x.body.deadline(time.Time{}); err != nil {
			return reject(http.StatusBadRequest, "body_not_readable").because(err)
		}
		return nil
	case errors.As(err, &tooLarge):
		return reject(http.StatusRequestEntityTooLarge, "body_too_large")
	case x.hold.gone():
		return overloaded()
	case errors.As(err, &network) && network.Timeout():
		return reject(http.StatusRequestTimeout, "body_too_slow")
	}
	return reject(http.StatusBadRequest, "body_not_readable").because(err)
}

// paced is a body that must keep coming: after a grace, what has come may not fall behind the rate. The rate brings
// what Content-Length promises within the time for a body, so that one that stalls is given up before that is over.
type paced struct {
	from     io.Reader
	deadline func(time.Time) error // sets that of the connection
	begin    time.Time             // put off by what the body was kept waiting for
	end      time.Time
	grace    time.Duration
	rate     float64 // bytes a second
	come     atomic.Int64
	stopped  atomic.Bool
}

var errStopped = errors.New("the body gave way to others")

func newPaced(w http.ResponseWriter, r *http.Request, start time.Time, within time.Duration) *paced {
	grace := within / graceShare
	return &paced{
		from: r.Body, deadline: http.NewResponseController(w).SetReadDeadline,
		begin: start, end: start.Add(within), grace: grace,
		rate: max(leastRate, float64(r.ContentLength)/(within-grace).Seconds()),
	}
}

func (p *paced) Read(b []byte) (int, error) {
	due := p.begin.Add(p.grace + time.Duration(float64(p.come.Load())/p.rate*float64(time.Second)))
	if due.After(p.end) {
		due = p.end
	}
	if err := p.deadline(due); err != nil {
		return 0, err
	}
	if p.stopped.Load() {
		return 0, errStopped
	}
	n, err := p.from.Read(b)
	p.come.Add(int64(n))
	return n, err
}

// stop ends a Read under way and those to come. It may be called from another goroutine.
func (p *paced) stop() {
	p.stopped.Store(true)
	_ = p.deadline(time.Now()) // Without it the read ends at its own deadline.
}

// pausing does not hold the time that f takes against the sender.
func (p *paced) pausing(f func() bool) bool {
	before := time.Now()
	ok := f()
	p.begin = p.begin.Add(time.Since(before))
	return ok
}

// early tells whether the answer overtakes the body. Such a connection ends with it, or else the server would wait
// for the rest of the body first.
func (x *exchange) early() bool { return !x.read && x.r.ContentLength != 0 }

// linger reads on for a while after an early answer: a client that sends all before it reads would otherwise meet a
// broken connection and not the answer. It ends with a body that is too slow.
func (x *exchange) linger(limit int64) {
	if !x.early() || x.r.Header.Get("Expect") != "" {
		return
	}
	x.body.from = x.r.Body
	if http.NewResponseController(x.w).Flush() == nil {
		_, _ = io.CopyN(io.Discard, x.body, limit)
	}
}
