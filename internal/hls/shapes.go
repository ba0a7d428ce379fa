package hls

import (
	"regexp"
	"strings"
)

// secretShape is how one kind of secret looks. A text without any of the hints is not looked at; of a match the group
// named "s" is replaced, or else all of it.
type secretShape struct {
	kind    string
	hints   []string
	pattern *regexp.Regexp
	holds   func(secret string) bool // whether a match is one; nil for always
}

// Configured is the kind of the secrets that stand in the settings, among the kinds of what was masked.
const Configured = "configured"

const privateKey = "private_key"

// secretShapes follow what the vendors say of their tokens. They are as narrow as that allows: what is masked is neither
// analyzed nor shown, so nothing but a secret may fit them.
var secretShapes = []secretShape{
	{"github_token", []string{"gh"}, regexp.MustCompile(`\bgh[pousr]_[A-Za-z0-9]{20,255}`), nil},
	{"github_token", []string{"github_pat_"}, regexp.MustCompile(`\bgithub_pat_[A-Za-z0-9]{20,}(?:_[A-Za-z0-9]{20,})?`), nil},
	{"gitlab_token", []string{"glpat-"}, regexp.MustCompile(`\bglpat-[A-Za-z0-9_-]{16,}`), nil},
	{"aws_access_key", []string{"AKIA", "ASIA", "ABIA", "ACCA"}, regexp.MustCompile(`\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b`), noExample},
	{"slack_token", []string{"xox", "xapp-"}, regexp.MustCompile(`\b(?:xox[a-z]|xapp)-[A-Za-z0-9-]{10,}`), withDigit},
	{"slack_webhook", []string{"hooks.slack.com"}, regexp.MustCompile(`hooks\.slack\.com/(?:services|workflows)/(?P<s>[A-Za-z0-9/_-]{20,})`), withDigit},
	{"google_key", []string{"AIza"}, regexp.MustCompile(`\bAIza[A-Za-z0-9_-]{30,}`), nil},
	{"google_key", []string{"ya29."}, regexp.MustCompile(`\bya29\.[A-Za-z0-9_-]{20,}`), nil},
	{"anthropic_key", []string{"sk-ant-"}, regexp.MustCompile(`\bsk-ant-[A-Za-z0-9_-]{20,}`), withDigit},
	{"openai_key", []string{"sk-"}, regexp.MustCompile(`\bsk-[A-Za-z0-9_-]{20,}`), mixed},
	{"stripe_key", []string{"k_live_", "k_test_", "whsec_"}, regexp.MustCompile(`\b(?:[rs]k_(?:live|test)|whsec)_[A-Za-z0-9]{10,}`), nil},
	{"npm_token", []string{"npm_"}, regexp.MustCompile(`\bnpm_[A-Za-z0-9]{30,}`), nil},
	{"pypi_token", []string{"pypi-"}, regexp.MustCompile(`\bpypi-[A-Za-z0-9_-]{16,}`), mixed},
	{"jwt", []string{"eyJ"}, regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*`), nil},
	{"url_password", []string{"://"}, regexp.MustCompile("://[^/\\s:@\"'`]*:(?P<s>[^/\\s@\"'(){}<>$;,`\\\\]{3,})@"), noPlaceholder},
	{"authorization", []string{"riza", "RIZA"}, regexp.MustCompile(`(?i)\bauthorization["']?\s*[:=]\s*["']?(?:bearer|basic|token)\s+(?P<s>[A-Za-z0-9._~+/=-]{16,})`), random},
	{"password", assigned, regexp.MustCompile(`(?i)(?:passw(?:or)?d|passphrase|secret|(?:api|access|secret)[_-]?key|(?:auth|access|api)[_-]?token)["']?\s*(?:=|:=|:)\s*["']?(?P<s>[^\s"',;:<>(){}\[\]$\\` + "`" + `]{12,})`), random},
}

// loggedShapes are what else is a secret in a log: whatever is assigned to a name that people give to secrets. A log tells no
// less without it.
var loggedShapes = []secretShape{
	{"url_password", []string{"://"}, regexp.MustCompile(`://[^/\s:@"']*:(?P<s>[^/\s@"']+)@`), nil},
	{"slack_webhook", []string{"hooks.slack.com"}, regexp.MustCompile(`hooks\.slack\.com/(?:services|workflows)/(?P<s>[A-Za-z0-9/_-]{10,})`), nil},
	{"openai_key", []string{"sk-"}, regexp.MustCompile(`\bsk-[A-Za-z0-9_-]{20,}`), nil},
	{"pypi_token", []string{"pypi-"}, regexp.MustCompile(`\bpypi-[A-Za-z0-9_-]{16,}`), nil},
	{"authorization", []string{"earer ", "EARER ", "asic ", "ASIC "}, regexp.MustCompile(`(?i)\b(?:bearer|basic)\s+(?P<s>[A-Za-z0-9._~+/=-]{16,})`), nil},
	{"password", assigned, regexp.MustCompile(`(?i)(?:passw(?:or)?d|passphrase|secret|api[_-]?key|access[_-]?key|private[_-]?key|credentials?)[a-z0-9_-]*["']?\s*[=:]\s*` + assignedValue), nil},
	{"password", assigned, regexp.MustCompile(`(?i)(?:token|pwd|auth)[a-z0-9_-]*["']?\s*=\s*` + assignedValue), nil},
}

var assigned = []string{"assw", "ASSW", "assp", "ASSP", "ecret", "ECRET", "oken", "OKEN", "key", "Key", "KEY", "redential", "REDENTIAL", "pwd", "PWD", "auth", "AUTH"}

const assignedValue = `(?P<s>"[^"]{4,}"|'[^']{4,}'|[^\s"',;&]{6,})`

// noExample passes over the keys of AWS's own documentation.
func noExample(s string) bool { return !strings.HasSuffix(s, "EXAMPLE") }

// withDigit tells a token from words that are joined by dashes.
func withDigit(s string) bool { return strings.ContainsAny(s, "0123456789") }

// mixed tells a token from a name: it has digits, and letters of both cases.
func mixed(s string) bool {
	return withDigit(s) && strings.ContainsAny(s, "abcdefghijklmnopqrstuvwxyz") && strings.ContainsAny(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
}

var placeholder = regexp.MustCompile(`(?i)^(?:x+|\*+|\.+|%[sdv]|pass(?:word|wd)?|pwd|secret|token|key|port|\d{1,5})$|your|example|changeme|redacted|placeholder`)

// noPlaceholder passes over what documentation puts where a password goes, and over the number of a port.
func noPlaceholder(s string) bool { return !placeholder.MatchString(s) }

// named is what people call things: words with a few digits at their ends, numbers, and what joins them.
var named = regexp.MustCompile(`^[-_./+=~]*` + word + `(?:[-_./+=~]+` + word + `)*[-_./+=~]*$`)

const word = `(?:(?:[A-Za-z]{3,}\d{0,4})+|[A-Za-z]{1,2}\d{0,4}|\d+)`

// random tells what nobody would think up from names, paths and placeholders.
func random(s string) bool {
	distinct := map[rune]bool{}
	for _, r := range s {
		distinct[r] = true
	}
	return withDigit(s) && len(distinct) >= 9 && !named.MatchString(s) && noPlaceholder(s)
}
