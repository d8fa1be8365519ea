package checkpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"
)

// jsonReader walks a JSON text in place and hands out only what is asked for. Unlike encoding/json it refuses a key
// that comes twice, and it builds nothing for what it skips.
type jsonReader struct {
	text     []byte
	position int
}

// newJSON starts at the text's first byte.
func newJSON(text []byte) (*jsonReader, error) {
	if !utf8.Valid(text) {
		return nil, errors.New("the JSON text is not valid UTF-8")
	}
	return &jsonReader{text: text}, nil
}

func (r *jsonReader) errorf(format string, a ...any) error {
	return fmt.Errorf("JSON, byte %d: "+format, append([]any{r.position}, a...)...)
}

// peek skips white space and returns the next byte, 0 at the end.
func (r *jsonReader) peek() byte {
	for ; r.position < len(r.text); r.position++ {
		switch c := r.text[r.position]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// expect skips white space and one byte that has to be c.
func (r *jsonReader) expect(c byte) error {
	if got := r.peek(); got != c || r.position == len(r.text) {
		if r.position == len(r.text) {
			return r.errorf("ends where %q is due", c)
		}
		return r.errorf("%q where %q is due", got, c)
	}
	r.position++
	return nil
}

// end checks that only white space is left.
func (r *jsonReader) end() error {
	if c := r.peek(); r.position < len(r.text) {
		return r.errorf("%q after the end", c)
	}
	return nil
}

// object calls field for every key; field reads the value. limit bounds the number of keys.
func (r *jsonReader) object(limit int, field func(key string) error) error {
	seen := map[string]bool{}
	return r.list('{', '}', limit, func() error {
		key, err := r.string(maxName)
		if err != nil {
			return err
		}
		if seen[key] {
			return r.errorf("the key %q comes twice", key)
		}
		seen[key] = true
		if err := r.expect(':'); err != nil {
			return err
		}
		return field(key)
	})
}

// array calls each for every element, which each reads.
func (r *jsonReader) array(limit int, each func() error) error { return r.list('[', ']', limit, each) }

func (r *jsonReader) list(open, close byte, limit int, each func() error) error {
	if err := r.expect(open); err != nil {
		return err
	}
	if r.peek() == close {
		r.position++
		return nil
	}
	for n := 1; ; n++ {
		if n > limit {
			return r.errorf("more than %d elements", limit)
		}
		if err := each(); err != nil {
			return err
		}
		if r.peek() != ',' {
			return r.expect(close)
		}
		r.position++
	}
}

// string reads a string of at most limit bytes.
func (r *jsonReader) string(limit int) (string, error) {
	quoted, err := r.quoted()
	if err != nil {
		return "", err
	}
	tooLong := r.errorf("a string of more than %d bytes", limit)
	if len(quoted)/6 > limit { // an escape takes at most six bytes for one
		return "", tooLong
	}
	inside := quoted[1 : len(quoted)-1]
	s := string(inside)
	if slices.ContainsFunc(inside, func(c byte) bool { return c == '\\' || c < ' ' }) {
		if err := json.Unmarshal(quoted, &s); err != nil {
			return "", r.errorf("%w", err)
		}
	}
	if len(s) > limit {
		return "", tooLong
	}
	return s, nil
}

// quoted skips a string and returns it as it stands, quotes included.
func (r *jsonReader) quoted() ([]byte, error) {
	if err := r.expect('"'); err != nil {
		return nil, err
	}
	start := r.position - 1
	for ; r.position < len(r.text); r.position++ {
		switch r.text[r.position] {
		case '\\':
			r.position++
		case '"':
			r.position++
			return r.text[start:r.position], nil
		}
	}
	r.position = len(r.text)
	return nil, r.errorf("ends inside a string")
}

// integer reads a number that is a whole one, not negative and written plainly.
func (r *jsonReader) integer() (int64, error) {
	r.peek()
	start, value := r.position, int64(0)
	for ; r.position < len(r.text) && r.text[r.position] >= '0' && r.text[r.position] <= '9'; r.position++ {
		digit := int64(r.text[r.position] - '0')
		if value > (math.MaxInt64-digit)/10 {
			return 0, r.errorf("a number beyond 63 bits")
		}
		value = 10*value + digit
	}
	digits := r.text[start:r.position]
	if len(digits) == 0 || len(digits) > 1 && digits[0] == '0' {
		return 0, r.errorf("a whole number, not negative, is due")
	}
	return value, nil
}

// skip reads a value of any kind and forgets it.
func (r *jsonReader) skip(depth int) error {
	if depth == 0 {
		return r.errorf("values nested too deep")
	}
	switch c := r.peek(); c {
	case '"':
		_, err := r.quoted()
		return err
	case '[':
		return r.array(math.MaxInt, func() error { return r.skip(depth - 1) })
	case '{':
		return r.list('{', '}', math.MaxInt, func() error {
			if _, err := r.quoted(); err != nil {
				return err
			}
			if err := r.expect(':'); err != nil {
				return err
			}
			return r.skip(depth - 1)
		})
	}
	start := r.position
	for r.position < len(r.text) && inScalar(r.text[r.position]) {
		r.position++
	}
	if !json.Valid(r.text[start:r.position]) {
		return r.errorf("a value is due")
	}
	return nil
}

// inScalar tells the bytes that numbers, true, false and null are made of.
func inScalar(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c == '+' || c == '-' || c == '.' || c == 'E'
}
