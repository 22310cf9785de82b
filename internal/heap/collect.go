package heap

// rest is how much memory there is at least to allocate from after a collection, so that
// many calls share the cost of the next one.
const rest = 256 << 10

// due reports whether it is time to collect.
func (h *heap) due() bool { return h.free() <= h.enough }

// free is how many bytes there are to allocate from.
func (h *heap) free() uint32 { return h.left + h.limit - h.next }

// collect frees what cannot be reached from the words between two addresses.
func (h *heap) collect(from, to address) {
	h.release()
	h.reached = last
	h.reach(h.starts)
	for ; from < to; from += word {
		h.reach(*at(from))
	}
	for h.reached != last {
		o := h.reached
		h.reached = *linkOf(o)
		h.look(o)
	}
	h.sweep()
	// The next collection comes when half as much has been allocated as is in use now. A
	// third of that is kept for the export that allocates last, because it cannot collect. If
	// memory cannot grow, there may be enough all the same.
	wanted := max((h.end-h.base-h.left)/3*2, rest)
	if h.left < wanted {
		h.grow(wanted - h.left)
	}
	h.enough = h.free() - wanted/4*3
}

// reach notes that what p points to is still in use, if p is an address inside of an
// object. The address behind an object, which a slice without elements may have, is in
// the header of the next one.
func (h *heap) reach(p address) {
	if p < h.base || p >= h.end {
		return
	}
	if o := h.objectAt(p); p-o >= header && *linkOf(o) == 0 {
		*linkOf(o) = h.reached
		h.reached = o
	}
}

// look reaches everything that an object points to. Its layout describes the object's
// first words, and all that follow in the same way, because it may be an array: a number
// of words and a bit for each, which is set if that word may be a pointer. If the layout's
// lowest bit is set, the number is in the next five bits, and the bits are in the others.
// Else it is the address of the number, behind which are the bits; or it is 0, and any
// word may be a pointer.
func (h *heap) look(o address) {
	layout := *layoutOf(o)
	size, set := uint32(1), uint32(1)
	table := layout&1 == 0 && layout != 0
	switch {
	case table:
		size = *at(layout)
	case layout != 0:
		size, set = layout>>1&31, layout>>6
		if set == 0 {
			return
		}
	}
	end := h.endOf(o)
	i := uint32(0)
	for p := o + header; p < end; p += word {
		if table && i%32 == 0 {
			set = *at(layout + word + i/8)
		}
		if set>>(i%32)&1 != 0 {
			h.reach(*at(p))
		}
		if i++; i == size {
			i = 0
		}
	}
}

// sweep makes free regions of everything that has not been reached. The lists begin with
// the lowest addresses, so that what is small gathers there, and large regions remain.
func (h *heap) sweep() {
	h.regions, h.left = [2]address{}, 0
	ends := [2]*address{&h.regions[0], &h.regions[1]}
	for o := h.base; o < h.end; {
		end := h.endOf(o)
		if *linkOf(o)&^vacant != 0 {
			*linkOf(o) = 0
			o = end
			continue
		}
		for end < h.end && *linkOf(end)&^vacant == 0 {
			h.merge(end)
			end = h.endOf(end)
		}
		if list := h.vacate(o, end); list >= 0 {
			*ends[list], ends[list] = o, nextFree(o)
		}
		o = end
	}
}
