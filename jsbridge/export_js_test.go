package jsbridge

// Live is how many functions JavaScript may still call.
func Live() int64 { return live.Load() }
