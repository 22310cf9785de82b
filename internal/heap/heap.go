// Package heap is the memory of the program in the npm package, if TinyGo has compiled
// it: an allocator, and a garbage collector that runs only between two exports.
//
// TinyGo has collectors of its own, which run where something is allocated. They have to
// find what only the functions that are running point to. So TinyGo makes every function
// write its pointers into a list, which takes a fifth of the WebAssembly. Here no function
// is running when Collect is called, so whatever is in use is reachable from a global.
// That is possible because JavaScript never runs while a Go frame is on the stack: each
// event is one call of one export, and an export allocates little.
//
// Memory is a row of objects without gaps. An object is a header of two words and what
// the program uses. A bitmap, which is an object too, has a bit for every eight bytes of
// memory: it is set where an object begins. Free memory consists of objects that nothing
// points to, so that each collection finds them free again. The allocator fills one region
// of free memory after the other, so an allocation takes only a few instructions.
//
// Addresses are numbers, so that tests can run all this natively, in an arena.
package heap

import "math/bits"

type address = uint32

const (
	word   = 4
	grain  = 8 // what all sizes and addresses of objects are multiples of
	header = 8

	// A free region of at least this size is a large one. Only large regions are looked
	// through for what does not fit into the first of them.
	large = 1 << 10

	// most is the size of the largest object, so that no sum of sizes overflows.
	most = 1 << 30

	// What is in a link, but no object's address: the end of the list of what has been
	// reached, and what says that the object is a free region.
	last, vacant = 1, 2
)

// A heap is zero until something is allocated.
type heap struct {
	base, end   address
	next, limit address    // the region that is being filled; all of it is zero
	starts      address    // the bitmap: an object's address, like all others
	regions     [2]address // lists of the other free regions: small ones, large ones
	reached     address    // while collecting, the list of what is still to be looked into

	left   uint32 // how many bytes the other free regions have together
	enough uint32 // It is time to collect when no more than this is free.
}

// The header: what the object consists of, as look describes, and a link, by which a
// collection lists the objects that it has reached. Between collections it is 0.

func layoutOf(o address) *uint32 { return at(o) }
func linkOf(o address) *uint32   { return at(o + word) }

// A free region has something else instead of a link, so that no number that happens to be
// an address in it keeps all of it. In the other words is what its list needs.

func nextFree(o address) *uint32   { return at(o + header) }
func sizeOfFree(o address) *uint32 { return at(o + header + word) }

// noPointers is the layout of an object without any: one word, no bit set.
const noPointers = 1<<1 | 1

// alloc returns the address of zeroed memory, of which layout says where it may have
// pointers.
func (h *heap) alloc(size, layout uint32) address {
	if size > most {
		panic("out of memory")
	}
	n := (size + header + grain - 1) &^ (grain - 1)
	if n > h.limit-h.next {
		h.find(n)
	}
	o := h.next
	h.next += n
	h.begins(o)
	*layoutOf(o) = layout
	return o + header
}

// find makes a region of at least n bytes the one that is being filled.
func (h *heap) find(n uint32) {
	h.release()
	list := &h.regions[0]
	if n >= large {
		list = &h.regions[1]
	}
	for {
		o := *list
		switch {
		case o != 0 && *sizeOfFree(o) >= n:
			*list = *nextFree(o)
			size := *sizeOfFree(o)
			h.left -= size
			h.next, h.limit = o, o+size
			wipe(o, size)
			return
		case o != 0 && n >= large:
			list = nextFree(o)
		case o != 0:
			*list = *nextFree(o) // Looking at it again and again would take too long.
			h.left -= *sizeOfFree(o)
		case n >= large || list == &h.regions[1]:
			if !h.grow(n) {
				panic("out of memory")
			}
			return
		default:
			list = &h.regions[1]
		}
	}
}

// release makes what is left of the region that is being filled one of the free ones.
func (h *heap) release() {
	if list := h.vacate(h.next, h.limit); list >= 0 {
		*nextFree(h.next) = h.regions[list]
		h.regions[list] = h.next
	}
	h.next, h.limit = 0, 0
}

// vacate describes a free region, which may be empty, and returns the number of the list
// in which it belongs; -1 if it is too small for any.
func (h *heap) vacate(o, end address) (list int) {
	size := end - o
	if size == 0 {
		return -1
	}
	h.begins(o)
	*linkOf(o) = vacant
	if size < header+2*word {
		return -1
	}
	*nextFree(o), *sizeOfFree(o) = 0, size
	h.left += size
	if size < large {
		return 0
	}
	return 1
}

// grow adds memory for n bytes at the end, but at least an eighth of what there is, and
// makes it the region that is being filled. It begins with a new bitmap, for all of memory;
// the old one becomes free. It returns false if there is no more memory.
func (h *heap) grow(n uint32) bool {
	if h.end == 0 {
		h.base = start()
		h.end = h.base
	}
	total := h.end - h.base
	more := n + n/16 + total/32 + 4<<10 // The bitmap needs less than what is added to n.
	end := extend(h.end, max(more, total/8))
	if end == 0 {
		end = extend(h.end, more)
	}
	if end == 0 {
		return false
	}
	o := h.end
	h.end = end
	size := bitmapSize(end - h.base)
	if total > 0 {
		move(o+header, h.starts, bitmapSize(total))
	}
	h.starts = o + header
	h.begins(o)
	*layoutOf(o) = noPointers
	h.next, h.limit = o+header+size, end
	h.enough += h.limit - h.next // More memory is no reason to collect later.
	h.begins(end)                // where the last object ends
	return true
}

// bitmapSize is that of memory of so many bytes, with a bit for where it ends.
func bitmapSize(bytes uint32) uint32 { return bytes/(8*grain)&^(grain-1) + grain }

// begins notes that an object begins at o.
func (h *heap) begins(o address) {
	i := (o - h.base) / grain
	*at(h.starts + i/32*word) |= 1 << (i % 32)
}

// merge forgets that an object begins at o, so that it is a part of the one before it.
func (h *heap) merge(o address) {
	i := (o - h.base) / grain
	*at(h.starts + i/32*word) &^= 1 << (i % 32)
}

// objectAt returns the object of which p is an address.
func (h *heap) objectAt(p address) address {
	i := (p - h.base) / grain
	from := h.starts + i/32*word
	set := *at(from) << (31 - i%32)
	for set == 0 {
		from -= word
		set = *at(from)
		i = i&^31 - 1
	}
	return h.base + (i-uint32(bits.LeadingZeros32(set)))*grain
}

// endOf returns where the object o ends, which is where the next one begins.
func (h *heap) endOf(o address) address {
	i := (o-h.base)/grain + 1
	from := h.starts + i/32*word
	set := *at(from) >> (i % 32)
	for set == 0 {
		from += word
		set = *at(from)
		i = (i | 31) + 1
	}
	return h.base + (i+uint32(bits.TrailingZeros32(set)))*grain
}
