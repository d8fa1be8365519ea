package checkpoint

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
)

// unpickler is the stack machine that a pickle is a program for (Python's pickletools documents it), cut down to what
// PyTorch writes. It runs every instruction once, front to back, and can call only the functions of globals.go; so its
// time is bounded by the pickle's length and its memory by the budget that spend counts.
type unpickler struct {
	text     []byte
	position int
	stack    []any
	highest  int   // the stack's greatest height so far
	marks    []int // stack heights at MARK instructions that are still open
	memo     []any
	budget   int
	storages map[string]*storage
	tensors  int
	err      error // the first mistake; everything after it is idle
}

// errPickleEnd: the text ends before the pickle does.
var errPickleEnd = errors.New("pickle ends too early")

// pickled is what a pickle leaves.
type pickled struct {
	value    any
	storages map[string]*storage // all that it names, by key
	length   int                 // of the pickle, in bytes
}

// unpickle runs the pickle that text begins with.
func unpickle(text []byte) (*pickled, error) {
	u := &unpickler{text: text, budget: maxPickleMemory, storages: map[string]*storage{}}
	code := u.byte()
	for ; u.err == nil && code != opStop; code = u.byte() {
		u.step(code)
	}
	value := u.pop()
	if len(u.stack) > 0 || len(u.marks) > 0 {
		u.fail("leaves more than one value")
	}
	if u.err != nil {
		return nil, u.err
	}
	return &pickled{value, u.storages, u.position}, nil
}

// fail notes the first mistake and where it is.
func (u *unpickler) fail(format string, a ...any) {
	u.refused("byte %d: "+format, append([]any{u.position}, a...)...)
}

// refused notes the first mistake.
func (u *unpickler) refused(format string, a ...any) {
	if u.err == nil {
		u.err = fmt.Errorf("pickle "+format, a...)
	}
}

// spend counts memory that is about to be taken.
func (u *unpickler) spend(bytes int) bool {
	u.budget -= bytes
	if u.budget < 0 {
		u.fail("builds more than %d MiB of values", maxPickleMemory>>20)
	}
	return u.err == nil
}

// byte reads one byte of the text, take so many; both give zeros after the end, and note the mistake.
func (u *unpickler) byte() byte { return u.take(1)[0] }

func (u *unpickler) take(n int) []byte {
	if u.err == nil && n > len(u.text)-u.position {
		u.err = errPickleEnd
	}
	if u.err != nil {
		return make([]byte, min(n, 8)) // no caller looks at more than a number's bytes before it looks at err
	}
	u.position += n
	return u.text[u.position-n : u.position]
}

// number reads a little-endian unsigned number of n bytes, at most 8, that must fit in an int.
func (u *unpickler) number(n int) int {
	value := uint64(0)
	for i, b := range u.take(n) {
		value |= uint64(b) << (8 * i)
	}
	if value > 1<<62 || uint64(int(value)) != value {
		u.fail("the length %d", value)
		return 0
	}
	return int(value)
}

// blob reads bytes after a length of n bytes.
func (u *unpickler) blob(n int) []byte {
	length := u.number(n)
	if u.err == nil && length > len(u.text)-u.position {
		u.err = errPickleEnd
	}
	if u.err != nil {
		return nil
	}
	return u.take(length)
}

// line reads up to a line end, as the instruction GLOBAL has it.
func (u *unpickler) line() string {
	if u.err != nil {
		return ""
	}
	const longest = 1024
	rest := u.text[u.position:]
	end := bytes.IndexByte(rest[:min(len(rest), longest)], '\n')
	switch {
	case end >= 0:
		return string(u.take(end + 1)[:end])
	case len(rest) < longest:
		u.err = errPickleEnd
	default:
		u.fail("a name of more than %d bytes", longest)
	}
	return ""
}

func (u *unpickler) push(value any) {
	if len(u.stack) == u.highest {
		u.highest++
		u.spend(costSlot)
	}
	if u.err == nil {
		u.stack = append(u.stack, value)
	}
}

// floor is how far the stack may be emptied: to the last open mark.
func (u *unpickler) floor() int {
	if len(u.marks) == 0 {
		return 0
	}
	return u.marks[len(u.marks)-1]
}

// top returns the uppermost value and leaves it there.
func (u *unpickler) top() any {
	if len(u.stack) <= u.floor() {
		u.fail("takes a value where there is none")
		return nil
	}
	return u.stack[len(u.stack)-1]
}

func (u *unpickler) pop() any {
	value := u.top()
	if u.err == nil {
		u.stack = u.stack[:len(u.stack)-1]
	}
	return value
}

// popTuple takes the n uppermost values.
func (u *unpickler) popTuple(n int) tuple {
	if len(u.stack)-n < u.floor() {
		u.fail("takes %d values where there are fewer", n)
		return nil
	}
	if !u.spend(costObject + n*costSlot) {
		return nil
	}
	values := tuple(slices.Clone(u.stack[len(u.stack)-n:]))
	u.stack = u.stack[:len(u.stack)-n]
	return values
}

// popMark takes all values above the last mark. They are valid until the next push.
func (u *unpickler) popMark() []any {
	if len(u.marks) == 0 {
		u.fail("closes a group that was not opened")
		return nil
	}
	from := u.floor()
	u.marks = u.marks[:len(u.marks)-1]
	values := u.stack[from:]
	u.stack = u.stack[:from]
	return values
}

// put numbers the uppermost value for later use.
func (u *unpickler) put(number int) {
	value := u.top()
	if number >= maxMemo {
		u.fail("numbers more than %d values", maxMemo)
	}
	grow := number + 1 - len(u.memo)
	if u.err != nil || grow > 0 && !u.spend(grow*costSlot) {
		return
	}
	if grow > 0 {
		u.memo = append(u.memo, make([]any, grow)...)
	}
	u.memo[number] = value
}

// get pushes a value that was numbered before.
func (u *unpickler) get(number int) {
	if u.err != nil {
		return
	}
	if number >= len(u.memo) || u.memo[number] == nil {
		u.fail("uses value number %d before it is there", number)
		return
	}
	u.push(u.memo[number])
}
