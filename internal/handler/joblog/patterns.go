package joblog

import (
	"regexp"
	"strings"
)

// The weights of lines. What is weak could stand for anything.
const (
	weak     = 2 // says that something failed, not what
	generic  = 3 // calls itself an error
	telling  = 4
	decisive = 5 // the form in which a tool says what is wrong
)

// sign is a line that tells of what went wrong. A line without any of the hints is not held against the pattern; a
// pattern of nil takes every line with a hint.
type sign struct {
	weight  int
	hints   []string
	pattern *regexp.Regexp
}

// signs are tried in their order, and the first that fits gives a line its weight.
var signs = []sign{
	{0, []string{"0 "}, regexp.MustCompile(`(?i)\b0 (?:errors?|failures?|failed|failing|vulnerabilities)\b`)},
	{weak, []string{"xit"}, regexp.MustCompile(`(?i)\bexit(?:ed with)? (?:code|status)\b`)},

	{decisive, []string{"--- FAIL: "}, nil},
	{decisive, []string{"panic: ", "fatal error: ", "WARNING: DATA RACE", "panicked at"}, nil},
	{decisive, []string{".go:"}, regexp.MustCompile(`^(?:vet: )?\S+\.go:\d+:\d+: \S`)},
	{telling, []string{"_test.go:"}, regexp.MustCompile(`^\s+\S+_test\.go:\d+: \S`)},
	{decisive, []string{"FAILED "}, regexp.MustCompile(`^FAILED \S+::`)},
	{decisive, []string{"E  "}, regexp.MustCompile(`^E {2,}\S`)},
	{decisive, []string{"● "}, regexp.MustCompile(`^\s*● \S`)},
	{decisive, []string{"... FAILED"}, regexp.MustCompile(`^test \S+ \.\.\. FAILED`)},
	{decisive, []string{"error["}, regexp.MustCompile(`^error\[[A-Z]\d+\]: `)},
	{decisive, []string{"error"}, regexp.MustCompile(`^error: (?:aborting due|could not compile)|: (?:fatal )?error(?: [A-Z]+\d+)?: |\berror (?:TS|CS|MSB|NU|FS|BC)\d+: |^\s+\d+:\d+\s+error\s`)},
	{decisive, []string{"[ERROR]"}, regexp.MustCompile(`^\[ERROR\]\s+(?:\S+\.java:\[|[\w.$]+\.\w+:\d+|Failures:|Errors:|Failed to execute goal)`)},
	{decisive, []string{"What went wrong", " FAILED"}, regexp.MustCompile(`^\* What went wrong:|^\S+ > .+ FAILED$`)},
	{decisive, []string{"rspec ", ") ", "Failed "}, regexp.MustCompile(`^rspec \./|^\d+\) \w[\w\\]*::\w|^\s*Failed [\w.]+ \[`)},
	{decisive, []string{"ssert"}, regexp.MustCompile(`\bAssertion(?:Failed)?Error\b|\b[Aa]ssertion .*failed`)},
	{decisive, []string{"undefined reference", "Segmentation fault", "No matching distribution", "failed to solve", "ERESOLVE", "no required module provides"}, nil},
	{decisive, []string{"No space left on device", "shutdown signal", "lost communication", "operation was canceled", "maximum execution time", "OOMKilled", "out of memory", "Out of memory", "ut of memory"}, nil},

	{telling, []string{"Error", "Exception"}, regexp.MustCompile(`^(?:\s*Caused by: )?[A-Za-z_][\w.$]*(?:Error|Exception)\b(?::|$)`)},
	{telling, []string{"Traceback (most recent call last)", "Caused by: ", "BUILD FAILURE", "Build failed"}, nil},
	{telling, []string{"ECONNRE", "ETIMEDOUT", "ENOTFOUND", "EAI_AGAIN", "i/o timeout", "TLS handshake timeout", "ould not resolve host", "onnection refused", "onnection reset", "onnection timed out", "Bad Gateway", "Service Unavailable", "Gateway Time"}, nil},
	{telling, []string{"Tests run: "}, regexp.MustCompile(`Tests run: \d+, (?:Failures: [1-9]|.*Errors: [1-9])`)},
	{telling, []string{"<failure", "<error"}, regexp.MustCompile(`<(?:failure|error)\b`)},
	{telling, []string{"ERROR: ", "fatal: ", "npm ERR!", "npm error"}, regexp.MustCompile(`^(?:ERROR|fatal): \S|^npm (?:ERR!|error) (?:code|\d{3}) `)},
	{telling, []string{"timed out", "rate limit", "ermission denied", "ommand not found", "o such file or directory"}, nil},

	{generic, []string{"*** "}, regexp.MustCompile(`^make(?:\[\d+\])?: \*\*\* `)},
	{generic, []string{"rror"}, regexp.MustCompile(`(?i)(?:^|[\s\[(])(?:error|fatal)[\])]?[:!]`)},
	{generic, []string{"[ERROR]", "npm ERR!", "npm error", "FAIL\t", "FAIL "}, nil},
	{weak, []string{"ail"}, regexp.MustCompile(`(?i)\bfail(?:ed|ure|ures|ing)\b`)},
}

// quiet are lines short of decisive that only speak of errors: settings, progress, and tests that passed.
var quiet = regexp.MustCompile(`--- (?:PASS|SKIP): |^ok\s+\S+|\bPASSED\b|(?i:continue-on-error|fail-fast|if-no-files-found|^\s*(?:warning|debug|info|notice)\b)`)

// weigh is how much a line tells; command is GitHub's own on it.
func weigh(text, command string) int {
	for _, s := range signs {
		if !s.fits(text) {
			continue
		}
		if s.weight < decisive && (command == "warning" || quiet.MatchString(text)) {
			return 0
		}
		return s.weight
	}
	if command == "error" {
		return telling
	}
	return 0
}

func (s sign) fits(text string) bool {
	for _, hint := range s.hints {
		if strings.Contains(text, hint) {
			return s.pattern == nil || s.pattern.MatchString(text)
		}
	}
	return false
}

// testNames find the name of a test that failed: go test, pytest, jest, cargo, maven, gradle, rspec, phpunit, dotnet,
// mocha's reporters of JUnit's kind. The first group is the name.
var testNames = []struct {
	hint    string
	pattern *regexp.Regexp
}{
	{"--- FAIL: ", regexp.MustCompile(`^\s*--- FAIL: (\S+)`)},
	{"FAILED ", regexp.MustCompile(`^FAILED (\S+::\S+)`)},
	{"● ", regexp.MustCompile(`^\s*● (\S.*? › .+)`)},
	{"... FAILED", regexp.MustCompile(`^test (\S+) \.\.\. FAILED`)},
	{"[ERROR]", regexp.MustCompile(`^\[ERROR\]\s+([A-Z]\w*(?:\.\w+)+):\d+`)},
	{" FAILED", regexp.MustCompile(`^(\S+ > .+) FAILED$`)},
	{"rspec ", regexp.MustCompile(`^rspec (\./\S+)`)},
	{"::", regexp.MustCompile(`^\d+\) (\w[\w\\]*::\w+)`)},
	{"Failed ", regexp.MustCompile(`^\s*Failed ([\w.]+) \[`)},
	{"<testcase", regexp.MustCompile(`<testcase [^>]*\bname="([^"]{1,200})"[^>]*>\s*<(?:failure|error)\b`)},
}

const longestTest = 160

func failedTest(text string) string {
	for _, t := range testNames {
		if !strings.Contains(text, t.hint) {
			continue
		}
		if m := t.pattern.FindStringSubmatch(text); m != nil {
			return shorten(strings.TrimSpace(m[1]), longestTest)
		}
	}
	return ""
}
