// Measures what an officer's phone asks of the server while it lies still on duty: requests
// and bytes, headers included, each way, by minute. The page is the real one, at a running
// service with the demo town; its clock is moved on minute by minute, and each minute waits
// until all is answered.
//
//	WANGGE=http://localhost:8080 WANGGE_UP=printed.txt node tests/bench/phone.mjs [minutes]
import { existsSync, readFileSync } from 'node:fs';
import { chromium, devices } from '@playwright/test';

const MINUTES = Number(process.argv[2] ?? 30);
const base = process.env.WANGGE ?? 'http://localhost:8080';
const password = /demo-worker +(\S+)/.exec(readFileSync(process.env.WANGGE_UP ?? '', 'utf8'))?.[1] ?? '';
const browser = await chromium.launch({
  executablePath: [process.env.CHROMIUM, '/usr/bin/chromium'].find((path) => path && existsSync(path)),
  args: ['--no-sandbox', '--disable-quic', '--no-first-run'],
});
const context = await browser.newContext({
  ...devices['Pixel 7'],
  permissions: ['geolocation'],
  locale: 'zh-CN',
});
const page = await context.newPage();
await page.clock.install();

const asked = [];
let under = 0;
page.on('request', () => under++);
page.on('requestfailed', () => under--);
page.on('requestfinished', async (request) => {
  const response = await request.response();
  const sizes = await request.sizes();
  const { pathname } = new URL(request.url());
  if (pathname.startsWith('/api/'))
    asked.push({
      what: `${request.method()} ${pathname}`,
      status: response?.status() ?? 0,
      up: sizes.requestHeadersSize + sizes.requestBodySize,
      down: sizes.responseHeadersSize + sizes.responseBodySize,
    });
  under--;
});

async function still() {
  for (let quiet = 0; quiet < 5; quiet = under === 0 ? quiet + 1 : 0)
    await new Promise((done) => setTimeout(done, 100));
}

await page.goto(`${base}/patrol?lang=zh`);
await page.getByLabel('登录名').fill('demo-worker');
await page.getByLabel('密码').fill(password);
await page.getByRole('button', { name: '登录', exact: true }).click();
await page.getByRole('navigation', { name: '各屏' }).waitFor();
const { bounds } = (await (await context.request.get(`${base}/api/v1/status`)).json()).town;
await context.setGeolocation({
  longitude: (bounds[0] + bounds[2]) / 2,
  latitude: (bounds[1] + bounds[3]) / 2,
  accuracy: 8,
});
const go = (name) => page.getByRole('navigation', { name: '各屏' }).getByRole('button', { name }).click();
await go('我的');
const give = page.getByRole('button', { name: '我已阅读，同意记录', exact: true });
const withdraw = page.getByRole('button', { name: '撤回同意', exact: true });
await give.or(withdraw).waitFor();
if (await give.isVisible()) await give.click();
await withdraw.waitFor();
await go('地图');
await page.getByRole('button', { name: '步行' }).click();
await page.getByText(/正在记录轨迹|收不到位置/).waitFor();
await still();
report('the start, until the shift was begun', 1);

for (let minute = 0; minute < MINUTES; minute++) {
  await page.clock.runFor(60_000);
  await still();
}
report(`${MINUTES} minutes, by minute`, MINUTES);
await page.getByRole('button', { name: '结束巡查' }).click();
await page.getByRole('button', { name: '再按一次结束' }).click();
await page.getByRole('button', { name: '步行' }).waitFor();
await page.clock.runFor(60_000);
await still();
await browser.close();

/** report prints what was asked since the last one. */
function report(title, minutes) {
  const rows = new Map();
  for (const one of asked.splice(0)) {
    for (const name of ['all', one.what]) {
      const row = rows.get(name) ?? { requests: 0, known: 0, up: 0, down: 0 };
      row.requests += 1 / minutes;
      row.known += (one.status === 304 ? 1 : 0) / minutes;
      row.up += one.up / minutes;
      row.down += one.down / minutes;
      rows.set(name, row);
    }
  }
  console.log(`\n${title}\n\nrequests     304  bytes up  bytes down`);
  for (const [name, { requests, known, up, down }] of rows) {
    const figures = [requests.toFixed(2), known.toFixed(2), up.toFixed(0), down.toFixed(0)];
    console.log(`${figures.map((text, n) => text.padStart([8, 8, 10, 12][n])).join('')}  ${name}`);
  }
}
