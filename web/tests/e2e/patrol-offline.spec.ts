// The officer's page without a network: one visit with signal, and everything is there.
import AxeBuilder from '@axe-core/playwright';
import { type BrowserContext, expect, type Page, test } from '@playwright/test';
import { screen } from './officer';
import { loginOf, passwordOf } from './roles';

test.skip(({ isMobile }) => !isMobile, 'the officer has a phone');

type Held = {
  queryRenderedFeatures(): { sourceLayer?: string; source: string; properties: { name?: string } }[];
};
type Windowed = { wangge?: { map: Held & { loaded(): boolean; areTilesLoaded(): boolean } } };

const section = (page: Page, name: string) => page.locator('section').filter({ hasText: name });

/** A page of nobody in a browser of its own, signed in as a worker by hand. */
async function visit(context: BrowserContext, address: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(address);
  await page.getByLabel('登录名').fill(loginOf('worker'));
  await page.getByLabel('密码').fill(passwordOf('worker'));
  await page.getByRole('button', { name: '登录', exact: true }).click();
  await expect(page.getByRole('navigation')).toBeVisible();
  return page;
}

/** drawn are the things of a kind that stand on the map, by their names. */
const drawn = (page: Page, layer: string) =>
  page.evaluate((wanted) => {
    const map = (window as unknown as Windowed).wangge?.map;
    if (!map?.areTilesLoaded()) return [];
    const found = map.queryRenderedFeatures().filter((feature) => feature.sourceLayer?.startsWith(wanted));
    return found.map(({ source, properties }) => `${source} ${properties.name ?? ''}`);
  }, layer);

test.use({ storageState: { cookies: [], origins: [] }, permissions: ['geolocation'] });

test('one visit is enough to work without a network', async ({ context, baseURL }) => {
  const outside: string[] = [];
  context.on('request', (request) => {
    if (!request.url().startsWith(baseURL ?? '') && !/^(data|blob|pack):/.test(request.url()))
      outside.push(request.url());
  });
  const page = await visit(context, '/patrol?lang=zh');
  const complaints: string[] = [];
  page.on(
    'console',
    (message) => /Content.Security.Policy/i.test(message.text()) && complaints.push(message.text()),
  );

  await test.step('the page and the map are kept', async () => {
    await page
      .getByRole('button', { name: /^下载地图/ })
      .first()
      .click();
    await screen(page, '我的');
    await expect(section(page, '本机地图')).toContainText('已存在本机');
    await expect(section(page, '离线打开')).toContainText('没有网络也能打开本页');
    const paint = await page.evaluate(
      () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN,
    );
    test
      .info()
      .annotations.push({ type: 'first contentful paint, ms', description: String(Math.round(paint)) });
    expect(paint).toBeLessThan(10_000);
    const axe = await new AxeBuilder({ page }).analyze();
    expect(axe.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([]);
  });

  const bounds = await page.evaluate(async () => {
    const self = await (await fetch('/api/v1/session')).json();
    const unit = self.posts.find((post: { unit: string }) => post.unit).unit;
    return (await (await fetch(`/api/v1/packs/${unit}`)).json()).bounds as number[];
  });
  const middle = {
    longitude: ((bounds[0] ?? 0) + (bounds[2] ?? 0)) / 2,
    latitude: ((bounds[1] ?? 0) + (bounds[3] ?? 0)) / 2,
  };
  await context.setGeolocation({ ...middle, accuracy: 8 });

  await test.step('the officer agrees to be tracked', async () => {
    const give = page.getByRole('button', { name: '我已阅读，同意记录', exact: true });
    const withdraw = page.getByRole('button', { name: '撤回同意', exact: true });
    await expect(give.or(withdraw)).toBeVisible(); // another walk of this town may have agreed
    if (await give.isVisible()) await give.click();
    await expect(withdraw).toBeVisible();
  });

  await test.step('without a network the page opens, with streets and Chinese names', async () => {
    // A phone that is short of room forgets what it loaded; only what the page keeps is there.
    await (await context.newCDPSession(page)).send('Network.clearBrowserCache');
    await context.setOffline(true);
    await page.reload();
    await expect(page.getByRole('navigation')).toBeVisible();
    await expect.poll(() => drawn(page, 'street').then((list) => list.length)).toBeGreaterThan(3);
    expect((await drawn(page, 'street')).every((what) => what.startsWith('pack '))).toBe(true);
    expect((await drawn(page, 'grid-')).length).toBeGreaterThan(0);
    await expect.poll(() => drawn(page, 'label-').then((list) => list.join())).toMatch(/\p{Script=Han}/u);
  });

  await test.step('a shift is recorded, and survives another reload', async () => {
    await page.getByRole('button', { name: '步行' }).click();
    await expect(page.getByText('正在记录轨迹')).toBeVisible();
    const counted = page.locator('.patrol-duty .figures');
    await expect(counted).toContainText(/[1-9]\d* 个?/);
    await page.reload();
    await expect(page.getByText(/正在记录轨迹|收不到位置/)).toBeVisible();
  });

  await test.step('nothing of the API and no page of the desk is answered without a network', async () => {
    const answers = await page.evaluate(async () => {
      const kept = await caches.keys();
      const paths: string[] = [];
      for (const name of kept) {
        for (const request of await (await caches.open(name)).keys())
          paths.push(new URL(request.url).pathname);
      }
      const asked = await Promise.allSettled(
        ['/api/v1/session', '/style.json', '/'].map((path) => fetch(path)),
      );
      return { paths, asked: asked.map(({ status }) => status) };
    });
    expect(answers.asked).toEqual(['rejected', 'rejected', 'rejected']);
    expect(answers.paths.filter((path) => /^\/(api|tiles|style)/.test(path) || path === '/')).toEqual([]);
    const desk = await context.newPage();
    await expect(desk.goto('/')).rejects.toThrow();
    await desk.close();
  });

  const item = page.locator('.patrol-group', { hasText: '到期复查场所' }).locator('.patrol-item').first();
  const name = await test.step('what an inspection found is kept', async () => {
    await screen(page, '任务');
    await page.locator('summary', { hasText: '到期复查场所' }).click();
    const named = (await item.locator('strong').textContent()) ?? '';
    await item.getByRole('button', { name: '黄码' }).click();
    await item.getByRole('button', { name: '6', exact: true }).click();
    await item.getByLabel('原因').fill('屋里有人，电话 13812345678');
    await expect(item.getByRole('alert')).toContainText('不保存电话和证件号');
    await expect(item.getByRole('button', { name: '记下复查' })).toBeDisabled();
    await item.getByLabel('原因').fill('走道里给电动车充电');
    await item.getByRole('button', { name: '记下复查' }).click();
    await expect(item.getByRole('status')).toHaveText('已记录：黄码');
    await page.reload();
    await screen(page, '任务');
    await page.locator('summary', { hasText: '到期复查场所' }).click();
    await expect(item.locator('strong')).toHaveText(named);
    await expect(item.getByRole('status')).toHaveText('已记录：黄码');
    return named;
  });

  await test.step('with signal the server has it, and it is due no longer', async () => {
    await context.setOffline(false);
    const found = async () => {
      const answer = await page.request.get('/api/v1/premises?limit=500');
      const { items } = (await answer.json()) as {
        items: { name: string; grade: string; reason: string; due: boolean }[];
      };
      return items
        .filter((one) => one.name === name)
        .map(({ grade, reason, due }) => ({ grade, reason, due }));
    };
    await expect
      .poll(found, { timeout: 60_000 })
      .toEqual([{ grade: 'yellow', reason: '走道里给电动车充电', due: false }]);
  });

  expect(outside).toEqual([]);
  expect(complaints).toEqual([]);
});
