package web

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/web/ui"
	"hls/internal/web/webtest"
)

// plant stores a delivery with hostile text wherever outsiders, or a model that obeys them, can write some.
func (s *site) plant(id string, kind int) {
	s.t.Helper()
	ctx, n := s.t.Context(), 100*kind
	next := func() string { n++; return numberedHostile(n) }
	body := fmt.Appendf(nil, `{"delivery":%q}`, id)
	subject := hls.Subject{RepoID: 1, Repo: "o/r", Kind: hls.KindOther, Ref: "release/" + allHostile()}
	_, err := s.store.Add(ctx, record.Intake{
		Delivery: hls.Delivery{ID: id, RequestID: next(), Event: "release", Body: body, Hash: sha256.Sum256(body), ReceivedAt: time.Now()},
		Work:     &record.NewTask{Subject: subject, Purpose: "notes", Event: "release", Action: next(), Actor: next(), Origin: hls.FromDelivery, OccurredAt: time.Now(), Title: allHostile()},
	})
	s.must(err)
	task, err := s.store.Claim(ctx, "me", time.Minute)
	s.must(err)
	answer, err := json.Marshal(map[string]string{"summary": allHostile(), next(): next()})
	s.must(err)
	s.must(s.store.SaveAnalysis(ctx, task, 0, hls.Analysis{
		Answer: answer, Model: next(), Template: next(), PromptHash: next(), Revision: next(),
		Prompt: hls.Prompt{System: allHostile(), User: allHostile()}, Usage: hls.Usage{InputTokens: 7, CostMicroUSD: 12},
	}))
	effect := hls.Effect{Kind: hls.CreateIssue, Subject: subject, Purpose: "notes", Revision: next(), Title: next(), Body: allHostile(),
		Labels: []hls.Label{{Name: next()}}, Remarks: []hls.Remark{{Path: next(), Body: next(), EndLine: 1}}}
	drops := []hls.Drop{}
	for _, text := range hostile {
		drops = append(drops, hls.Drop{What: text, Why: text})
	}
	s.must(s.store.SavePlan(ctx, task, hls.Plan{Effects: []hls.Effect{effect}, Dropped: drops, Silent: next()}))
	for i, address := range []string{
		"javascript:canary=20", "https://github.example/o/r/issues/1", "https://github.example.evil.example/", "https://github.example@evil.example/",
		"//evil.example/", "data:text/html,<script>canary=21</script>", "https://evil.example/" + next(), "http://github.example/",
	} {
		e := effect
		e.Nonce = fmt.Sprint(i)
		rows, err := s.store.Intend(ctx, task, []hls.Effect{e})
		s.must(err)
		s.must(s.store.Move(ctx, task, rows[0].ID, hls.Move{From: hls.Intent, To: hls.Sending}))
		s.must(s.store.Move(ctx, task, rows[0].ID, hls.Move{From: hls.Sending, To: hls.EffectDone, URL: address, Error: next()}))
	}
	proposed := effect
	proposed.Nonce = "proposed"
	rows, err := s.store.Intend(ctx, task, []hls.Effect{proposed})
	s.must(err)
	s.must(s.store.Move(ctx, task, rows[0].ID, hls.Move{From: hls.Intent, To: hls.EffectProposed}))
	s.must(s.store.Finish(ctx, task, hls.Outcome{State: hls.Parked, Reason: next(), Spent: time.Second}))
}

// hostileRule is what settings could say, had somebody put into them what outsiders write.
func hostileRule(string) (Rule, bool) {
	r := Rule{Entry: allHostile(), Mode: hls.ModeApply, Events: hostile, Modes: []KindMode{{hls.AddLabels, hls.Mode(hostile[0])}}}
	for _, text := range hostile {
		r.Settings = append(r.Settings, Setting{text, text})
	}
	return r, true
}

// Whatever people and models write, the pages show it and nothing of it runs; on the way an operator signs in, looks,
// replays and signs out, at a desk and on a phone.
func TestS4_NothingShownRuns(t *testing.T) {
	t.Parallel()
	chromium := webtest.Chromium(t)
	for name, width := range map[string]int64{"desk": 1280, "phone": 390} {
		t.Run(name, func(t *testing.T) {
			s, replays := counting(t, nil)
			s.plant("hostile", 1)
			s.plant("more", 2)
			b, origin := webtest.NewTab(chromium, t, width), "http://"+s.addr
			b.Leads("/ui/login", chromedp.Navigate(origin+"/ui/deliveries/hostile"))
			b.Quiet("signing in", origin)
			b.Do(chromedp.SendKeys(chromedp.ID("token"), "guess"))
			if code := b.Leads("/ui/login", chromedp.Click(chromedp.ID("sign-in"))); code != http.StatusUnauthorized {
				t.Errorf("with a guess: %d", code)
			}
			b.Leads("/ui/login", chromedp.Navigate(origin+"/ui/deliveries"))
			b.Do(chromedp.SendKeys(chromedp.ID("token"), token))
			b.Leads("/ui/deliveries", chromedp.Click(chromedp.ID("sign-in")))
			b.Quiet("the list", origin)
			b.Leads("/ui/deliveries", chromedp.Navigate(origin+"/ui/deliveries?repo=%22%3E%3Cscript%3Ecanary%3D22%3C%2Fscript%3E&reason=%27%22%3E%3Csvg+onload%3Dcanary%3D23%3E"))
			b.Quiet("the list narrowed", origin)
			b.Leads("/ui/deliveries", chromedp.Navigate(origin+"/ui/deliveries?state=%3Cscript%3Ecanary%3D24%3C%2Fscript%3E"))
			b.Quiet("the list refused", origin)
			for _, path := range []string{"/ui/", "/ui/effects", "/ui/effects?state=done", "/ui/repositories", "/ui/repositories/o/r", "/ui/trends", "/ui/repositories?name=%22%3E%3Cscript%3Ecanary%3D25%3C%2Fscript%3E"} {
				at, _, _ := strings.Cut(path, "?")
				b.Leads(at, chromedp.Navigate(origin+path))
				b.Quiet(path, origin)
			}
			b.Leads("/ui/deliveries", chromedp.Navigate(origin+"/ui/deliveries"))
			b.Leads("/ui/deliveries/hostile", chromedp.Click(chromedp.CSS(`a[href="/ui/deliveries/hostile"]`)))
			b.Quiet("a delivery", origin)
			whole(t, b)
			b.Leads("/ui/deliveries/hostile", chromedp.Click(chromedp.ID("replay")))
			if replays.Load() != 1 {
				t.Errorf("%d replays", replays.Load())
			}
			b.Quiet("after the replay", origin)
			b.Leads("/ui/login", chromedp.Click(chromedp.ID("sign-out")))
			b.Leads("/ui/login", chromedp.Navigate(origin+"/ui/deliveries"))
			b.Quiet("signed out", origin)
		})
	}
}

// whole expects that the page of a delivery shows what there is of it.
func whole(t *testing.T, b *webtest.Tab) {
	t.Helper()
	for id, want := range map[string]string{"user": "<script>canary=1</script>", "system": "{{.CSRF}}", "answer": "canary=1", "dropped": "<base href=http://evil.example/>"} {
		if text := b.Text(`document.getElementById("` + id + `").textContent`); !strings.Contains(text, want) {
			t.Errorf("no %q in #%s: %.300s", want, id, text)
		}
	}
	if marks := b.Text(`Array.from(document.querySelectorAll("#user mark")).map(m => m.textContent).join(" ")`); marks != `\u{0} \u{0} \u{202e} \u{202c} \u{2066} \u{2069}` {
		t.Errorf("marked as hidden: %q", marks)
	}
	if links := b.Text(`Array.from(document.querySelectorAll("main a")).map(a => a.href).filter(h => !h.startsWith(location.origin)).join(" ")`); links != "https://github.example/o/r/issues/1" {
		t.Errorf("links that lead elsewhere: %q", links)
	}
	if stages := b.Text(`Array.from(document.querySelectorAll("section > h2")).map(h => h.textContent).join(" ")`); stages != "receive record route gather prompt analyze plan act" {
		t.Errorf("stages: %q", stages)
	}
	if nameless := b.Text(`Array.from(document.querySelectorAll("input:not([type=hidden]), select, button")).filter(e => !e.labels?.length && !e.textContent.trim()).length`); nameless != "0" {
		t.Errorf("%s controls without a name", nameless)
	}
}

// Should a text ever get into a page as it is, the policy keeps it from running, and from asking anyone. That the same
// text runs without the policy shows that these tests would see it.
func TestS4_ThePolicyHoldsWhereEscapingFails(t *testing.T) {
	t.Parallel()
	chromium := webtest.Chromium(t)
	unescaped := `<!doctype html><title>x</title><p>` + allHostile()
	serve := func(policy string) *httptest.Server {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Content-Security-Policy", policy)
			_, _ = fmt.Fprint(w, strings.ReplaceAll(unescaped, `<meta http-equiv=refresh`, `<meta`)) // It would lead away.
		}))
		t.Cleanup(server.Close)
		return server
	}
	strict, open := webtest.NewTab(chromium, t, 1280), webtest.NewTab(chromium, t, 1280)
	strict.Do(chromedp.Navigate(serve(ui.Policy).URL))
	if ran := strict.Text(`window.canary`); ran != "undefined" {
		t.Errorf("a script ran under the policy: %s", ran)
	}
	for _, url := range strict.Asked("evil.example") {
		t.Errorf("asked for %s under the policy", url)
	}
	open.Do(chromedp.Navigate(serve("").URL))
	if ran := open.Text(`window.canary`); ran == "undefined" {
		t.Error("nothing ran without the policy either: the texts are harmless")
	}
	if strict.Breaches() == 0 || open.Breaches() != 0 {
		t.Errorf("breaches: %d under the policy, %d without", strict.Breaches(), open.Breaches())
	}
}

// Signing in works over plain HTTP on a name of the network, where browsers tell less of where a form comes from, and
// under no name that somebody else made to lead here.
func TestS2_ABrowserSignsInUnderOurNamesAlone(t *testing.T) {
	t.Parallel()
	chromium := webtest.Chromium(t)
	s, replays := counting(t, nil)
	s.plant("hostile", 1)
	_, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		t.Fatal(err)
	}
	b := webtest.NewTab(chromium, t, 1280)
	ours, theirs := "http://hls.example:"+port, "http://evil.example:"+port
	b.Leads("/ui/login", chromedp.Navigate(ours+"/ui/deliveries"))
	b.Do(chromedp.SendKeys(chromedp.ID("token"), token))
	b.Leads("/ui/deliveries", chromedp.Click(chromedp.ID("sign-in")))
	b.Leads("/ui/deliveries/hostile", chromedp.Navigate(ours+"/ui/deliveries/hostile"))
	b.Leads("/ui/deliveries/hostile", chromedp.Click(chromedp.ID("replay")))
	b.Quiet("on a name of the network", ours)
	if replays.Load() != 1 {
		t.Errorf("%d replays", replays.Load())
	}
	if code := b.Leads("/ui/login", chromedp.Navigate(theirs+"/ui/login")); code != http.StatusForbidden {
		t.Errorf("under another's name: %d", code)
	}
	forged := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(w, `<form method="post" action="%s/ui/deliveries/hostile/replay"><button id="go">x</button></form>`, ours)
	}))
	t.Cleanup(forged.Close)
	b.Do(chromedp.Navigate(strings.Replace(forged.URL, "127.0.0.1", "evil.example", 1)))
	if code := b.Leads("/ui/deliveries/hostile/replay", chromedp.Click(chromedp.ID("go"))); code != http.StatusUnauthorized || replays.Load() != 1 {
		t.Errorf("a form of another site: %d, %d replays", code, replays.Load())
	}
}
