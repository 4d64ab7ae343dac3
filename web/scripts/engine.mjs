// Builds the topology engine of the workshop (cmd/engine) as WebAssembly, and puts the
// loader that comes with the Go toolchain beside it. Neither is committed: both belong to
// the toolchain that builds the program.
import { execFileSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';

const root = new URL('../..', import.meta.url).pathname;
const to = join(root, 'web/src/workshop/engine');
const go = (args, env = {}) =>
  execFileSync('go', args, { cwd: root, encoding: 'utf8', env: { ...process.env, ...env } });

go(
  ['build', '-trimpath', '-buildvcs=false', '-ldflags=-s -w', '-o', join(to, 'engine.wasm'), './cmd/engine'],
  {
    GOOS: 'js',
    GOARCH: 'wasm',
    GOFLAGS: '',
  },
);
copyFileSync(join(go(['env', 'GOROOT']).trim(), 'lib/wasm/wasm_exec.js'), join(to, 'wasm_exec.js'));
