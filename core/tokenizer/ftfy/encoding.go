package ftfy

import "strings"

// encoding undoes mojibake, layer by layer (ftfy.fix_encoding).
func (f *fixer) encoding(text string) string {
	for repairs := 0; repairs < fewestRepairs || f.budget > 0; repairs++ {
		repaired := f.layer(text)
		if repaired == text {
			break
		}
		f.budget -= len(text)
		text = repaired
	}
	return text
}

// layer undoes one misreading, if the text shows one.
func (f *fixer) layer(text string) string {
	if !isBad(text) {
		return text
	}
	in := possible(text)
	for m := range charmaps {
		if in&(1<<m) == 0 {
			continue
		}
		if decoded, ok := m.reread(text); ok {
			return decoded
		}
	}
	embedded := repairEmbedded(text, func(stretch string) string {
		if len(stretch) < len(text) && isBad(stretch) {
			return f.encoding(stretch)
		}
		return stretch
	})
	if embedded != text {
		return embedded
	}
	return asWindows(text)
}

// reread gives the text's bytes in the charmap read as UTF-8, with what is commonly lost on the way put back.
func (m charmap) reread(text string) (string, bool) {
	bytes := m.encode(text)
	if m != macRoman {
		bytes = restoreSpaces(bytes)
	}
	if m.isWindows() {
		bytes = replaceLossy(bytes)
	}
	return decodeVariants(bytes)
}

// asWindows takes the C1 controls of Latin-1 for what Windows-1252 has in their place.
func asWindows(text string) string {
	return strings.Map(func(r rune) rune {
		if 0x80 <= r && r <= 0x9F {
			return windows1252.decode(byte(r))
		}
		return r
	}, text)
}
