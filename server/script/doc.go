// Package script is what every server of hedgerow.chaos.v1.Chaos does, on whatever library it is built: it checks the script of a request,
// counts and records the attempts of each call id, and plays what a step says of messages and waiting times. Status, headers and broken
// connections are the server's own.
package script
