package hls

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Masked is how many secrets were taken out of a text, by kind. The kinds are those of secretShapes, privateKey and
// Configured: a closed set.
type Masked map[string]int

// Add adds another's counts, and makes the map when there is none.
func (m *Masked) Add(other Masked) {
	for kind, n := range other {
		if *m == nil {
			*m = Masked{}
		}
		(*m)[kind] += n
	}
}

// MaskShapes returns text without what has the shape of a common secret, whoever wrote it, and what that was.
func MaskShapes(text string) (string, Masked) {
	if !mayHoldSecret(text, strings.IndexByte) {
		return text, nil
	}
	var found Masked
	text, n := keyless(text)
	if n > 0 {
		found = Masked{privateKey: n}
	}
	for _, s := range secretShapes {
		if !s.hinted(text) {
			continue
		}
		if text, n = s.replace(text); n > 0 {
			found.Add(Masked{s.kind: n})
		}
	}
	return text, found
}

func (s secretShape) hinted(text string) bool {
	for _, hint := range s.hints {
		if strings.Contains(text, hint) {
			return true
		}
	}
	return false
}

// replace takes the shape out of a text, and tells how often it stood there.
func (s secretShape) replace(text string) (string, int) {
	group := max(s.pattern.SubexpIndex("s"), 0)
	var b strings.Builder
	kept, n := 0, 0
	for _, m := range s.pattern.FindAllStringSubmatchIndex(text, -1) {
		from, to := m[2*group], m[2*group+1]
		if from < 0 || strings.HasPrefix(text[from:to], redacted) || strings.Trim(text[from:to], `*"'`) == "" {
			continue // GitHub masks with ***
		}
		if s.holds != nil && (!s.holds(text[from:to]) || to < len(text) && strings.IndexByte("([{", text[to]) >= 0) {
			continue // What a parenthesis follows is a call.
		}
		b.WriteString(text[kept:from])
		b.WriteString(redacted)
		kept = to
		n++
	}
	if n == 0 {
		return text, 0
	}
	b.WriteString(text[kept:])
	return b.String(), n
}

var (
	keyBegin = regexp.MustCompile(`-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----`)
	// keyLine is a line of a key as it is quoted, in a diff or in the text of a program, and nothing else.
	keyLine = regexp.MustCompile(`^[\s\d+\-"'|>#*]*?((?:[A-Za-z0-9+/=]{4,}(?:\\[nr])*)+)["',;+\s\\]*$`)
	// keyInside is a key within a line.
	keyInside = regexp.MustCompile(`^[\\nr\s"'+,]*((?:[A-Za-z0-9+/=]+[\\nr\s"'+,]*)+)-----END `)
)

// largestKey is how many bytes a key has at most, and mostKeys how many keys of a text are looked at.
const (
	largestKey = 8 << 10
	mostKeys   = 200
)

// surelyKey is how long a line is that nobody takes for anything but a key's, where the end of the key is not told.
const surelyKey = 40

// keyless takes the lines of private keys in PEM out of a text, and tells how many keys there were. What stands between them
// and is no line of a key stays: nobody hides code between a beginning and an end.
func keyless(text string) (string, int) {
	var b strings.Builder
	n := 0
	for range mostKeys {
		at := keyBegin.FindStringIndex(text)
		if at == nil {
			break
		}
		b.WriteString(text[:at[1]])
		text = text[at[1]:]
		kept, rest, found := withoutKey(text)
		b.WriteString(kept)
		text = rest
		if found {
			n++
		}
	}
	if b.Len() == 0 {
		return text, 0
	}
	b.WriteString(text)
	return b.String(), n
}

// withoutKey is what is left of a key that has just begun, and what follows it.
func withoutKey(text string) (kept, rest string, found bool) {
	near := text[:min(len(text), largestKey)]
	if m := keyInside.FindStringSubmatchIndex(near); m != nil && m[3]-m[2] >= surelyKey {
		return text[:m[2]] + redacted, text[m[3]:], true
	}
	lines := strings.SplitAfter(near, "\n")
	lines = lines[:min(len(lines), longestKey)]
	end := slices.IndexFunc(lines, func(line string) bool { return strings.Contains(line, "-----END ") })
	if end >= 0 {
		lines = lines[:end]
	}
	var b strings.Builder
	read := 0
	for i, line := range lines {
		m := keyLine.FindStringSubmatchIndex(line)
		switch {
		case i == 0: // what stands behind the beginning
		case m != nil && (end >= 0 || m[3]-m[2] >= surelyKey):
			read += len(line)
			b.WriteString(line[:m[2]] + redacted + line[m[3]:])
			found = true
			continue
		case end < 0:
			return b.String(), text[read:], found // A key has no other lines: what follows is none of it.
		}
		read += len(line)
		b.WriteString(line)
	}
	return b.String(), text[read:], found
}

// anchors are what mayHoldSecret looks for.
var anchors = sync.OnceValue(func() *anchorSet { return newAnchors(anchorTexts()) })

// anchorTexts are four bytes in a row of which every text with a secret has some, but for URLs with passwords.
func anchorTexts() []string {
	list := []string{
		"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "ub_p", "lpat", "AKIA", "ASIA", "ABIA", "ACCA", "xapp", "ks.s", "AIza", "ya29", "k_li", "k_te", "pi_K", "pi-K", "ss-K", "ss_K",
		"sec_", "npm_", "pypi", "E KE", "riza", "RIZA", "assw", "ASSW", "assp", "ASSP", "ecre", "ECRE", "oken", "OKEN",
		"pi_k", "pi-k", "pike", "piKe", "piK_", "PI_K", "PI-K", "PIKE", "ss_k", "ss-k", "ssKe", "sske", "SS_K", "SS-K", "SSKE", "et_k", "ET_K",
	}
	for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-" {
		list = append(list, "eyJ"+string(c), "sk-"+string(c))
		if c >= 'a' && c <= 'z' {
			list = append(list, "xox"+string(c))
		}
	}
	return list
}

const anchorLength = 4

// anchorSet finds its members at a look at every third place: whatever they begin at, one pair of their bytes is there.
type anchorSet struct {
	pairs  [1 << 16 / 64]uint64
	hashes [1 << 16 / 64]uint64 // of its members: most of what has a pair has no hash
	whole  map[uint32]bool
}

func newAnchors(list []string) *anchorSet {
	s := &anchorSet{whole: map[uint32]bool{}}
	for _, a := range list {
		s.whole[four(a, 0)] = true
		h := hashed(four(a, 0))
		s.hashes[h/64] |= 1 << (h % 64)
		for i := range anchorLength - 1 {
			p := pair(a, i)
			s.pairs[p/64] |= 1 << (p % 64)
		}
	}
	return s
}

func hashed(v uint32) uint32 { return v * 0x9e3779b1 >> 16 }

func four[T string | []byte](text T, i int) uint32 {
	return uint32(text[i]) | uint32(text[i+1])<<8 | uint32(text[i+2])<<16 | uint32(text[i+3])<<24
}

// mayHoldSecret tells whether it is worth while to look closer. It is one pass over the text.
func mayHoldSecret[T string | []byte](text T, index func(T, byte) int) bool {
	return anchored(anchors(), text) || passwordURL(text, index)
}

func anchored[T string | []byte](s *anchorSet, text T) bool {
	const step = anchorLength - 1
	for i := step - 1; i+1 < len(text); i += step {
		p := pair(text, i)
		if s.pairs[p/64]&(1<<(p%64)) == 0 {
			continue
		}
		for at := i - step + 1; at <= i && at+anchorLength <= len(text); at++ {
			v := four(text, at)
			if h := hashed(v); s.hashes[h/64]&(1<<(h%64)) != 0 && s.whole[v] {
				return true
			}
		}
	}
	return false
}

// longestUser is how many bytes of a URL are looked at before its @.
const longestUser = 300

// passwordURL tells whether some @ ends the user of a URL, with a password.
func passwordURL[T string | []byte](text T, index func(T, byte) int) bool {
	for from := 0; ; from++ {
		at := index(text[from:], '@')
		if at < 0 {
			return false
		}
		from += at
		if withPassword(text, from) {
			return true
		}
	}
}

// withPassword tells whether a URL with a user and a password stands right before a place.
func withPassword[T string | []byte](text T, end int) bool {
	colon := false
	for i := end - 1; i >= max(2, end-longestUser) && text[i] > ' ' && text[i] != '"'; i-- {
		if text[i] == '/' {
			return colon && text[i-1] == '/' && text[i-2] == ':'
		}
		colon = colon || text[i] == ':'
	}
	return false
}
