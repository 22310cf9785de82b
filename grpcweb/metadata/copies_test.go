package metadata

import (
	"slices"
	"testing"
)

func fields(md MD) string {
	all := ""
	for name, value := range md.All() {
		all += name + "=" + value + " "
	}
	return all
}

// A copy is not changed by what is set or deleted in the original, nor the other
// way round; a Clone is not changed by anything.
func TestCopies(t *testing.T) {
	original := New("a", "1", "b", "2", "a", "3")
	byCopy, clone := original, original.Clone()
	original.Set("a", "9")
	if got := fields(byCopy); got != "a=1 b=2 a=3 " {
		t.Errorf("after a Set in the original the copy is %q", got)
	}
	byCopy.Delete("a")
	if got := fields(original); got != "a=9 b=2 " {
		t.Errorf("after a Delete in the copy the original is %q", got)
	}
	original.Append("c", "4")
	original.Delete("b")
	if got := fields(original); got != "a=9 c=4 " {
		t.Errorf("the original is %q", got)
	}
	clone.Append("d", "5")
	if got := fields(clone); got != "a=1 b=2 a=3 d=5 " {
		t.Errorf("the clone is %q", got)
	}
}

func TestGrow(t *testing.T) {
	md := New("a", "1")
	md.Grow(8)
	if free := cap(md.fields) - len(md.fields); free < 8 || !slices.Equal(md.Values("a"), []string{"1"}) {
		t.Errorf("room for %d more, %q", free, fields(md))
	}
}
