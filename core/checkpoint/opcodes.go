package checkpoint

import (
	"encoding/binary"
	"math"
)

// The instructions that are known, by their names in Python's pickletools.
const (
	opProto, opFrame, opStop                     = 0x80, 0x95, '.'
	opMark, opPop, opPopMark, opDup              = '(', '0', '1', '2'
	opNone, opTrue, opFalse                      = 'N', 0x88, 0x89
	opBinInt, opBinInt1, opBinInt2               = 'J', 'K', 'M'
	opLong1, opLong4, opBinFloat                 = 0x8a, 0x8b, 'G'
	opShortUnicode, opUnicode, opUnicode8        = 0x8c, 'X', 0x8d
	opShortString, opString                      = 'U', 'T'
	opShortBytes, opBytes, opBytes8, opByteArray = 'C', 'B', 0x8e, 0x96
	opEmptyTuple, opTuple                        = ')', 't'
	opTuple1, opTuple2, opTuple3                 = 0x85, 0x86, 0x87
	opEmptyList, opList, opAppend, opAppends     = ']', 'l', 'a', 'e'
	opEmptyDict, opDict, opSetItem, opSetItems   = '}', 'd', 's', 'u'
	opBinPut, opLongBinPut, opMemoize            = 'q', 'r', 0x94
	opBinGet, opLongBinGet                       = 'h', 'j'
	opGlobal, opStackGlobal                      = 'c', 0x93
	opReduce, opNewObj, opBuild, opBinPersID     = 'R', 0x81, 'b', 'Q'
)

// step runs one instruction.
func (u *unpickler) step(code byte) {
	switch code {
	case opProto:
		if version := u.byte(); version > 5 {
			u.fail("protocol %d, of which nothing is known", version)
		}
	case opFrame:
		u.take(8) // a frame's length only helps to read ahead
	case opMark:
		if u.spend(costBox) {
			u.marks = append(u.marks, len(u.stack))
		}
	case opPop:
		u.popOrUnmark()
	case opPopMark:
		u.popMark()
	case opDup:
		u.push(u.top())
	case opBinPut:
		u.put(u.number(1))
	case opLongBinPut:
		u.put(u.number(4))
	case opMemoize:
		u.put(len(u.memo))
	case opBinGet:
		u.get(u.number(1))
	case opLongBinGet:
		u.get(u.number(4))
	case opGlobal:
		from := u.line()
		u.global(from, u.line())
	case opStackGlobal:
		names := u.popTuple(2)
		if u.err != nil {
			return
		}
		from, ok := names[0].(string)
		name, also := names[1].(string)
		if !ok || !also {
			u.fail("a global's name that is no text")
			return
		}
		u.global(from, name)
	case opReduce:
		arguments := u.pop()
		u.reduce(u.pop(), arguments)
	case opNewObj:
		arguments := u.pop()
		u.instantiate(u.pop(), arguments)
	case opBuild:
		state := u.pop()
		u.build(u.top(), state)
	case opBinPersID:
		u.persistent(u.pop())
	default:
		if !u.scalar(code) && !u.collection(code) {
			u.fail("the instruction 0x%02x, which PyTorch does not write", code)
		}
	}
}

// popOrUnmark: POP takes a mark away if that is what comes first.
func (u *unpickler) popOrUnmark() {
	if n := len(u.marks); n > 0 && u.marks[n-1] == len(u.stack) {
		u.marks = u.marks[:n-1]
		return
	}
	u.pop()
}

// scalar runs the instructions that push one value without parts.
func (u *unpickler) scalar(code byte) bool {
	switch code {
	case opNone:
		u.push(nil)
	case opTrue:
		u.push(true)
	case opFalse:
		u.push(false)
	case opBinInt:
		u.push(int64(int32(binary.LittleEndian.Uint32(u.take(4)))))
	case opBinInt1:
		u.push(int64(u.number(1)))
	case opBinInt2:
		u.push(int64(u.number(2)))
	case opLong1:
		u.long(u.blob(1))
	case opLong4:
		u.long(u.blob(4))
	case opBinFloat:
		u.push(math.Float64frombits(binary.BigEndian.Uint64(u.take(8))))
	case opShortUnicode, opShortString:
		u.unicode(u.blob(1))
	case opUnicode, opString:
		u.unicode(u.blob(4))
	case opUnicode8:
		u.unicode(u.blob(8))
	case opShortBytes:
		u.blob(1)
		u.push(opaque("bytes"))
	case opBytes:
		u.blob(4)
		u.push(opaque("bytes"))
	case opBytes8, opByteArray:
		u.blob(8)
		u.push(opaque("bytes"))
	default:
		return false
	}
	return true
}

func (u *unpickler) unicode(b []byte) {
	if u.spend(costBox + len(b)) {
		u.push(string(b))
	}
}

// long pushes a little-endian two's complement integer of any length; those beyond 64 bits (seeds of random generators)
// stay opaque.
func (u *unpickler) long(b []byte) {
	if len(b) > 8 {
		u.push(opaque("integer"))
		return
	}
	value := int64(0)
	for i, c := range b {
		value |= int64(c) << (8 * i)
	}
	unused := 64 - 8*len(b)
	if len(b) > 0 {
		value = value << unused >> unused
	}
	u.push(value)
}

// collection runs the instructions that make tuples, lists and dictionaries.
func (u *unpickler) collection(code byte) bool {
	switch code {
	case opEmptyTuple:
		u.push(tuple(nil))
	case opTuple1, opTuple2, opTuple3:
		u.push(u.popTuple(int(code) - opTuple1 + 1))
	case opTuple:
		values := u.popMark()
		if u.spend(costObject + len(values)*costSlot) {
			u.push(append(tuple(nil), values...))
		}
	case opEmptyList:
		u.pushList(nil)
	case opList:
		u.pushList(u.popMark())
	case opAppend:
		u.extend([]any{u.pop()})
	case opAppends:
		u.extend(u.popMark())
	case opEmptyDict:
		u.pushDict(nil)
	case opDict:
		u.pushDict(u.popMark())
	case opSetItem:
		u.setItems(u.popTuple(2))
	case opSetItems:
		u.setItems(u.popMark())
	default:
		return false
	}
	return true
}

func (u *unpickler) pushList(values []any) {
	if u.spend(costObject) {
		items := append([]any(nil), values...)
		u.spend(len(values) * costSlot)
		u.push(&list{items})
	}
}

func (u *unpickler) pushDict(values []any) {
	if u.spend(costObject) {
		d := &dict{}
		u.add(d, values)
		u.push(d)
	}
}

// extend appends values to the list on the stack.
func (u *unpickler) extend(values []any) {
	l, ok := u.top().(*list)
	if !ok {
		u.fail("appends to a value that is no list")
	}
	if u.err == nil && u.spend(len(values)*costSlot) {
		l.items = append(l.items, values...)
	}
}

// setItems adds pairs to the dictionary on the stack.
func (u *unpickler) setItems(values []any) {
	d, ok := u.top().(*dict)
	if !ok {
		u.fail("sets a key of a value that is no dictionary")
	}
	if u.err == nil {
		u.add(d, values)
	}
}

func (u *unpickler) add(d *dict, values []any) {
	if len(values)%2 != 0 {
		u.fail("a dictionary's key without a value")
	}
	if u.err != nil || !u.spend(len(values)/2*costPair) {
		return
	}
	for i := 0; i < len(values); i += 2 {
		d.entries = append(d.entries, pair{values[i], values[i+1]})
	}
}
