package receive

import (
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
	leastBuffer = 512
	firstBuffer = 64 << 10
)

// read returns the whole body. The buffer follows what has come, not what Content-Length promises, and all buffers
// together stay within one budget. Afterwards the read deadline is lifted: it would cancel the request's context.
func (h *Handler) read(x *exchange) ([]byte, *ending) {
	limit := h.cfg.MaxPayloadBytes
	if x.r.ContentLength > limit {
		return nil, reject(http.StatusRequestEntityTooLarge, "body_too_large")
	}
	body := http.MaxBytesReader(x.w, x.r.Body, limit)
	var buf []byte
	first := int64(firstBuffer)
	if n := x.r.ContentLength; n >= 0 {
		first = min(first, max(n+1, leastBuffer))
	}
	for size := min(first, limit+1); ; size = min(2*size, limit+1) {
		if !x.hold.take(size) {
			end := deferred("overloaded", nil)
			return nil, &end
		}
		next := make([]byte, len(buf), size)
		copy(next, buf)
		x.hold.give(int64(cap(buf)))
		buf = next
		for len(buf) < cap(buf) {
			n, err := body.Read(buf[len(buf):cap(buf)])
			buf = buf[:len(buf)+n]
			if err != nil {
				return buf, x.ended(err)
			}
		}
	}
}

// ended judges the error that ended the reading of a body.
func (x *exchange) ended(err error) *ending {
	var tooLarge *http.MaxBytesError
	var network net.Error
	switch {
	case errors.Is(err, io.EOF):
		x.read = true
		if err := http.NewResponseController(x.w).SetReadDeadline(time.Time{}); err != nil {
			return reject(http.StatusBadRequest, "body_not_readable").because(err)
		}
		return nil
	case errors.As(err, &tooLarge):
		return reject(http.StatusRequestEntityTooLarge, "body_too_large")
	case errors.As(err, &network) && network.Timeout():
		return reject(http.StatusRequestTimeout, "body_too_slow")
	}
	return reject(http.StatusBadRequest, "body_not_readable").because(err)
}

// early tells whether the answer overtakes the body. Such a connection ends with it, or else the server would wait
// for the rest of the body first.
func (x *exchange) early() bool { return !x.read && x.r.ContentLength != 0 }

// linger reads on for a while after an early answer: a client that sends all before it reads would otherwise meet a
// broken connection and not the answer. The read deadline ends it in any case.
func (x *exchange) linger(limit int64) {
	if !x.early() || x.r.Header.Get("Expect") != "" {
		return
	}
	if http.NewResponseController(x.w).Flush() == nil {
		_, _ = io.CopyN(io.Discard, x.r.Body, limit)
	}
}

// budget is memory shared by all requests.
type budget struct {
	max  int64
	used atomic.Int64
}

// hold is one request's part of a budget. It belongs to one goroutine.
type hold struct {
	budget *budget
	n      int64
}

func (h *hold) take(n int64) bool {
	if h.budget.used.Add(n) > h.budget.max {
		h.budget.used.Add(-n)
		return false
	}
	h.n += n
	return true
}

func (h *hold) give(n int64) {
	h.n -= n
	h.budget.used.Add(-n)
}

func (h *hold) release() { h.give(h.n) }
