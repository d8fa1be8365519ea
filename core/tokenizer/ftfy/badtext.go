package ftfy

import (
	"sync"
	"unicode"
)

// tabled is the code point below which classes are looked up in a table.
const tabled = 0x2600

var classes = sync.OnceValue(func() []set {
	t := make([]set, tabled)
	for r := range rune(tabled) {
		t[r] = generalClasses(r)
	}
	for _, m := range members {
		characters := []rune(m.characters)
		for i, r := range characters {
			first := r
			if 0 < i && i < len(characters)-1 && r == '-' {
				first, r = characters[i-1], characters[i+1]
			}
			for ; first <= r && r < tabled; first++ {
				t[first] |= m.class
			}
		}
	}
	return t
})

// classOf returns the classes of a character.
func classOf(r rune) set {
	if r < tabled {
		return classes()[r]
	}
	switch r {
	case 'ﬁ', 'ﬂ':
		return lowerAccented | word | notLetter | inLine
	case '\uf8ff':
		return startPunct | notLetter | inLine
	case lost:
		return bad | notLetter | inLine
	}
	return generalClasses(r)
}

// generalClasses returns the classes that Unicode gives a character.
func generalClasses(r rune) set {
	c := notLetter | inLine
	switch {
	case r == '\n':
		c = notLetter
	case r < 0x80 && unicode.IsLetter(r):
		c = inLine
	}
	if unicode.IsSpace(r) || 0x1C <= r && r <= 0x1F {
		c |= space
	}
	if unicode.IsLetter(r) || unicode.IsNumber(r) || r == '_' {
		c |= word
	}
	return c
}

// isBad tells whether the text holds a sequence that looks like mojibake (ftfy.badness.is_bad).
func isBad(text string) bool {
	if isASCII(text) {
		return false
	}
	all := make([]set, 0, len(text))
	for _, r := range text {
		all = append(all, classOf(r))
	}
	if atStart.matches(all) {
		return true
	}
	for i, c := range all {
		if c&ruleStarts != 0 && firstOf(rules, all[i:]) != nil {
			return true
		}
	}
	return false
}

// ruleStarts are the classes that some rule begins with.
var ruleStarts = func() (starts set) {
	for _, r := range rules {
		starts |= r[0]
	}
	return starts
}()

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= 0x80 {
			return false
		}
	}
	return true
}
