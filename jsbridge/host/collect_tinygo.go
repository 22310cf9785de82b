//go:build tinygo

package host

// letCollect has nothing to do: TinyGo collects where something is allocated.
func letCollect() {}
