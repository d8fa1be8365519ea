package wasm

// Func is a function that is being written.
type Func struct {
	encoder
	module  *Module
	name    string
	index   int
	params  []Type
	results []Type
	locals  []Type
}

// Value is what an instruction takes: I32, I64, F32 or V128.
type Value interface {
	push(f *Func)
	place() int // the number of a local; -1 for anything else
	Type() Type
}

// value is a tree: how to leave it on the stack.
type value struct {
	emit  func(f *Func)
	local int // its number and 1; 0: it is none
}

func (v value) push(f *Func) { v.emit(f) }
func (v value) place() int   { return v.local - 1 }

// I32 is a 32-bit integer; addresses are.
type I32 struct{ value }

// I64 is a 64-bit integer.
type I64 struct{ value }

// F32 is one float32.
type F32 struct{ value }

// V128 is a vector of 16 bytes.
type V128 struct{ value }

// Type is TypeI32.
func (I32) Type() Type { return TypeI32 }

// Type is TypeI64.
func (I64) Type() Type { return TypeI64 }

// Type is TypeF32.
func (F32) Type() Type { return TypeF32 }

// Type is TypeV128.
func (V128) Type() Type { return TypeV128 }

// Param declares the next parameter, an I32. All parameters come before the locals.
func (f *Func) Param() I32 {
	if len(f.locals) > 0 {
		panic("BUG: wasm: a parameter behind a local")
	}
	f.params = append(f.params, TypeI32)
	return I32{local(len(f.params) - 1)}
}

// Params declares several parameters.
func (f *Func) Params(n int) []I32 {
	list := make([]I32, n)
	for i := range list {
		list[i] = f.Param()
	}
	return list
}

// FloatParam declares the next parameter, an F32.
func (f *Func) FloatParam() F32 {
	f.params = append(f.params, TypeF32)
	return F32{local(len(f.params) - 1)}
}

// VectorParam declares the next parameter, a V128.
func (f *Func) VectorParam() V128 {
	f.params = append(f.params, TypeV128)
	return V128{local(len(f.params) - 1)}
}

func (f *Func) declare(t Type) value {
	f.locals = append(f.locals, t)
	return local(len(f.params) + len(f.locals) - 1)
}

func local(n int) value {
	return value{func(f *Func) {
		f.raw(0x20)
		f.count(n)
	}, n + 1}
}

// Int declares a local integer; it begins as v.
func (f *Func) Int(v I32) I32 {
	l := I32{f.declare(TypeI32)}
	f.Set(l, v)
	return l
}

// Long declares a local of 64 bits; it begins as v.
func (f *Func) Long(v I64) I64 {
	l := I64{f.declare(TypeI64)}
	f.Set(l, v)
	return l
}

// Float declares a local number; it begins as v.
func (f *Func) Float(v F32) F32 {
	l := F32{f.declare(TypeF32)}
	f.Set(l, v)
	return l
}

// Vector declares a local vector; it begins as v.
func (f *Func) Vector(v V128) V128 {
	l := V128{f.declare(TypeV128)}
	f.Set(l, v)
	return l
}

// Vectors declares local vectors that hold nothing yet.
func (f *Func) Vectors(n int) []V128 {
	list := make([]V128, n)
	for i := range list {
		list[i] = V128{f.declare(TypeV128)}
	}
	return list
}

// Set computes a value into a local.
func (f *Func) Set(to, v Value) {
	if to.place() < 0 || to.Type() != v.Type() {
		panic("BUG: wasm: Set of something else than a local of the value's type")
	}
	v.push(f)
	f.raw(0x21)
	f.count(to.place())
}

// Inc adds a constant to a local.
func (f *Func) Inc(to I32, n int) { f.Set(to, to.Plus(n)) }

// Result is the value that the function returns; the last statement.
func (f *Func) Result(v Value) { v.push(f) }

// While repeats body as long as a condition holds.
func (f *Func) While(condition I32, body func()) {
	f.If(condition, func() { f.DoWhile(body, condition) })
}

// DoWhile runs body once, and again as long as a condition holds.
func (f *Func) DoWhile(body func(), condition I32) {
	f.raw(0x03, 0x40)
	body()
	condition.push(f)
	f.raw(0x0d, 0, 0x0b)
}

// Forever repeats body.
func (f *Func) Forever(body func()) {
	f.raw(0x03, 0x40)
	body()
	f.raw(0x0c, 0, 0x0b)
}

// For counts a local from where it is up to below end.
func (f *Func) For(i, end I32, step int, body func()) {
	f.While(i.Below(end), func() {
		body()
		f.Inc(i, step)
	})
}

// If runs then if a condition holds.
func (f *Func) If(condition I32, then func()) { f.IfElse(condition, then, nil) }

// IfElse runs one of two.
func (f *Func) IfElse(condition I32, then, otherwise func()) {
	condition.push(f)
	f.raw(0x04, 0x40)
	then()
	if otherwise != nil {
		f.raw(0x05)
		otherwise()
	}
	f.raw(0x0b)
}

// Return ends the function.
func (f *Func) Return() { f.raw(0x0f) }

// Call calls a function that returns nothing.
func (f *Func) Call(g *Func, arguments ...Value) { f.call(g, arguments) }

func (f *Func) call(g *Func, arguments []Value) {
	g.check(arguments)
	for _, a := range arguments {
		a.push(f)
	}
	f.raw(0x10)
	f.count(g.index)
}

// CallInt calls a function that returns an integer.
func CallInt(g *Func, arguments ...Value) I32 {
	return I32{value{emit: func(f *Func) { f.call(g, arguments) }}}
}

// CallVector calls a function that returns a vector.
func CallVector(g *Func, arguments ...Value) V128 {
	return V128{value{emit: func(f *Func) { f.call(g, arguments) }}}
}

// CallTable calls the function with a number in the table; like tells its parameters.
func (f *Func) CallTable(number I32, like *Func, arguments ...Value) {
	like.check(arguments)
	for _, a := range arguments {
		a.push(f)
	}
	number.push(f)
	f.raw(0x11)
	f.count(like.index)
	f.raw(0)
}

func (f *Func) check(arguments []Value) {
	if len(arguments) != len(f.params) {
		panic("BUG: wasm: a call with the wrong number of arguments")
	}
	for i, a := range arguments {
		if a.Type() != f.params[i] {
			panic("BUG: wasm: a call with an argument of the wrong type")
		}
	}
}

func (f *Func) signature(e *encoder) {
	e.raw(0x60)
	for _, list := range [][]Type{f.params, f.results} {
		e.count(len(list))
		for _, t := range list {
			e.raw(byte(t))
		}
	}
}

// body is the function's entry in the code section: its locals in runs of one type, and its instructions.
func (f *Func) body() []byte {
	var e, runs encoder
	count := 0
	for i := 0; i < len(f.locals); count++ {
		n := 1
		for i+n < len(f.locals) && f.locals[i+n] == f.locals[i] {
			n++
		}
		runs.count(n)
		runs.raw(byte(f.locals[i]))
		i += n
	}
	e.count(count)
	e.raw(runs.bytes...)
	e.raw(f.bytes...)
	e.raw(0x0b)
	return e.bytes
}
