package github

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/go-github/v92/github"
)

// Attempt is an entry of a webhook's log: one try of GitHub's to deliver an event. A redelivery is another attempt
// under the same GUID ("REST API endpoints for repository webhooks").
type Attempt struct {
	ID           int64
	GUID         string // names the event, and is the delivery's id
	At           time.Time
	Redelivery   bool
	Code         int // that the receiver answered; 0 when it did not
	Event        string
	Action       string
	RepoID       int64 // 0 for events of no repository
	Installation int64 // of the App, 0 when there is none
}

// Answered tells whether the receiver took the delivery.
func (a Attempt) Answered() bool { return a.Code >= 200 && a.Code < 300 }

// Sent is what an attempt sent. Body is JSON that says what GitHub signed, in bytes that may differ from those.
type Sent struct {
	Header http.Header
	Body   []byte
}

// Attempts reads one page of a webhook's log, newest first. The cursor of the first page is ""; next is "" after the
// last one.
func (c *Client) Attempts(ctx context.Context, at HookPlace, hook int64, cursor string) (page []Attempt, next string, err error) {
	query := url.Values{"per_page": {fmt.Sprint(perPage)}}
	if cursor != "" {
		query.Set("cursor", cursor)
	}
	var log []*github.HookDelivery
	resp, err := c.doAt(ctx, at, call{method: http.MethodGet, path: at.log(hook) + "?" + query.Encode(), into: &log})
	if err != nil {
		return nil, "", err
	}
	for _, d := range log {
		page = append(page, Attempt{
			ID: d.GetID(), GUID: d.GetGUID(), At: d.GetDeliveredAt().UTC(), Redelivery: d.GetRedelivery(), Code: d.GetStatusCode(),
			Event: d.GetEvent(), Action: d.GetAction(), RepoID: d.GetRepositoryID(), Installation: d.GetInstallationID(),
		})
	}
	return page, resp.Cursor, nil
}

// Sent reads what an attempt sent.
func (c *Client) Sent(ctx context.Context, at HookPlace, hook, attempt int64) (Sent, error) {
	d := &github.HookDelivery{}
	_, err := c.doAt(ctx, at, call{method: http.MethodGet, path: fmt.Sprintf("%s/%d", at.log(hook), attempt), into: d})
	if err != nil {
		return Sent{}, err
	}
	sent := Sent{Header: http.Header{}}
	if d.Request != nil {
		for name, value := range d.Request.Headers {
			sent.Header.Set(name, strings.TrimSpace(value))
		}
		if d.Request.RawPayload != nil {
			sent.Body = *d.Request.RawPayload
		}
	}
	return sent, nil
}

// log is the path of a webhook's log.
func (p HookPlace) log(hook int64) string {
	if p == (HookPlace{}) {
		return "app/hook/deliveries"
	}
	return fmt.Sprintf("%s/hooks/%d/deliveries", p.root(), hook)
}
