package receive_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/receive"
)

func TestI2_EveryRequestEndsInOneClass(t *testing.T) {
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
	n := 0
	for _, event := range []string{"issues", "ping", "pull_request", "unheard_of", "Bad"} {
		for _, body := range []string{issue, ping, "[", "", strings.Repeat("x", maxBody+1),
			strings.Replace(issue, "opened", "panic", 1), strings.Replace(issue, "opened", "fail", 1)} {
			for _, change := range []func(*http.Request){func(*http.Request) {}, asForm, set("X-Hub-Signature-256", ""), set("Content-Type", "text/html")} {
				d.post(t, event, body, change)
				n++
				if d.ends() != n {
					t.Fatalf("%s %.40q: %d requests, %d endings", event, body, n, d.ends())
				}
			}
		}
	}
	if d.counts["deferred/internal_error"] == 0 || d.counts["deferred/unavailable"] == 0 {
		t.Errorf("counted %v", d.counts)
	}
}

func TestI2_ShuttingDownDefers(t *testing.T) {
	t.Parallel()
	d := open(t, receive.Config{})
	d.handler.Drain()
	for _, event := range []string{"issues", "ping"} {
		got := d.post(t, event, map[string]string{"issues": issue, "ping": ping}[event])
		if !got.is(503, "error", "shutting_down") || got.header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %v", event, got.code, got.body)
		}
	}
	if got := d.post(t, "issues", issue, set("X-Hub-Signature-256", "")); got.code != 401 {
		t.Errorf("the signature comes first: %d", got.code)
	}
	if d.stored() != 0 || d.counts["deferred/shutting_down"] != 2 {
		t.Errorf("stored %d, counted %v", d.stored(), d.counts)
	}
}

func TestI2_RetryAfterOfTheStore(t *testing.T) {
	t.Parallel()
	d := open(t, receive.Config{}, func(deps *receive.Deps) {
		deps.Accept = func(context.Context, hls.Delivery, hls.Event) (hls.Receipt, error) {
			return hls.Receipt{}, fmt.Errorf("add: %w", &hls.RetryAfter{Err: errStore, After: 1500 * time.Millisecond})
		}
	})
	if got := d.post(t, "issues", issue); got.header.Get("Retry-After") != "2" {
		t.Errorf("Retry-After %q", got.header.Get("Retry-After"))
	}
}

func TestI3_FormAndJSONAreOneBody(t *testing.T) {
	t.Parallel()
	d := open(t, receive.Config{})
	d.post(t, "issues", issue)
	if got := d.post(t, "issues", form(issue), asForm); got.code != 202 {
		t.Fatalf("form: %d %v", got.code, got.body)
	}
	if d.accepted[0].Hash != d.accepted[1].Hash || string(d.accepted[1].Body) != issue {
		t.Error("the encodings of one payload hash differently")
	}
}

// The event's name is not signed: a captured body must not pass as another known event.
// The ids of deliveries that a sweep makes can be told beforehand, by whoever has a secret of any repository. One that came to
// the door would keep the sweep's own from being taken in.
func TestI5_NothingAtTheDoorPassesForASweeps(t *testing.T) {
	t.Parallel()
	d := open(t, receive.Config{})
	got := d.post(t, "issues", issue, set("X-GitHub-Delivery", hls.SweptID+strings.Repeat("0a", 20)))
	if !got.is(400, "error", "delivery_header_malformed") || d.stored() != 0 {
		t.Errorf("%d %v", got.code, got.body)
	}
}

func TestI3_BodyOfAnotherEvent(t *testing.T) {
	t.Parallel()
	d := open(t, receive.Config{})
	bodies := map[string]string{
		"issues":                      issue,
		"issue_comment":               `{"action":"created","issue":{"number":7},"comment":{"id":1}}`,
		"pull_request":                `{"action":"opened","number":8,"pull_request":{"number":8}}`,
		"pull_request_review":         `{"action":"submitted","pull_request":{"number":8},"review":{"id":1}}`,
		"pull_request_review_comment": `{"action":"created","pull_request":{"number":8},"comment":{"id":1}}`,
		"pull_request_review_thread":  `{"action":"resolved","pull_request":{"number":8},"thread":{}}`,
		"push":                        `{"ref":"refs/heads/main","before":"a","after":"b","commits":[]}`,
		"release":                     `{"action":"published","release":{"id":1}}`,
		"workflow_run":                `{"action":"completed","workflow":{},"workflow_run":{"id":1}}`,
		"workflow_job":                `{"action":"queued","workflow_job":{"id":1}}`,
		"check_run":                   `{"action":"created","check_run":{"id":1}}`,
		"check_suite":                 `{"action":"completed","check_suite":{"id":1}}`,
		"discussion":                  `{"action":"created","discussion":{"id":1}}`,
		"discussion_comment":          `{"action":"created","discussion":{"id":1},"comment":{"id":2}}`,
		"deployment":                  `{"action":"created","deployment":{"id":1}}`,
		"deployment_status":           `{"action":"created","deployment":{"id":1},"deployment_status":{"id":2}}`,
		"label":                       `{"action":"created","label":{"id":1}}`,
		"milestone":                   `{"action":"created","milestone":{"id":1}}`,
		"commit_comment":              `{"action":"created","comment":{"id":1}}`,
		"create":                      `{"ref":"x","ref_type":"branch"}`,
		"fork":                        `{"forkee":{}}`,
		"gollum":                      `{"pages":[]}`,
		"star":                        `{"action":"created","starred_at":"2026-01-01T00:00:00Z"}`,
		"watch":                       `{"action":"started","repository":{"id":9,"full_name":"o/r"}}`,
		"status":                      `{"sha":"a","state":"success","context":"ci"}`,
		"merge_group":                 `{"action":"checks_requested","merge_group":{}}`,
		"ping":                        ping,
	}
	for body := range bodies {
		for event := range bodies {
			// Creating a ref and deleting one look alike, and nothing depends on which it is.
			got := d.post(t, event, bodies[body])
			if ok := got.code < 300; ok != (event == body) {
				t.Errorf("a body of %s as %s: %d %v", body, event, got.code, got.body)
			}
		}
	}
	if got := d.post(t, "event_of_tomorrow", `{"x":1}`); got.code != 202 {
		t.Errorf("an unknown event: %d %v", got.code, got.body)
	}
}

// What GitHub adds to the body of an event beyond its own object.
func TestShapesOfRealBodies(t *testing.T) {
	t.Parallel()
	d := open(t, receive.Config{})
	for _, tc := range []struct{ event, body string }{
		{"issues", `{"action":"labeled","issue":{"number":1},"label":{"name":"bug"},"installation":{"id":3}}`},
		{"issues", `{"action":"milestoned","issue":{"number":1},"milestone":{},"organization":{}}`},
		{"pull_request", `{"action":"labeled","number":1,"pull_request":{"number":1},"label":{},"sender":{}}`},
		{"pull_request", `{"action":"review_requested","number":1,"pull_request":{"number":1},"requested_reviewer":{"id":1,"login":"a"}}`},
		{"push", `{"ref":"refs/heads/x","before":"a","after":"0","deleted":true,"commits":[],"head_commit":null,"pusher":{"name":"a"}}`},
		{"deployment_status", `{"action":"created","deployment":{"id":1},"deployment_status":{},"check_run":null,"workflow":{},"workflow_run":{"id":2}}`},
		{"workflow_job", `{"action":"queued","workflow_job":{"id":1},"deployment":{"id":3}}`},
		{"discussion", `{"action":"answered","discussion":{"id":1},"answer":{}}`},
		{"star", `{"action":"deleted","starred_at":null}`},
		{"workflow_run", `{"action":"completed","workflow":{},"workflow_run":{"id":1},"pull_request":null}`},
		{"installation", `{"action":"created","installation":{"id":1},"repositories":[],"requester":null}`},
		{"repository", `{"action":"renamed","repository":{"id":1,"full_name":"o/new"},"changes":{"repository":{"name":{"from":"old"}}}}`},
	} {
		if got := d.post(t, tc.event, tc.body); got.code != 202 {
			t.Errorf("%s: %d %v: %s", tc.event, got.code, got.body, tc.body)
		}
	}
}

func TestI4_OnlySignedBodiesPass(t *testing.T) {
	t.Parallel()
	old := hmac.New(sha1.New, []byte(secret))
	old.Write([]byte(issue))
	sha1Value := "sha1=" + hex.EncodeToString(old.Sum(nil))
	good := sign(secret, issue)
	for _, tc := range []struct {
		name    string
		reason  string
		changes []func(*http.Request)
	}{
		{"none", "signature_missing", []func(*http.Request){set("X-Hub-Signature-256", "")}},
		{"sha1 alone", "signature_sha1_not_supported", []func(*http.Request){set("X-Hub-Signature-256", ""), set("X-Hub-Signature", sha1Value)}},
		{"sha1 value", "signature_malformed", []func(*http.Request){set("X-Hub-Signature-256", sha1Value)}},
		{"empty", "signature_malformed", []func(*http.Request){func(r *http.Request) { r.Header["X-Hub-Signature-256"] = []string{""} }}},
		{"prefix only", "signature_malformed", []func(*http.Request){set("X-Hub-Signature-256", "sha256=")}},
		{"no prefix", "signature_malformed", []func(*http.Request){set("X-Hub-Signature-256", good[7:])}},
		{"short", "signature_malformed", []func(*http.Request){set("X-Hub-Signature-256", good[:70])}},
		{"long", "signature_malformed", []func(*http.Request){set("X-Hub-Signature-256", good+"0")}},
		{"not hex", "signature_malformed", []func(*http.Request){set("X-Hub-Signature-256", good[:70]+"g")}},
		{"two, first good", "signature_malformed", []func(*http.Request){add("X-Hub-Signature-256", sign("x", issue))}},
		{"two, both good", "signature_malformed", []func(*http.Request){add("X-Hub-Signature-256", good)}},
		{"of another secret", "signature_mismatch", []func(*http.Request){set("X-Hub-Signature-256", sign("guess", issue))}},
		{"of the empty secret", "signature_mismatch", []func(*http.Request){set("X-Hub-Signature-256", sign("", issue))}},
		{"of another body", "signature_mismatch", []func(*http.Request){set("X-Hub-Signature-256", sign(secret, issue+" "))}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			d := open(t, receive.Config{})
			if got := d.post(t, "issues", issue, tc.changes...); !got.is(401, "error", tc.reason) || len(got.body) != 3 {
				t.Errorf("got %d %v", got.code, got.body)
			}
			if d.stored() != 0 {
				t.Error("stored")
			}
			for _, content := range []string{"marker-title", "mona", "o/r", "opened"} {
				if strings.Contains(d.log.String(), content) {
					t.Errorf("content in the log before the signature held: %s", d.log.String())
				}
			}
		})
	}
}

func TestI4_NoSecretIsNoPass(t *testing.T) {
	t.Parallel()
	d := open(t, receive.Config{}, func(deps *receive.Deps) { deps.Secrets = receive.Secrets{} })
	for _, signature := range []string{sign("", issue), sign(secret, issue)} {
		if got := d.post(t, "issues", issue, set("X-Hub-Signature-256", signature)); got.code != 401 {
			t.Errorf("got %d %v", got.code, got.body)
		}
	}
	if d.stored() != 0 || !strings.Contains(d.log.String(), "no secret is in force") {
		t.Errorf("stored %d, log %s", d.stored(), d.log.String())
	}
}

func TestI4_RotationTakesOldAndNew(t *testing.T) {
	t.Parallel()
	d := open(t, receive.Config{}, func(deps *receive.Deps) {
		deps.Secrets.Global = []hls.Secret{"new", "old"}
	})
	for key, want := range map[string]int{"new": 202, "old": 202, "older": 401} {
		if got := d.post(t, "issues", issue, set("X-Hub-Signature-256", sign(key, issue))); got.code != want {
			t.Errorf("%s: %d", key, got.code)
		}
	}
	if err := d.handler.Rekey(receive.Secrets{Global: []hls.Secret{"new"}}); err != nil {
		t.Fatal(err)
	}
	if got := d.post(t, "issues", issue, set("X-Hub-Signature-256", sign("old", issue))); got.code != 401 {
		t.Errorf("after the rotation: %d", got.code)
	}
}

func TestI4_UnsignedOnlyWhenToldSo(t *testing.T) {
	t.Parallel()
	d := open(t, receive.Config{}, func(deps *receive.Deps) { deps.Secrets.Unsigned = true })
	if got := d.post(t, "issues", issue, set("X-Hub-Signature-256", "")); got.code != 202 {
		t.Errorf("got %d %v", got.code, got.body)
	}
}

// A signed JSON body carries text of the attacker's. Sent again as a form, that text must not become the payload.
func TestI4_FormInsideSignedJSON(t *testing.T) {
	t.Parallel()
	d := open(t, receive.Config{})
	evil := strings.ReplaceAll(issue, "marker-title", "evil")
	for _, body := range []string{
		strings.Replace(issue, "marker-title", "&"+form(evil)+"&", 1),
		strings.Replace(issue, "marker-title", ";"+form(evil)+";", 1),
		strings.Replace(issue, "marker-title", "\\n"+form(evil), 1),
	} {
		if got := d.post(t, "issues", body, asForm); !got.is(400, "error", "form_malformed") {
			t.Errorf("got %d %v", got.code, got.body)
		}
	}
	for _, body := range []string{
		form(issue) + "&" + form(evil), form(issue) + "&x=1", form(issue) + ";x", "x=1&" + form(issue),
		" " + form(issue), "&" + form(issue), "Payload=" + form(issue)[8:], "payload[]=" + form(issue)[8:],
		"payload=%7", "payload=%zz", "payload", "", "payload=" + form(issue),
	} {
		if got := d.post(t, "issues", body, asForm); !got.is(400, "error", "form_malformed") {
			t.Errorf("%.60q: %d %v", body, got.code, got.body)
		}
	}
	if got := d.post(t, "issues", form(issue)); !got.is(400, "error", "body_not_a_json_object") {
		t.Errorf("a form sent as JSON: %d %v", got.code, got.body)
	}
	if d.stored() != 0 {
		t.Error("stored")
	}
}

func TestI5_OnlyTheRepositorysOwnSecret(t *testing.T) {
	t.Parallel()
	d := open(t, receive.Config{}, func(deps *receive.Deps) {
		deps.Secrets.Repositories = []receive.RepositorySecrets{
			{Name: "org/Exact", Secrets: []hls.Secret{"exact", "exact-next"}},
			{Name: "org/Global"},
			{Name: "org/*", Secrets: []hls.Secret{"glob"}},
			{Name: "org/shadowed", Secrets: []hls.Secret{"shadowed"}},
			{Name: "*/exact", Secrets: []hls.Secret{"late"}},
			{Name: "*/global", Secrets: []hls.Secret{"late"}},
		}
	})
	body := func(name string) string { return strings.Replace(issue, `"o/r"`, name, 1) }
	for _, tc := range []struct{ repository, own string }{
		{`"org/any"`, "glob"}, {`"ORG/any"`, "glob"}, {`"org/exact"`, "exact"}, {`"Org/EXACT"`, "exact"},
		{`"org/exact"`, "exact-next"}, {`"other/exact"`, "late"}, {`"other/repo"`, secret},
		{`"or\u0067/ex\u0061ct"`, "exact"}, {`"orgs/any"`, secret},
		// The first entry that fits is the one whose rule applies, so its secret is asked, the global one when it has none.
		{`"org/global"`, secret}, {`"ORG/Global"`, secret}, {`"other/global"`, "late"}, {`"org/shadowed"`, "glob"},
	} {
		for _, key := range []string{"glob", "exact", "exact-next", "shadowed", "late", secret} {
			rotating := strings.HasPrefix(key, "exact") && strings.HasPrefix(tc.own, "exact")
			want := 401
			if key == tc.own || rotating {
				want = 202
			}
			b := body(tc.repository)
			if got := d.post(t, "issues", b, set("X-Hub-Signature-256", sign(key, b))); got.code != want {
				t.Errorf("%s signed with %s: %d, want %d", tc.repository, key, got.code, want)
			}
		}
	}
}

// Whoever holds one repository's secret tries to be taken for another one.
func TestI5_TwoNamesInOneBody(t *testing.T) {
	t.Parallel()
	d := open(t, receive.Config{}, func(deps *receive.Deps) {
		deps.Secrets.Repositories = []receive.RepositorySecrets{{Name: "mine/r", Secrets: []hls.Secret{"mine"}}}
	})
	mine, theirs := `"repository":{"id":1,"full_name":"mine/r"}`, `"repository":{"id":9,"full_name":"o/r"}`
	for _, members := range []string{
		mine + "," + theirs, theirs + "," + mine,
		`"repository":{"full_name":"mine/r","full_name":"o/r"}`,
		`"repository":{"full_name":"mine/r","full\u005fname":"o/r"}`,
		`"repoſitory":{"id":1,"full_name":"mine/r"},` + theirs,
		`"REPOSITORY":{"id":1,"full_name":"mine/r"},` + theirs,
		`"issues":{"repository":{"full_name":"mine/r"}},` + theirs,
	} {
		body := `{"action":"opened","issue":{"number":7},` + members + `}`
		if got := d.post(t, "issues", body, set("X-Hub-Signature-256", sign("mine", body))); got.code/100 != 4 {
			t.Errorf("%s: %d %v", members, got.code, got.body)
		}
	}
	if d.stored() != 0 {
		t.Errorf("stored %+v", d.accepted)
	}
}
