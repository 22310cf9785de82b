package jsbridge

// Live returns how many Go functions JavaScript may still call.
func Live() int64 { return live.Load() }

// Exchanges returns how many exchanges have not ended.
func Exchanges() int {
	page.mu.Lock()
	defer page.mu.Unlock()
	return page.exchanges
}

// Tests look for what is left behind, so nothing lingers in them.
func init() { lingerTime = 0 }
