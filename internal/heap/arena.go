//go:build !tinygo

package heap

// Any other compiler has an allocator of its own. Tests have an arena, whose addresses
// are those of WebAssembly's memory.

var arena struct {
	words []uint32
	end   address // where memory ends that has been asked for
	most  address // where it ends at last
}

func start() address { return arenaHeap }

// arenaHeap is where the heap begins. Below it tests have globals.
const arenaHeap = 32 << 10

func extend(from address, bytes uint32) (end address) {
	wanted := uint64(from) + uint64(bytes)
	if wanted > uint64(arena.most) {
		return 0
	}
	if wanted > uint64(arena.end) {
		const page = 64 << 10
		arena.end = min(arena.most, uint32(wanted+page-1)&^(page-1))
	}
	return arena.end
}

func at(a address) *uint32 { return &arena.words[a/word] }

func wipe(from address, bytes uint32) { clear(span(from, bytes)) }

func move(to, from address, bytes uint32) { copy(span(to, bytes), span(from, bytes)) }

func span(from address, bytes uint32) []uint32 {
	return arena.words[from/word : (from+bytes)/word]
}
