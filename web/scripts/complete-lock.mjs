// Run after `npm install` has written package-lock.json. A registry mirror may not
// have the packages of other platforms (Biome's for macOS and Windows, say); npm
// then leaves them out of the lock, and `npm ci` refuses a lock without them. This
// puts them back with version and platform, so that `npm ci` works everywhere, and
// takes out addresses of the registry that was used.
import { readFileSync, writeFileSync } from 'node:fs';

const path = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(path, 'utf8'));
const oses = ['android', 'darwin', 'linux', 'win32', 'freebsd'];
const cpus = ['arm64', 'x64'];

for (const entry of Object.values(lock.packages)) {
  delete entry.resolved;
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`;
    if (lock.packages[key]) continue;
    const words = name.split(/[/-]/);
    lock.packages[key] = {
      version,
      cpu: cpus.filter((cpu) => words.includes(cpu)),
      ...(entry.dev ? { dev: true } : {}),
      ...(words.includes('musl') ? { libc: ['musl'] } : {}),
      optional: true,
      os: oses.filter((os) => words.includes(os)),
    };
    console.log(`added ${name}@${version}`);
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
