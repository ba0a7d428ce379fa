package receive

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
)

// What a body takes once it is decoded is bounded as well as its size.
func TestI6_MembersAreCounted(t *testing.T) {
	t.Parallel()
	list := func(one string, n int) string { return `{"x":[` + strings.Repeat(one+",", n-1) + one + `]}` }
	names := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,"%x":0`, i)
		}
		return `{"x":{` + b.String()[1:] + `}}`
	}
	for name, body := range map[string]string{
		"objects": list("{}", maxTokens/2), "numbers": list("0", maxTokens), "arrays": list("[]", maxTokens/2),
		"names": names(maxTokens / 2), "strings": list(`""`, maxTokens),
	} {
		if _, err := decode([]byte(body)); !errors.Is(err, errTooComplex) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, body := range map[string]string{
		"objects": list("{}", maxTokens/2-10), "names": names(maxTokens/2 - 10), "one long string": list(`"`+strings.Repeat("x", 1<<20)+`"`, 1),
	} {
		if _, err := decode([]byte(body)); err != nil {
			t.Errorf("fewer %s: %v", name, err)
		}
	}
}

// The largest push that GitHub describes: 2,048 commits, here with 60 files each.
func TestLargestPushIsTaken(t *testing.T) {
	t.Parallel()
	person := `{"name":"Mona Lisa","email":"mona@example.com","username":"mona","date":"2026-01-01T00:00:00Z"}`
	files := strings.TrimSuffix(strings.Repeat(`"src/some/folder/file.go",`, 30), ",")
	commit := `{"id":"a","tree_id":"b","distinct":true,"message":"m","timestamp":"t","url":"u","author":` + person + `,"committer":` + person +
		`,"added":[` + files + `],"removed":[],"modified":[` + files + `]}`
	body := `{"ref":"refs/heads/main","before":"a","after":"b","commits":[` + strings.Repeat(commit+",", 2047) + commit + `]}`
	if _, err := decode([]byte(body)); err != nil {
		t.Errorf("%d bytes: %v", len(body), err)
	}
}

func TestUnescapeIsThatOfURLs(t *testing.T) {
	t.Parallel()
	const letters = "%%%0123456789abcdefABCDEFgxyz+ \x00\xff{}\""
	for range 20_000 {
		text := make([]byte, rand.N(12))
		for i := range text {
			text[i] = letters[rand.N(len(letters))]
		}
		want, err := url.QueryUnescape(string(text))
		got, ok := unescape(text)
		if ok != (err == nil) || string(got) != want {
			t.Fatalf("%q: %q %v, want %q %v", text, got, ok, want, err)
		}
	}
}
