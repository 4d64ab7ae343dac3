// Measures what a visit loads, gzipped: index.html, everything it loads at once, the
// page and the map with its worker; for the first view, for the analyst's page with all
// its tables and charts, for the comparison of divisions, and for the planner's workshop
// with its engine; and for the officer's page on a phone, which has nothing of the desk.
// Fails when one is over budget.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** The most the views may load, in KiB of gzip. */
const BUDGET = 850;
const CIRCLE_BUDGET = 1100;
const COMPARE_BUDGET = 900;
const WORKSHOP_BUDGET = 2150;
const PATROL_BUDGET = 700;
const dist = new URL('../dist/', import.meta.url).pathname;
const assets = join(dist, 'assets');

if (!existsSync(assets)) {
  console.error('There is no built page; run "npm run build" first.');
  process.exit(2);
}
const files = readdirSync(assets).filter((name) => /\.(m?js|css|wasm)$/.test(name));
const size = (path) => gzipSync(readFileSync(path), { level: 9 }).length;
const index = readFileSync(join(dist, 'index.html'), 'utf8');

/** What a chunk imports at once, followed to the end. */
function closure(start) {
  const seen = new Set();
  const visit = (name) => {
    if (seen.has(name) || !files.includes(name)) return;
    seen.add(name);
    if (!/js$/.test(name)) return;
    const source = readFileSync(join(assets, name), 'utf8');
    for (const match of source.matchAll(/(?:from|import)\s*["']\.\/([^"']+)["']/g)) visit(match[1]);
  };
  for (const name of start) visit(name);
  return seen;
}

/** What a chunk loads when it is needed. */
const later = (name) =>
  [...readFileSync(join(assets, name), 'utf8').matchAll(/import\(\s*[`"']\.\/([^`"']+)[`"']\s*\)/g)].map(
    (match) => match[1],
  );

const entryOf = (html) => [...html.matchAll(/assets\/([^"']+)/g)].map((match) => match[1]);
const entry = entryOf(index);
const patrol = entryOf(readFileSync(join(dist, 'patrol.html'), 'utf8'));
const named = (pattern) => files.filter((name) => pattern.test(name));
// The worker of the map lies in the scope of the officer's service worker (vite.config.ts).
const workers = readdirSync(join(dist, 'patrol')).filter((name) => /maplibre.*worker.*js$/.test(name));
if (workers.length !== 1) throw new Error(`the map has ${workers.length} workers`);
// The engine of the workshop and the worker that runs it.
const engine = named(/^(engine-.*wasm|worker-.*js)$/);
const circle = named(/^circle-.*js$/);
const compare = named(/^compare-.*js$/);
const workshop = named(/^workshop-.*js$/);
// Of the two languages a visit loads one: the larger is counted.
const words = named(/^(zh|en)-.*js$/)
  .sort((a, b) => size(join(assets, b)) - size(join(assets, a)))
  .slice(0, 1);
const views = {
  'first view': [BUDGET, closure([...entry, ...words, ...named(/^(home|map-view|maplibre)/)])],
  'service circle': [
    CIRCLE_BUDGET,
    closure([...entry, ...words, ...named(/^circle-/), ...circle.flatMap(later)]),
  ],
  comparison: [
    COMPARE_BUDGET,
    closure([...entry, ...words, ...named(/^compare-/), ...compare.flatMap(later)]),
  ],
  workshop: [
    WORKSHOP_BUDGET,
    new Set([
      ...closure([...entry, ...words, ...named(/^workshop-/), ...workshop.flatMap(later)]),
      ...engine,
    ]),
  ],
  patrol: [
    PATROL_BUDGET,
    closure([
      ...patrol,
      ...words,
      ...[...closure(patrol)]
        .filter((name) => /js$/.test(name) && !words.includes(name))
        .flatMap(later)
        .filter((name) => !/^(zh|en)-/.test(name)),
    ]),
  ],
};

const always = size(join(dist, 'index.html')) + size(join(dist, 'boot.js')) + size(join(dist, 'boot.css'));
const kib = (bytes) => `${(bytes / 1024).toFixed(1).padStart(8)} KiB`;
const sizes = new Map([
  ...files.map((name) => [name, size(join(assets, name))]),
  ...workers.map((name) => [name, size(join(dist, 'patrol', name))]),
]);
let over = false;
for (const [view, [budget, loaded]] of Object.entries(views)) {
  const rows = [...new Set([...loaded, ...workers])].map((name) => [name, sizes.get(name)]);
  for (const [name, bytes] of rows.sort((a, b) => b[1] - a[1])) console.log(`${kib(bytes)}  ${name}`);
  const total = rows.reduce((sum, [, bytes]) => sum + bytes, always);
  console.log(`${kib(total)}  ${view}, of ${budget} allowed\n`);
  if (total / 1024 > budget) {
    console.error(`The ${view} is ${(total / 1024 - budget).toFixed(1)} KiB over its budget.`);
    over = true;
  }
}
const desk = [...views.patrol[1]].filter((name) =>
  /\bantd\b|ant-btn/.test(readFileSync(join(assets, name), 'utf8')),
);
if (desk.length > 0) {
  console.error(`The officer's page loads the kit of the desk: ${desk.join(', ')}`);
  over = true;
}
console.log(`${kib([...sizes.values()].reduce((sum, bytes) => sum + bytes, 0))}  everything there is`);
if (over) process.exit(1);
