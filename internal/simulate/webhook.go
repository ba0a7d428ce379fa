package simulate

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // GitHub still sends the old header beside the new one.
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Delivery is one webhook to send.
type Delivery struct {
	Event     string
	GUID      string // X-GitHub-Delivery; NewGUID makes one
	HookID    int64
	Payload   []byte
	Form      bool   // sent form-encoded, as field "payload"
	Signature string // sent in place of the true one: a forgery
	Unsigned  bool   // sent without signatures
}

// NewGUID makes a delivery id as GitHub does.
func NewGUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// Sign is the value of X-Hub-Signature-256 for a body.
func Sign(secret string, body []byte) string { return "sha256=" + mac(sha256.New, secret, body) }

func mac(algorithm func() hash.Hash, secret string, body []byte) string {
	m := hmac.New(algorithm, []byte(secret))
	m.Write(body)
	return hex.EncodeToString(m.Sum(nil))
}

// Request builds the request that GitHub would make for the delivery.
func (d Delivery) Request(ctx context.Context, to, secret string) (*http.Request, error) {
	body, media := d.Payload, "application/json"
	if d.Form {
		body, media = []byte(url.Values{"payload": {string(d.Payload)}}.Encode()), "application/x-www-form-urlencoded"
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make delivery %s: %w", d.GUID, err)
	}
	hook := d.HookID
	if hook == 0 {
		hook = 4242
	}
	for name, value := range map[string]string{
		"Accept": "*/*", "Content-Type": media, "User-Agent": "GitHub-Hookshot/simulated", "X-GitHub-Event": d.Event,
		"X-GitHub-Delivery": d.GUID, "X-GitHub-Hook-ID": strconv.FormatInt(hook, 10),
		"X-GitHub-Hook-Installation-Target-Type": "repository", Mark: "hls",
	} {
		r.Header.Set(name, value)
	}
	switch {
	case d.Unsigned:
	case d.Signature != "":
		r.Header.Set("X-Hub-Signature-256", d.Signature)
	default:
		r.Header.Set("X-Hub-Signature", "sha1="+mac(sha1.New, secret, body))
		r.Header.Set("X-Hub-Signature-256", Sign(secret, body))
	}
	return r, nil
}

// Send delivers once, waiting for the answer as long as GitHub does.
func Send(ctx context.Context, to, secret string, d Delivery) (status int, body []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := d.Request(ctx, to, secret)
	if err != nil {
		return 0, nil, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, fmt.Errorf("send delivery %s: %w", d.GUID, err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err = io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return answer.StatusCode, nil, fmt.Errorf("read answer to delivery %s: %w", d.GUID, err)
	}
	return answer.StatusCode, body, nil
}
