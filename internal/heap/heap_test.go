package heap

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// A thing is what a test has allocated: words of which some point to other things, and
// the others are random.
type thing struct {
	at     address
	layout uint32
	words  []uint32
	points map[int]*thing
}

// A world is a heap, and what a test knows to be in it.
type world struct {
	heap
	*rand.Rand
	roots []*thing
}

const (
	firstRoot = 4096
	maxRoots  = 100
	bigLayout = 1024 // the address of a layout of 40 words, of which the 2nd, the 35th and the 40th are pointers
)

// newWorld has at most so many MiB of memory.
func newWorld(t *testing.T, seed uint64, most uint32) *world {
	arena.words = make([]uint32, most<<20/word)
	arena.end, arena.most = 2*arenaHeap, most<<20
	*at(bigLayout), *at(bigLayout + 4), *at(bigLayout + 8) = 40, 1<<1, 1<<2|1<<7
	t.Logf("seed %d", seed)
	return &world{Rand: rand.New(rand.NewPCG(seed, seed)), roots: make([]*thing, maxRoots)}
}

func (w *world) mayPoint(th *thing, i int) bool {
	switch th.layout {
	case noPointers:
		return false
	case 0:
		return true
	case bigLayout:
		i %= 40
		return i == 1 || i == 34 || i == 39
	}
	return th.layout>>6>>(uint32(i)%(th.layout>>1&31))&1 != 0
}

// make allocates a thing that is made of so many bytes, and fills it.
func (w *world) make(t *testing.T, bytes uint32) *thing {
	t.Helper()
	layouts := []uint32{noPointers, 0, bigLayout, 0b101<<6 | 3<<1 | 1, 1<<6 | 1<<1 | 1, 1<<30<<1 | 25<<1 | 1}
	th := &thing{layout: layouts[w.IntN(len(layouts))], words: make([]uint32, bytes/word), points: map[int]*thing{}}
	th.at = w.alloc(bytes, th.layout)
	if th.at%grain != 0 || th.at < arenaHeap || th.at+bytes > arena.end {
		t.Fatalf("%d bytes are at %d, memory ends at %d", bytes, th.at, arena.end)
	}
	for i := range th.words {
		if v := *at(th.at + uint32(i)*word); v != 0 {
			t.Fatalf("new memory is not zero: %#x", v)
		}
		if w.mayPoint(th, i) {
			if w.IntN(2) == 0 {
				w.point(th, i, w.any())
			}
			continue
		}
		w.set(th, i, w.Uint32())
		if w.IntN(4) == 0 { // what is no pointer, but would be the address of something
			w.set(th, i, w.Uint32N(arena.end))
		}
	}
	return th
}

func (w *world) any() *thing { return w.roots[w.IntN(maxRoots)] }

func (w *world) set(th *thing, i int, v uint32) {
	th.words[i] = v
	*at(th.at + uint32(i)*word) = v
}

// point lets a word of th point into to, or to its end, which does not keep it alive.
func (w *world) point(th *thing, i int, to *thing) {
	delete(th.points, i)
	if to == nil {
		w.set(th, i, 0)
		return
	}
	size := uint32(len(to.words)) * word
	inside := w.Uint32N(size + 1)
	if inside < size || size == 0 {
		th.points[i] = to
	}
	w.set(th, i, to.at+inside)
}

func (w *world) root(i int, th *thing) {
	w.roots[i] = th
	*at(firstRoot + uint32(i)*word) = 0
	if th != nil {
		*at(firstRoot + uint32(i)*word) = th.at
	}
}

// check collects, and fails if something is lost that can be reached. It returns how many
// bytes that is.
func (w *world) check(t *testing.T) (reachable uint32) {
	t.Helper()
	w.collect(firstRoot, firstRoot+maxRoots*word)
	seen := map[*thing]bool{}
	todo := append([]*thing(nil), w.roots...)
	for len(todo) > 0 {
		th := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if th == nil || seen[th] || len(th.words) == 0 {
			continue
		}
		seen[th] = true
		for i, v := range th.words {
			if got := *at(th.at + uint32(i)*word); got != v {
				t.Fatalf("word %d of %d at %d is %#x instead of %#x", i, len(th.words), th.at, got, v)
			}
		}
		for _, to := range th.points {
			todo = append(todo, to)
		}
		if end := w.endOf(th.at - header); end < th.at+uint32(len(th.words))*word {
			t.Fatalf("the object at %d of %d words ends at %d", th.at, len(th.words), end)
		}
		reachable += header + uint32(len(th.words)*word)
	}
	return reachable
}

// objects is how many objects memory consists of.
func (w *world) objects() (n int) {
	for o := w.base; o < w.end; o = w.endOf(o) {
		n++
	}
	return n
}

// size returns a size; most are small.
func (w *world) size() uint32 {
	switch n := w.IntN(1000); {
	case n == 0:
		return w.Uint32N(300_000)
	case n < 20:
		return w.Uint32N(10_000)
	case n < 500:
		return w.Uint32N(300)
	}
	return w.Uint32N(64)
}

func TestRandomThings(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			w := newWorld(t, seed, 64)
			collections, most := 0, uint32(0)
			for range 20_000 {
				th := w.make(t, w.size()&^3)
				switch to := w.any(); {
				case w.IntN(3) == 0:
				case to != nil && len(to.words) > 0 && w.mayPoint(to, 0) && w.IntN(2) == 0:
					w.point(to, 0, th)
				default:
					w.root(w.IntN(maxRoots), th)
				}
				if w.IntN(20) == 0 {
					w.root(w.IntN(maxRoots), nil)
				}
				if w.due() || w.IntN(2000) == 0 {
					collections++
					most = max(most, w.check(t))
				}
			}
			for i := range w.roots {
				w.root(i, nil)
			}
			w.check(t)
			if n := w.objects(); n > 3 { // the bitmap, and what is free before and behind it
				t.Errorf("%d objects are left of nothing", n)
			}
			if bound := 3*most + 2<<20; w.end > bound {
				t.Errorf("memory has grown to %d KB, for %d KB that were in use at once", w.end>>10, most>>10)
			}
			t.Logf("%d collections, %d KB at the end, %d KB in use at most", collections, w.end>>10, most>>10)
		})
	}
}

// What is in use changes all the time, and never becomes more, and so memory does not
// grow.
func TestMemoryStaysFlat(t *testing.T) {
	w := newWorld(t, 1, 64)
	var early address
	for n := range 100_000 {
		w.root(w.IntN(maxRoots), &thing{at: w.alloc(w.size(), noPointers)})
		if w.due() {
			w.collect(firstRoot, firstRoot+maxRoots*word)
		}
		if n == 10_000 {
			early = w.end
		}
	}
	if w.end > early+early/4 {
		t.Errorf("memory has grown from %d KB to %d KB", early>>10, w.end>>10)
	}
	t.Logf("%d KB, then %d KB", early>>10, w.end>>10)
}
