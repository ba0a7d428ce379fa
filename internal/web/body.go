package web

import (
	"errors"
	"io"
	"net/http"
)

// mostPast is how many bytes past the limit are read and thrown away before a request is refused for its size. A client
// that is still writing when the connection ends sees a reset, not the answer that says why.
const mostPast = 256 << 10

// bounded is the body of a request within a limit. Past it, a read fails with *http.MaxBytesError.
type bounded struct {
	io.ReadCloser
	whole io.Reader // the same body without the limit
}

// bound sets the limit of a request's body, in bytes.
func bound(w http.ResponseWriter, r *http.Request, most int64) {
	r.Body = bounded{http.MaxBytesReader(w, r.Body, most), r.Body}
}

func (b bounded) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		skim(b.whole)
	}
	return n, err
}

// skim reads what a refused client is likely still writing. The server's own deadline for reading bounds the time.
func skim(body io.Reader) {
	_, _ = io.CopyN(io.Discard, body, mostPast) // It may have ended, or never come: it is refused anyhow.
}
