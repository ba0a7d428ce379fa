package receive_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"hls/internal/hls"
	"hls/internal/receive"
)

const maxBody = 4096

// Each row breaks one check and, where it can, every later one: the earliest must answer.
func TestChecksInOrder(t *testing.T) {
	t.Parallel()
	badHeaders := func(r *http.Request) { r.Header.Del("X-GitHub-Event"); r.Header.Del("X-GitHub-Delivery") }
	badSignature := set("X-Hub-Signature-256", sign("wrong", "x"))
	text := set("Content-Type", "text/plain")
	big := strings.Repeat("x", maxBody+1)
	for _, tc := range []struct {
		name, event, body string
		changes           []func(*http.Request)
		code              int
		reason            string
	}{
		{"method", "issues", big, []func(*http.Request){func(r *http.Request) { r.Method = http.MethodPut }, text, badHeaders, badSignature}, 405, "method_not_allowed"},
		{"content type", "issues", big, []func(*http.Request){text, badHeaders, badSignature}, 415, "content_type_not_supported"},
		{"content type missing", "issues", "[", []func(*http.Request){set("Content-Type", ""), badSignature}, 415, "content_type_not_supported"},
		{"content type twice", "issues", issue, []func(*http.Request){add("Content-Type", "text/plain")}, 415, "content_type_not_supported"},
		{"content type malformed", "issues", issue, []func(*http.Request){set("Content-Type", "application/json; charset")}, 415, "content_type_not_supported"},
		{"compressed", "issues", issue, []func(*http.Request){set("Content-Encoding", "gzip"), badSignature}, 415, "content_encoding_not_supported"},
		{"size announced", "issues", big, []func(*http.Request){badHeaders, badSignature}, 413, "body_too_large"},
		{"size found", "issues", big, []func(*http.Request){badHeaders, badSignature, unsized}, 413, "body_too_large"},
		{"event missing", "", "[", []func(*http.Request){badSignature}, 400, "event_header_malformed"},
		{"event malformed", "Issues\x7f", "[", []func(*http.Request){set("X-GitHub-Event", "Issues"), badSignature}, 400, "event_header_malformed"},
		{"event too long", strings.Repeat("a", 65), "[", []func(*http.Request){badSignature}, 400, "event_header_malformed"},
		{"event twice", "issues", "[", []func(*http.Request){add("X-GitHub-Event", "issues"), badSignature}, 400, "event_header_malformed"},
		{"delivery missing", "issues", "[", []func(*http.Request){set("X-GitHub-Delivery", ""), badSignature}, 400, "delivery_header_malformed"},
		{"delivery malformed", "issues", "[", []func(*http.Request){set("X-GitHub-Delivery", "a b"), badSignature}, 400, "delivery_header_malformed"},
		{"delivery twice", "issues", "[", []func(*http.Request){add("X-GitHub-Delivery", "other"), badSignature}, 400, "delivery_header_malformed"},
		{"signature before JSON", "issues", "[", []func(*http.Request){badSignature}, 401, "signature_mismatch"},
		{"signature before form", "issues", "a=b", []func(*http.Request){asForm, badSignature}, 401, "signature_mismatch"},
		{"signature before shape", "pull_request", issue, []func(*http.Request){badSignature}, 401, "signature_mismatch"},
		{"not JSON", "issues", "hello", nil, 400, "body_not_a_json_object"},
		{"empty", "issues", "", nil, 400, "body_not_a_json_object"},
		{"array", "issues", "[" + issue + "]", nil, 400, "body_not_a_json_object"},
		{"two values", "issues", issue + issue, nil, 400, "body_not_a_json_object"},
		{"truncated", "issues", issue[:len(issue)-1], nil, 400, "body_not_a_json_object"},
		{"duplicate name", "issues", `{"issue":{"a":1,"a":2}}`, nil, 400, "body_not_a_json_object"},
		{"invalid UTF-8", "issues", "{\"issue\":{\"title\":\"\xff\"}}", nil, 400, "body_not_a_json_object"},
		{"form malformed", "issues", "x=1&" + form(issue), []func(*http.Request){asForm}, 400, "form_malformed"},
		{"shape", "pull_request", issue, nil, 400, "event_does_not_fit_body"},
		{"shape, kinds", "issues", `{"issue":[]}`, nil, 400, "event_does_not_fit_body"},
		{"types", "issues", `{"issue":{"number":"7"}}`, nil, 400, "event_does_not_fit_body"},
		{"repository name", "issues", strings.Replace(issue, "o/r", "o/..", 1), nil, 400, "repository_name_malformed"},
		{"repository name climbs", "issues", strings.Replace(issue, "o/r", "o/r/../../x", 1), nil, 400, "repository_name_malformed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			d := open(t, receive.Config{MaxPayloadBytes: maxBody})
			got := d.post(t, tc.event, tc.body, tc.changes...)
			if !got.is(tc.code, "error", tc.reason) {
				t.Errorf("got %d %v, want %d %s", got.code, got.body, tc.code, tc.reason)
			}
			if d.stored() != 0 || d.counts["rejected/"+tc.reason] != 1 || d.ends() != 1 {
				t.Errorf("stored %d, counted %v", d.stored(), d.counts)
			}
			if got.code == 405 && got.header.Get("Allow") != "POST" {
				t.Errorf("Allow: %q", got.header.Get("Allow"))
			}
			if lines := bytes.Count(d.log.Bytes(), []byte("\n")); lines != 1 {
				t.Errorf("%d log lines: %s", lines, d.log.String())
			}
		})
	}
}

func TestBodyOfExactlyTheLimitPasses(t *testing.T) {
	t.Parallel()
	d := open(t, receive.Config{MaxPayloadBytes: int64(len(issue))})
	for _, change := range [][]func(*http.Request){nil, {unsized}} {
		if got := d.post(t, "issues", issue, change...); got.code != http.StatusAccepted {
			t.Errorf("got %d %v", got.code, got.body)
		}
	}
	if got := d.post(t, "issues", issue+" ", unsized); got.code != http.StatusRequestEntityTooLarge {
		t.Errorf("one byte more: %d", got.code)
	}
}

func TestMediaTypesTaken(t *testing.T) {
	t.Parallel()
	d := open(t, receive.Config{})
	for _, media := range []string{"application/json", "application/json; charset=utf-8", "Application/JSON"} {
		if got := d.post(t, "issues", issue, set("Content-Type", media), set("Content-Encoding", "identity")); got.code != 202 {
			t.Errorf("%s: %d %v", media, got.code, got.body)
		}
	}
}

// The one line of a delivery that was not stored tells why, and how long it took in seconds as every other line does.
func TestLogOfAFailedDelivery(t *testing.T) {
	t.Parallel()
	d := open(t, receive.Config{}, func(deps *receive.Deps) {
		deps.Accept = func(context.Context, hls.Delivery, hls.Event) (hls.Receipt, error) { return hls.Receipt{}, errStore }
	})
	d.post(t, "issues", issue)
	var line map[string]any
	if err := json.Unmarshal(d.log.Bytes(), &line); err != nil {
		t.Fatalf("not one line: %v: %s", err, d.log.String())
	}
	if line["level"] != "ERROR" || line["error"] != errStore.Error() || line["delivery_id"] != someone || line["reason"] != "unavailable" {
		t.Errorf("line %v", line)
	}
	if s, ok := line["seconds"].(float64); !ok || s <= 0 || s > 60 || line["duration"] != nil {
		t.Errorf("line %v", line)
	}
}

// What Accept says decides the answer.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		receipt hls.Receipt
		err     error
		code    int
		status  string
		reason  string
		counted string
	}{
		{hls.Receipt{Class: hls.Accepted, TaskID: 5}, nil, 202, "queued", "", ""},
		{hls.Receipt{Class: hls.Ignored, Reason: "bot_sender"}, nil, 200, "ignored", "bot_sender", ""},
		{hls.Receipt{Class: hls.Duplicate, Reason: "body"}, nil, 200, "duplicate", "body", ""},
		{hls.Receipt{Class: hls.Conflict}, nil, 409, "error", "delivery_id_conflict", ""},
		{hls.Receipt{}, errStore, 503, "error", "unavailable", "deferred/unavailable"},
		{hls.Receipt{}, nil, 503, "error", "unavailable", "deferred/unavailable"},
	} {
		t.Run(tc.status+tc.reason, func(t *testing.T) {
			t.Parallel()
			d := open(t, receive.Config{}, func(deps *receive.Deps) {
				deps.Accept = func(context.Context, hls.Delivery, hls.Event) (hls.Receipt, error) { return tc.receipt, tc.err }
			})
			got := d.post(t, "issues", issue)
			if !got.is(tc.code, tc.status, tc.reason) {
				t.Errorf("got %d %v", got.code, got.body)
			}
			for _, key := range []string{"request_id", "delivery_id", "event_type", "repository"} {
				if s, _ := got.body[key].(string); s == "" {
					t.Errorf("%s is missing from %v", key, got.body)
				}
			}
			if (got.code == 503) != (got.header.Get("Retry-After") == "30") {
				t.Errorf("Retry-After %q", got.header.Get("Retry-After"))
			}
			if tc.counted != "" && d.counts[tc.counted] != 1 || tc.counted == "" && len(d.counts) != 0 {
				t.Errorf("counted %v", d.counts)
			}
			for _, v := range got.body {
				if s, _ := v.(string); strings.Contains(s, "disk") {
					t.Errorf("the error leaked: %v", got.body)
				}
			}
		})
	}
}

func TestPing(t *testing.T) {
	t.Parallel()
	d := open(t, receive.Config{})
	if got := d.post(t, "ping", ping); !got.is(200, "pong", "") {
		t.Errorf("got %d %v", got.code, got.body)
	}
	if got := d.post(t, "ping", ping, set("X-Hub-Signature-256", sign("no", ping))); got.code != 401 {
		t.Errorf("unsigned ping: %d", got.code)
	}
	if d.counts["pong"] != 1 || d.stored() != 0 {
		t.Errorf("counted %v, stored %d", d.counts, d.stored())
	}
}
