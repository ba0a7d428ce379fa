package github

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"

	"hls/internal/hls"
)

// longLine is how many bytes of a line of a log are read; what follows of it is passed over.
const longLine = 16 << 10

// JobLog reads the log of a job line by line, without colors and secrets, and holds none of it. A log that is not there,
// or that may not be read, is hls.ErrNotFound. A very long one ends early, and so does one that comes too slowly: another
// try would be no quicker.
func (c *Client) JobLog(ctx context.Context, s hls.Subject, job int64) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		reading, cancel := context.WithTimeout(ctx, c.storage.longest)
		defer cancel()
		body, err := c.openLog(reading, s, job)
		if err != nil {
			yield("", err)
			return
		}
		defer func() { _ = body.Close() }()
		mask := hls.NewMasker(c.redactor)
		for line, err := range linesOf(io.LimitReader(body, c.storage.most)) {
			if err != nil && reading.Err() != nil && ctx.Err() == nil {
				return
			}
			if err != nil {
				yield("", asking(&hls.RetryAfter{Err: fmt.Errorf("read log: %w", err), Reason: reasonUnavailable}))
				return
			}
			if !yield(mask.Line(line), nil) {
				return
			}
		}
	}
}

// openLog asks where the log is, and opens it there.
func (c *Client) openLog(ctx context.Context, s hls.Subject, job int64) (io.ReadCloser, error) {
	address := ""
	_, err := c.do(ctx, s.Repo, call{
		method: http.MethodGet, path: fmt.Sprintf("repos/%s/actions/jobs/%d/logs", s.Repo, job),
		repoID: s.RepoID, away: &address,
	})
	if err != nil {
		return nil, notOffered(err)
	}
	if address == "" {
		return nil, asking(unread(errNoLog))
	}
	body, err := c.storage.open(ctx, address)
	return body, asking(err)
}

// linesOf are the lines of a text, each with as much as is read of it.
func linesOf(r io.Reader) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		in := bufio.NewReaderSize(r, longLine)
		for {
			line, more, err := in.ReadLine()
			text := string(line)
			for more && err == nil {
				_, more, err = in.ReadLine()
			}
			if errors.Is(err, io.EOF) && text == "" {
				return
			}
			if err != nil && !errors.Is(err, io.EOF) {
				yield("", err)
				return
			}
			if !yield(text, nil) {
				return
			}
		}
	}
}
