package page

import "syscall/js"

// Export sets a global function that JavaScript calls with a base URL, a name and a number.
// It returns a promise of what work returns, which has a goroutine of its own.
func Export(name string, work func(baseURL, name string, n int) (int, error)) {
	js.Global().Set(name, js.FuncOf(func(_ js.Value, args []js.Value) any {
		baseURL, name, n := args[0].String(), args[1].String(), args[2].Int()
		return promise(func() (int, error) { return work(baseURL, name, n) })
	}))
}

func promise(run func() (int, error)) js.Value {
	executor := js.FuncOf(func(_ js.Value, settle []js.Value) any {
		go func() {
			value, err := run()
			if err != nil {
				settle[1].Invoke(js.Global().Get("Error").New(err.Error()))
				return
			}
			settle[0].Invoke(value)
		}()
		return nil
	})
	defer executor.Release()
	return js.Global().Get("Promise").New(executor)
}
