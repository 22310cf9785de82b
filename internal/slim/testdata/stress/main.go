// Program stress does what relies on the tables that package slim rewrites, and prints what came of it; slim_test.go runs it
// as it was linked and slimmed. It must not link runtime.Callers, so it stays away from fmt, os, reflect and time: see program frames.
package main

import (
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

func main() {
	say("goroutines", runtime.NumGoroutine())
	collect()
	grow()
	recoveries()
	depths()
	defers()
	concurrency()
	endings()
	traces()
	say("goroutines", runtime.NumGoroutine())
	if _, panics := syscall.Getenv("PANIC"); panics {
		go panic("a panic on purpose")
		select {}
	}
}

func say(what string, numbers ...int) {
	print(what)
	for _, number := range numbers {
		print(" ", number)
	}
	println()
}

type node struct {
	left, right *node
	words       map[string][]int
	any         any
}

func tree(depth int) *node {
	if depth == 0 {
		return &node{words: map[string][]int{strings.Repeat("x", 3): {1, 2}}, any: "leaf"}
	}
	return &node{left: tree(depth - 1), right: tree(depth - 1), any: depth}
}

func (n *node) sum() int {
	if n.left == nil {
		return len(n.any.(string)) + n.words["xxx"][1]
	}
	return n.left.sum() + n.right.sum() + n.any.(int)
}

// collect keeps some trees over many collections and lets others go.
func collect() {
	kept := tree(10)
	for i := range 30 {
		if sum := tree(9).sum(); sum != 512*6+1013 {
			say("a wrong tree", i, sum)
		}
		if i%10 == 0 {
			runtime.GC()
		}
	}
	say("trees", kept.sum())
	words := map[string]*[]string{}
	for i := range 20_000 {
		key := strconv.Itoa(i % 700)
		if words[key] == nil {
			words[key] = new([]string)
		}
		*words[key] = append(*words[key], strings.ToUpper(key+"é"))
	}
	total := 0
	for _, list := range words {
		total += len(strings.Join(*list, "-"))
	}
	say("words", len(words), total)
}

// deep holds pointers into its own frame while the stack grows and the collector walks it.
func deep(n int, above *[4]*int) int {
	number := n
	own := [4]*int{&number, above[0], new(int), above[2]}
	*own[2] = n
	if n%5000 == 0 {
		runtime.GC()
	}
	below := 0
	if n > 0 {
		below = deep(n-1, &own)
	}
	return below + *own[0] + *own[1] - *own[2] - *above[0]
}

func grow() {
	var wait sync.WaitGroup
	zero := 0
	for i := range 3 {
		wait.Go(func() { say("deep", deep(20_000, &[4]*int{&zero, &zero, &zero, &zero})) })
		_ = i
	}
	wait.Wait()
}

type named struct{ name string }

func (n named) Name() string { return n.name }

type namer interface{ Name() string }

func recovered(does func()) {
	defer func() {
		switch cause := recover().(type) {
		case nil:
			say("nothing")
		case error:
			say(cause.Error())
		case string:
			say(cause)
		}
	}()
	does()
}

func recoveries() {
	var none map[string]int
	var list []int
	var nobody *named
	namers := append([]namer{nobody}, named{"somebody"})
	zero := len(list)
	for _, does := range []func(){
		func() {},
		func() { none["a"] = 1 },
		func() { say("", list[zero+3]) },
		func() { say("", 1/zero) },
		func() { say(nobody.name) },
		func() { say(namers[0].Name()) },
		func() { say(any(zero).(namer).Name()) },
		func() { defer func() { panic("again: " + recover().(string)) }(); panic("first") },
		func() { defer func() { panic("second") }(); panic("first") },
		func() { defer recovered(func() { panic("inside") }); panic("outside") },
		func() { runtime.GC(); defer runtime.GC(); panic("collected") },
	} {
		recovered(does)
	}
}

func take()  { say("took", len(recover().(string))) }
func maybe() { say("maybe", btoi(recover() != nil)) }
func mid()   { maybe() }

type taker struct{ times int }

func (t taker) take() { say("method took", t.times, len(recover().(string))) }

func btoi(is bool) int {
	if is {
		return 1
	}
	return 0
}

// depths recovers, or does not, by how many frames lie between recover and the panic: what was inlined counts, wrappers do not.
func depths() {
	recovered(func() { defer take(); panic("four") })
	recovered(func() { defer mid(); panic("not by mid") })
	recovered(func() { defer func() { mid() }(); panic("not by mid in a function") })
	recovered(func() { defer recover(); panic("not by recover itself") })
	recovered(func() { defer func() { func() { maybe() }() }(); panic("not that deep") })
	recovered(func() { defer taker{3}.take(); panic("method") })
	recovered(func() { defer (&taker{4}).take(); panic("pointer") })
	recovered(func() { does := taker{5}.take; defer does(); panic("value") })
	recovered(func() { var does interface{ take() } = &taker{6}; defer does.take(); panic("interface") })
}

func defers() {
	order := 0
	func() {
		for i := range 2000 {
			defer func() { order = order*31%1_000_003 + i }()
		}
		runtime.GC()
	}()
	say("defers", order)
	done := make(chan int)
	go func() {
		defer close(done)
		defer func() { done <- btoi(recover() == nil) }()
		runtime.Goexit()
	}()
	say("goexit", <-done)
}

func concurrency() {
	numbers, stop := make(chan int), make(chan struct{})
	var lock sync.Mutex
	total := 0
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			for {
				select {
				case number := <-numbers:
					lock.Lock()
					total += number + len(make([]*int, number))
					lock.Unlock()
				case <-stop:
					return
				}
			}
		})
	}
	for i := range 500 {
		numbers <- i
	}
	close(stop)
	wait.Wait()
	say("concurrency", total)
}

// endings waits for finalizers and cleanups.
func endings() {
	ended := make(chan int, 20)
	for i := range 10 {
		runtime.SetFinalizer(&node{any: i}, func(n *node) { ended <- n.any.(int) })
		runtime.AddCleanup(&node{any: i}, func(i int) { ended <- i }, i)
	}
	total := 0
	for count := 0; count < 20; {
		runtime.GC()
		select {
		case i := <-ended:
			total += i
			count++
		default:
			runtime.Gosched()
		}
	}
	say("endings", total)
}

func traces() {
	buffer := make([]byte, 1<<16)
	say("stack", btoi(runtime.Stack(buffer, false) > 0), btoi(runtime.Stack(buffer, true) > 0))
}
