package hls

import "unicode"

// Characters that change how their neighbors look.
const (
	apart      = 0x200c // zero-width non-joiner
	together   = 0x200d // zero-width joiner
	asDots     = 0xfe00 // variation selector 1
	asText     = 0xfe0e // variation selector 15
	asEmoji    = 0xfe0f // variation selector 16
	vowelApart = 0x180e // of Mongolian
)

// Unseen tells whether a reader sees nothing of a character that stands behind another, 0 for none: controls other than tab
// and line breaks, and what Unicode says is to be drawn as nothing. A joiner or selector is ordinary text where it does
// something: in an emoji, and in scripts that need it. Behind any other character it is seen by nobody, and may carry what
// nobody is to see.
func Unseen(r, last rune) bool {
	switch {
	case r < 0x7f:
		return r < ' ' && r != '\t' && r != '\n' && r != '\r'
	case r < 0xa0:
		return true
	}
	return drawnAsNothing(r) && !fits(r, last)
}

// drawnAsNothing tells whether a character beyond ASCII is of Unicode's Default_Ignorable_Code_Point, one that annotates, or
// one of the two that are drawn as nothing and not of it: the blank of Braille and the null notehead. A test holds it against
// what package unicode has.
func drawnAsNothing(r rune) bool {
	switch {
	case r < 0x2000:
		return r == 0xad || r == 0x034f || r == 0x061c || r == 0x115f || r == 0x1160 || r == 0x17b4 || r == 0x17b5 || r >= 0x180b && r <= 0x180f
	case r < 0x3000:
		return r >= 0x200b && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2060 && r <= 0x206f || r == 0x2800
	case r < 0x10000:
		return r == 0x3164 || r >= 0xfe00 && r <= 0xfe0f || r == 0xfeff || r == 0xffa0 || r >= 0xfff0 && r <= 0xfffb
	}
	return r >= 0x1bca0 && r <= 0x1bca3 || r == 0x1d159 || r >= 0x1d173 && r <= 0x1d17a || r >= 0xe0000 && r <= 0xe0fff
}

// fits tells whether a joiner or selector does something behind a character.
func fits(r, last rune) bool {
	switch r {
	case apart:
		return joins(last)
	case together:
		return joins(last) || last == asEmoji || last >= 0x1f3fb && last <= 0x1f3ff || last >= 0x80 && unicode.Is(unicode.So, last)
	case asText, asEmoji:
		return pictured(last)
	case asDots:
		return last >= 0x80 && unicode.In(last, unicode.Sm, unicode.Myanmar, unicode.Phags_Pa)
	}
	return r >= 0x180b && r <= 0x180f && r != vowelApart && unicode.IsLetter(last) && unicode.Is(unicode.Mongolian, last)
}

// pictured tells whether a character has a form as text and one as an emoji: signs, and what the keys of a telephone say.
func pictured(r rune) bool {
	switch {
	case r == '#', r == '*', r >= '0' && r <= '9', r == 0x203c, r == 0x2049, r == 0x2139, r == 0x3030:
		return true
	}
	return r >= 0x80 && unicode.In(r, unicode.So, unicode.Sm)
}

// joins tells whether a character is of a script whose letters take other forms beside one another.
func joins(r rune) bool { return joined(r) && (unicode.IsLetter(r) || unicode.IsMark(r)) }

// joined tells of the blocks of those scripts: Arabic to Sinhala, Myanmar, Khmer and Mongolian, Tai Tham, Balinese and
// Sundanese, the marks of the Vedas, Phags-pa, Devanagari Extended, Javanese and more of Myanmar; then Arabic's presentation
// forms, and beyond the first plane the scripts from Kharoshthi to Sogdian, those like Brahmi, and Adlam.
func joined(r rune) bool {
	switch {
	case r < 0x2000:
		return r >= 0x0600 && r <= 0x0dff || r >= 0x1000 && r <= 0x109f || r >= 0x1780 && r <= 0x18af || r >= 0x1a20 && r <= 0x1aaf ||
			r >= 0x1b00 && r <= 0x1bbf || r >= 0x1cd0 && r <= 0x1cff
	case r < 0x10000:
		return r >= 0xa840 && r <= 0xa87f || r >= 0xa8e0 && r <= 0xa8ff || r >= 0xa980 && r <= 0xa9ff || r >= 0xaa60 && r <= 0xaa7f ||
			r >= 0xfb50 && r <= 0xfdff || r >= 0xfe70 && r <= 0xfefc
	}
	return r >= 0x10a00 && r <= 0x10f6f || r >= 0x11000 && r <= 0x11dff || r >= 0x1e900 && r <= 0x1e95f
}
