package tokenizer

import "unicode/utf8"

// endOfWord marks the symbols that end a piece.
const endOfWord = "</w>"

// alphabet writes every byte as a visible character, so that vocabularies are text: printable characters of Latin-1
// stand for themselves, other bytes, in increasing order, for U+0100 and on (bytes_to_unicode of GPT-2).
var alphabet = func() (t [256]string) {
	next := rune(0x100)
	for b := range t {
		if printable(b) {
			t[b] = string(rune(b))
		} else {
			t[b] = string(next)
			next++
		}
	}
	return t
}()

func printable(b int) bool {
	return '!' <= b && b <= '~' || 0xA1 <= b && b <= 0xAC || 0xAE <= b
}

// idOrder lists the bytes in the order of their ids in OpenAI's vocabulary: the printable ones, then the others.
func idOrder() []byte {
	order := make([]byte, 0, 256)
	for _, first := range []bool{true, false} {
		for b := range 256 {
			if printable(b) == first {
				order = append(order, byte(b))
			}
		}
	}
	return order
}

// valid returns the text with U+FFFD for bytes that are not UTF-8.
func valid(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	return string([]rune(text))
}
