// Package script does what all servers of hedgerow.chaos.v1.Chaos have in common, whatever library they are built on: it checks the
// script of a request, counts and records the attempts of each call id, and plays the messages and the waiting times of a step. Statuses,
// headers and broken connections are left to the server.
package script
