// The map that the officer's phone keeps: its download may be interrupted, and goes on; of a
// newer one the phone is told, and the old one stays until all of it is there.
import type { Page } from '@playwright/test';
import { as, emulate, homeOf, screen, signIn } from './officer';
import { NOBODY } from './roles';
import { expect, isPhone, read, test } from './walk';

type Pack = { version: string; bytes: number; name: string };
type Settings = { attribution: string; review_number: string };

test.use({ storageState: NOBODY, permissions: ['geolocation'] });
test.beforeEach(({ page, complaints }) => {
  test.skip(!isPhone(page), 'an officer has a phone');
  complaints.allow(/Failed to load resource|console error: \w{1,3}$/); // without a network
});

const section = (page: Page, name: string) => page.locator('section').filter({ hasText: name });

test('a map whose download is interrupted goes on where it stopped', async ({ page, baseURL }) => {
  const worker = await as('worker', baseURL);
  const home = await homeOf(worker);
  const offer = await read<Pack>(worker, `/packs/${home.unit}`);
  const pieces = Math.ceil(offer.bytes / (512 * 1024));
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
    expect(ranges).toEqual([`bytes=${(pieces - 1) * 512 * 1024}-${offer.bytes - 1}`]);
    await expect(map.getByRole('button', { name: /^下载地图/ })).toHaveCount(0);
  });
});

test('a newer map is offered, and the old one stays until it is there', async ({
  page,
  context,
  baseURL,
}) => {
  const [worker, admin] = [await as('worker', baseURL), await as('administrator', baseURL)];
  const home = await homeOf(worker);
  const settings = await read<Settings>(admin, '/settings');
  const put = async (data: Settings) =>
    expect((await admin.put('/api/v1/settings', { data })).ok()).toBe(true);
  const offered = () => read<Pack>(worker, `/packs/${home.unit}`);
  const before = await offered();
  await emulate(page, home);
  await signIn(page);
  await screen(page, '我的');
  const map = section(page, '本机地图');
  await map.getByRole('button', { name: /^下载地图/ }).click();
  await expect(map).toContainText(`${before.name} 的地图已存在本机`);
  const signal = () => page.evaluate(() => window.dispatchEvent(new Event('online')));
  const update = map.getByRole('button', { name: /^更新地图/ });
  const number = `浙S(2026)${Date.now() % 1e6}号`;
  try {
    await put({ ...settings, review_number: number });
    await expect.poll(async () => (await offered()).version).not.toBe(before.version);

    await test.step('the phone is told of it', async () => {
      await expect(async () => {
        await signal();
        await expect(update).toBeVisible({ timeout: 1000 });
      }).toPass();
      await expect(map).toContainText('地图有新版本');
    });

    await test.step('an update that breaks off leaves the old map as it is', async () => {
      await page.route('**/api/v1/packs/*/file', (route) => route.abort());
      await update.click();
      await expect(map.getByRole('alert')).toBeVisible();
      await expect(map).toContainText('的地图已存在本机');
      await page.unroute('**/api/v1/packs/*/file');
      await context.setOffline(true);
      await page.reload();
      await expect(page.locator('.patrol-map')).toBeVisible();
      await expect(page.locator('.patrol')).not.toContainText(number);
      await screen(page, '我的');
      await expect(map).toContainText('的地图已存在本机');
      await context.setOffline(false);
    });

    await test.step('with signal it goes on by itself, and the new map stands without any', async () => {
      const came = page.waitForResponse('**/api/v1/packs/*/file');
      await signal();
      await came;
      await expect(map).toHaveAttribute('aria-busy', 'false');
      await expect(map).not.toContainText('地图有新版本');
      await expect(update).toHaveCount(0);
      await context.setOffline(true);
      await page.reload();
      await expect(page.locator('.patrol')).toContainText(number);
    });
  } finally {
    await context.setOffline(false);
    await put(settings);
  }
});
