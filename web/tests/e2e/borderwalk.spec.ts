// A planner sends somebody to the borders of a draft; the walker answers on a phone, with
// a photo; the planner takes the answer into the draft. And the dossier of an adopted plan.
import { readFileSync } from 'node:fs';
import type { Browser, Page } from '@playwright/test';
import { NOBODY, stateOf } from './roles';
import { accessible, clickCentre, expect, idle, open, read, test } from './walk';

type LonLat = [number, number];
type Row = { id: number; role: string; area: LonLat[][][] };
type Division = { plan: { id: number; revision: number }; next: number; units: Row[] };

/** drafted is a draft of a unit in which one of its parts is split, a place on the new border and one off all of them. */
async function drafted(page: Page, base: string): Promise<{ plan: number; on: LonLat; off: LonLat }> {
  const { request } = page;
  const made = await request.post('/api/v1/plans', { data: { name: '走边试案', base } });
  expect(made.ok(), await made.text()).toBe(true);
  const { id: plan } = (await made.json()) as { id: number };
  const { units, next, ...before } = await read<Division>(request, `/plans/${plan}/division`);
  const [part] = units.filter(({ role }) => role === 'part').sort((a, b) => widthOf(b) - widthOf(a));
  if (!part) throw new Error('the draft has no units');
  const points = part.area.flat(2);
  const west = Math.min(...points.map(([lon]) => lon));
  const middle = points.reduce((sum, [, lat]) => sum + lat, 0) / points.length;
  const line = [
    [west - 0.0005, middle],
    [west + widthOf(part) + 0.0005, middle],
  ];
  const edit = { kind: 'split', units: [part.id], into: next, line };
  const edited = await request.post(`/api/v1/plans/${plan}/edits`, {
    data: { revision: before.plan.revision, key: crypto.randomUUID(), edit },
  });
  expect(edited.ok(), await edited.text()).toBe(true);
  const after = await read<Division>(request, `/plans/${plan}/division`);
  const walked = new Set(edgesOf(after.units.filter(({ id }) => id === part.id)).map(String));
  const [[from, to] = [points[0], points[0]]] = edgesOf(after.units.filter(({ id }) => id === next))
    .filter(([a, b]) => walked.has(String([b, a])))
    .sort(([a, b], [c, d]) => Math.abs(d[0] - c[0]) - Math.abs(b[0] - a[0]));
  if (!from || !to) throw new Error('the two have no border');
  const along = (a: number, b: number) => a + (b - a) * 0.4;
  return {
    plan,
    on: [along(from[0], to[0]), along(from[1], to[1])],
    off: [west - 0.0008, Math.max(...points.map(([, lat]) => lat)) + 0.0008],
  };
}

const widthOf = (row: Row) => {
  const lons = row.area.flat(2).map(([lon]) => lon);
  return Math.max(...lons) - Math.min(...lons);
};

const edgesOf = (rows: readonly Row[]): [LonLat, LonLat][] =>
  rows.flatMap(({ area }) =>
    area
      .flat()
      .flatMap((ring) => ring.slice(1).map((to, index): [LonLat, LonLat] => [ring[index] ?? to, to])),
  );

/** press looks at a place of the map from near, and presses it. */
async function press(page: Page, at: LonLat) {
  await page.evaluate((center) => {
    type Looking = { jumpTo: (to: { center: LonLat; zoom: number }) => void };
    (window as unknown as { wangge: { map: Looking } }).wangge.map.jumpTo({ center, zoom: 19 });
  }, at);
  await idle(page);
  await clickCentre(page);
}

const tab = (page: Page, name: string) =>
  page.getByRole('navigation', { name: '边界核查的各部分' }).getByRole('button', { name }).click();

/** photo is a JPEG of a screen that says by its EXIF segment that it lies on its side. */
async function photo(page: Page): Promise<Buffer> {
  const plain = await page.screenshot({ type: 'jpeg', clip: { x: 0, y: 0, width: 320, height: 200 } });
  // A TIFF header and one entry: orientation (0x0112), a short, one of them, 6.
  const tiff = '49492a0008000000' + '0100' + '1201030001000000' + '06000000' + '00000000';
  const exif = Buffer.from(`457869660000${tiff}`, 'hex');
  const head = Buffer.from([0xff, 0xe1, 0, exif.length + 2]);
  return Buffer.concat([plain.subarray(0, 2), head, exif, plain.subarray(2)]);
}

/** walker is somebody else, on a phone. */
async function walker(browser: Browser, baseURL: string | undefined): Promise<Page> {
  const context = await browser.newContext({
    baseURL,
    storageState: stateOf('worker'),
    viewport: { width: 390, height: 844 },
    isMobile: true,
    hasTouch: true,
    locale: 'zh-CN',
  });
  return context.newPage();
}

test('a planner picks points, a walker answers with a photo, the draft takes it in', async ({
  page,
  browser,
  baseURL,
  complaints,
}) => {
  complaints.allow(/422/); // the place that is refused
  const phone = await walker(browser, baseURL);
  const { posts } = await read<{ posts: { unit: string }[] }>(phone.request, '/session');
  const { plan, on, off } = await drafted(page, posts[0]?.unit ?? '');
  await open(page, `/plans/${plan}/border`);
  await expect(page.getByRole('heading', { name: '建议核查的地点' })).toBeVisible();
  await page
    .getByRole('checkbox', { name: /边界相交|不沿道路水系/ })
    .first()
    .check();
  await press(page, on);
  await expect(page.getByRole('heading', { name: '已选 2 点' })).toBeVisible();
  await accessible(page);

  // A place off every border is refused where it stands.
  await press(page, off);
  await page.getByRole('button', { name: '派出核查' }).click();
  await expect(page.getByText('这些点离草案的任何边界都超过 5 米')).toBeVisible();
  await page.getByRole('button', { name: '去掉 3' }).click();
  await page.getByLabel('要核对什么（第 2 点）').fill('围墙在哪一侧？');
  await page.getByRole('button', { name: '派出核查' }).click();
  await expect(page.getByText('已答 0 / 2')).toBeVisible();
  const { items } = await read<{ items: { id: number }[] }>(page.request, `/plans/${plan}/border-walks`);
  const walk = items[0]?.id ?? 0;

  await open(phone, `/border-walks/${walk}`);
  await accessible(phone);
  const gpx = phone.waitForEvent('download');
  await phone.getByRole('link', { name: '下载 GPX' }).click();
  expect(readFileSync(await (await gpx).path(), 'utf8')).toContain('围墙在哪一侧？');
  await phone.getByRole('button', { name: /围墙在哪一侧/ }).click();
  await phone.getByRole('button', { name: '边界在别处，我来标出' }).click();
  await expect(phone.getByRole('button', { name: '提交' })).toBeDisabled();
  await idle(phone);
  const map = await phone.locator('.maplibregl-canvas').boundingBox();
  if (!map) throw new Error('there is no map');
  await phone.touchscreen.tap(map.x + map.width / 2 + 30, map.y + map.height / 2 + 20);
  await expect(phone.getByText(/已标出，相距/)).toBeVisible();
  await phone.getByLabel('说明（可不填）').fill('新砌的墙在路东');
  await phone
    .locator('input[type=file]')
    .setInputFiles({ name: 'wall.jpg', mimeType: 'image/jpeg', buffer: await photo(phone) });
  await expect(phone.getByAltText('现场照片 1')).toBeVisible();
  await accessible(phone);
  await phone.getByRole('button', { name: '提交' }).click();
  await expect(phone.getByText('已提交')).toBeVisible();
  await phone.context().close();

  // The planner sees it, with the photo upright, and takes it into the draft.
  await tab(page, '现场答复');
  await expect(page.getByText('新砌的墙在路东')).toBeVisible();
  await page.getByRole('button', { name: '看照片（1）' }).click();
  const shown = page.getByAltText('现场照片 1');
  await expect
    .poll(() => shown.evaluate((img: HTMLImageElement) => [img.naturalWidth, img.naturalHeight]))
    .toEqual([200, 320]);
  await accessible(page);
  const before = await read<Division>(page.request, `/plans/${plan}/division`);
  await page.getByRole('button', { name: '把边界移到此处' }).click();
  await expect(page.getByText('草案边界已移动')).toBeVisible();
  const after = await read<Division>(page.request, `/plans/${plan}/division`);
  expect(after.plan.revision).toBe(before.plan.revision + 1);
  const count = ({ units }: Division) =>
    new Set(units.flatMap(({ area }) => area?.flat(2) ?? []).map(String)).size;
  expect(count(after)).toBe(count(before) + 1);

  // The walks and answers stay in the link; in the dark and in English as well.
  await page.goto(`/plans/${plan}/border?tab=walks&theme=dark&lang=en`);
  await expect(page.getByText('1 of 2 answered')).toBeVisible();
  await accessible(page);
});

test('a walk is for who has signed in', async ({ browser, baseURL }) => {
  const context = await browser.newContext({ baseURL, storageState: NOBODY });
  expect((await context.request.get('/api/v1/border-walks/1')).status()).toBe(401);
  await context.close();
});

test('the dossier of an adopted plan is made, and fetched', async ({ page }) => {
  const { items } = await read<{ items: { id: number }[] }>(page.request, '/plans?state=published&limit=50');
  const plan = items.at(-1)?.id ?? 0;
  await page.goto(`/plans/${plan}?tab=files`);
  await page.getByRole('button', { name: '制作 PDF 卷宗' }).click();
  const link = page.getByRole('link', { name: /下载 plan-\d+-dossier\.pdf/ }).first();
  await expect(link).toBeVisible({ timeout: 90_000 });
  await page.getByText('如何核验').first().click();
  await expect(page.getByText(/sha256sum plan-\d+-dossier\.pdf/).first()).toBeVisible();
  await accessible(page);
  const download = page.waitForEvent('download');
  await link.click();
  expect(
    readFileSync(await (await download).path())
      .subarray(0, 5)
      .toString(),
  ).toBe('%PDF-');
  const table = page.waitForEvent('download');
  await page.getByRole('link', { name: 'CSV' }).first().click();
  expect(readFileSync(await (await table).path(), 'utf8')).toContain('上级代码');
});
