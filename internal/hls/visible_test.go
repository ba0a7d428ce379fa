package hls_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"hls/internal/hls"
)

func TestInvisibleCharactersAreShown(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plain":                        "plain",
		"a\u200bb":                     `a\u{200b}b`,
		"\u202egnp.exe":                `\u{202e}gnp.exe`,
		"x\U000e0041\U000e0042":        `x\u{e0041}\u{e0042}`,
		"bell\x07":                     `bell\u{7}`,
		"👩\u200d💻":                     "👩\u200d💻",
		"❤\ufe0f\u200d🔥":               "❤\ufe0f\u200d🔥",
		"👩🏽\u200d🚀":                    "👩🏽\u200d🚀",
		"1\ufe0f\u20e3":                "1\ufe0f\u20e3",
		"ℹ\ufe0f↔\ufe0f‼\ufe0f©\ufe0e": "ℹ\ufe0f↔\ufe0f‼\ufe0f©\ufe0e",
		"👍\ufe0f\ufe0f":                "👍\ufe0f" + `\u{fe0f}`,
		"a\ufe0f\u200d\ufe0f\u200d":    `a\u{fe0f}\u{200d}\u{fe0f}\u{200d}`,
		"a\u200d\u200d\u200cb":         `a\u{200d}\u{200d}\u{200c}b`,
		"A\ufe01\ufe0f\U000e0100":      `A\u{fe01}\u{fe0f}\u{e0100}`,
		"می\u200cخواهم":                "می\u200cخواهم",
		"می\u200c\u200cخواهم":          "می\u200c" + `\u{200c}خواهم`,
		"क्\u200dष क्\u200cष":          "क्\u200dष क्\u200cष",
		"ᠠ\u180b ≨\ufe00 \u0600":       "ᠠ\u180b ≨\ufe00 \u0600",
		"\ufeffbom and soft\u00adly":   `\u{feff}bom and soft\u{ad}ly`,
		"no\xffUTF-8\xc3":              "no\ufffdUTF-8\ufffd",
	} {
		got := hls.Visible(text)
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
		if again := hls.Visible(got); again != got {
			t.Errorf("%q: shown again it is %q", got, again)
		}
	}
}

// One character behind every letter that nobody sees carries a text that nobody sees: each is shown, and counted.
func TestS4_NothingUnseenPasses(t *testing.T) {
	t.Parallel()
	for _, unit := range []string{
		"\u200c", "\u200d", "\ufe00", "\ufe0e", "\ufe0f", "\u180b", "\u180f", "\u2800", "\U0001bca0", "\U0001d159", "\U0001d17a", "\ufff0", "\U000e0041",
	} {
		const word = "aé水п, 7"
		text := ""
		for _, r := range word {
			text += string(r) + unit
		}
		carriers := len([]rune(word))
		if unit == "\ufe0e" || unit == "\ufe0f" {
			carriers-- // A digit has a form as an emoji.
		}
		if got := hls.Hidden(text); got != carriers || strings.Count(hls.Visible(text), `\u{`) != carriers {
			t.Errorf("%+q: %d of %d are hidden: %s", unit, got, carriers, hls.Visible(text))
		}
	}
}

// What is drawn as nothing is what Unicode says of it, in the version that this Go knows: but for signs that are drawn
// before numbers, and what arranges hieroglyphs.
func TestUnseenIsWhatUnicodeSays(t *testing.T) {
	t.Parallel()
	for r := rune(0xa0); r <= unicode.MaxRune; r++ {
		want := unicode.In(r, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) &&
			!unicode.Is(unicode.Prepended_Concatenation_Mark, r) && (r < 0x13430 || r > 0x1345f) || r == 0x2800 || r == 0x1d159
		if got := hls.Unseen(r, 0); got != want {
			t.Errorf("%U: unseen %t", r, got)
		}
	}
}

// FuzzCut holds what Cut keeps to its limit as it is shown, and to whole characters.
func FuzzCut(f *testing.F) {
	for _, text := range []string{"", "plain", strings.Repeat("\u200b", 40), "é\u200d\u200d\u200d💻", "\x00\x01\xff\xfe", "\U000e0041\U0010ffff"} {
		for _, limit := range []int{0, 1, 7, 30, 1000} {
			f.Add(text, limit)
		}
	}
	f.Fuzz(func(t *testing.T, text string, limit int) {
		head, left := hls.Cut(text, limit)
		if !strings.HasPrefix(text, head) || utf8.RuneCountInString(text[len(head):]) != left {
			t.Fatalf("Cut(%q, %d) = %q, %d", text, limit, head, left)
		}
		if shown := hls.Visible(head); len(shown) > max(limit, 0) {
			t.Errorf("Cut(%q, %d) is shown in %d bytes", text, limit, len(shown))
		}
		if utf8.ValidString(text) && !utf8.ValidString(head) {
			t.Errorf("Cut(%q, %d) splits a character", text, limit)
		}
		if left == 0 {
			return
		}
		_, n := utf8.DecodeRuneInString(text[len(head):])
		if whole := hls.Visible(text[:len(head)+n]); limit >= 0 && len(whole) <= limit {
			t.Errorf("Cut(%q, %d) leaves out what fits", text, limit)
		}
	})
}

// The parts of a text are together what Visible makes of it, and tell what was hidden from what only looks like it.
func TestS4_SpansTellWhatWasHidden(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "plain", `\u{202e} typed`, "\u202ea", "a\u202e", "a\u200d\u200d\u200cb", "x\u200d\u202e\u200dy", "\xff\u202e\xc3", "\x00\x01", "👩\u200d💻\ufe0f\ufe0f", "a\nb\tc\r",
	} {
		joined, hidden := "", 0
		for _, s := range hls.Spans(text) {
			joined += s.Text
			if s.Hidden {
				hidden++
			}
		}
		if joined != hls.Visible(text) {
			t.Errorf("%q: %q together, want %q", text, joined, hls.Visible(text))
		}
		if want := strings.Count(hls.Visible(text), `\u{`) - strings.Count(text, `\u{`); hidden != want {
			t.Errorf("%q: %d hidden, want %d", text, hidden, want)
		}
	}
}
