// Counts what the test runners report.
//   tally.mjs follow FILE PID      shows a growing `go test -json` output until PID ends
//   tally.mjs sum FAILED DIR SUITE… the closing line; exit code 1 if anything failed or a suite ran nothing
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';

const [mode, ...args] = process.argv.slice(2);
if (mode === 'follow') await follow(args[0], Number(args[1]));
else sum(Number(args[0]), args[1], args.slice(2));

// One line per package; the output of failed tests, and why others were skipped.
async function follow(file, pid) {
  const fd = openSync(file, 'r');
  const said = new Map();
  const buffer = Buffer.alloc(1 << 20);
  let rest = Buffer.alloc(0);
  for (let ended = false; ; ) {
    const n = readSync(fd, buffer, 0, buffer.length, null);
    if (n === 0) {
      if (ended) break;
      ended = !alive(pid); // read once more after the end
      if (!ended) await new Promise((done) => setTimeout(done, 200));
      continue;
    }
    rest = Buffer.concat([rest, buffer.subarray(0, n)]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      show(rest.subarray(0, end).toString(), said);
      rest = rest.subarray(end + 1);
    }
  }
  closeSync(fd);
}

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function show(line, said) {
  const event = parse(line);
  if (!event) return;
  const name = event.Package ?? event.ImportPath;
  const key = event.Test ? `${name} ${event.Test}` : name;
  if (event.Action === 'output' || event.Action === 'build-output') {
    said.set(key, (said.get(key) ?? '') + event.Output);
    return;
  }
  const text = said.get(key) ?? '';
  if (event.Action === 'build-fail') process.stdout.write(text);
  if (event.Action === 'fail') process.stdout.write(`FAIL ${key} (${event.Elapsed.toFixed(1)} s)\n${words(text)}`);
  if (event.Test && event.Action === 'skip') process.stdout.write(`skip ${key}: ${reason(text)}\n`);
  if (!event.Test && event.Action === 'pass') process.stdout.write(`ok   ${key} (${event.Elapsed.toFixed(1)} s)\n`);
  if (['pass', 'fail', 'skip', 'build-fail'].includes(event.Action)) said.delete(key);
}

function reason(text) {
  const lines = text.split('\n').filter((l) => !/^\s*(===|---)/.test(l));
  return lines.join(' ').replace(/\s+/g, ' ').trim();
}

// words leaves out what the closing line says anyway.
function words(text) {
  return text.split(/(?<=\n)/).filter((l) => !/^(=== |--- |FAIL|PASS|ok )/.test(l)).join('');
}

function parse(line) {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function sum(failed, dir, suites) {
  const counts = { go: go(`${dir}/go.json`), web: vitest(`${dir}/vitest.json`), browser: playwright(dir) };
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const suite of suites) {
    const c = counts[suite];
    if (c.passed + c.failed === 0) {
      console.log(`${suite}: no test ran`);
      failed = 1;
    } else console.log(`${suite}: ${say(c)}`);
    for (const key of Object.keys(total)) total[key] += c[key];
  }
  if (total.failed > 0) failed = 1;
  if (failed && total.failed === 0) total.failed = 1; // a build, vet or a suite as a whole
  console.log(`${failed ? 'failed' : 'ok'}: ${say(total)}`);
  process.exitCode = failed ? 1 : 0;
}

function say(c) {
  return `${c.passed} passed, ${c.failed} failed, ${c.skipped} skipped`;
}

function go(file) {
  const c = { passed: 0, failed: 0, skipped: 0 };
  const key = { pass: 'passed', fail: 'failed', skip: 'skipped' };
  for (const line of existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []) {
    const event = parse(line);
    if (event?.Test && key[event.Action]) c[key[event.Action]]++;
    if (event?.Action === 'build-fail') c.failed++;
  }
  return c;
}

function vitest(file) {
  if (!existsSync(file)) return { passed: 0, failed: 0, skipped: 0 };
  const r = JSON.parse(readFileSync(file, 'utf8'));
  return { passed: r.numPassedTests, failed: r.numFailedTests, skipped: r.numPendingTests + (r.numTodoTests ?? 0) };
}

// Each kind of screen has a file of its own.
function playwright(dir) {
  const c = { passed: 0, failed: 0, skipped: 0 };
  for (const name of readdirSync(dir).filter((name) => /^playwright-.*\.json$/.test(name))) {
    const { stats } = JSON.parse(readFileSync(`${dir}/${name}`, 'utf8'));
    c.passed += stats.expected + stats.flaky;
    c.failed += stats.unexpected;
    c.skipped += stats.skipped;
  }
  return c;
}
