// Package helloworld holds the messages and stubs of helloworld.Greeter.
package helloworld
