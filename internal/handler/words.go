package handler

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// stopWords say nothing about what an issue is about. Each stands between two blanks.
const stopWords = " " +
	"a about above add after again all allow also always am an and any are as at be because been before being " +
	"below between both broken bug but by can cannot cant could did do does doesnt doing dont down during each " +
	"error errors fail failed failing fails feature few for from further get gets got had has have having he " +
	"help her here him his how i if in instead into is isnt issue issues it its just like make me more most my " +
	"need new no nor not nothing now of off on once only or other our out over own please problem problems " +
	"question request same seems she should so some still such support than that the their them then there " +
	"these they this those through to too trying unable under until up use used using version very via want " +
	"was we were what when where which while who why will with without wont work working works would wrong you " +
	"your "

// searchWords is how many words of a title are searched for. GitHub wants all of them in a result, so more find less.
const searchWords = 4

// distinctive picks the words of a title that are worth searching for, in their order. They are letters and digits
// only, in lower case, so that nothing in a title becomes a qualifier or an operator of the search.
func distinctive(title string) []string {
	words := strings.FieldsFunc(strings.ToLower(title), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	var kept []string
	for _, w := range words {
		if utf8.RuneCountInString(w) < 3 || strings.Contains(stopWords, " "+w+" ") || slices.Contains(kept, w) {
			continue
		}
		kept = append(kept, w)
	}
	if len(kept) <= searchWords {
		return kept
	}
	rarest := slices.Clone(kept)
	slices.SortStableFunc(rarest, func(a, b string) int { return rarity(b) - rarity(a) })
	rarest = rarest[:searchWords]
	return slices.DeleteFunc(kept, func(w string) bool { return !slices.Contains(rarest, w) })
}

// rarity guesses how rare a word is: long ones are, and so are those with digits, which are often codes.
func rarity(word string) int {
	n := utf8.RuneCountInString(word)
	if strings.ContainsFunc(word, unicode.IsDigit) {
		n += 4
	}
	return n
}
