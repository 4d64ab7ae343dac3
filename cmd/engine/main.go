//go:build js && wasm

// Command engine is the topology of the planner's workshop for the browser: package
// topology as WebAssembly, in a worker of the page. It offers one function,
// wanggeAsk(what, body), which answers in JSON as package loom says.
//
//	GOOS=js GOARCH=wasm go build -o engine.wasm ./cmd/engine
package main

import (
	"runtime/debug"
	"syscall/js"

	"wangge/cmd/engine/internal/loom"
)

func main() {
	// A drag makes much that is forgotten at once: collected rarely, it costs one edit in
	// a hundred half as much, for twice the memory.
	debug.SetGCPercent(400)
	var l loom.Loom
	js.Global().Set("wanggeAsk", js.FuncOf(func(_ js.Value, args []js.Value) any {
		return l.Ask(args[0].String(), args[1].String())
	}))
	select {} // it answers until the worker ends
}
