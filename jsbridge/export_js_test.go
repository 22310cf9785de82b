package jsbridge

// Live returns how many Go functions JavaScript may still call.
func Live() int64 { return live.Load() }
