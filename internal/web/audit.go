package web

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

// Audit is the audit log as people read it: the API answers it, and hls audit exports and verifies it.
type Audit struct{ Store record.Store }

// AuditPage is a part of the log, in its order.
type AuditPage struct {
	Entries   []hls.AuditEntry `json:"entries"`
	NextAfter int64            `json:"next_after,omitempty"` // the parameter after of the next page; 0 when this is the last
}

// AuditHead is the end of the log. Who notes its hash finds out later whether anything up to there was changed since.
type AuditHead struct {
	Seq  int64      `json:"seq"` // 0 while the log is empty
	Hash hls.Digest `json:"hash"`
	At   time.Time  `json:"at,omitzero"`
}

// List reads a page. The query is that of the API's address.
func (a Audit) List(ctx context.Context, query string) (AuditPage, error) {
	q, err := readAuditQuery(query)
	if err != nil {
		return AuditPage{}, &Refused{http.StatusBadRequest, err.Error()}
	}
	page := AuditPage{Entries: []hls.AuditEntry{}}
	entries, err := a.Store.Audited(ctx, q)
	page.Entries = append(page.Entries, entries...)
	if n := len(entries); n > 0 && n == q.Rows() {
		page.NextAfter = entries[n-1].Seq
	}
	return page, err
}

// Head reads the end.
func (a Audit) Head(ctx context.Context) (AuditHead, error) {
	e, err := a.Store.AuditHead(ctx)
	return AuditHead{e.Seq, e.Hash, e.At}, err
}

var auditParameters = []string{"after", "since", "limit"}

func readAuditQuery(raw string) (q record.AuditQuery, err error) {
	form, err := url.ParseQuery(raw)
	if err != nil {
		return q, fmt.Errorf("the query cannot be read: %w", err)
	}
	for name, values := range form {
		if err := oneOf("parameter", name, auditParameters); err != nil {
			return q, err
		}
		if len(values) > 1 {
			return q, fmt.Errorf("%s is given %d times", name, len(values))
		}
	}
	if since := form.Get("since"); since != "" {
		if q.Since, err = time.Parse(time.RFC3339, since); err != nil {
			return q, fmt.Errorf("since takes a time such as 2026-03-02T12:00:00Z, got %q", since)
		}
	}
	if q.After, err = number("after", form.Get("after")); err != nil {
		return q, err
	}
	limit, err := number("limit", form.Get("limit"))
	q.Limit = int(min(limit, math.MaxInt32))
	return q, err
}

// audit answers a part of the audit log.
func (s *Server) audit(w http.ResponseWriter, r *http.Request) {
	page, err := Audit{s.deps.Store}.List(r.Context(), r.URL.RawQuery)
	s.reply(w, r, page, err)
}

// auditHead answers the end of the audit log.
func (s *Server) auditHead(w http.ResponseWriter, r *http.Request) {
	head, err := Audit{s.deps.Store}.Head(r.Context())
	s.reply(w, r, head, err)
}
