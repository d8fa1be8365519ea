// Package wasm is an assembler for WebAssembly: functions are written as statements over typed values, and come out as a
// binary module. It knows the instructions that the kernels use: 32-bit integers, SIMD128, relaxed SIMD and atomics.
//
// Values are trees that are encoded where a statement uses them; only [Func.Set] computes one once for several uses. So
// `f.Set(end, a.Add(n.Times(4)))` reads as what it does, and Go's compiler checks the types.
//
// The encoding follows the WebAssembly core specification 3.0, section 5, and the threads proposal.
package wasm

// Type is a value type.
type Type byte

// The value types, as a binary module writes them.
const (
	TypeI32  Type = 0x7f
	TypeI64  Type = 0x7e
	TypeF32  Type = 0x7d
	TypeV128 Type = 0x7b
)

// Module collects functions. It imports one memory, "memory" of "env".
type Module struct {
	// Boundless takes a memory that may grow without a limit, as that of a program, and is never shared.
	Boundless bool
	// Relaxed lets kernels use relaxed SIMD.
	Relaxed bool
	// Table has the functions that CallTable finds by their number.
	Table []*Func

	funcs []*Func
}

// Func starts a function. It is exported if it has a name.
func (m *Module) Func(name string, results ...Type) *Func {
	f := &Func{module: m, name: name, index: len(m.funcs), results: results}
	m.funcs = append(m.funcs, f)
	return f
}

// MemoryImport is how the import of the memory begins. The byte behind it says whether the memory is shared: 1 if not, 3 if so.
const MemoryImport = "\x03env\x06memory\x02"

// Bytes is the binary module, for a memory that is not shared.
func (m *Module) Bytes() []byte {
	var types, imports, functions, tables, exports, elements, code encoder
	types.count(len(m.funcs))
	functions.count(len(m.funcs))
	code.count(len(m.funcs))
	exported := 0
	for i, f := range m.funcs {
		f.signature(&types)
		functions.count(i)
		body := f.body()
		code.count(len(body))
		code.bytes = append(code.bytes, body...)
		if f.name != "" {
			exported++
		}
	}
	imports.count(1)
	imports.raw([]byte(MemoryImport)...)
	if m.Boundless {
		imports.raw(0, 1) // at least one page
	} else {
		imports.raw(1, 1)
		imports.count(1 << 16)
	}

	tables.raw(1, 0x70, 0)
	tables.count(len(m.Table))
	elements.raw(1, 0, 0x41, 0, 0x0b)
	elements.count(len(m.Table))
	for _, f := range m.Table {
		elements.count(f.index)
	}
	exports.count(exported)
	for i, f := range m.funcs {
		if f.name != "" {
			exports.count(len(f.name))
			exports.raw([]byte(f.name)...)
			exports.raw(0)
			exports.count(i)
		}
	}
	out := encoder{[]byte("\x00asm\x01\x00\x00\x00")}
	for _, s := range []struct {
		id byte
		encoder
	}{{1, types}, {2, imports}, {3, functions}, {4, tables}, {7, exports}, {9, elements}, {10, code}} {
		out.raw(s.id)
		out.count(len(s.bytes))
		out.raw(s.bytes...)
	}
	return out.bytes
}

// encoder appends numbers in LEB128.
type encoder struct{ bytes []byte }

func (e *encoder) raw(b ...byte) { e.bytes = append(e.bytes, b...) }

func (e *encoder) count(n int) {
	v := uint32(n)
	for ; v >= 0x80; v >>= 7 {
		e.raw(byte(v) | 0x80)
	}
	e.raw(byte(v))
}

func (e *encoder) signed(v int64) {
	for v < -64 || v > 63 {
		e.raw(byte(v) | 0x80)
		v >>= 7
	}
	e.raw(byte(v) & 0x7f)
}
