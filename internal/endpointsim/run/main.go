// The command run measures what several endpoints promise (SEMANTICS 8.6) and exits with 1
// if a promise does not hold: go run ./internal/endpointsim/run -seed 7.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/internal/endpointsim"
)

func main() {
	seed := flag.Uint64("seed", 1, "the seed of all that is random")
	flag.Parse()
	r := endpointsim.Report{To: os.Stdout, Seed: *seed}
	r.All(100 * plan.Second)
	for _, broken := range r.Broken {
		fmt.Println("BROKEN:", broken)
	}
	if len(r.Broken) > 0 {
		os.Exit(1)
	}
	fmt.Println("All promises hold.")
}
