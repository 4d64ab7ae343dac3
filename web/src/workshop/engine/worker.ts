// The worker in which the engine runs: questions come as [number, what, body], answers
// go back as [number, text], in the order in which they were asked.
import './wasm_exec.js';
import address from './engine.wasm?url';
import { start } from './start';

const ready = start(async (imports) => {
  const response = await fetch(new URL(address, self.location.href));
  if (!response.ok) throw new Error(`engine: HTTP ${response.status}`);
  return WebAssembly.instantiateStreaming(response, imports);
});

self.onmessage = async ({ data }: MessageEvent<[number, string, string]>) => {
  const [number, what, body] = data;
  try {
    const ask = await ready;
    self.postMessage([number, ask(what, body)]);
  } catch (cause) {
    const title = cause instanceof Error ? cause.message : String(cause);
    self.postMessage([number, JSON.stringify({ refused: { code: 'engine', title, detail: '', at: null } })]);
  }
};
