package text

// Index numbers texts from 0, in the order in which they are added. It stands in for
// map[string]int, because the code of Go's maps would cost a browser more than a
// kilobyte.
type Index struct {
	texts []string
	slots []int32 // the number of a text, plus 1; 0: none. At most half of them are used.
}

// Find returns the number of a text, or -1 if it was not added.
func (x *Index) Find(s string) int {
	if len(x.slots) == 0 {
		return -1
	}
	return int(x.slots[x.slot(s)]) - 1
}

// Add adds a text that is not there yet.
func (x *Index) Add(s string) {
	x.texts = append(x.texts, s)
	if 2*len(x.texts) <= len(x.slots) {
		x.slots[x.slot(s)] = int32(len(x.texts))
		return
	}
	x.slots = make([]int32, 4*len(x.texts))
	for i, text := range x.texts {
		x.slots[x.slot(text)] = int32(i + 1)
	}
}

// Len returns how many texts were added.
func (x *Index) Len() int { return len(x.texts) }

// slot returns where the number of a text is, or would be: at its hash (FNV-1a), or
// behind others.
func (x *Index) slot(s string) uint32 {
	hash := uint32(2166136261)
	for i := range len(s) {
		hash = (hash ^ uint32(s[i])) * 16777619
	}
	size := uint32(len(x.slots))
	at := hash % size
	for x.slots[at] != 0 && x.texts[x.slots[at]-1] != s {
		if at++; at == size {
			at = 0
		}
	}
	return at
}
