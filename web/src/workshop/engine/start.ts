// Starts the engine from its WebAssembly. The loader of the Go toolchain has put Go
// into the global scope before.

type Ask = (what: string, body: string) => string;
type Scope = {
  Go: new () => { importObject: WebAssembly.Imports; run(program: WebAssembly.Instance): Promise<void> };
  wanggeAsk?: Ask;
};

/** start runs the program and returns the function that it offers. */
export async function start(
  load: (imports: WebAssembly.Imports) => Promise<WebAssembly.WebAssemblyInstantiatedSource>,
): Promise<Ask> {
  const scope = globalThis as unknown as Scope;
  const go = new scope.Go();
  const { instance } = await load(go.importObject);
  void go.run(instance); // it ends with the worker
  if (!scope.wanggeAsk) throw new Error('engine: it offers nothing');
  return scope.wanggeAsk;
}
