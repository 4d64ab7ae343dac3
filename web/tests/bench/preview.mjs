// Measures the preview of a drag in Chromium: a border point of a generated division is
// moved, tried by the engine, and its answer read, as the worker of the page does it.
// Processor time of the thread that runs the engine, as Chromium counts it.
//
//	npm run bench [edits]
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from '@playwright/test';

const EDITS = Number(process.argv[2] ?? 500);
const SIDES = [45, 100]; // 2,025 and 10,000 units
const engine = join(import.meta.dirname, '../../src/workshop/engine');
const browser = await chromium.launch({
  executablePath: [process.env.CHROMIUM, '/usr/bin/chromium'].find((path) => path && existsSync(path)),
  args: ['--no-sandbox', '--disable-quic', '--no-first-run'],
});
const page = await browser.newPage();
await page.route('http://bench.invalid/**', (route) => {
  const name = new URL(route.request().url()).pathname.slice(1);
  if (name === '')
    return route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>bench</title>' });
  const contentType = name.endsWith('.wasm') ? 'application/wasm' : 'text/javascript';
  return route.fulfill({ contentType, body: readFileSync(join(engine, name)) });
});
await page.goto('http://bench.invalid/');
await page.addScriptTag({ url: '/wasm_exec.js' });
await page.evaluate(begin);
const cdp = await page.context().newCDPSession(page);
await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });

console.log(`${EDITS} edits of each division; milliseconds`);
console.log('units   points   weave   median CPU   p99 CPU   median wall   p99 wall');
for (const side of SIDES) {
  const { units, points, weave } = await page.evaluate(weaveBoard, side);
  const empty = at(await measure(() => page.evaluate(() => 0)), 0.5);
  const walls = [];
  const cpu = await measure(async (index) => walls.push(await page.evaluate(drag, index)));
  const cost = cpu.map((time) => Math.max(0, time - empty)); // what asking costs is not the edit's
  const cells = [weave, at(cost, 0.5), at(cost, 0.99), at(walls, 0.5), at(walls, 0.99)];
  console.log([units, points, ...cells.map((time) => time.toFixed(2))].join('   '));
}
await browser.close();

/** measure is the processor time of each of many turns, in milliseconds. */
async function measure(turn) {
  const out = [];
  for (let index = 0; index < EDITS; index++) {
    const before = await threadTime();
    await turn(index);
    out.push((await threadTime()) - before);
  }
  return out;
}

async function threadTime() {
  const { metrics } = await cdp.send('Performance.getMetrics');
  return 1000 * metrics.find(({ name }) => name === 'ThreadTime').value;
}

function at(list, part) {
  const sorted = list.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
}

/** begin starts the engine in the page. */
async function begin() {
  const go = new globalThis.Go();
  const { instance } = await WebAssembly.instantiateStreaming(fetch('/engine.wasm'), go.importObject);
  void go.run(instance);
}

/** weaveBoard weaves a board of units with crooked borders: 60 points to a unit, 100 m a side. */
function weaveBoard(side) {
  const EDGE = 15; // points on each side of a unit
  const STEP = 0.001;
  /** noise is the same for a border point in every unit that has it. */
  const noise = (x, y) => {
    const value = Math.sin(x * 127.1 + y * 311.7) * 43758.5453;
    return value - Math.floor(value) - 0.5;
  };
  const place = (i, j) => {
    const outer = i === 0 || j === 0 || i === side * EDGE || j === side * EDGE;
    const by = outer ? 0 : 0.3 / EDGE;
    const on = (value) => Math.round(value * 1e7) / 1e7;
    return [
      on(120 + (i / EDGE + by * noise(i, j)) * STEP),
      on(30 + (j / EDGE + by * noise(j + 0.5, i)) * STEP),
    ];
  };
  const ring = (x, y, size) => {
    const out = [];
    const [west, south, east, north] = [x * EDGE, y * EDGE, (x + size) * EDGE, (y + size) * EDGE];
    for (let i = west; i < east; i++) out.push(place(i, south));
    for (let j = south; j < north; j++) out.push(place(east, j));
    for (let i = east; i > west; i--) out.push(place(i, north));
    for (let j = north; j > south; j--) out.push(place(west, j));
    return [[[...out, out[0]]]];
  };
  const units = [];
  for (let x = 0; x < side; x++) {
    for (let y = 0; y < side; y++) units.push({ id: units.length + 1, area: ring(x, y, 1), locked: false });
  }
  globalThis.corner = (index) => {
    const [x, y] = [1 + ((index * 7) % (side - 1)), 1 + ((index * 13) % (side - 1))];
    return place(x * EDGE, y * EDGE);
  };
  const body = JSON.stringify({ rim: ring(0, 0, side), units });
  const start = performance.now();
  const answer = JSON.parse(globalThis.wanggeAsk('weave', body));
  const weave = performance.now() - start;
  if (answer.refused) throw new Error(JSON.stringify(answer.refused));
  return { units: units.length, points: units.length * EDGE * 4, weave };
}

/** drag tries one place of a junction that is dragged: what the page asks at each movement. */
function drag(index) {
  const at = globalThis.corner(Math.floor(index / 5));
  const by = (1 + (index % 5)) * 4e-6;
  const to = [Math.round((at[0] + by) * 1e7) / 1e7, Math.round((at[1] + by / 2) * 1e7) / 1e7];
  const start = performance.now();
  const answer = JSON.parse(globalThis.wanggeAsk('try', JSON.stringify({ kind: 'move_point', at, to })));
  const time = performance.now() - start;
  if (answer.refused || answer.is.length < 3) throw new Error(JSON.stringify(answer));
  return time;
}
