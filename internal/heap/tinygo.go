//go:build tinygo

package heap

import "unsafe"

// The target says gc: none, which means that the linker expects to find the allocator in
// the program.

var program heap

//go:linkname allocate runtime.alloc
//go:noinline
func allocate(size uintptr, layout unsafe.Pointer) unsafe.Pointer {
	return unsafe.Pointer(uintptr(program.alloc(uint32(size), uint32(uintptr(layout)))))
}

// Collect frees what is not reachable from globals, if it is time to. It must not be
// called while a function is running that still needs what only it points to.
func Collect() {
	if program.due() {
		program.collect(addressOf(&globals), addressOf(&behindGlobals))
	}
}

// What the linker knows: where globals are, and that memory is free behind them.
//
//go:extern __global_base
var globals [0]byte

//go:extern __heap_base
var behindGlobals [0]byte

// start is where the heap begins.
func start() address { return (addressOf(&behindGlobals) + grain - 1) &^ (grain - 1) }

//export llvm.wasm.memory.size.i32
func memorySize(index int32) uint32

//export llvm.wasm.memory.grow.i32
func memoryGrow(index int32, pages uint32) int32

// extend makes memory reach at least so far behind an address, and returns where it ends;
// 0 if it cannot grow so far. New memory is zero.
func extend(from address, bytes uint32) (end address) {
	const page = 64 << 10
	wanted := from/page + bytes/page + 2
	if pages := memorySize(0); wanted > pages {
		// Of 4 GiB the last page is not used: the end would be 0.
		if wanted >= 1<<16 || memoryGrow(0, wanted-pages) < 0 {
			return 0
		}
	}
	return memorySize(0) * page
}

func at(a address) *uint32 { return (*uint32)(pointer(a)) }

// wipe makes memory zero.
func wipe(from address, bytes uint32) { clear(unsafe.Slice((*byte)(pointer(from)), bytes)) }

func move(to, from address, bytes uint32) {
	copy(unsafe.Slice((*byte)(pointer(to)), bytes), unsafe.Slice((*byte)(pointer(from)), bytes))
}

func pointer(a address) unsafe.Pointer { return unsafe.Pointer(uintptr(a)) }

func addressOf(symbol *[0]byte) address { return address(uintptr(unsafe.Pointer(symbol))) }
