package receive_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/receive"
)

func from(hops string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("X-Forwarded-For", hops) }
}

func networks(texts ...string) (all []netip.Prefix) {
	for _, text := range texts {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

// The addresses that GitHub names may deliver, and no other; while they are not known nobody may.
func TestI6_OnlyGitHubsAddressesKnock(t *testing.T) {
	t.Parallel()
	d := open(t, receive.Config{Peers: receive.Peers{OnlyGitHub: true, AllowedNetworks: networks("203.0.113.7/32")}},
		func(deps *receive.Deps) { deps.Proxies = networks("127.0.0.0/8", "10.0.0.0/8") })
	send := func(hops string) reply { return d.send(t, d.delivery(t, "issues", `{}`, from(hops))) }
	if got := send("140.82.115.9"); got.code != http.StatusServiceUnavailable || got.body["reason"] != "github_addresses_unknown" {
		t.Errorf("before the list is known: %d %v", got.code, got.body)
	}
	d.handler.Allow(networks("140.82.112.0/20", "2a0a:a440::/29"))
	for hops, pass := range map[string]bool{
		"140.82.115.9":               true,
		"::ffff:140.82.115.9":        true,
		"2a0a:a440::1":               true,
		"203.0.113.7":                true,
		"198.51.100.1":               false,
		"140.82.115.9, 198.51.100.1": false, // the last word counts
		"198.51.100.1, 140.82.115.9": true,
		"140.82.115.9, 10.1.2.3":     true, // through a second proxy of ours
		"140.82.115.9:443":           true,
		"nonsense":                   false,
		"140.82.115.9, nonsense":     false,
		"":                           false, // the proxy itself
	} {
		got := send(hops)
		if refused := got.code == http.StatusForbidden && got.body["reason"] == "address_not_allowed"; refused == pass {
			t.Errorf("from %q: %d %v", hops, got.code, got.body)
		}
	}
}

// Without a trusted proxy nobody can say to be another.
func TestI6_HeadersOfStrangersNameNobody(t *testing.T) {
	t.Parallel()
	d := open(t, receive.Config{Peers: receive.Peers{AllowedNetworks: networks("140.82.112.0/20")}})
	if got := d.send(t, d.delivery(t, "issues", `{}`, from("140.82.115.9"))); got.code != http.StatusForbidden {
		t.Errorf("%d %v", got.code, got.body)
	}
}

// One address uses up its own rate and nobody else's, and its refusals are counted.
func TestI6_ARateForEachAddress(t *testing.T) {
	t.Parallel()
	d := open(t, receive.Config{Peers: receive.Peers{RequestsPerMinute: 5}},
		func(deps *receive.Deps) { deps.Proxies = networks("127.0.0.0/8") })
	codes := map[int]int{}
	for i := range 8 {
		got := d.send(t, d.delivery(t, "issues", `{}`, from(fmt.Sprintf("2001:db8::%d", i+1))))
		codes[got.code]++
		if got.code == http.StatusTooManyRequests && (got.header.Get("Retry-After") != "60" || got.body["reason"] != "too_many_requests") {
			t.Errorf("%v %v", got.header, got.body)
		}
	}
	if codes[http.StatusTooManyRequests] != 3 {
		t.Errorf("answers %v", codes)
	}
	if got := d.send(t, d.delivery(t, "issues", `{}`, from("2001:db8:0:1::1"))); got.code == http.StatusTooManyRequests {
		t.Error("another network is refused as well")
	}
	d.counted(t, string(hls.Rejected)+"/too_many_requests", 3)
}

// counted waits until a class and reason was counted as often: refusals are counted beside the requests.
func (d *door) counted(t *testing.T, what string, want int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; {
		d.mu.Lock()
		got := d.counts[what]
		d.mu.Unlock()
		if got == want {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s was counted %d times, want %d", what, got, want)
		}
		runtime.Gosched()
	}
}
