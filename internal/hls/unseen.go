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
	return unicode.Is(unseen, r) && !fits(r, last)
}

// unseen is Unicode's Default_Ignorable_Code_Point, the annotation characters, and the two that are drawn as nothing and not
// of it: the blank of Braille and the null notehead. A test holds it against what package unicode has.
var unseen = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x00ad, Hi: 0x00ad, Stride: 1}, {Lo: 0x034f, Hi: 0x034f, Stride: 1}, {Lo: 0x061c, Hi: 0x061c, Stride: 1},
		{Lo: 0x115f, Hi: 0x1160, Stride: 1}, {Lo: 0x17b4, Hi: 0x17b5, Stride: 1}, {Lo: 0x180b, Hi: 0x180f, Stride: 1},
		{Lo: 0x200b, Hi: 0x200f, Stride: 1}, {Lo: 0x202a, Hi: 0x202e, Stride: 1}, {Lo: 0x2060, Hi: 0x206f, Stride: 1},
		{Lo: 0x2800, Hi: 0x2800, Stride: 1}, {Lo: 0x3164, Hi: 0x3164, Stride: 1}, {Lo: 0xfe00, Hi: 0xfe0f, Stride: 1},
		{Lo: 0xfeff, Hi: 0xfeff, Stride: 1}, {Lo: 0xffa0, Hi: 0xffa0, Stride: 1}, {Lo: 0xfff0, Hi: 0xfffb, Stride: 1},
	},
	R32: []unicode.Range32{
		{Lo: 0x1bca0, Hi: 0x1bca3, Stride: 1}, {Lo: 0x1d159, Hi: 0x1d159, Stride: 1}, {Lo: 0x1d173, Hi: 0x1d17a, Stride: 1},
		{Lo: 0xe0000, Hi: 0xe0fff, Stride: 1},
	},
	LatinOffset: 1,
}

// fits tells whether a joiner or selector does something behind a character.
func fits(r, last rune) bool {
	switch {
	case r == apart:
		return joins(last)
	case r == together:
		return joins(last) || last == asEmoji || last >= 0x1f3fb && last <= 0x1f3ff || last >= 0x80 && unicode.Is(unicode.So, last)
	case r == asText, r == asEmoji:
		return pictured(last)
	case r == asDots:
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
func joins(r rune) bool { return unicode.Is(joined, r) && (unicode.IsLetter(r) || unicode.IsMark(r)) }

// joined are the blocks of those scripts: Arabic to Sinhala, Myanmar, Khmer, Mongolian, Tai Tham, Balinese and Sundanese,
// the marks of the Vedas, Phags-pa, Devanagari Extended, Javanese and more of Myanmar; then Arabic's presentation forms, and
// beyond the first plane the scripts from Kharoshthi to Sogdian, those like Brahmi, and Adlam.
var joined = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x0600, Hi: 0x0dff, Stride: 1}, {Lo: 0x1000, Hi: 0x109f, Stride: 1}, {Lo: 0x1780, Hi: 0x18af, Stride: 1},
		{Lo: 0x1a20, Hi: 0x1aaf, Stride: 1}, {Lo: 0x1b00, Hi: 0x1bbf, Stride: 1}, {Lo: 0x1cd0, Hi: 0x1cff, Stride: 1},
		{Lo: 0xa840, Hi: 0xa87f, Stride: 1}, {Lo: 0xa8e0, Hi: 0xa8ff, Stride: 1}, {Lo: 0xa980, Hi: 0xa9ff, Stride: 1},
		{Lo: 0xaa60, Hi: 0xaa7f, Stride: 1}, {Lo: 0xfb50, Hi: 0xfdff, Stride: 1}, {Lo: 0xfe70, Hi: 0xfefc, Stride: 1},
	},
	R32: []unicode.Range32{
		{Lo: 0x10a00, Hi: 0x10f6f, Stride: 1}, {Lo: 0x11000, Hi: 0x11dff, Stride: 1}, {Lo: 0x1e900, Hi: 0x1e95f, Stride: 1},
	},
}
