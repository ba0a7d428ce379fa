package handler

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"hls/internal/hls"
)

// section sets what stands between the markers of that name.
func (d *draft) section(name, body string) {
	effect := d.base
	effect.Kind, effect.Section, effect.Body = hls.SetSection, name, body
	d.plan.Effects = append(d.plan.Effects, effect)
}

// issue opens an issue about the task's own subject, or about a cause.
func (d *draft) issue(about hls.Subject, title, body string) {
	effect := d.base
	if about != effect.Subject {
		effect.Subject, effect.Expect = about, ""
	}
	effect.Kind, effect.Title, effect.Body = hls.CreateIssue, title, body
	d.plan.Effects = append(d.plan.Effects, effect)
}

// fingerprintBytes is how much of a hash names a cause.
const fingerprintBytes = 8

// fingerprint names a cause by what tells it from others.
func fingerprint(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:fingerprintBytes])
}
