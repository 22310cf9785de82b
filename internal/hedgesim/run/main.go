// The command run measures what hedging with a tuned delay promises (SEMANTICS 8.5) and
// exits with 1 if a promise does not hold: go run ./internal/hedgesim/run -seed 7.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/hedgerow-web/hedgerow/internal/hedgesim"
)

func main() {
	seed := flag.Uint64("seed", 1, "the seed of all that is random")
	flag.Parse()
	r := hedgesim.Report{To: os.Stdout, Seed: *seed}
	r.Steady(50_000, 0.06, 0.08)
	r.Shift(20)
	r.Queue([]float64{0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95}, 20, 200_000)
	for _, broken := range r.Broken {
		fmt.Println("BROKEN:", broken)
	}
	if len(r.Broken) > 0 {
		os.Exit(1)
	}
	fmt.Println("All promises hold.")
}
