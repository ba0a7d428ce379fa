package web

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// certificate makes one for 127.0.0.1 and returns the files and who trusts it.
func certificate(t *testing.T) (certFile, keyFile string, roots *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "hls"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	file := func(name, kind string, bytes []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	roots = x509.NewCertPool()
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots.AddCert(parsed)
	return file("cert.pem", "CERTIFICATE", der), file("key.pem", "PRIVATE KEY", secret), roots
}

// With TLS the limits are the same: one connection carries one request at a time, and those that are held give way.
func TestI6_TLSHasTheSameLimits(t *testing.T) {
	t.Parallel()
	certFile, keyFile, roots := certificate(t)
	s := open(t, func(cfg *Config, _ *Deps) { cfg.CertFile, cfg.KeyFile = certFile, keyFile }, few(5))
	for range 20 {
		s.dial("\x16\x03\x01") // the beginning of a handshake
	}
	client := http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, NextProtos: []string{"h2", "http/1.1"}}, ForceAttemptHTTP2: true, DisableKeepAlives: true,
	}}
	for range 10 {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+s.addr+"/livez", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK || response.ProtoMajor != 1 {
			t.Errorf("%s %d", response.Proto, response.StatusCode)
		}
	}
}

func TestServeNeedsItsCertificate(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, nil)
	other, err := New(Config{WebhookPath: "/webhook", SessionKey: make([]byte, 32), WebRoot: "https://github.example", CertFile: "nowhere.pem", KeyFile: "nowhere.pem"}, s.deps)
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Serve(listener); err == nil {
		t.Error("served without its certificate")
	}
}

// Over TLS a session's cookie is one that no other host can set, and that no plain request brings.
func TestS2_OverTLSCookiesAreOfThisHost(t *testing.T) {
	t.Parallel()
	certFile, keyFile, roots := certificate(t)
	s := open(t, func(cfg *Config, _ *Deps) { cfg.CertFile, cfg.KeyFile = certFile, keyFile })
	client := http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	ask := func(method, path string, change func(*http.Request)) *http.Response {
		r, err := http.NewRequestWithContext(t.Context(), method, "https://"+s.addr+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		change(r)
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		return response
	}
	cookies := ask("POST", "/ui/login", form("token", token)).Cookies()
	if len(cookies) != 1 || cookies[0].Name != secureCookie || !cookies[0].Secure || !cookies[0].HttpOnly || cookies[0].Domain != "" {
		t.Fatalf("cookies %v", cookies)
	}
	if got := ask("GET", "/stats", func(r *http.Request) { r.AddCookie(cookies[0]) }); got.StatusCode != http.StatusOK {
		t.Errorf("the session: %d", got.StatusCode)
	}
	if got := ask("GET", "/stats", with("Cookie", plainCookie+"="+cookies[0].Value)); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("under the name that anybody can set: %d", got.StatusCode)
	}
}
