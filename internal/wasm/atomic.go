package wasm

// Atomic instructions; they work on memory that is not shared, too, save for Wait.

// AtomicLoad reads an integer.
func AtomicLoad(address I32, offset int) I32 {
	return I32{memory([]byte{0xfe, 0x10}, 2, offset, address)}
}

// AtomicLoadLong reads 64 bits.
func AtomicLoadLong(address I32, offset int) I64 {
	return I64{memory([]byte{0xfe, 0x11}, 3, offset, address)}
}

// AtomicStore writes 32 or 64 bits.
func (f *Func) AtomicStore(address I32, offset int, v Value) {
	code, align := byte(0x17), 2
	if v.Type() == TypeI64 {
		code, align = 0x18, 3
	}
	memory([]byte{0xfe, code}, align, offset, address, v).push(f)
}

// AtomicAdd adds to an integer in memory, and is what was there before.
func AtomicAdd(address I32, offset int, v I32) I32 {
	return I32{memory([]byte{0xfe, 0x1e}, 2, offset, address, v)}
}

// AtomicAddLong adds to 64 bits in memory, and is what was there before.
func AtomicAddLong(address I32, offset int, v I64) I64 {
	return I64{memory([]byte{0xfe, 0x1f}, 3, offset, address, v)}
}

// Wait parks the thread while an integer in memory is as expected, until somebody notifies it or so many nanoseconds have passed; below 0
// there is no end.
func (f *Func) Wait(address I32, offset int, expected I32, nanoseconds int64) {
	memory([]byte{0xfe, 0x01}, 2, offset, address, expected, Long(nanoseconds)).push(f)
	f.raw(0x1a)
}

// Notify wakes all threads that wait at an address.
func (f *Func) Notify(address I32, offset int) {
	memory([]byte{0xfe, 0x00}, 2, offset, address, Int(-1)).push(f)
	f.raw(0x1a)
}

// Drop computes a value and forgets it.
func (f *Func) Drop(v Value) {
	v.push(f)
	f.raw(0x1a)
}
