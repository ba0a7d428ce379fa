package web_test

import (
	"net/http"
	"testing"
)

// A page of another origin writes nothing, even where this machine needs no token.
func TestS2_OtherOriginsWriteNothing(t *testing.T) {
	t.Parallel()
	addr := serve(t)
	for _, tc := range []struct {
		header, value string
		refused       bool
	}{
		{"Sec-Fetch-Site", "cross-site", true},
		{"Sec-Fetch-Site", "same-site", true},
		{"Origin", "https://evil.example", true},
		{"Sec-Fetch-Site", "same-origin", false},
		{"X-Nothing", "of a program", false},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+addr+"/api/v1/recovery?since=nonsense", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set(tc.header, tc.value)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if got := resp.StatusCode == http.StatusForbidden; got != tc.refused {
			t.Errorf("%s %s: %d", tc.header, tc.value, resp.StatusCode)
		}
	}
}
