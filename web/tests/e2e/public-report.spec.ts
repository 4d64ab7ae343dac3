// A resident reports without an account: once, however often it is sent.
import type { APIRequestContext, Browser, Page } from '@playwright/test';
import { CAMERA, shot } from './camera';
import { NOBODY, stateOf } from './roles';
import { accessible, clickCentre, expect, idle, isPhone, read, test } from './walk';

type Settings = { attribution: string; review_number: string };
type Offer = { service: boolean; map: boolean; report: boolean };
type Reported = { items: { id: string; text: string; source: string }[] };

/** asAdministrator does something at the server as an administrator. */
async function asAdministrator(
  browser: Browser,
  baseURL: string | undefined,
  act: (request: APIRequestContext) => Promise<void>,
) {
  const context = await browser.newContext({ baseURL, storageState: stateOf('administrator') });
  try {
    await act(context.request);
  } finally {
    await context.close();
  }
}

async function put(request: APIRequestContext, path: string, data: object) {
  expect((await request.put(`/api/v1${path}`, { data })).status(), path).toBe(200);
}

/** open switches what is public; the map needs a review number. */
const open = (browser: Browser, baseURL: string | undefined, offer: Offer) =>
  asAdministrator(browser, baseURL, async (request) => {
    const settings = await read<Settings>(request, '/settings');
    await put(request, '/settings', { ...settings, review_number: offer.map ? '浙S(2026)走查号' : '' });
    await put(request, '/public/settings', offer);
  });

/** reported are the incidents with these words, as a dispatcher sees them. */
async function reported(browser: Browser, baseURL: string | undefined, words: string) {
  const context = await browser.newContext({ baseURL, storageState: stateOf('dispatcher') });
  try {
    const { items } = await read<Reported>(context.request, '/incidents?limit=100');
    return items.filter(({ text }) => text.startsWith(words));
  } finally {
    await context.close();
  }
}

const chooseCategory = (page: Page) => page.getByLabel('是什么问题').selectOption({ index: 1 });

test.use({ storageState: NOBODY });

test.describe('while reports of residents are open', () => {
  test.beforeEach(({ browser, baseURL }) =>
    open(browser, baseURL, { service: true, map: true, report: true }),
  );
  test.afterEach(({ browser, baseURL }) =>
    open(browser, baseURL, { service: false, map: false, report: false }),
  );

  test('a report is sent once, though its answer is lost, and is followed by its code', async ({
    page,
    browser,
    baseURL,
    complaints,
  }) => {
    complaints.allow(/ERR_FAILED|404/);
    const words = `路口有垃圾 ${isPhone(page) ? '手机' : '电脑'}${Date.now() % 100_000}`;
    await page.goto('/public');
    await page.getByRole('link', { name: '上报身边的问题' }).click();
    await idle(page);
    await accessible(page);
    const send = page.getByRole('button', { name: '发送' });
    await expect(send).toBeDisabled();
    await page.locator('.maplibregl-canvas').scrollIntoViewIfNeeded();
    await clickCentre(page);
    await expect(page.getByText(/已在地图上选定地点。.*负责/)).toBeVisible();
    await chooseCategory(page);
    await page.getByLabel(/简单说说/).fill(`${words} 请打13812345678`);
    await expect(page.getByText(/发送后会变成/)).toBeVisible();

    // What is written outlives the page.
    await page.reload();
    await expect(page.getByLabel(/简单说说/)).toHaveValue(`${words} 请打13812345678`);
    await expect(page.getByText('已在地图上选定地点。')).toBeVisible();

    // The server takes it, and its answer is lost.
    await page.route('**/api/v1/public/incidents', async (route) => {
      if (route.request().method() !== 'POST') return route.continue();
      await route.fetch();
      await route.abort();
    });
    await send.click();
    await expect(page.getByText(/没有收到答复/)).toBeVisible();
    await accessible(page);
    await page.unroute('**/api/v1/public/incidents');
    await page.reload();
    await expect(page.getByLabel(/简单说说/)).toBeDisabled();
    await page.getByRole('button', { name: '再发一次' }).click();
    await expect(page.getByText('已收到，谢谢。')).toBeVisible();
    await expect(page.getByText('隐去了 1 处电话或证件号')).toBeVisible();
    await expect(page).toHaveURL(/\/public\/report\/[0-9A-Z]{4}(-[0-9A-Z]{4}){2}$/);
    await accessible(page);

    const found = await reported(browser, baseURL, words);
    expect(found.map(({ text, source }) => [text, source])).toEqual([[`${words} 请打***`, 'resident']]);

    // The code is all that is needed, however it is written; another leads nowhere.
    const code = page.url().split('/').at(-1) ?? '';
    await page.goto('/public/report');
    await expect(page.getByLabel(/简单说说/)).toHaveValue('');
    await page.getByRole('textbox', { name: '查询码' }).fill(code.toLowerCase().replaceAll('-', ' '));
    await page.getByRole('button', { name: '查看进展' }).click();
    await expect(page.locator('[aria-current=step]')).toHaveText('已收到');
    await expect(page.getByText('已收到，谢谢。')).toBeHidden();
    await page.getByRole('textbox', { name: '查询码' }).fill('2222-2222-2222');
    await page.getByRole('button', { name: '查看进展' }).click();
    await expect(page.getByText(/没有这个查询码的上报/)).toBeVisible();
    await accessible(page);
  });

  test('says that it is reported already, and finds the phone and an address', async ({
    page,
    context,
    complaints,
  }) => {
    complaints.allow(/404/);
    await page.goto('/public/report?lang=en&theme=dark');
    await idle(page);
    await page.getByRole('textbox', { name: 'Address' }).fill('no such place');
    await page.keyboard.press('Enter');
    await expect(page.getByText(/No grid was found for this/)).toBeVisible();

    const [lon, lat] = await page.evaluate(() => {
      const { map } = (
        window as unknown as { wangge: { map: { getCenter(): { lng: number; lat: number } } } }
      ).wangge;
      return [map.getCenter().lng, map.getCenter().lat] as const;
    });
    await context.grantPermissions(['geolocation']);
    await context.setGeolocation({ longitude: lon, latitude: lat, accuracy: 20 });
    await page.getByRole('button', { name: 'Use my location' }).click();
    await expect(page.getByText(/Your location is used, within about 20/)).toBeVisible();
    await expect(page.getByText(/answers for it/)).toBeVisible();
    const around = page.locator('.report-around');
    for (let index = 1; index < 60 && (await around.count()) === 0; index++) {
      const answered = page.waitForResponse(/public\/incidents\?/, { timeout: 3000 }).catch(() => null);
      await page.getByLabel('What it is').selectOption({ index });
      await answered;
      await page.waitForTimeout(50);
    }
    await expect(around).toContainText('in hand nearby');
    await accessible(page);
    await around.getByRole('button', { name: /nothing to send/ }).click();
    await expect(page.getByLabel('What it is')).toHaveValue('');
    await expect(page.getByText(/Your location is used/)).toBeHidden();
  });

  test('photos follow a report, over a net that breaks off, and only those who work on it see them', async ({
    page,
    browser,
    baseURL,
    complaints,
  }, info) => {
    complaints.allow(/ERR_FAILED|404/);
    const phone = isPhone(page);
    const say = (zh: string, en: string) => (phone ? zh : en);
    const picture = (name: string) =>
      page.screenshot({ path: info.outputPath(`${name}.png`), fullPage: true });
    const words = `photos ${phone ? 'phone' : 'desktop'} ${Date.now() % 100_000}`;
    await page.goto(`/public/report?lang=${say('zh', 'en')}&theme=${say('light', 'dark')}`);
    await idle(page);
    await page.locator('.maplibregl-canvas').scrollIntoViewIfNeeded();
    await clickCentre(page);
    await expect(
      page.getByText(say('已在地图上选定地点。', 'The place was chosen on the map.')),
    ).toBeVisible();
    await page.getByLabel(say('是什么问题', 'What it is')).selectOption({ index: 1 });
    await page.getByLabel(say('简单说说', 'In a few words')).fill(words);

    const files = page.locator('input[type=file]');
    const file = async (name: string) => ({ name, mimeType: 'image/jpeg', buffer: await shot(page) });
    await files.setInputFiles([
      await file('1.jpg'),
      { ...(await file('2.jpg')), buffer: Buffer.from('no photo') },
    ]);
    await expect(page.getByText(say('有文件不是能读的照片', 'A file is no photo'))).toBeVisible();
    await files.setInputFiles([await file('2.jpg'), await file('3.jpg'), await file('4.jpg')]);
    await expect(page.locator('.report-photos img')).toHaveCount(3);
    await expect(files).toBeDisabled();
    await accessible(page);
    await picture('chosen');
    await page.getByRole('button', { name: say('去掉第 3 张', 'Remove photo 3') }).click();
    await expect(page.locator('.report-photos img')).toHaveCount(2);

    // The first piece arrives and its answer is lost; nothing of the camera is in what is sent.
    const sent: Buffer[] = [];
    await page.route('**/api/v1/public/receipts/*/photos/*', async (route) => {
      sent.push(route.request().postDataBuffer() ?? Buffer.alloc(0));
      if (sent.length === 1) {
        await route.fetch();
        return route.abort();
      }
      return route.continue();
    });
    await page.getByRole('button', { name: say('发送', 'Send'), exact: true }).click();
    await expect(page.getByText(say('没有送达', 'Did not arrive'))).toBeVisible();
    await expect(page.getByText(say('已送达', 'Arrived'), { exact: true })).toBeVisible();
    await picture('broken-off');
    await page.getByRole('button', { name: say('再发一次', 'Send again') }).click();
    await expect(page.getByText(say('已收到 2 张照片', 'Photos that arrived: 2'))).toBeVisible();
    await expect(page.getByText(say('没有送达', 'Did not arrive'))).toBeHidden();
    await accessible(page);
    await picture('arrived');
    expect(sent.length).toBe(3);
    for (const body of sent) {
      expect(body.length).toBeGreaterThan(1000);
      expect(body.toString('latin1')).not.toContain(CAMERA);
    }

    // Whoever has the code adds the third, later; then there is no room.
    await page.goto(`${page.url()}?lang=${say('zh', 'en')}`);
    await expect(page.getByText(say('已收到 2 张照片', 'Photos that arrived: 2'))).toBeVisible();
    await files.setInputFiles([await file('3.jpg'), await file('4.jpg')]);
    await expect(page.getByText(say('已收到 3 张照片', 'Photos that arrived: 3'))).toBeVisible();
    await expect(files).toBeDisabled();

    // The desk has them; everybody else has none.
    const [found] = await reported(browser, baseURL, words);
    const desk = await browser.newContext({ baseURL, storageState: stateOf('dispatcher') });
    try {
      const at = `/incidents/${found?.id}/photos`;
      const { items } = await read<{ items: { id: string; arrived: boolean }[] }>(desk.request, at);
      expect(items.map(({ arrived }) => arrived)).toEqual([true, true, true]);
      for (const { id } of items) {
        expect((await page.request.get(`/api/v1/public/photos/${id}`)).status()).toBe(404);
        expect((await page.request.get(`/api/v1/photos/${id}/image`)).status()).toBe(401);
      }
      const board = await desk.newPage();
      await board.goto(`/incidents?lang=${say('zh', 'en')}&incident=${found?.id}`);
      const photos = board.getByRole('region', { name: say('照片', 'Photos') });
      await expect(photos.getByRole('img')).toHaveCount(3);
      await photos.scrollIntoViewIfNeeded();
      await board.screenshot({ path: info.outputPath('board.png') });
    } finally {
      await desk.close();
    }
  });

  test('is written with the keyboard alone', async ({ page }) => {
    test.skip(isPhone(page), 'a phone has none');
    await page.goto('/public/report');
    await idle(page);
    await page.locator('.maplibregl-canvas').focus();
    await page.keyboard.press('Enter');
    await expect(page.getByText('已在地图上选定地点。')).toBeVisible();
    await page.getByLabel('是什么问题').focus();
    await page.keyboard.press('ArrowDown');
    await page.getByLabel(/简单说说/).focus();
    await page.keyboard.type('键盘写的');
    await page.getByLabel(/不公开/).focus();
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: '发送' }).focus();
    await page.keyboard.press('Enter');
    await expect(page.getByText('已收到，谢谢。')).toBeVisible();
    await expect(page.getByText(/隐去/)).toBeHidden();
  });
});

test('is refused politely while reports are switched off', async ({ page }) => {
  for (const path of ['/public/report', '/public/report/2222-2222-2222']) {
    await page.goto(path);
    await expect(page.getByText('居民上报未开放')).toBeVisible();
    await expect(page.getByText(/12345/)).toBeVisible();
    await expect(page.getByRole('textbox')).toHaveCount(0);
    await accessible(page);
  }
  await page.goto('/public');
  await expect(page.getByText('公众查询未开放')).toBeVisible();
});
