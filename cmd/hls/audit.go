package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"hls/internal/app"
	"hls/internal/config"
	"hls/internal/hls"
	"hls/internal/web"
)

type auditCmd struct {
	Export auditExportCmd `cmd:"" help:"Write the audit log as lines of JSON."`
	Verify auditVerifyCmd `cmd:"" help:"Find out whether the audit log is what was written."`
}

// auditLog is the audit log, in the database or at the running service.
type auditLog interface {
	List(ctx context.Context, query string) (web.AuditPage, error)
	Head(ctx context.Context) (web.AuditHead, error)
}

// audit opens the log: that of the database, or that of the service whose database belongs to one process.
func (r reach) audit(c *call) (log auditLog, done func(), err error) {
	return opened(c, r, func(ctx context.Context, s *config.Settings, o app.Options) (auditLog, func(), error) {
		return app.AuditBeside(ctx, s, o)
	},
		func(s *config.Settings) auditLog { return servedAudit{r.service(s, quick)} })
}

// servedAudit is the log at the running service.
type servedAudit struct{ service }

const auditPath = "/api/v1/audit"

// List asks for a page.
func (l servedAudit) List(ctx context.Context, query string) (page web.AuditPage, err error) {
	return page, l.ask(ctx, request{http.MethodGet, auditPath + "?" + query, nil}, &page)
}

// Head asks for the end.
func (l servedAudit) Head(ctx context.Context) (head web.AuditHead, err error) {
	return head, l.ask(ctx, request{http.MethodGet, auditPath + "/head", nil}, &head)
}

// auditPages is how many entries are asked for at a time.
const auditPages = 1000

// walk takes the entries from a time on, in their order, up to the last one that there was as it began.
func walk(c *call, log auditLog, since time.Time, take func(hls.AuditEntry) error) (web.AuditHead, error) {
	ctx := c.ctx
	head, err := log.Head(ctx)
	if err != nil || head.Seq == 0 {
		return head, err
	}
	show := c.progress("reading the audit log", int(head.Seq))
	defer show.end()
	form := url.Values{"limit": {strconv.Itoa(auditPages)}}
	if !since.IsZero() {
		form.Set("since", since.UTC().Format(time.RFC3339Nano))
	}
	for {
		page, err := log.List(ctx, form.Encode())
		if err != nil {
			return head, err
		}
		for _, e := range page.Entries {
			if e.Seq > head.Seq {
				return head, nil
			}
			if err := take(e); err != nil {
				return head, err
			}
			show.at(int(e.Seq))
		}
		if page.NextAfter == 0 {
			return head, nil
		}
		form.Set("after", strconv.FormatInt(page.NextAfter, 10))
	}
}

// sinceTime reads a time, or how long ago it was.
func sinceTime(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	if at, err := time.Parse(time.DateOnly, text); err == nil {
		return at, nil
	}
	ago, err := time.ParseDuration(text)
	if err != nil || ago < 0 {
		return time.Time{}, fmt.Errorf("%w: --since: want a time such as 2026-03-02T12:00:00Z or 2026-03-02, or a duration such as 72h", errUsage)
	}
	return now.Add(-ago), nil
}
