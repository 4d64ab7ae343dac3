// Measures what the first visit loads, gzipped: index.html, everything it loads
// at once, the page and the map with its worker. Fails when it is over budget.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** The most the first view of the page may load, in KiB of gzip. */
const BUDGET = 850;
const dist = new URL('../dist/', import.meta.url).pathname;
const assets = join(dist, 'assets');

if (!existsSync(assets)) {
  console.error('There is no built page; run "npm run build" first.');
  process.exit(2);
}
const files = readdirSync(assets).filter((name) => /\.(m?js|css)$/.test(name));
const size = (path) => gzipSync(readFileSync(path), { level: 9 }).length;
const index = readFileSync(join(dist, 'index.html'), 'utf8');

/** What a chunk imports at once, followed to the end. */
function closure(start) {
  const seen = new Set();
  const visit = (name) => {
    if (seen.has(name) || !files.includes(name)) return;
    seen.add(name);
    if (name.endsWith('.css')) return;
    const source = readFileSync(join(assets, name), 'utf8');
    for (const match of source.matchAll(/(?:from|import)\s*["']\.\/([^"']+)["']/g)) visit(match[1]);
  };
  for (const name of start) visit(name);
  return seen;
}

const entry = [...index.matchAll(/assets\/([^"']+)/g)].map((match) => match[1]);
const atOnce = files.filter((name) => /^(home|map-view|maplibre)/.test(name));
const first = closure([...entry, ...atOnce]);
for (const name of files) if (name.includes('worker')) first.add(name);

let total = size(join(dist, 'index.html')) + size(join(dist, 'boot.js')) + size(join(dist, 'boot.css'));
const rows = [...first].map((name) => [name, size(join(assets, name))]).sort((a, b) => b[1] - a[1]);
for (const [name, bytes] of rows) {
  total += bytes;
  console.log(`${(bytes / 1024).toFixed(1).padStart(8)} KiB  ${name}`);
}
const later = files
  .filter((name) => !first.has(name))
  .reduce((sum, name) => sum + size(join(assets, name)), 0);
console.log(`${(total / 1024).toFixed(1).padStart(8)} KiB  first view, of ${BUDGET} allowed`);
console.log(`${(later / 1024).toFixed(1).padStart(8)} KiB  loaded when needed`);
if (total / 1024 > BUDGET) {
  console.error(`The first view is ${(total / 1024 - BUDGET).toFixed(1)} KiB over its budget.`);
  process.exit(1);
}
