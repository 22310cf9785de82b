// Package chaosv1 has the messages and stubs of hedgerow.chaos.v1, the service that fails as its callers tell it to.
package chaosv1
