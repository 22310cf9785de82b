// The command run simulates a fleet of pages whose server goes away and comes back, and
// exits with 1 if what a retryBudget promises does not hold (SEMANTICS 8.7):
// go run ./internal/fleetsim/run -seed 7. With -svg it also draws the curves of
// docs/fleet.md into a file.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/hedgerow-web/hedgerow/internal/fleetsim"
)

func main() {
	seed := flag.Uint64("seed", 1, "the seed of all that is random")
	svg := flag.String("svg", "", "the file to draw the curves into")
	flag.Parse()
	r := fleetsim.Report{To: os.Stdout, Seed: *seed}
	r.All(100_000)
	if *svg != "" {
		if err := os.WriteFile(*svg, []byte(fleetsim.Draw(r.Curves)), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	for _, broken := range r.Broken {
		fmt.Println("BROKEN:", broken)
	}
	if len(r.Broken) > 0 {
		os.Exit(1)
	}
	fmt.Println("All promises hold.")
}
