// A new version of the officer's page comes while reports wait on the phone: it is offered in
// plain sight, taken when the officer wants it, and takes nothing away.
import type { Page } from '@playwright/test';
import { Builds } from './builds';
import { as, delivered, emulate, homeOf, kept, report, screen, signIn } from './officer';
import { NOBODY } from './roles';
import { expect, test } from './walk';

test.use({ storageState: NOBODY, permissions: ['geolocation'] });
test.skip(({ isMobile }) => !isMobile, 'an officer has a phone');

const section = (page: Page, name: string) => page.locator('section').filter({ hasText: name });
const take = (page: Page) => page.getByRole('button', { name: '使用新版本' });

/** The builds of the page that the phone keeps, oldest first. */
const builds = (page: Page) =>
  page.evaluate(async () => (await caches.keys()).filter((name) => name.startsWith('wangge.patrol.shell.')));

/** The build that waits: the newest, once nothing is being kept any more. */
const waiting = (page: Page) =>
  page.evaluate(async () => {
    const registration = await navigator.serviceWorker.getRegistration('/patrol');
    const newest = (await caches.keys()).filter((name) => name.startsWith('wangge.patrol.shell.')).at(-1);
    return registration?.waiting && !registration.installing ? newest : '';
  });

test('a new version waits for the officer, and takes nothing away', async ({ browser, baseURL }) => {
  const service = new Builds(baseURL ?? '');
  const home = await homeOf(await as('worker', baseURL));
  const context = await browser.newContext({
    ...test.info().project.use,
    baseURL: await service.open(),
    storageState: NOBODY,
    permissions: ['geolocation'],
  });
  const page = await context.newPage();
  const build = page.locator('meta[name=build]');
  const mine = `换版 ${Date.now()}`;
  const dispatcher = await as('dispatcher', baseURL);
  const holds = async () => {
    await screen(page, '待发');
    await expect(page.getByText(mine)).toBeVisible();
    await screen(page, '地图');
  };
  try {
    await test.step('the first version is kept, and a report waits in it', async () => {
      await emulate(page, home);
      await signIn(page);
      await screen(page, '我的');
      await expect(section(page, '离线打开')).toContainText('没有网络也能打开本页');
      await context.route('**/api/v1/deliveries', (route) => route.abort());
      await screen(page, '地图');
      await report(page, home, mine);
      await holds();
      await expect(take(page)).toHaveCount(0);
    });

    await test.step('a second is published: it is offered, and a reload still has the first', async () => {
      service.publish();
      await page.evaluate(() => window.dispatchEvent(new Event('online'))); // or within the hour
      await expect(take(page)).toBeInViewport({ ratio: 1 });
      await screen(page, '我的');
      await expect(section(page, '离线打开').getByRole('button', { name: '使用新版本' })).toBeInViewport({
        ratio: 1,
      });
      await page.reload();
      await expect(take(page)).toBeInViewport({ ratio: 1 });
      await expect(build).toHaveCount(0);
      await holds();
    });

    const other = await test.step('a third takes the place of the second, which nobody used', async () => {
      const open = await context.newPage(); // another page of the first version
      await open.goto('/patrol?lang=zh');
      await expect(take(open)).toBeVisible();
      expect((await builds(page)).length).toBe(2);
      service.publish();
      await page.evaluate(() => window.dispatchEvent(new Event('online')));
      await expect.poll(() => waiting(page)).toMatch(/-3$/);
      await expect(take(page)).toBeVisible();
      return open;
    });

    await test.step('the officer takes it, and nothing is lost', async () => {
      await take(page).click();
      await expect(build).toHaveAttribute('content', '3');
      await holds();
      await context.setOffline(true);
      await page.reload();
      await expect(build).toHaveAttribute('content', '3'); // it is the one that is kept
      await holds();
      await expect(take(page)).toHaveCount(0);
    });

    await test.step('a page of the first, still open, has its files', async () => {
      const left = await builds(page);
      expect(left.map((name) => /-(\d)$/.exec(name)?.[1] ?? '1')).toEqual(['1', '3']);
      await screen(other, '待发');
      await expect(other.getByText(mine)).toBeVisible();
      await expect(other.locator('meta[name=build]')).toHaveCount(0);
      const files = await other.evaluate(async () => {
        const [first] = (await caches.keys()).filter((name) => name.startsWith('wangge.patrol.shell.'));
        const requests = await (await caches.open(first ?? '')).keys();
        const assets = requests.map(({ url }) => url).filter((url) => url.includes('/assets/'));
        return Promise.all(
          assets.map((url) => fetch(url, { cache: 'no-store' }).then(({ status }) => status)),
        );
      });
      expect(files.length).toBeGreaterThan(4);
      expect(new Set(files)).toEqual(new Set([200]));
    });

    await test.step('and the report goes out once', async () => {
      expect((await kept(dispatcher, mine)).length).toBe(0);
      await context.setOffline(false);
      await context.unroute('**/api/v1/deliveries');
      await delivered(page);
      expect((await kept(dispatcher, mine)).length).toBe(1);
      await page.reload();
      await delivered(page);
      expect((await kept(dispatcher, mine)).length).toBe(1);
    });
  } finally {
    await context.close();
    service.close();
  }
});
