package act

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"hls/internal/hls"
)

// markerRoom is more than the longest marker takes, with the blank line before it.
const markerRoom = 256

// A marker is the last line of what HLS posts; GitHub does not show it.
var markerPattern = regexp.MustCompile(`<!-- hls:v1 purpose=([a-z0-9_.-]+)(?: ref=([0-9a-f]{16}))? sig=([0-9a-f]{64}) -->$`)

// signer makes and knows the markers of one subject.
type signer struct {
	key     []byte
	subject hls.Subject
}

// ref names an effect in a marker, where there may be several of one purpose: reviews, one for each head, and issues.
func ref(e hls.Effect) string {
	sum := sha256.Sum256([]byte(e.Key() + "|" + e.Head))
	return hex.EncodeToString(sum[:8])
}

func (s signer) sign(purpose, ref string) string {
	mac := hmac.New(sha256.New, s.key)
	fmt.Fprintf(mac, "hls:v1\x00%d\x00%d\x00%s\x00%s", s.subject.RepoID, s.subject.Number, purpose, ref)
	return hex.EncodeToString(mac.Sum(nil))
}

// mark is a body with its marker.
func (s signer) mark(body, purpose, ref string) string {
	field := ""
	if ref != "" {
		field = " ref=" + ref
	}
	marker := fmt.Sprintf("<!-- hls:v1 purpose=%s%s sig=%s -->", purpose, field, s.sign(purpose, ref))
	return strings.TrimPrefix(body+"\n\n"+marker, "\n\n")
}

// marked tells whether a body ends in the marker of a purpose and ref. Anyone may copy a marker: it counts only
// together with the author.
func (s signer) marked(body, purpose, ref string) bool {
	found := markerPattern.FindStringSubmatch(strings.TrimRight(body, " \t\r\n"))
	if found == nil || found[1] != purpose || found[2] != ref {
		return false
	}
	return hmac.Equal([]byte(found[3]), []byte(s.sign(purpose, ref)))
}

// signed tells whether a body ends in a marker of the subject, whatever its purpose.
func (s signer) signed(body string) bool {
	found := markerPattern.FindStringSubmatch(strings.TrimRight(body, " \t\r\n"))
	return found != nil && hmac.Equal([]byte(found[3]), []byte(s.sign(found[1], found[2])))
}

// sameText tells whether two bodies are the same but for how lines end, which GitHub may change.
func sameText(a, b string) bool { return plain(a) == plain(b) }

func plain(text string) string {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " \t")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}
