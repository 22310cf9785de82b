package channel

import "testing"

// SEMANTICS 8.1b, 8.1d: a state that was stored is read; one that is anybody else's is not,
// and one warning says so. What has not changed is not stored again.
func TestState(t *testing.T) {
	keeping := func(text string) *Channel {
		return open(t, "{}", func(o *Options) { o.KeepsState, o.State = true, text })
	}
	ch := keeping("")
	if _, changed := ch.Save(); changed || len(ch.Warnings()) != 0 {
		t.Errorf("an empty state is stored, or warned of: %v", ch.Warnings())
	}
	ch.State().Set("delay", "/a.B/M", "7")
	text, changed := ch.Save()
	if _, again := ch.Save(); !changed || again || text == "" {
		t.Errorf("%q, changed %v, again %v", text, changed, again)
	}
	if ch = keeping(text); ch.State().Get("delay", "/a.B/M") != "7" || len(ch.Warnings()) != 0 {
		t.Errorf("%q is not read back: %v", text, ch.Warnings())
	}
	if _, changed := ch.Save(); changed {
		t.Error("what was read is stored again")
	}
	ch = keeping("somebody else's")
	if w := ch.Warnings(); len(w) != 1 || w[0].Kind != StateUnusable || ch.State().Text() != "" {
		t.Errorf("%v", w)
	}
	if text, changed := ch.Save(); !changed || text != "" {
		t.Error("somebody else's text is not replaced")
	}
	if off := open(t, "{}"); off.State() != nil {
		t.Error("a channel keeps a state that nobody asked for")
	} else if _, changed := off.Save(); changed {
		t.Error("a channel stores a state that nobody asked for")
	}
}
