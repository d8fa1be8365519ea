package main

import (
	"unsafe"

	. "github.com/goclip/goclip/internal/wasm"
	"github.com/goclip/goclip/kernels/wasmsimd/internal/layout"
)

var header layout.Header

// patience is how often a thread looks for what it waits for before it sleeps: some tens of microseconds. Where others want the processor, the
// one that it waits for may have none.
const patience = 20000

// run writes what replays a program, and what helps with it.
//
// Units of a step are drawn by adding 1 to the ticket, whose upper half is the step itself: whoever comes late draws a unit of the step that
// is current by then, or none. The step is over when Done has counted all its units; nobody waits for workers that drew none.
func (k *kernels) run() {
	none := Int(0)

	// run computes so many steps: (first step, steps, where the workers' memory is, bytes of it for each, threads, 1 if this thread may
	// sleep). It returns where the steps go on, or 0 if a worker has failed.
	f := k.m.Func("run", TypeI32)
	p := f.Params(6)
	c, count, scratch, scratchBytes, threads, sleeps := command{p[0]}, p[1], p[2], p[3], p[4], p[5]
	unit, units, done, spins := f.Int(none), f.Int(none), f.Int(none), f.Int(none)
	alone := threads.Is(Int(1)).Or(c.int(unsafe.Offsetof(header.Alone)))
	f.If(threads.IsNot(Int(1)), func() {
		f.Store(none, layout.Scratch, scratch)
		f.Store(none, layout.ScratchBytes, scratchBytes)
		f.AtomicStore(none, layout.Active, Int(1))
		f.Drop(AtomicAdd(none, layout.Wake, Int(1)))
		f.Notify(none, layout.Wake)
	})
	stopIfFailed := func() {
		f.If(AtomicLoad(none, layout.Abort), func() {
			f.Result(none)
			f.Return()
		})
	}
	f.While(count, func() {
		stopIfFailed()
		f.Set(units, c.int(unsafe.Offsetof(header.Units)))
		f.Set(unit, none)
		f.IfElse(alone, func() {
			f.For(unit, units, 1, func() { k.call(f, c, unit, scratch) })
		}, func() {
			f.Set(done, none)
			f.AtomicStore(none, layout.Done, none)
			f.AtomicStore(none, layout.Ticket, c.at.High())
			f.Drop(AtomicAdd(none, layout.Step, Int(1)))
			f.If(AtomicLoad(none, layout.Sleepers), func() { f.Notify(none, layout.Step) })
			f.Set(unit, AtomicAddLong(none, layout.Ticket, Long(1)).Low())
			f.While(unit.Below(units), func() {
				k.call(f, c, unit, scratch)
				f.Inc(done, 1)
				f.Set(unit, AtomicAddLong(none, layout.Ticket, Long(1)).Low())
			})
			f.Drop(AtomicAdd(none, layout.Done, done))
			f.Set(spins, none)
			f.While(AtomicLoad(none, layout.Done).IsNot(units), func() {
				stopIfFailed()
				f.Inc(spins, 1)
				f.If(sleeps.And(Int(patience).Less(spins)), func() {
					f.AtomicStore(none, layout.Waiting, Int(1))
					f.Set(done, AtomicLoad(none, layout.Done))
					f.If(done.IsNot(units), func() { f.Wait(none, layout.Done, done, 1e6) })
					f.AtomicStore(none, layout.Waiting, none)
				})
			})
		})
		f.Set(c.at, c.at.Add(c.int(unsafe.Offsetof(header.Bytes))))
		f.Inc(count, -1)
	})
	f.If(threads.IsNot(Int(1)), func() {
		f.AtomicStore(none, layout.Ticket, Long(0))
		f.AtomicStore(none, layout.Active, none)
	})
	f.Result(c.at)

	// work helps with every run, for ever: (number of the worker). The thread that calls run is number 0.
	f = k.m.Func("work")
	number := f.Param()
	ticket, at, spins, seen := f.Long(Long(0)), f.Int(none), f.Int(none), f.Int(none)
	c = command{at}
	f.Drop(AtomicAdd(none, layout.Ready, Int(1)))
	f.Forever(func() {
		f.Set(at, AtomicLoad(none, layout.Wake))
		f.If(AtomicLoad(none, layout.Active).Not(), func() { f.Wait(none, layout.Wake, at, -1) })
		hasUnits := func() I32 {
			f.Set(ticket, AtomicLoadLong(none, layout.Ticket))
			f.Set(at, ticket.High())
			return ticket.Low().Below(c.int(unsafe.Offsetof(header.Units)))
		}
		f.Set(spins, none)
		f.While(AtomicLoad(none, layout.Active), func() {
			f.IfElse(hasUnits(), func() {
				f.Set(spins, none)
				f.Set(ticket, AtomicAddLong(none, layout.Ticket, Long(1)))
				f.Set(at, ticket.High())
				f.If(ticket.Low().Below(c.int(unsafe.Offsetof(header.Units))), func() {
					k.call(f, c, ticket.Low(), Load(none, layout.Scratch).Add(number.Mul(Load(none, layout.ScratchBytes))))
					f.Drop(AtomicAdd(none, layout.Done, Int(1)))
					f.If(AtomicLoad(none, layout.Waiting), func() { f.Notify(none, layout.Done) })
				})
			}, func() {
				f.Inc(spins, 1)
				f.If(Int(patience).Less(spins), func() {
					f.Set(seen, AtomicLoad(none, layout.Step))
					f.Drop(AtomicAdd(none, layout.Sleepers, Int(1)))
					f.If(hasUnits().Not().And(AtomicLoad(none, layout.Active)), func() { f.Wait(none, layout.Step, seen, 1e7) })
					f.Drop(AtomicAdd(none, layout.Sleepers, Int(-1)))
				})
			})
		})
	})
}

// call computes one unit of a step.
func (k *kernels) call(f *Func, c command, unit, scratch I32) {
	f.CallTable(c.int(unsafe.Offsetof(header.Function)), k.step, c.at, unit, scratch)
}
