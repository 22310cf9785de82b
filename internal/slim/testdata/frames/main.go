// Program frames counts frames with runtime.Callers, which makes slimming keep more than for program stress, has timers, and
// calls through reflect's stubs.
package main

import (
	"fmt"
	"os"
	"reflect"
	"runtime"
	"time"
)

func main() {
	counts := []int{}
	for skip := range 6 {
		counts = append(counts, outer(skip))
	}
	fmt.Println("frames", counts)
	_, _, _, ok := runtime.Caller(1)
	fmt.Println("caller", ok)
	frames := runtime.CallersFrames(callers(0))
	count := 0
	for more := true; more; count++ {
		_, more = frames.Next()
	}
	fmt.Println("next", count)
	stubs()
	timers()
	defer func() { fmt.Println(recover()); os.Exit(3) }()
	reflect.ValueOf(1).Elem()
}

func callers(skip int) []uintptr {
	pcs := make([]uintptr, 50)
	return pcs[:runtime.Callers(skip, pcs)]
}

// The two are inlined, and yet frames of their own.
func outer(skip int) int { return inner(skip) + 100 }
func inner(skip int) int { return len(callers(skip)) }

type held struct{ words []string }

func (h *held) Add(word *string, more ...string) *held {
	runtime.GC()
	return &held{append(append(h.words, *word), more...)}
}

// stubs lets the garbage collector find the arguments of calls whose stack maps only reflect knows.
func stubs() {
	swap := reflect.MakeFunc(reflect.TypeFor[func(*held, *string) (*string, *held)](), func(in []reflect.Value) []reflect.Value {
		runtime.GC()
		return []reflect.Value{in[1], in[0]}
	}).Interface().(func(*held, *string) (*string, *held))
	h := &held{}
	for i := range 50 {
		word := fmt.Sprint(i)
		text, back := swap(h, &word)
		add := reflect.ValueOf(back).MethodByName("Add").Interface().(func(*string, ...string) *held)
		h = add(text, "and")
		garbage := make([]*held, 1000)
		for j := range garbage {
			garbage[j] = &held{words: []string{word}}
		}
	}
	fmt.Println("held", len(h.words), h.words[98], h.words)
}

func timers() {
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	late := make(chan bool, 1)
	time.AfterFunc(2*time.Millisecond, func() { late <- true })
	ticks := 0
	for over := false; !over || ticks < 3; {
		select {
		case <-ticker.C:
			runtime.GC()
			ticks++
		case over = <-late:
		}
	}
	fmt.Println("timers", ticks >= 3)
}
