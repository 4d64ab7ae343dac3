// The map that the officer's phone keeps: its download may be interrupted, and goes
// on; another version is offered.
import type { APIRequestContext, Page } from '@playwright/test';
import { as, emulate, homeOf, screen, signIn } from './officer';
import { NOBODY } from './roles';
import { expect, isPhone, read, test } from './walk';

type Pack = { name: string; version: string; bytes: number };

test.use({ storageState: NOBODY, permissions: ['geolocation'] });
test.beforeEach(({ page, complaints }) => {
  test.skip(!isPhone(page), 'an officer has a phone');
  complaints.allow(/Failed to load resource|console error: \w{1,3}$/); // without a network
});

/** What is fetched at once. */
const PIECE = 512 * 1024;

type Windowed = { wangge?: { map: { queryRenderedFeatures(): { source: string }[] } } };

const section = (page: Page, name: string) => page.locator('section').filter({ hasText: name });

/** put changes what stands on the map. */
async function put(admin: APIRequestContext, settings: object) {
  expect((await admin.put('/api/v1/settings', { data: settings })).status()).toBe(200);
}

/** held are the versions of the map in use and of the pieces on the phone. */
const held = (page: Page) =>
  page.evaluate(async () => {
    const ask = <T>(request: IDBRequest<T>) =>
      new Promise<T>((done, failed) => {
        request.onsuccess = () => done(request.result);
        request.onerror = () => failed(request.error);
      });
    const name = (await indexedDB.databases()).find((one) => one.name?.startsWith('wangge.pack.'))?.name;
    const db = await ask(indexedDB.open(name ?? ''));
    const kept: { version: string } = await ask(db.transaction('pack').objectStore('pack').get('kept'));
    const pieces = await ask(db.transaction('piece').objectStore('piece').getAllKeys());
    db.close();
    return {
      kept: kept.version,
      pieces: [...new Set(pieces.map((key) => String((key as IDBValidKey[])[0])))],
    };
  });

test('a map whose download is interrupted goes on where it stopped', async ({ page, baseURL }) => {
  const worker = await as('worker', baseURL);
  const home = await homeOf(worker);
  const offer = await read<Pack>(worker, `/packs/${home.unit}`);
  const pieces = Math.ceil(offer.bytes / PIECE);
  await emulate(page, home);
  await signIn(page);
  await screen(page, '我的');
  const map = section(page, '本机地图');
  const get = map.getByRole('button', { name: /^下载地图/ });
  await expect(get).toContainText(/\d (KB|MB|kB)/);

  await test.step('the network dies at the last piece', async () => {
    let asked = 0;
    await page.route('**/api/v1/packs/*/file', (route) =>
      ++asked === pieces ? route.abort() : route.continue(),
    );
    await get.click();
    await expect(map.getByRole('alert')).toBeVisible();
    await expect(get).toBeEnabled();
    await expect(map).not.toContainText('已存在本机');
    await page.unroute('**/api/v1/packs/*/file');
  });

  await test.step('after a reload only what is missing is fetched', async () => {
    const ranges: string[] = [];
    await page.route('**/api/v1/packs/*/file', async (route) => {
      ranges.push((await route.request().headerValue('range')) ?? '');
      await route.continue();
    });
    await page.reload();
    await screen(page, '我的');
    await expect(map).toContainText('已存在本机');
    expect(ranges).toEqual([`bytes=${(pieces - 1) * PIECE}-${offer.bytes - 1}`]);
    await expect(map.getByRole('button', { name: /^下载地图/ })).toHaveCount(0);
  });
});

test('a map that changed is offered and taken, and the old one serves until then', async ({
  page,
  context,
  baseURL,
}) => {
  const [worker, admin] = await Promise.all([as('worker', baseURL), as('administrator', baseURL)]);
  const home = await homeOf(worker);
  const asked = () => read<Pack>(worker, `/packs/${home.unit}`);
  const settings = await read<object>(admin, '/settings');
  const number = `走查S(${Date.now()})号`;
  const onTheMap = page.getByText(number);
  const map = section(page, '本机地图');
  const update = page.getByRole('button', { name: /^更新地图/ });
  const streets = () =>
    page.evaluate(() => {
      const drawn = (window as unknown as Windowed).wangge?.map;
      return drawn?.queryRenderedFeatures().filter(({ source }) => source === 'pack').length ?? 0;
    });
  await emulate(page, home);
  await signIn(page);
  const first = await asked();
  await screen(page, '我的');
  await map.getByRole('button', { name: /^下载地图/ }).click();
  await expect(map).toContainText(`${first.name} 的地图已存在本机`);
  await expect(update).toHaveCount(0);

  try {
    await test.step('the map changes at the server, and the phone says so on its first screen', async () => {
      await put(admin, { ...settings, review_number: number });
      await expect.poll(() => asked().then(({ version }) => version)).not.toBe(first.version);
      await page.evaluate(() => window.dispatchEvent(new Event('online')));
      await expect(map).toContainText('地图有新版本（绘制于');
      await expect(map).toContainText('已存在本机');
      await screen(page, '地图');
      await expect(update).toBeInViewport({ ratio: 1 });
      await expect(update).toContainText(/\d (KB|MB|kB)/);
    });

    const second = await asked();
    const pieces = Math.ceil(second.bytes / PIECE);
    const ranges: (string | null)[] = [];
    await test.step('the update is interrupted: the old map still opens without a network', async () => {
      let pressed = 0;
      await page.route('**/api/v1/packs/*/file', (route) =>
        ++pressed === pieces ? route.abort() : route.continue(),
      );
      await update.click();
      await expect(page.locator('.patrol-notices').getByRole('alert')).toBeVisible();
      expect((await held(page)).kept).toBe(first.version);
      await context.setOffline(true);
      await page.reload();
      await expect.poll(streets).toBeGreaterThan(3);
      await expect(onTheMap).toHaveCount(0);
      await screen(page, '我的');
      await expect(map).toContainText('已存在本机');
      await page.unroute('**/api/v1/packs/*/file');
    });

    await test.step('with signal it goes on where it stopped, and the new one is in use', async () => {
      await page.route('**/api/v1/packs/*/file', async (route) => {
        ranges.push(await route.request().headerValue('range'));
        await route.continue();
      });
      await context.setOffline(false);
      await page.evaluate(() => window.dispatchEvent(new Event('online')));
      await expect.poll(() => held(page)).toEqual({ kept: second.version, pieces: [second.version] });
      expect(ranges).toEqual([`bytes=${(pieces - 1) * PIECE}-${second.bytes - 1}`]);
      await expect(update).toHaveCount(0);
      await context.setOffline(true);
      await page.reload();
      await expect.poll(streets).toBeGreaterThan(3);
      await expect(onTheMap).toBeVisible(); // it is in the file
    });
  } finally {
    await context.setOffline(false);
    await put(admin, settings);
  }
});
