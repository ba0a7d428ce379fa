package app_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"hls/internal/app"
	"hls/internal/config"
)

// unfit are settings that Load takes and the service cannot start with; %s is a folder.
var unfit = map[string]struct {
	text string
	want string // the line, after its folder
	make func(t *testing.T, dir string)
}{
	"an odd address of a database": {"storage: {url: 'postgres://hls:the-password@db/hls?sslmode=perhaps'}",
		`^settings.yaml:1:16: storage.url: .*hls:xxxxx@db.*sslmode`, nil},
	"no folder for the database": {"storage: {url: 'sqlite:%s/file/hls.db'}", `^settings.yaml:1:16: storage.url: .*not a directory`,
		func(t *testing.T, dir string) { template(t, dir, "file", "") }},
	"a newer schema":    {"storage: {url: 'sqlite:%s/hls.db'}", `^settings.yaml:1:16: storage.url: the database has a newer schema`, newerSchema},
	"a foreign address": {"server: {host: 192.0.2.1}", `^settings.yaml:1:16: server.host: .*192.0.2.1`, nil},
	"no certificate":    {"server: {tls: {cert_file: %[1]s/c.pem, key_file: %[1]s/k.pem}}", `^settings.yaml:1:27: server.tls.cert_file: .*c.pem`, nil},
	"no key of it": {"server: {tls: {cert_file: %[1]s/c.pem, key_file: %[1]s/none.pem}}", `^settings.yaml:1:[0-9]+: server.tls.key_file: .*none.pem`,
		func(t *testing.T, dir string) { certificate(t, dir) }},
	"an empty certificate": {"server: {tls: {cert_file: %[1]s/c.pem, key_file: %[1]s/k.pem}}", `^settings.yaml:1:15: server.tls: `,
		func(t *testing.T, dir string) { template(t, dir, "c.pem", ""); template(t, dir, "k.pem", "") }},
	"no private key":         {"github: {token: null, app: {id: 1, private_key_file: %s/app.pem}}", `^settings.yaml:1:\d+: github.app: .*app.pem`, nil},
	"no folder for the log":  {"logging: {file: %s/none/hls.log}", `^settings.yaml:1:17: logging.file: .*none`, nil},
	"a log that is a folder": {"logging: {file: %s}", `^settings.yaml:1:17: logging.file: .*is a folder`, nil},
	"a template": {"prompts: {base_dir: %s}", `^%s/issues/analyze.j2:2:\d+: TemplateSyntaxError`,
		func(t *testing.T, dir string) { template(t, dir, "issues/analyze.j2", "fine\n{% if %}") }},
	"a template of a repository": {"repositories: [{name: a/b}, {name: c/*, prompts: {base_dir: %s}}]", `^%s/issues/analyze.j2:2:\d+: TemplateSyntaxError`,
		func(t *testing.T, dir string) { template(t, dir, "issues/analyze.j2", "fine\n{% if %}") }},
	"no folder of templates": {"prompts: {base_dir: %s/none}", `^settings.yaml:1:21: prompts.base_dir: .*none`, nil},
	"no folder of a repository": {"repositories: [{name: a/b}, {name: c/*, prompts: {base_dir: %s/none}}]",
		`^settings.yaml:1:61: repositories\[1\].prompts.base_dir: .*none`, nil},
	"a template that is not there": {"prompts: {defaults: {issues: {analyze: none.j2}}}", `^settings.yaml:1:40: prompts.defaults.issues.analyze: .*none.j2`, nil},
	"one of a repository": {"repositories: [{name: a/b, prompts: {defaults: {issues: {analyze: none.j2}}}}]",
		`^settings.yaml:1:67: repositories\[0\].prompts.defaults.issues.analyze: .*none.j2`, nil},
}

var nowhere = regexp.MustCompile(`:0(:\d+)?:|:\d+:0:`)

// What keeps the service from starting is what hls check finds, word for word, each at its place.
func TestO4_CheckAndStartAgree(t *testing.T) {
	t.Parallel()
	for name, c := range unfit {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if c.make != nil {
				c.make(t, dir)
			}
			settings := completed(t, t.TempDir(), insert(c.text, dir))
			var found []string
			for _, f := range app.Check(t.Context(), settings, false) {
				if !f.Warning {
					found = append(found, f.String())
				}
			}
			want := regexp.MustCompile(insert(c.want, regexp.QuoteMeta(dir)))
			if len(found) != 1 || !want.MatchString(found[0]) || nowhere.MatchString(found[0]) {
				t.Errorf("check finds\n%s\nwant %s", strings.Join(found, "\n"), want)
			}
			service, err := app.New(t.Context(), settings, app.Options{LogTo: &buffer{}})
			if err == nil {
				service.Close()
				t.Fatal("the service starts")
			}
			var problems *config.Problems
			if !errors.Is(err, app.ErrSettings) || !errors.As(err, &problems) || problems.Error() != strings.Join(found, "\n") {
				t.Errorf("start says\n%v\ncheck\n%s", err, strings.Join(found, "\n"))
			}
		})
	}
}

func insert(text, dir string) string {
	if !strings.Contains(text, "%") {
		return text
	}
	return fmt.Sprintf(text, dir)
}

// completed are settings with what a service needs besides, in a folder of their own.
func completed(t *testing.T, dir, text string) *config.Settings {
	t.Helper()
	for section, rest := range map[string]string{
		"server": "host: 127.0.0.1, port: 0", "github": "token: t, webhook_secret: a test secret", "claude": "api_key: k",
		"storage": "url: 'sqlite:" + filepath.Join(dir, "hls.db") + "'",
	} {
		switch {
		case !strings.Contains(text, section+": {"):
			text += "\n" + section + ": {" + rest + "}"
		case section == "server" && strings.Contains(text, "tls"), section == "github":
			text = strings.Replace(text, "}", "}, "+strings.TrimPrefix(rest, "token: t, "), 1)
		}
	}
	settings, err := parse(text)
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	return settings
}

func newerSchema(t *testing.T, dir string) {
	t.Helper()
	service, err := app.New(t.Context(), completed(t, dir, ""), app.Options{LogTo: &buffer{}})
	if err != nil {
		t.Fatal(err)
	}
	service.Close()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "hls.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// An address that another process has now is no fault of the settings: check warns, and a start fails as any failure.
func TestAddressInUse(t *testing.T) {
	t.Parallel()
	held, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = held.Close() }()
	settings := completed(t, t.TempDir(), fmt.Sprintf("server: {port: %d}", held.Addr().(*net.TCPAddr).Port))
	warned := false
	for _, f := range app.Check(t.Context(), settings, false) {
		if !f.Warning {
			t.Errorf("problem: %s", f)
		}
		warned = warned || f.Key == "server.port" && strings.Contains(f.Message, "in use")
	}
	if !warned {
		t.Error("check does not say that the port is in use")
	}
	if _, err = app.New(t.Context(), settings, app.Options{LogTo: &buffer{}}); err == nil || errors.Is(err, app.ErrSettings) {
		t.Errorf("start: %v", err)
	}
}

// Check looks and leaves nothing behind: no database, no log, no folder.
func TestCheckLeavesNoTrace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	settings := completed(t, filepath.Join(dir, "data"), "logging: {file: "+filepath.Join(dir, "hls.log")+"}")
	for _, f := range app.Check(t.Context(), settings, false) {
		if !f.Warning {
			t.Errorf("problem: %s", f)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

// With a certificate HLS answers over HTTPS, and its log says so.
func TestServesTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pool := certificate(t, dir)
	s := &service{t: t, github: shop(), claude: answering(bugAnswer), dir: t.TempDir(), log: &buffer{}}
	text := settingsFor("http://127.0.0.1:1", "http://127.0.0.1:1", s.dir)
	s.run(strings.Replace(text, "port: 0,", fmt.Sprintf("port: 0, tls: {cert_file: %[1]s/c.pem, key_file: %[1]s/k.pem},", dir), 1) + widgetSettings)
	if !strings.HasPrefix(s.url, "https://127.0.0.1:") || !strings.Contains(s.log.String(), `"url":"`+s.url+`"`) {
		t.Errorf("url %s", s.url)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/livez", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("GET /livez: %d", resp.StatusCode)
	}
}

// certificate writes c.pem and k.pem for 127.0.0.1, and returns who trusts them.
func certificate(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "hls"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, about, about, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	template(t, dir, "c.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	template(t, dir, "k.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	pool := x509.NewCertPool()
	pool.AddCert(about)
	if parsed, err := x509.ParseCertificate(der); err == nil {
		pool.AddCert(parsed)
	}
	return pool
}
