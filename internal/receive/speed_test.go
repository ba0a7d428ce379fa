package receive

import (
	"net/http"
	"strings"
	"testing"

	"hls/internal/hls"
	"hls/internal/simulate"
)

// BenchmarkCheck goes through what is done with a delivery of the common size between its last byte and its storage.
func BenchmarkCheck(b *testing.B) {
	gh := simulate.NewGitHub(simulate.GitHubConfig{})
	gh.AddRepository(simulate.RepositorySeed{FullName: "acme/widget", Labels: []hls.Label{{Name: "bug"}}})
	gh.AddIssue("acme/widget", simulate.IssueSeed{Number: 7, Title: "Crash", Author: "mona", Body: strings.Repeat("It crashes when it saves. ", 260)})
	body := gh.IssuePayload("acme/widget", 7, "opened", "mona", nil)
	header := http.Header{"X-Hub-Signature-256": {simulate.Sign("a secret", body)}}
	keys, err := newKeyring(Secrets{Global: []hls.Secret{"a secret"}})
	if err != nil {
		b.Fatal(err)
	}
	redactor := hls.NewRedactor("a secret of sixteen", "another secret of thirty-two bytes", "sk-ant-0123456789abcdefghijkl")
	for name, do := range map[string]func(){
		"peek":   func() { peek(body) },
		"verify": func() { _ = verify(header, body, keys.global) },
		"decode": func() { _, _ = decode(body) },
		"event":  func() { _, _ = hls.DecodeEvent(hls.Delivery{Event: "issues", Body: body}) },
		"redact": func() { redactor.RedactPayload(body) },
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				do()
			}
		})
	}
}
