// The engine as WebAssembly gives the same answers as the native one of the server:
// both are asked the vectors that the Go test of package loom keeps.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { start } from '../../src/workshop/engine/start';

type Vector = { what: string; body: unknown; digest: string; is: boolean };

const folder = join(process.cwd(), 'src/workshop/engine');
let ask: (what: string, body: string) => string;

beforeAll(async () => {
  execFileSync('node', ['scripts/engine.mjs']);
  // The loader is a script, not a module: it is run as one.
  new Function(readFileSync(join(folder, 'wasm_exec.js'), 'utf8'))();
  const program = readFileSync(join(folder, 'engine.wasm'));
  ask = await start((imports) => WebAssembly.instantiate(program, imports));
}, 300_000);

/** digest is FNV-1a of 64 bits. */
function digest(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) {
    hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  }
  return hash.toString(16);
}

describe('the engine in the browser', () => {
  it('answers as the one of the server', () => {
    const path = join(process.cwd(), '../cmd/engine/internal/loom/testdata/vectors.jsonl');
    const vectors = readFileSync(path, 'utf8').trim().split('\n');
    expect(vectors.length).toBeGreaterThan(500);
    for (const [index, line] of vectors.entries()) {
      const vector = JSON.parse(line) as Vector;
      const text = ask(vector.what, JSON.stringify(vector.body));
      expect('is' in JSON.parse(text), `${index} ${line}: ${text}`).toBe(vector.is);
      if (digest(text) !== vector.digest) throw new Error(`vector ${index}, ${line}: ${text}`);
    }
  });

  it('refuses what it does not know, and goes on', () => {
    expect(JSON.parse(ask('fly', '{}'))).toMatchObject({ refused: { code: 'engine' } });
    expect(JSON.parse(ask('near', '{"at":[120.01,30.21],"reach":5000}')).is).not.toBeNull();
  });

  it('is small enough to be loaded for one page', () => {
    const size = gzipSync(readFileSync(join(folder, 'engine.wasm')), { level: 9 }).length;
    expect(size / 1024).toBeLessThan(1250);
  });
});
