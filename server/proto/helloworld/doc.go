// Package helloworld has the messages and stubs of helloworld.Greeter.
package helloworld
