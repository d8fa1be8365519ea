package ftfy

import (
	"strings"

	"github.com/goclip/goclip/core/tokenizer/charref"
)

const longestEntity = 24 // letters and digits between "&" or "&#" and ";"

// unescape resolves the entities that are beyond doubt: those with a semicolon (ftfy.fixes.unescape_html).
func unescape(text string) string {
	at := strings.IndexByte(text, '&')
	if at < 0 {
		return text
	}
	var out strings.Builder
	out.Grow(len(text))
	for ; at >= 0; at = strings.IndexByte(text, '&') {
		out.WriteString(text[:at])
		text = text[at:]
		length := entityLength(text)
		if length == 0 {
			out.WriteByte('&')
			text = text[1:]
			continue
		}
		out.WriteString(entity(text[:length]))
		text = text[length:]
	}
	out.WriteString(text)
	return out.String()
}

// entityLength returns the length of what looks like an entity at the start of text, "&" and ";" included, or 0.
func entityLength(text string) int {
	start := 1
	if strings.HasPrefix(text, "&#") {
		start = 2
	}
	end := start
	for end < len(text) && end-start < longestEntity && isAlphanumeric(text[end]) {
		end++
	}
	if end == start || end == len(text) || text[end] != ';' {
		return 0
	}
	return end + 1
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// entity returns what an entity, from "&" to ";", stands for, or itself.
func entity(text string) string {
	if text[1] == '#' {
		if value := charref.Unescape(text); strings.IndexByte(value, ';') < 0 {
			return value
		}
		return text
	}
	name := text[1:]
	if value, ok := charref.Named(name); ok {
		return value
	}
	if value, ok := shouted(name); ok {
		return value
	}
	return text
}

// shouted resolves a name that was put in capitals along with the text around it, "EACUTE;", to a capital character,
// provided that HTML knows the name in small letters and no beginning of it in capitals.
func shouted(name string) (string, bool) {
	small := strings.ToLower(name)
	if name != strings.ToUpper(name) {
		return "", false
	}
	value, ok := charref.Named(small)
	if !ok || charref.Unescape("&"+name) != "&"+name {
		return "", false
	}
	return capitals(value), true
}

// capitals is Python's str.upper for what small-letter entities stand for.
func capitals(s string) string {
	switch s {
	case "ß":
		return "SS"
	case "ŉ":
		return "ʼN"
	case "ﬀ":
		return "FF"
	case "ﬁ":
		return "FI"
	case "ﬂ":
		return "FL"
	case "ﬃ":
		return "FFI"
	case "ﬄ":
		return "FFL"
	}
	return strings.ToUpper(s)
}
