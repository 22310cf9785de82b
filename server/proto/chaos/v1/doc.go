// Package chaosv1 holds the messages and stubs of hedgerow.chaos.v1, the service that fails as it is told to.
package chaosv1
