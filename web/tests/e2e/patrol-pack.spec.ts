// The map that the officer's phone keeps: its download may be interrupted, and goes on.
import type { Page } from '@playwright/test';
import { as, emulate, homeOf, screen, signIn } from './officer';
import { NOBODY } from './roles';
import { expect, isPhone, read, test } from './walk';

type Pack = { version: string; bytes: number };

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
