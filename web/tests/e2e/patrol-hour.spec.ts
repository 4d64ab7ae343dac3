// An hour of duty without a network: what the officer did arrives once, although answers are
// lost, and the power of the server goes in the middle of it.
import { type APIRequestContext, expect, type Page, request as requests, test } from '@playwright/test';
import {
  delivered,
  emulate,
  type Incident,
  kept,
  type Listed,
  type Place,
  report,
  type Step,
  screen,
  setClock,
  signIn,
  walk,
} from './officer';
import { NOBODY } from './roles';
import { Service } from './service';
import { read } from './walk';

test.skip(({ isMobile }) => !isMobile, 'the officer has a phone');
test.use({ storageState: NOBODY, permissions: ['geolocation'] });

const FIXES = 720;
const EVERY = 5_000; // milliseconds between two of them
const BEGAN = 62 * 60_000; // how long ago the shift began when there is a network again

type Unit = { code: string; label: [number, number] };
type Duty = { post: number; kind: string; unit: string };
type Photo = { id: string; place: [number, number] | null; arrived_at?: string | null };
type Shift = { id: string; fixes: number; upto: number; started_at: string; ended_at: string | null };
type Visit = { household: number; cadence: string; outcome: string; own: boolean };
type Ring = [number, number][];

/** api is the API as an account of the demo town. */
async function api(service: Service, login: string): Promise<APIRequestContext> {
  const context = await requests.newContext({
    baseURL: service.address,
    extraHTTPHeaders: { origin: service.address },
  });
  const answer = await context.post('/api/v1/session', {
    data: { login, password: service.passwordOf(login) },
  });
  expect(answer.status()).toBe(200);
  return context;
}

/** path is so many places along a line and back again, a few metres beside it. */
function path(line: readonly [number, number][], count: number): Place[] {
  const there = [...line, ...line.slice(0, -1).reverse()];
  const step = 5.5; // metres in five seconds, of somebody who looks around
  const metres = (a: readonly number[], b: readonly number[]) =>
    Math.hypot(((b[0] ?? 0) - (a[0] ?? 0)) * 95_100, ((b[1] ?? 0) - (a[1] ?? 0)) * 110_900); // at 31° N
  const places: Place[] = [];
  let left = 0;
  for (let n = 0; places.length < count; n = (n + 1) % (there.length - 1)) {
    const from = there[n] as [number, number];
    const to = there[n + 1] as [number, number];
    const long = metres(from, to);
    for (; left < long && places.length < count; left += step) {
      const beside = 4 * Math.sin(places.length * 12.9898); // metres
      places.push({
        lon: from[0] + ((to[0] - from[0]) * left) / long + beside / 95_100,
        lat: from[1] + ((to[1] - from[1]) * left) / long - beside / 110_900,
      });
    }
    left -= long;
  }
  return places;
}

/** isInside tells whether a place lies within the outer rings of a boundary. */
function isInside([x, y]: [number, number], rings: Ring[]): boolean {
  return rings.some((ring) => {
    let inside = false;
    for (let n = 0, m = ring.length - 1; n < ring.length; m = n++) {
      const [ax, ay] = ring[n] ?? [0, 0];
      const [bx, by] = ring[m] ?? [0, 0];
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
    }
    return inside;
  });
}

async function boundaryOf(worker: APIRequestContext, code: string): Promise<Ring[]> {
  const { geometry } = await read<{ geometry: { type: string; coordinates: Ring[] | Ring[][] } }>(
    worker,
    `/units/${code}/boundary`,
  );
  const parts = (geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates) as Ring[][];
  return parts.flatMap((rings) => rings.slice(0, 1));
}

/** visit logs that somebody was met at the first household that is due and not logged yet. */
async function visit(page: Page) {
  await screen(page, '任务');
  const group = page.locator('details').filter({ hasText: '到期走访' });
  if (!(await group.evaluate((it) => (it as HTMLDetailsElement).open)))
    await group.locator('summary').click();
  const logged = await group.getByText('已记录：见到').count();
  await group.getByRole('button', { name: '见到' }).first().click();
  await expect(group.getByText('已记录：见到')).toHaveCount(logged + 1);
  await screen(page, '地图');
}

test('an hour of duty without a network is kept once, also when the power goes', async ({ browser }) => {
  test.setTimeout(600_000);
  const service = new Service();
  await service.start();
  const context = await browser.newContext({
    baseURL: service.address,
    viewport: { width: 390, height: 844 },
    isMobile: true,
    hasTouch: true,
    locale: 'zh-CN',
    timezoneId: 'Asia/Shanghai',
    reducedMotion: 'reduce',
  });
  try {
    let worker = await api(service, 'demo-worker');
    const { posts } = await read<{ posts: { unit: string }[] }>(worker, '/session');
    const home = posts[0]?.unit ?? '';
    const { items: below } = await read<Listed<Unit>>(worker, `/units?parent=${home}&limit=20`);
    const [first, second, third] = below as [Unit, Unit, Unit];
    const suggested = await worker.post('/api/v1/beats/suggestion', {
      data: { unit: home, from: first.label, minutes: 60 },
    });
    expect(suggested.status()).toBe(200);
    const way = path(((await suggested.json()) as { line: [number, number][] }).line, FIXES);
    const began = Date.now() - BEGAN;
    const steps: Step[] = way.map((place, n) => ({ ...place, ms: began + (n + 1) * EVERY }));
    const reported: [Unit, number][] = [
      [first, 180],
      [second, 400],
      [third, 640],
    ];
    for (const [{ label }, at] of reported)
      Object.assign(steps[at - 1] ?? {}, { lon: label[0], lat: label[1] });
    const mine = `一小时 ${began}`;

    const page = await context.newPage();
    await emulate(page, { lon: first.label[0], lat: first.label[1] });
    await signIn(page, service.passwordOf('demo-worker'));

    await test.step('everything that is needed is on the phone', async () => {
      await screen(page, '我的');
      await page.getByRole('button', { name: '我已阅读，同意记录', exact: true }).click();
      await expect(page.getByText('你已同意上岗时记录轨迹。')).toBeVisible();
      await expect(page.getByText('没有网络也能打开本页')).toBeVisible();
      await screen(page, '任务');
      await expect(page.locator('summary').filter({ hasText: '到期走访' })).not.toContainText(/^到期走访0$/);
    });

    await test.step('an hour without a network: 720 fixes, three reports, two visits', async () => {
      await context.setOffline(true);
      await setClock(page, began);
      await page.reload();
      await screen(page, '地图');
      await page.getByRole('button', { name: '步行' }).click();
      await walk(page, steps.slice(0, 180));
      await report(page, asPlace(first), `${mine} 一`, 3);
      await walk(page, steps.slice(180, 260));
      await visit(page);
      await page.reload();
      await expect(page.getByText('正在记录轨迹')).toBeVisible();
      await walk(page, steps.slice(260, 400));
      await report(page, asPlace(second), `${mine} 二`, 12);
      await page.reload();
      await expect(page.getByText('正在记录轨迹')).toBeVisible();
      await walk(page, steps.slice(400, 520));
      await visit(page);
      await walk(page, steps.slice(520, 640));
      await report(page, asPlace(third), `${mine} 三`, 20);
      await walk(page, steps.slice(640));
      await expect(page.locator('.patrol-duty .figures')).toContainText(`${FIXES} 个轨迹点`);
      await page.getByRole('button', { name: '结束巡查' }).click();
      await page.getByRole('button', { name: '再按一次结束' }).click();
      await expect(page.getByRole('button', { name: '步行' })).toBeVisible();
      await page.reload();
      await screen(page, '待发');
      await expect(page.locator('.patrol-item-queued').first()).toBeVisible();
    });

    const bodies: string[] = [];
    await test.step('the server hears of it, the phone does not, and then the power goes', async () => {
      let killed = false;
      await page.route('**/api/v1/deliveries', async (route) => {
        bodies.push(route.request().postData() ?? '');
        await route.fetch().catch(() => {}); // it is stored, and the answer is lost
        await route.abort().catch(() => {});
        killed = true;
      });
      await setClock(page, null);
      await context.setOffline(false);
      await page.evaluate(() => window.dispatchEvent(new Event('online')));
      await expect.poll(() => killed).toBe(true);
      await page.unroute('**/api/v1/deliveries');
      // The next delivery and the first pieces of photos run into a server that dies.
      let pieces = 0;
      await page.route('**/api/v1/photos/*', async (route) => {
        if (route.request().method() === 'PUT' && ++pieces === 2) await service.kill();
        await route.continue().catch(() => {});
      });
      await expect(async () => {
        await page.evaluate(() => window.dispatchEvent(new Event('online')));
        expect(pieces).toBeGreaterThan(1);
      }).toPass({ timeout: 60_000 });
      await page.unroute('**/api/v1/photos/*');
      await expect(page.locator('.patrol-photo-line').first()).toBeVisible();
    });

    await test.step('it comes back; the sign-in has ended, the outbox has not', async () => {
      await service.start();
      await page.reload();
      await expect(page.getByText(/登录已结束，本机还有 \d+ 项未发送/)).toBeVisible();
      await screen(page, '我的');
      await page.getByLabel('密码').fill(service.passwordOf('demo-worker'));
      await page.getByRole('button', { name: '登录', exact: true }).click();
      const lost = { photos: 1 };
      await page.route('**/api/v1/photos/*', async (route) => {
        if (route.request().method() !== 'PUT') return route.continue();
        const response = await route.fetch();
        if (lost.photos-- > 0) await route.abort();
        else await route.fulfill({ response });
      });
      page.on('request', (request) => {
        if (request.url().endsWith('/api/v1/deliveries')) bodies.push(request.postData() ?? '');
      });
      await delivered(page);
    });

    worker = await api(service, 'demo-worker');
    const dispatcher = await api(service, 'demo-dispatcher');

    const holds = async () => {
      const { items: shifts } = await read<Listed<Shift>>(worker, '/shifts?limit=10');
      expect(shifts.length).toBe(1);
      const shift = shifts[0] as Shift;
      expect(shift.fixes).toBe(FIXES);
      expect(shift.ended_at).not.toBeNull();
      type Fix = { seq: number; place: [number, number]; at: string; mark: string };
      const { items: track } = await read<Listed<Fix>>(worker, `/shifts/${shift.id}/track?limit=10000`);
      expect(track.map(({ seq }) => seq)).toEqual(steps.map((_, n) => n + 1));
      expect(track.filter(({ mark }) => mark !== '')).toEqual([]);
      for (const [n, { lon, lat, ms }] of steps.entries()) {
        expect(track[n]?.place[0]).toBeCloseTo(lon, 6);
        expect(track[n]?.place[1]).toBeCloseTo(lat, 6);
        expect(Math.abs(Date.parse(track[n]?.at ?? '') - ms)).toBeLessThan(2_000); // the clock's skew
      }

      const incidents = await kept(dispatcher, mine);
      expect(incidents.map(({ text }) => text).sort()).toEqual([`${mine} 一`, `${mine} 三`, `${mine} 二`]);
      for (const incident of incidents) await check(worker, dispatcher, incident, below);

      const { items: visits } = await read<Listed<Visit>>(worker, '/visits?own=true&limit=50');
      expect(visits.map(({ outcome }) => outcome)).toEqual(['met', 'met']);
      expect(new Set(visits.map(({ household }) => household)).size).toBe(2);
    };

    await test.step('the server holds each of it once, at its place and with its post', holds);

    await test.step('twice and shuffled changes nothing', async () => {
      type Delivery = { items: { id: string }[] };
      const deliveries = bodies.map((body) => JSON.parse(body) as Delivery);
      const shuffled = [...deliveries, ...deliveries].reverse();
      for (const delivery of shuffled) {
        const data = { ...delivery, items: [...delivery.items].reverse() };
        const answer = await worker.post('/api/v1/deliveries', { data });
        const { items } = (await answer.json()) as Listed<{ state: string }>;
        expect(items.map(({ state }) => state)).toEqual(items.map(() => 'known'));
      }
      await holds();
    });

    await test.step('what was seen is counted', async () => {
      const today = new Date(Date.now() + 8 * 3_600_000);
      const day = (ago: number) => new Date(today.getTime() - ago * 86_400_000).toISOString().slice(0, 10);
      type Coverage = { streets: { seen: number } };
      const planner = await api(service, 'demo-analyst');
      await expect(async () => {
        const coverage = await read<Coverage>(
          planner,
          `/patrols/coverage?unit=${home}&from=${day(6)}&to=${day(0)}`,
        );
        expect(coverage.streets.seen).toBeGreaterThan(100);
      }).toPass({ timeout: 120_000 });
    });
  } finally {
    await context.close();
    await service.stop();
  }
});

const asPlace = ({ label: [lon, lat] }: Unit): Place => ({ lon, lat });

/** check: an incident lies in the unit whose border is around it, its post answers for that, and its photo tells nothing of the phone. */
async function check(
  worker: APIRequestContext,
  dispatcher: APIRequestContext,
  incident: Incident,
  units: Unit[],
) {
  const around: string[] = [];
  for (const { code } of units) {
    if (isInside(incident.point, await boundaryOf(worker, code))) around.push(code);
  }
  expect(around).toEqual([incident.unit]);
  const { duty, basis } = await read<{ duty: Duty; basis: string }>(
    dispatcher,
    `/incidents/${incident.id}/responsible`,
  );
  const expected = await read<{ post: number }>(worker, `/units/${incident.unit}/duty`);
  expect(basis).toBe('grid');
  expect(duty.post).toBe(expected.post);
  expect(incident.unit.startsWith(duty.unit)).toBe(true);

  const { items: photos } = await read<Listed<Photo>>(dispatcher, `/incidents/${incident.id}/photos`);
  expect(photos.length).toBe(1);
  const [photo] = photos as [Photo];
  expect(photo.arrived_at).toBeTruthy();
  expect(photo.place?.[0]).toBeCloseTo(incident.point[0], 3); // its EXIF was read
  const image = await dispatcher.get(`/api/v1/photos/${photo.id}/image`);
  expect(image.status()).toBe(200);
  const bytes = (await image.body()).toString('latin1');
  expect(bytes.startsWith('\xff\xd8')).toBe(true);
  expect(bytes).not.toContain('Exif');
  expect(bytes).not.toContain('SecretCamera');
}
