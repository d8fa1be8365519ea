package tokenizer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A vocabulary has tens of thousands of short strings. The two types here take them from the text that encoding/json has
// checked already, without the memory that generic values need.

// idsByToken is a JSON object of tokens and their ids.
type idsByToken map[string]int32

func (t *idsByToken) UnmarshalJSON(text []byte) error {
	if text[0] != '{' {
		return fmt.Errorf("tokens and ids must be an object, not %.20s", text)
	}
	*t = make(idsByToken, min(bytes.Count(text, []byte{':'}), 1<<16))
	s := jsonScanner{text[1:]}
	for s.until('"', '}') == '"' {
		token, err := s.string()
		if err != nil {
			return err
		}
		s.until(':', ':')
		value := s.scalar()
		id, err := strconv.ParseInt(value, 10, 32)
		if err != nil || id < 0 {
			return fmt.Errorf("the id of %q must be a whole number from 0 to %d, not %.20s", token, math.MaxInt32, value)
		}
		(*t)[token] = int32(id)
		if len(*t) > most {
			return fmt.Errorf("there are more than %d tokens", most)
		}
	}
	return nil
}

// mergeList is a JSON array of merges: ["a","b"], or "a b" in older files.
type mergeList []pair

func (l *mergeList) UnmarshalJSON(text []byte) error {
	if text[0] != '[' {
		return fmt.Errorf("merges must be an array, not %.20s", text)
	}
	s := jsonScanner{text[1:]}
	for {
		var merge pair
		var err error
		switch s.until('"', '[', ']') {
		case '"':
			merge, err = s.joinedPair()
		case '[':
			merge, err = s.pair()
		case ']':
			return nil
		default:
			err = errNoPair
		}
		if err != nil {
			return fmt.Errorf("merge %d: %w", len(*l)+1, err)
		}
		*l = append(*l, merge)
		if len(*l) > most {
			return fmt.Errorf("there are more than %d merges", most)
		}
	}
}

var errNoPair = errors.New("a merge must be two strings")

// jsonScanner steps through JSON that is known to be well-formed.
type jsonScanner struct{ rest []byte }

// until skips spaces and commas up to one of the characters, drops that and returns it; 0 if something else is there.
func (s *jsonScanner) until(wanted ...byte) byte {
	s.rest = bytes.TrimLeft(s.rest, " \t\r\n,")
	if len(s.rest) == 0 || bytes.IndexByte(wanted, s.rest[0]) < 0 {
		return 0
	}
	c := s.rest[0]
	s.rest = s.rest[1:]
	return c
}

// string returns the string whose opening quote was dropped.
func (s *jsonScanner) string() (string, error) {
	end := 0
	for escapes := false; end < len(s.rest); end++ {
		switch s.rest[end] {
		case '\\':
			escapes = true
			end++
		case '"':
			quoted := s.rest[:end]
			s.rest = s.rest[end+1:]
			if !escapes {
				return valid(string(quoted)), nil
			}
			var value string
			err := json.Unmarshal([]byte(`"`+string(quoted)+`"`), &value)
			return value, err
		}
	}
	return "", errors.New("a string has no end")
}

// scalar returns the number or word at the start.
func (s *jsonScanner) scalar() string {
	s.until()
	end := bytes.IndexAny(s.rest, " \t\r\n,}]")
	if end < 0 {
		end = len(s.rest)
	}
	value := string(s.rest[:end])
	s.rest = s.rest[end:]
	return value
}

func (s *jsonScanner) joinedPair() (pair, error) {
	both, err := s.string()
	if err != nil {
		return pair{}, err
	}
	return splitMerge(both)
}

func (s *jsonScanner) pair() (m pair, err error) {
	for _, part := range []*string{&m.left, &m.right} {
		if s.until('"') == 0 {
			return m, errNoPair
		}
		if *part, err = s.string(); err != nil {
			return m, err
		}
	}
	if s.until(']') == 0 {
		return m, errNoPair
	}
	return m, checkMerge(m)
}

// splitMerge takes "a b" apart.
func splitMerge(line string) (pair, error) {
	left, right, ok := strings.Cut(line, " ")
	if !ok || strings.IndexByte(right, ' ') >= 0 {
		return pair{}, fmt.Errorf("%.40q must be two symbols with a space between", line)
	}
	m := pair{left, right}
	return m, checkMerge(m)
}

func checkMerge(m pair) error {
	if m.left == "" || m.right == "" {
		return fmt.Errorf("a symbol of %.40q is empty", m.left+" "+m.right)
	}
	return nil
}
