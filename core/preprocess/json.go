package preprocess

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
)

// maxJSON bounds a configuration file.
const maxJSON = 4 << 20

// parse reads a JSON object.
func parse(what string, data []byte, into any) error {
	if len(data) > maxJSON {
		return badConfig("%s has %d bytes; %d are allowed", what, len(data), maxJSON)
	}
	if err := json.Unmarshal(bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF")), into); err != nil {
		return badConfig("%s: %v", what, err)
	}
	return nil
}

// sides is a size as configurations write it: a number, [height, width] or an object.
type sides struct {
	set           bool
	one           int // a number
	height, width int // two, or an object's
	shortest      int
	longest       int
}

// UnmarshalJSON implements json.Unmarshaler.
func (s *sides) UnmarshalJSON(data []byte) error {
	*s = sides{}
	if string(data) == "null" {
		return nil
	}
	s.set = true
	var list []number
	var object map[string]*number
	var one number
	switch {
	case json.Unmarshal(data, &one) == nil:
		s.one = int(one)
	case json.Unmarshal(data, &list) == nil && len(list) == 1:
		s.one = int(list[0])
	case json.Unmarshal(data, &list) == nil && len(list) == 2:
		s.height, s.width = int(list[0]), int(list[1])
	case json.Unmarshal(data, &object) == nil:
		for name, value := range object {
			if value == nil {
				continue
			}
			at := map[string]*int{"height": &s.height, "width": &s.width, "shortest_edge": &s.shortest, "longest_edge": &s.longest}[name]
			if at == nil {
				return fmt.Errorf("a size with %q", name)
			}
			*at = int(*value)
		}
	default:
		return fmt.Errorf("a size of %.60s", data)
	}
	return nil
}

// number is a whole number, which some configurations write with a point.
type number int

// UnmarshalJSON implements json.Unmarshaler.
func (n *number) UnmarshalJSON(data []byte) error {
	var v float64
	if err := json.Unmarshal(data, &v); err != nil {
		return err
	}
	if string(data) == "null" || v != math.Trunc(v) || math.Abs(v) > 1<<31 {
		return fmt.Errorf("%.60s is not a whole number", data)
	}
	*n = number(v)
	return nil
}

// channels is a value of every channel: one for all or a list of three.
type channels struct {
	set    bool
	values [3]float32
}

// UnmarshalJSON implements json.Unmarshaler.
func (c *channels) UnmarshalJSON(data []byte) error {
	*c = channels{}
	if string(data) == "null" {
		return nil
	}
	c.set = true
	var one float64
	if json.Unmarshal(data, &one) == nil {
		c.values = [3]float32{float32(one), float32(one), float32(one)}
		return nil
	}
	var list []float64
	if err := json.Unmarshal(data, &list); err != nil || len(list) != 3 {
		return fmt.Errorf("%.60s instead of three numbers", data)
	}
	for k, v := range list {
		c.values[k] = float32(v)
	}
	return nil
}

// or returns the value, or another if it is not set.
func (c channels) or(other [3]float32) [3]float32 {
	if c.set {
		return c.values
	}
	return other
}

// or returns what a pointer points to, or another value if it is nil.
func or[T any](value *T, other T) T {
	if value != nil {
		return *value
	}
	return other
}
