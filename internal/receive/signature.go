package receive

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
)

const signaturePrefix = "sha256="

// verify holds the one X-Hub-Signature-256 against the body as it came ("Validating webhook deliveries"). An empty
// ring proves nothing: its deliveries are refused.
func verify(header http.Header, raw []byte, ring *ring) *ending {
	values := header.Values("X-Hub-Signature-256")
	switch {
	case len(values) == 0 && len(header.Values("X-Hub-Signature")) > 0:
		return reject(http.StatusUnauthorized, "signature_sha1_not_supported")
	case len(values) == 0:
		return reject(http.StatusUnauthorized, "signature_missing")
	case len(values) > 1:
		return reject(http.StatusUnauthorized, "signature_malformed")
	}
	signature, ok := parseSignature(values[0])
	if !ok {
		return reject(http.StatusUnauthorized, "signature_malformed")
	}
	if !ring.signed(raw, signature) {
		return reject(http.StatusUnauthorized, "signature_mismatch").because(ring.explain())
	}
	return nil
}

// parseSignature reads "sha256=" and 64 hexadecimal digits.
func parseSignature(value string) (signature [sha256.Size]byte, ok bool) {
	digits, found := strings.CutPrefix(value, signaturePrefix)
	if !found || len(digits) != hex.EncodedLen(sha256.Size) {
		return signature, false
	}
	_, err := hex.Decode(signature[:], []byte(digits))
	return signature, err == nil
}

// signed tries every secret, whichever matches, so that the time taken does not tell which one did.
func (r *ring) signed(raw []byte, signature [sha256.Size]byte) bool {
	matched := false
	for _, key := range r.keys {
		mac := hmac.New(sha256.New, key)
		mac.Write(raw)
		if hmac.Equal(mac.Sum(nil), signature[:]) {
			matched = true
		}
	}
	return matched
}
