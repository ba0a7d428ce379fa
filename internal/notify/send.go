package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"hls/internal/hls"
)

// newClient makes the door to the webhook. It follows nobody: the address is a secret.
func newClient() *http.Client {
	return &http.Client{
		Timeout:       10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, TLSHandshakeTimeout: 5 * time.Second, ResponseHeaderTimeout: 8 * time.Second,
			MaxResponseHeaderBytes: 16 << 10, MaxIdleConns: 1, IdleConnTimeout: 30 * time.Second,
		},
	}
}

// message is what Slack takes ("Sending messages using incoming webhooks"). Nothing is unfurled.
type message struct {
	Text        string `json:"text"`
	Mrkdwn      bool   `json:"mrkdwn"`
	UnfurlLinks bool   `json:"unfurl_links"`
	UnfurlMedia bool   `json:"unfurl_media"`
}

// post sends one message.
func (n *Notifier) post(ctx context.Context, text string) error {
	body, err := json.Marshal(message{Text: n.deps.Redactor.Redact(text), Mrkdwn: true})
	if err != nil {
		return fmt.Errorf("write message: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, n.url, bytes.NewReader(body))
	if err != nil {
		return errors.New("send message: the address is none")
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	answer, err := n.client.Do(request)
	if err != nil {
		if about := new(url.Error); errors.As(err, &about) {
			err = about.Err // without the address
		}
		return fmt.Errorf("send message: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 4<<10)) // so that the connection can be used again
	if answer.StatusCode/100 == 2 {
		return nil
	}
	err = fmt.Errorf("send message: answered %d", answer.StatusCode)
	if seconds, bad := strconv.Atoi(answer.Header.Get("Retry-After")); bad == nil && seconds > 0 {
		return &hls.RetryAfter{Err: err, After: time.Duration(seconds) * time.Second}
	}
	return err
}
