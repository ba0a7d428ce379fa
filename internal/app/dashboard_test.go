package app_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strings"
	"testing"

	"hls/internal/config"
	"hls/internal/hls"
)

// person is a browser as far as the dashboard asks for one.
type person struct {
	s      *service
	client *http.Client
}

func (s *service) person() *person {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &person{s, &http.Client{Jar: jar}}
}

func (p *person) do(method, path string, form url.Values, host string) (int, string) {
	p.s.t.Helper()
	r, err := http.NewRequestWithContext(p.s.t.Context(), method, p.s.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		p.s.t.Fatal(err)
	}
	if r.Host = host; host != "" { // The jar would not show there what it keeps.
		at, err := url.Parse(p.s.url)
		if err != nil {
			p.s.t.Fatal(err)
		}
		for _, c := range p.client.Jar.Cookies(at) {
			r.AddCookie(c)
		}
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := p.client.Do(r)
	if err != nil {
		p.s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		p.s.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// An operator signs in, sees what a delivery led to as it was, and has it worked on again; a viewer sees it, too. Their
// sessions outlive a restart, and end with their token.
func TestS4_TheDashboardShowsWhatWasSentAndDone(t *testing.T) {
	t.Parallel()
	s := start(t, widgetSettings, shop(), answering(bugAnswer))
	s.stop()
	s.run(strings.Replace(s.text, "admin_token:", "viewer_token: viewer-token-of-the-tests, admin_token:", 1))
	d := s.issueOpened()
	s.send(d)
	s.settled(d.GUID)
	operator, viewer := s.person(), s.person()
	for who, token := range map[*person]string{operator: adminToken, viewer: "viewer-token-of-the-tests"} {
		if code, text := who.do("POST", "/ui/login", url.Values{"token": {token}, "next": {"/ui/deliveries"}}, ""); code != http.StatusOK || !strings.Contains(text, "/ui/deliveries/"+d.GUID) {
			t.Fatalf("signing in: %d %s", code, text)
		}
	}
	_, page := operator.do("GET", "/ui/deliveries/"+d.GUID, nil, "")
	analysis, err := s.app.Store().Analysis(t.Context(), s.settled(d.GUID).ID)
	if err != nil {
		t.Fatal(err)
	}
	effects, err := s.app.Store().Effects(t.Context(), analysis.TaskID)
	if err != nil {
		t.Fatal(err)
	}
	shown := plainText(page)
	for _, want := range []string{analysis.Prompt.User, analysis.Prompt.System, analysis.Template, `"evidence": "panics with a nil pointer"`, "add labels", "upsert comment"} {
		if !strings.Contains(shown, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
	for _, e := range effects {
		if e.URL != "" && (!strings.Contains(shown, e.URL) || strings.Contains(page, `href="`+e.URL)) { // It is on another host than the stand-in.
			t.Errorf("%s is not shown, or is a link", e.URL)
		}
	}
	_, after, _ := strings.Cut(page, `name="csrf" value="`)
	csrf, _, _ := strings.Cut(after, `"`)
	if code, text := operator.do("POST", "/ui/deliveries/"+d.GUID+"/replay", url.Values{"csrf": {csrf}}, ""); code != http.StatusOK {
		t.Errorf("replay: %d %s", code, text)
	}
	if task := s.settled(d.GUID); task.Origin != hls.FromReplay {
		t.Errorf("the newest task is of a %s", task.Origin)
	}
	if _, page := viewer.do("GET", "/ui/deliveries/"+d.GUID, nil, ""); !strings.Contains(page, "panics with a nil pointer") || strings.Contains(page, "Replay") {
		t.Error("a viewer does not see the delivery, or sees the button")
	}
	s.stop()
	s.run(strings.Replace(s.text, "viewer-token-of-the-tests", "another-token-of-viewers", 1))
	for who, want := range map[*person]string{operator: "Sign out", viewer: "Sign in"} {
		if _, page := who.do("GET", "/ui/deliveries", nil, ""); !strings.Contains(page, ">"+want+"<") {
			t.Errorf("after a restart with another token of viewers the page has no %q", want)
		}
	}
}

// plainText is a page as it reads, near enough.
func plainText(page string) string {
	for _, mark := range []string{`<mark class="hidden" title="a character that is not to be seen">`, "</mark>"} {
		page = strings.ReplaceAll(page, mark, "")
	}
	return htmlEntities.Replace(page)
}

var htmlEntities = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&#34;", `"`, "&#39;", "'", "&#43;", "+", "&amp;", "&")

// Names that the settings give the server count from the moment that they are read again.
func TestS2_NamesOfTheServerAreReread(t *testing.T) {
	t.Parallel()
	gh, cl := shop(), answering(bugAnswer)
	s := &service{t: t, github: gh, claude: cl, dir: t.TempDir(), log: &buffer{}}
	ghURL, stopGH := gh.Start()
	clURL, stopCL := cl.Start()
	t.Cleanup(stopGH)
	t.Cleanup(stopCL)
	hangup := make(chan os.Signal, 1)
	s.hangup = hangup
	s.reread = func() (*config.Settings, error) {
		return parse(strings.Replace(s.text, "admin_token:", `public_url: "https://hls.example/x", allowed_hosts: [dashboard.example], admin_token:`, 1))
	}
	s.run(settingsFor(ghURL, clURL, s.dir) + widgetSettings)
	p := s.person()
	names := []string{"hls.example", "dashboard.example:8000"}
	p.do("POST", "/ui/login", url.Values{"token": {adminToken}}, "")
	for _, name := range names {
		if code, _ := p.do("GET", "/stats", nil, name); code != http.StatusForbidden {
			t.Errorf("as %s: %d", name, code)
		}
	}
	hangup <- os.Interrupt
	for _, name := range names {
		eventually(t, func() bool {
			code, _ := p.do("GET", "/stats", nil, name)
			return code == http.StatusOK
		})
	}
	if code, _ := p.do("GET", "/stats", nil, "evil.example"); code != http.StatusForbidden {
		t.Errorf("under another name: %d", code)
	}
}
