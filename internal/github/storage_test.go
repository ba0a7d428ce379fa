package github

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
)

// logOf reads a job's log to its end.
func logOf(t *testing.T, c *Client) (lines []string, err error) {
	t.Helper()
	for line, err := range c.JobLog(t.Context(), widget, 5) {
		if err != nil {
			return lines, err
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// kept serves a log at the storage of the same host.
func kept(t *testing.T, answer http.HandlerFunc) *server {
	t.Helper()
	var s *server
	s = serve(t, routes{
		"GET /repos/acme/widget/actions/jobs/5/logs": func(w http.ResponseWriter, r *http.Request) { to(302, s.URL+"/storage/5.txt?sig=x")(w, r) },
		"GET /storage/5.txt":                         answer,
	})
	return s
}

func TestS1_LogsComeWithoutSecrets(t *testing.T) {
	t.Parallel()
	s := kept(t, answer(200, "one\r\n\x1b[31mtwo\x1b[0m "+testToken[:12]+"\n\npassword=hunter2-hunter2\nthree"))
	c := dial(t, s, func(cfg *Config) { cfg.Redactor = hls.NewRedactor(testToken) })
	if lines, err := logOf(t, c); err != nil || strings.Join(lines, "|") != "one|two [redacted]||password=[redacted]|three" {
		t.Errorf("got %q, %v", lines, err)
	}
}

func TestE2_ALogIsFetchedWithoutCredentials(t *testing.T) {
	t.Parallel()
	s := kept(t, answer(200, "one\ntwo"))
	if lines, err := logOf(t, dial(t, s)); err != nil || len(lines) != 2 {
		t.Errorf("got %q, %v", lines, err)
	}
	first, second := s.seen()[0], s.seen()[1]
	if first.Authorization != "Bearer "+testToken {
		t.Errorf("the address was asked for with %q", first.Authorization)
	}
	for _, name := range []string{"Authorization", "Cookie", "Referer", "If-None-Match"} {
		if v := second.Header.Get(name); v != "" {
			t.Errorf("the storage saw %s: %s", name, v)
		}
	}
}

// Each address is one that GitHub could be made to answer with, and must not be fetched from.
func TestE2_OnlyStorageAddressesAreFetched(t *testing.T) {
	t.Parallel()
	thief := serve(t, routes{"GET /log": answer(200, "stolen")})
	at, _ := url.Parse(thief.URL)
	for _, location := range []string{
		thief.URL + "/log", // http, and not the host of base_url
		"ftp://" + at.Host + "/log", "file:///etc/passwd", "gopher://" + at.Host + "/log",
		"https://user:pass@" + at.Host + "/log", "https:/log", "https:log", "://", "//" + at.Host + "/log", "/log",
		"https://" + at.Host + "/" + strings.Repeat("a", longestAddress),
	} {
		s := serve(t, routes{"GET /repos/acme/widget/actions/jobs/5/logs": to(302, location), "GET /log": answer(200, "mine")})
		if lines, err := logOf(t, dial(t, s)); !errors.Is(err, hls.ErrNotFound) || len(lines) > 0 {
			t.Errorf("%.60s: got %q, %v", location, lines, err)
		}
		if n := len(s.seen()) + len(thief.seen()); n != 1 {
			t.Errorf("%.60s: %d requests", location, n)
		}
	}
}

// The storage's own redirects lead anywhere.
func TestE2_TheStorageIsNotFollowed(t *testing.T) {
	t.Parallel()
	thief := serve(t, routes{"GET /log": answer(200, "stolen")})
	s := kept(t, to(302, thief.URL+"/log"))
	if lines, err := logOf(t, dial(t, s)); !errors.Is(err, hls.ErrNotFound) || len(lines) > 0 || len(thief.seen()) > 0 {
		t.Errorf("got %q, %v", lines, err)
	}
}

// Each case is the address of base_url's host and one that a name of the storage may resolve to.
func TestE2_NoLogComesFromAPrivateNetwork(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		home, at string
		want     bool
	}{
		{"140.82.112.6", "20.60.1.1", true}, {"140.82.112.6", "2603:1030::5", true},
		{"140.82.112.6", "127.0.0.1", false}, {"140.82.112.6", "::1", false}, {"140.82.112.6", "10.1.2.3", false},
		{"140.82.112.6", "192.168.1.1", false}, {"140.82.112.6", "172.16.0.1", false}, {"140.82.112.6", "fd00::1", false},
		{"140.82.112.6", "169.254.169.254", false}, {"140.82.112.6", "fe80::1", false}, {"140.82.112.6", "0.0.0.0", false},
		{"140.82.112.6", "::ffff:127.0.0.1", false}, {"140.82.112.6", "::ffff:10.0.0.1", false}, {"140.82.112.6", "100.64.0.1", false},
		{"140.82.112.6", "224.0.0.1", false}, {"140.82.112.6", "255.255.255.255", false}, {"140.82.112.6", "64:ff9b::7f00:1", false},
		{"140.82.112.6", "::127.0.0.1", false}, {"140.82.112.6", "::ffff:0:10.0.0.1", false}, {"140.82.112.6", "fec0::1", false},
		{"140.82.112.6", "64:ff9b:1::a00:1", false}, {"140.82.112.6", "2001:0:a00:1::1", false}, {"140.82.112.6", "2002:a00:1::1", false},
		{"140.82.112.6", "100::1", false}, {"10.0.0.8", "::10.1.2.3", false}, {"fd00::8", "fd00::1", true},
		{"10.0.0.8", "10.1.2.3", true}, {"10.0.0.8", "192.168.1.1", true}, {"10.0.0.8", "127.0.0.1", false},
		{"10.0.0.8", "169.254.169.254", false}, {"127.0.0.1", "127.0.0.1", true}, {"127.0.0.1", "10.1.2.3", false},
		{"127.0.0.1", "169.254.169.254", false}, {"", "10.1.2.3", false}, {"", "20.60.1.1", true},
	} {
		var home []netip.Addr
		if tc.home != "" {
			home = []netip.Addr{netip.MustParseAddr(tc.home)}
		}
		if err := mayReach(net.JoinHostPort(tc.at, "443"), home); (err == nil) != tc.want {
			t.Errorf("from %s to %s: %v", tc.home, tc.at, err)
		}
	}
}

// A name that means a public address when it is looked at and a private one when it is dialed is refused at the dial: with
// the machine's own network, and with one that is given.
func TestE2_TheAddressIsLookedAtWhenItIsDialed(t *testing.T) {
	t.Parallel()
	private := serve(t, routes{"GET /log": answer(200, "inside")})
	at, _ := url.Parse(private.URL)
	given := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, at.Host)
	}
	for name, dial := range map[string]dialer{"own": nil, "given": given} {
		s := newStorage(&url.URL{Scheme: "https", Host: "140.82.112.6", Path: "/"}, dial)
		s.lookup = func(context.Context, string, string) ([]netip.Addr, error) { return nil, errors.New("no such host") }
		_, port, _ := net.SplitHostPort(at.Host)
		body, err := s.open(t.Context(), "https://localhost:"+port+"/log") //nolint:bodyclose // There is none.
		if body != nil || !errors.Is(err, hls.ErrNotFound) || !errors.Is(err, errStorage) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(private.seen()); n != 0 {
		t.Errorf("%d requests came through", n)
	}
}

// What is compressed is counted as it comes out, and a log that is too long ends early.
func TestI6_LogsAreBoundedAfterDecompression(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	for i := range 400_000 {
		_, _ = fmt.Fprintf(zip, "line %d of a log that is much longer than anyone reads\n", i%10)
	}
	_ = zip.Close()
	s := kept(t, with(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(packed.Bytes()) }, "Content-Encoding", "gzip"))
	c := dial(t, s)
	c.storage.most = 1 << 20
	size := 0
	for line, err := range c.JobLog(t.Context(), widget, 5) {
		if err != nil {
			t.Fatal(err)
		}
		size += len(line) + 1
	}
	if size > 1<<20+1 || size < 1<<19 {
		t.Errorf("%d bytes were read of %d", size, packed.Len())
	}
	long := kept(t, answer(200, strings.Repeat("x", 100_000)+"\nshort"))
	if lines, err := logOf(t, dial(t, long)); err != nil || len(lines) != 2 || len(lines[0]) != longLine || lines[1] != "short" {
		t.Errorf("%d lines, %v", len(lines), err)
	}
}

// A log that comes in drops is read for as long as any, and what came of it counts: it is not begun anew again and again.
func TestI6_ALogThatDripsEnds(t *testing.T) {
	t.Parallel()
	s := kept(t, func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			_, _ = io.WriteString(w, "a drop\n")
			_ = http.NewResponseController(w).Flush()
			select {
			case <-r.Context().Done():
			case <-time.After(10 * time.Millisecond):
			}
		}
	})
	c := dial(t, s)
	c.storage.longest = 300 * time.Millisecond
	if lines, err := logOf(t, c); err != nil || len(lines) == 0 {
		t.Errorf("%d lines, %v", len(lines), err)
	}
}

// Each case is what the API or the storage answers, and the kind of the error that comes of it.
func TestLogsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		api, storage http.HandlerFunc
		want         string
	}{
		"no log":          {answer(404, `{}`), nil, "not_found"},
		"gone":            {answer(410, `{}`), nil, "not_found"},
		"no permission":   {answer(403, `{"message":"Resource not accessible by integration"}`), nil, "not_found"},
		"no address":      {answer(200, `{}`), nil, "not_found"},
		"expired":         {nil, answer(403, "AuthenticationFailed"), "not_found"},
		"not in storage":  {nil, answer(404, ""), "not_found"},
		"storage is down": {nil, answer(503, ""), "later"},
		"storage breaks":  {nil, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "later"},
		"api is down":     {answer(502, `{}`), nil, "later"},
		"broken in middle": {nil, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "half\n")
		}, "later"},
	} {
		s := kept(t, tc.storage)
		if tc.api != nil {
			s = serve(t, routes{"GET /repos/acme/widget/actions/jobs/5/logs": tc.api})
		}
		_, err := logOf(t, dial(t, s))
		var retry *hls.RetryAfter
		got := ""
		switch {
		case errors.As(err, &retry):
			got = "later"
		case errors.Is(err, hls.ErrNotFound):
			got = "not_found"
		}
		if got != tc.want || strings.Contains(fmt.Sprint(err), "sig=x") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatBelongsToARunIsRead(t *testing.T) {
	t.Parallel()
	jobs := `{"id":1,"conclusion":"success"}` + strings.Repeat(`,{"id":2,"conclusion":"failure"}`, 99)
	s := serve(t, routes{
		"GET /repos/acme/widget/actions/runs/7/attempts/2/jobs": func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("page") == "1" {
				answer(200, `{"total_count":101,"jobs":[`+jobs+`]}`)(w, r)
				return
			}
			answer(200, `{"total_count":101,"jobs":[{"id":3,"steps":[{"name":"x","number":1,"conclusion":"failure"}]}]}`)(w, r)
		},
		"GET /repos/acme/widget/check-runs/3":             answer(200, `{"id":3,"output":{"title":null,"summary":"token=`+"abcdef123456"+`","text":null}}`),
		"GET /repos/acme/widget/check-runs/3/annotations": answer(200, `[{"path":"a.go","start_line":4,"annotation_level":"failure","title":null,"message":"x"}]`),
		"GET /repos/acme/widget/pulls":                    answer(200, `[{"number":8,"head":{"ref":"save","sha":"abc"}}]`),
		"GET /repos/acme/widget/pulls/7/commits":          answer(200, `[{"sha":"abc1234","author":null,"commit":{"message":"Save\n\nwidgets"}}]`),
		"GET /repos/acme/widget/actions/workflows/9/runs": answer(200, `{"workflow_runs":[{"id":6,"head_sha":"abc1234"}]}`),
		"GET /repos/acme/widget/actions/workflows/8/runs": answer(200, `{"workflow_runs":[]}`),
	})
	c, ctx := dial(t, s), t.Context()
	if all, err := c.Jobs(ctx, widget, 7, 2); err != nil || len(all) != 101 || all[100].Steps[0].Name != "x" {
		t.Errorf("jobs %d, %v", len(all), err)
	}
	if check, err := c.CheckRun(ctx, widget, 3); err != nil || check.Output.Summary != "token=[redacted]" {
		t.Errorf("check %+v, %v", check, err)
	}
	if notes, err := c.Annotations(ctx, widget, 3); err != nil || len(notes) != 1 || notes[0].Line != 4 {
		t.Errorf("annotations %+v, %v", notes, err)
	}
	if pulls, err := c.OpenPulls(ctx, widget, "mallory:save"); err != nil || len(pulls) != 1 || pulls[0].Head.SHA != "abc" {
		t.Errorf("pulls %+v, %v", pulls, err)
	}
	if commits, err := c.PullCommits(ctx, widget); err != nil || len(commits) != 1 || commits[0].Subject() != "Save" {
		t.Errorf("commits %+v, %v", commits, err)
	}
	if run, err := c.LastSuccess(ctx, widget, 9, "main"); err != nil || run.ID != 6 {
		t.Errorf("last success %+v, %v", run, err)
	}
	if _, err := c.LastSuccess(ctx, widget, 8, "main"); !errors.Is(err, hls.ErrNotFound) {
		t.Errorf("no success: %v", err)
	}
	for _, r := range s.seen() {
		if strings.HasSuffix(r.Path, "/pulls") && !strings.Contains(r.Query, "head=mallory%3Asave") {
			t.Errorf("pull requests were asked for with %s", r.Query)
		}
	}
}
