// Package page gives the benchmarks' programs to the page that runs them.
package page
