package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// JSONLine writes an object as JSON on one line. Letters stay as they are; all control characters are escaped, also those
// beyond ASCII that encoding/json leaves alone: U+0085 ends a line for some readers, and terminals obey others.
func JSONLine(w io.Writer, object any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(object); err != nil {
		return err
	}
	_, err := w.Write(escapeControls(b.Bytes()))
	return err
}

// escapeControls escapes U+007F to U+009F, which only strings can hold. In UTF-8 those above U+007F are a byte C2 and one
// of their own number.
func escapeControls(text []byte) []byte {
	const lead, first, last, del = 0xc2, 0x80, 0x9f, 0x7f
	if bytes.IndexByte(text, del) < 0 && bytes.IndexByte(text, lead) < 0 {
		return text
	}
	out := make([]byte, 0, len(text)+16)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == del:
			out = fmt.Appendf(out, `\u%04x`, c)
		case c == lead && i+1 < len(text) && text[i+1] >= first && text[i+1] <= last:
			i++
			out = fmt.Appendf(out, `\u%04x`, text[i])
		default:
			out = append(out, c)
		}
	}
	return out
}
