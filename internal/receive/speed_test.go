package receive

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"hls/internal/hls"
)

// BenchmarkCheck goes through what is done with a delivery of the common size between its last byte and its storage.
func BenchmarkCheck(b *testing.B) {
	body := fmt.Appendf(nil, `{"action":"opened","issue":{"number":7,"title":"Crash","user":{"login":"mona"},"body":%q},`+
		`"repository":{"id":1,"full_name":"acme/widget","owner":{"login":"acme"}},"sender":{"login":"mona","type":"User"}}`,
		strings.Repeat("It crashes when it saves. ", 390))
	mac := hmac.New(sha256.New, []byte("a secret"))
	mac.Write(body)
	header := http.Header{"X-Hub-Signature-256": {"sha256=" + hex.EncodeToString(mac.Sum(nil))}}
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
		"redact": func() { _, _ = redactor.RedactPayload(body) },
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
