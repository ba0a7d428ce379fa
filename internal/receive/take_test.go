package receive_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/receive"
)

// told is when GitHub first tried to deliver.
var told = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// fetched is a delivery out of the log of o/r's webhook, signed as body and spelled as text.
func fetched(body, text string, changes ...func(*receive.Fetched)) receive.Fetched {
	f := receive.Fetched{ID: someone, Event: "issues", Repo: "o/r", At: told, Body: []byte(text), Header: http.Header{
		"Content-Type": {"application/json"}, "X-Github-Event": {"issues"}, "X-Github-Delivery": {someone},
		"X-Github-Hook-Id": {"42"}, "X-Hub-Signature-256": {sign(secret, body)}, "X-Secret-Of-Tomorrow": {"hush"},
	}}
	for _, change := range changes {
		change(&f)
	}
	return f
}

func (d *door) take(t *testing.T, f receive.Fetched) receive.Taken {
	t.Helper()
	taken, err := d.handler.Take(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return taken
}

// What is taken in from GitHub's log is stored as if it had come to the door, but for its own request id and time.
func TestI7_FetchedIsAsIfReceived(t *testing.T) {
	t.Parallel()
	own := func(deps *receive.Deps) {
		deps.Secrets.Repositories = []receive.RepositorySecrets{{Name: "O/*", Secrets: []hls.Secret{secret}}}
	}
	for name, change := range map[string]func(*receive.Deps){"secret of all": func(*receive.Deps) {}, "own secret": own} {
		d := open(t, receive.Config{}, change)
		d.post(t, "issues", issue)
		if taken := d.take(t, fetched(issue, issue)); taken != (receive.Taken{Class: hls.Accepted, TaskID: 1}) {
			t.Fatalf("%s: taken %+v", name, taken)
		}
		received, again := d.accepted[0], d.accepted[1]
		if again.RequestID == "" || again.RequestID == received.RequestID || !again.ReceivedAt.Equal(told) {
			t.Errorf("%s: request id %q, received at %s", name, again.RequestID, again.ReceivedAt)
		}
		received.RequestID, received.ReceivedAt = again.RequestID, again.ReceivedAt
		delete(received.Headers, "User-Agent")
		if !reflect.DeepEqual(received, again) {
			t.Errorf("%s:\nreceived %+v\nfetched  %+v", name, received, again)
		}
		if !reflect.DeepEqual(d.events[0].Subject, d.events[1].Subject) {
			t.Errorf("%s: subjects %+v and %+v", name, d.events[0].Subject, d.events[1].Subject)
		}
	}
}

// The log may spell a payload in other bytes than were signed. As far as they can be found again, the hash is theirs;
// otherwise the delivery is kept without its hook, so that the record takes the true one for a duplicate.
func TestI3_FetchedInOtherBytes(t *testing.T) {
	t.Parallel()
	d := open(t, receive.Config{})
	plain := strings.Replace(issue, "marker-title", "<b> & é", 1)
	html := strings.NewReplacer("<", `\u003c`, ">", `\u003e`, "&", `\u0026`).Replace(plain)
	indented := strings.NewReplacer(":", " : ", ",", ",\n  ", "o/r", `o\/r`).Replace(plain)
	for name, c := range map[string]struct{ signed, log string }{
		"white space and slashes": {plain, indented}, "escapes added": {plain, html}, "escapes removed": {html, plain},
	} {
		d.take(t, fetched(c.signed, c.log))
		got := d.accepted[len(d.accepted)-1]
		if string(got.Body) != c.signed || got.Hash != sha256.Sum256([]byte(c.signed)) || got.HookID != "42" {
			t.Errorf("%s: %q of hook %q", name, got.Body, got.HookID)
		}
	}
	large := strings.Replace(issue, "marker-title", strings.Repeat("x", 1<<20), 1)
	if d.take(t, fetched(large, large)); d.accepted[len(d.accepted)-1].HookID != "42" {
		t.Error("a large body whose bytes are those that were signed")
	}
	if d.take(t, fetched(large, " "+large)); d.accepted[len(d.accepted)-1].HookID != "" {
		t.Error("a large body whose spellings were tried")
	}
	for name, f := range map[string]receive.Fetched{
		"members in another order": fetched(`{"sender":{"id":3},"action":"opened"}`, issue),
		"another secret":           fetched(issue, issue, func(f *receive.Fetched) { f.Header.Set("X-Hub-Signature-256", sign("before rotation", issue)) }),
		"no signature in the log":  fetched(issue, issue, func(f *receive.Fetched) { f.Header.Del("X-Hub-Signature-256") }),
	} {
		taken := d.take(t, f)
		if got := d.accepted[len(d.accepted)-1]; taken.Class != hls.Accepted || got.HookID != "" || string(got.Body) != issue {
			t.Errorf("%s: %+v, %q of hook %q", name, taken, got.Body, got.HookID)
		}
	}
}

// I5 for what GitHub's log tells: a repository's webhook speaks for that repository alone, and a repository with a
// secret of its own is not spoken for by another's webhook without that secret.
func TestI5_FetchedSpeaksForItsHooksRepository(t *testing.T) {
	t.Parallel()
	d := open(t, receive.Config{}, func(deps *receive.Deps) {
		deps.Secrets.Repositories = []receive.RepositorySecrets{{Name: "o/own", Secrets: []hls.Secret{"secret of o/own alone"}}}
	})
	own := strings.Replace(issue, "o/r", "o/own", 1)
	of := func(repo string) func(*receive.Fetched) { return func(f *receive.Fetched) { f.Repo = repo } }
	signed := func(f *receive.Fetched) { f.Header.Set("X-Hub-Signature-256", sign("secret of o/own alone", own)) }
	for name, c := range map[string]struct {
		f    receive.Fetched
		want string
	}{
		"its own webhook":                   {fetched(own, own, of("O/Own")), ""},
		"another repository's webhook":      {fetched(own, own, of("o/r"), signed), "another_repository"},
		"no repository":                     {fetched(issue, strings.Replace(issue, "o/r", "", 1)), "another_repository"},
		"an organization's webhook":         {fetched(own, own, of("")), "signature_mismatch"},
		"an organization's with its secret": {fetched(own, own, of(""), signed), ""},
		"an organization's about another":   {fetched(issue, issue, of("")), ""},
	} {
		before := d.stored()
		taken := d.take(t, c.f)
		if taken.Reason != c.want || (c.want == "") != (taken.Class == hls.Accepted) || (c.want == "") != (d.stored() == before+1) {
			t.Errorf("%s: %+v", name, taken)
		}
		if c.want == "" && strings.Contains(string(c.f.Body), "o/own") && d.accepted[before].Scope != "o/own" {
			t.Errorf("%s: scope %q", name, d.accepted[before].Scope)
		}
	}
	if d.counts["rejected/another_repository"] != 2 || d.counts["rejected/signature_mismatch"] != 1 {
		t.Errorf("counted %v", d.counts)
	}
}

func TestI2_FetchedEndsInAClassOrIsTriedAgain(t *testing.T) {
	t.Parallel()
	d := open(t, receive.Config{MaxPayloadBytes: maxBody}, func(deps *receive.Deps) {
		accept := deps.Accept
		deps.Accept = func(ctx context.Context, delivery hls.Delivery, event hls.Event) (hls.Receipt, error) {
			switch delivery.Action {
			case "panic":
				panic("boom")
			case "fail":
				return hls.Receipt{}, errStore
			}
			return accept(ctx, delivery, event)
		}
	})
	for body, want := range map[string]string{
		"": "body_not_a_json_object", "null": "body_not_a_json_object", `"text"`: "body_not_a_json_object", `{"a":1,"a":2}`: "body_not_a_json_object",
		ping: "event_does_not_fit_body", strings.Repeat(" ", maxBody) + "{}": "body_too_large",
		strings.Replace(issue, "opened", "panic", 1): "internal_error",
	} {
		if taken := d.take(t, fetched(body, body)); taken.Class != hls.Rejected || taken.Reason != want {
			t.Errorf("%.40q: %+v, want %s", body, taken, want)
		}
	}
	for want, change := range map[string]func(*receive.Fetched){
		"event_header_malformed":    func(f *receive.Fetched) { f.Event = "Issues" },
		"delivery_header_malformed": func(f *receive.Fetched) { f.ID = "a b" },
	} {
		if taken := d.take(t, fetched(issue, issue, change)); taken.Reason != want {
			t.Errorf("%+v, want %s", taken, want)
		}
	}
	if _, err := d.handler.Take(t.Context(), fetched(issue, strings.Replace(issue, "opened", "fail", 1))); !errors.Is(err, errStore) {
		t.Errorf("while the store fails: %v", err)
	}
	d.handler.Drain()
	if _, err := d.handler.Take(t.Context(), fetched(issue, issue)); err == nil {
		t.Error("taken while stopping")
	}
	if d.stored() != 0 || strings.Contains(d.log.String(), "hush") {
		t.Errorf("stored %d, log %s", d.stored(), d.log.String())
	}
}
