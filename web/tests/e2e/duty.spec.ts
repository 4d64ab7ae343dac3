// The duty room: what is reported appears at once, in every tab, over one connection.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { APIRequestContext, Page } from '@playwright/test';
import { stateOf } from './roles';
import { accessible, expect, isPhone, read, test } from './walk';
import { rowsOf } from './worksheet';

test.use({ storageState: stateOf('dispatcher') });

type House = { point: number[] | null };

test('a report appears live in two tabs that share one connection, and an act of one is seen by the other', async ({
  page,
  context,
  playwright,
  baseURL,
}) => {
  test.skip(isPhone(page), 'a phone shows one state of the board at a time');
  const worker = await playwright.request.newContext({ baseURL, storageState: stateOf('worker') });
  const { items } = await read<{ items: House[] }>(worker, '/households?limit=50');
  const at = items.find(({ point }) => point)?.point;
  await page.goto('/duty?lang=zh');
  await expect(page.locator('.duty-state[data-state=live]')).toBeVisible();
  await expect(page.getByRole('region', { name: '事件动态' })).toBeVisible();
  const board = await context.newPage();
  await board.goto('/incidents?lang=zh');
  await expect(page.locator('.duty-state')).toHaveAttribute('data-tabs', '2');
  await expect(page.locator('.duty-state')).toHaveAttribute('data-opened', '1');

  const id = randomUUID();
  const text = `值班走查 ${id.slice(0, 8)}`;
  const answer = await worker.post('/api/v1/incidents', {
    data: { id, category: '0501', reported_at: new Date().toISOString(), point: at, text },
  });
  expect(answer.status(), await answer.text()).toBe(201);
  const news = page.getByRole('region', { name: '事件动态' });
  await expect(news.getByText('新上报')).toBeVisible();
  const reported = board.getByRole('region', { name: /^已上报，/ });
  await expect(reported.getByText(text)).toBeVisible();

  await news.getByRole('button').first().click();
  const drawer = page.getByRole('dialog');
  await expect(drawer.getByText(text)).toBeVisible();
  await drawer.getByRole('button', { name: '受理', exact: true }).click();
  await drawer.getByRole('button', { name: '确认受理' }).click();
  await expect(board.getByRole('region', { name: /^已受理，/ }).getByText(text)).toBeVisible();
  await expect(reported.getByText(text)).toBeHidden();
  await expect(page.locator('.duty-state')).toHaveAttribute('data-opened', '1');

  await board.close();
  await expect(page.locator('.duty-state')).toHaveAttribute('data-tabs', '1');
  await worker.dispose();
});

test('the room says what is late, fills a wall by a key, and can be read by everybody', async ({ page }) => {
  await page.goto('/duty?lang=zh');
  await expect(page.locator('.duty-state[data-state=live]')).toBeVisible();
  for (const name of ['在岗', '超期事件', '超期未看的街区', '待复查的场所'])
    await expect(page.getByRole('region', { name })).toBeVisible();
  await expect(page.locator('.admin-map[data-ready=true]')).toBeVisible();
  await accessible(page);
  await page.keyboard.press('w');
  await expect(page.locator('.duty-wall')).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect(page).toHaveURL(/wall=true/);
  await accessible(page);
  await page.keyboard.press('Escape');
  await expect(page.locator('.duty-wall')).toHaveCount(0);
});

/** patrolled is a shift of the worker's that has just begun, with a gap in its track and one report. */
async function patrolled(worker: APIRequestContext, at: [number, number]): Promise<string> {
  const { items: notices } = await read<{ items: { code: string; version: number }[] }>(worker, '/notices');
  const version = notices.find(({ code }) => code === 'staff-tracking')?.version ?? 1;
  const given = await worker.put('/api/v1/consents/staff-tracking', { data: { version } });
  expect(given.ok(), await given.text()).toBe(true);
  const shift = randomUUID();
  const began = Date.now() - 40 * 60_000;
  const item = (kind: string, when: number, body: object, id = randomUUID()) => ({
    id,
    kind,
    at: new Date(when).toISOString(),
    body,
  });
  const fixes = (first: number, from: number) =>
    item('fixes', from, {
      shift,
      first,
      fixes: Array.from({ length: 60 }, (_, i) => [
        from + i * 5000,
        at[0] + (first + i) * 0.00003,
        at[1] + (first > 1 ? 0.0012 : 0),
        8,
      ]),
    });
  const answer = await worker.post('/api/v1/deliveries', {
    data: {
      device: randomUUID(),
      sent_at: new Date().toISOString(),
      items: [
        item('shift', began, { shift, do: 'start' }),
        fixes(1, began + 1000),
        fixes(61, began + 20 * 60_000), // a quarter of an hour without a fix
        item('incident', began + 60_000, { category: '0102', at, accuracy: 8, shift }),
        item('shift', began + 30 * 60_000, { shift, do: 'end' }),
      ],
    },
  });
  const { items } = (await answer.json()) as { items: { state: string; problem: unknown }[] };
  for (const { state, problem } of items) expect(state, JSON.stringify(problem)).not.toBe('refused');
  return shift;
}

test('a track is replayed for a reason, which the officer reads; a gap stays a gap', async ({
  page,
  playwright,
  baseURL,
}) => {
  const worker = await playwright.request.newContext({ baseURL, storageState: stateOf('worker') });
  const { items } = await read<{ items: House[] }>(worker, '/households?limit=50');
  const shift = await patrolled(worker, items.find(({ point }) => point)?.point as [number, number]);
  await page.goto('/duty?lang=zh');
  const shifts = page.getByRole('region', { name: '班次', exact: true });
  await shifts
    .getByRole('button', { name: /^回放：/ })
    .first()
    .click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByText('当班人员会看到是谁、因何查看', { exact: false })).toBeVisible();
  await accessible(page);
  await dialog.getByRole('button', { name: '记录理由并回放' }).click();
  await expect(dialog.getByText('请选择理由')).toBeVisible();
  expect((await read<{ replays: unknown[] }>(worker, `/shifts/${shift}`)).replays).toHaveLength(0);
  await dialog.getByRole('combobox', { name: '查看理由' }).click();
  await page.getByText('应当班人员要求').click();
  await dialog.getByRole('textbox', { name: /说明/ }).fill('核对路线');
  await dialog.getByRole('button', { name: '记录理由并回放' }).click();
  await expect(dialog.locator('.admin-map[data-ready=true]')).toBeVisible();
  const time = dialog.getByRole('slider', { name: '时刻' });
  const said = dialog.locator('.duty-slide output');
  await expect(said).not.toContainText('位置不明');
  await dialog.getByRole('list', { name: '当班事项' }).getByRole('button').first().click();
  await expect(said).not.toContainText('位置不明');
  await time.focus();
  for (let i = 0; i < 35; i++) await page.keyboard.press('ArrowRight'); // almost six minutes on: the gap
  await expect(said).toContainText('此刻位置不明');
  await page.keyboard.press('End');
  await expect(said).not.toContainText('位置不明');
  await expect(dialog).not.toContainText(/速度|km\/h|停留时长/);
  await accessible(page);

  const { replays } = await read<{ replays: { reason: string; note: string; kind: string }[] }>(
    worker,
    `/shifts/${shift}`,
  );
  expect(replays).toMatchObject([{ reason: 'asked', note: '核对路线', kind: 'dispatcher' }]);
  await worker.dispose();
});

type Part = { all: number; seen: number; share: number | null };
type Seen = {
  from: string;
  to: string;
  children: {
    unit: string;
    name: string;
    streets: Part;
    cells: Part;
    blocks: Part;
    since: { oldest: number | null; median: number | null; never_m: number };
  }[];
  missed: { day: string; unit: string; beat_name: string; ordinal: number; checkpoint_name: string }[];
};

/** lineOf is what a file has to say of a unit. */
const lineOf = ({ from, to }: Seen, one: Seen['children'][number]) => [
  one.unit,
  one.name,
  from,
  to,
  ...[one.streets, one.cells, one.blocks].flatMap(({ all, seen, share }) => [all, seen, share]),
  one.since.oldest,
  one.since.median,
  one.since.never_m,
];

/** written is a line as a file has it: a number is one in any notation, and nothing is empty. */
const written = (line: readonly (string | number | null)[]) =>
  line.map((value) => (value === null ? '' : String(value)));

/** read as numbers where they are numbers: 0.50 is 0.5. */
const plain = (cells: readonly string[]) =>
  cells.map((text, i) => (i > 3 && text !== '' ? String(Number(text)) : text));

for (const lang of ['zh', 'en'] as const) {
  const words =
    lang === 'zh'
      ? {
          title: '巡查覆盖',
          chart: /^巡查覆盖图：/,
          xlsx: '导出 XLSX',
          csv: '导出 CSV',
          unit: '单元代码',
          missed: '打卡点',
          from: '从',
        }
      : {
          title: 'Patrol coverage',
          chart: /^Coverage: shares/,
          xlsx: 'Export XLSX',
          csv: 'Export CSV',
          unit: 'Unit code',
          missed: 'Checkpoint',
          from: 'From',
        };

  test(`coverage has a chart, and files that hold what the server says (${lang})`, async ({
    page,
    playwright,
    baseURL,
  }) => {
    const worker = await playwright.request.newContext({ baseURL, storageState: stateOf('worker') });
    const { items } = await read<{ items: House[] }>(worker, '/households?limit=50');
    await patrolled(worker, items.find(({ point }) => point)?.point as [number, number]);
    await worker.dispose();
    const asked = page.waitForResponse((response) => response.url().includes('/patrols/coverage?'));
    await page.goto(`/duty?lang=${lang}&theme=${lang === 'zh' ? 'light' : 'dark'}`);
    const section = page.getByRole('region', { name: words.title, exact: true });
    const query = new URL((await asked).url()).search;
    await expect
      .poll(
        async () =>
          (await read<Seen>(page.request, `/patrols/coverage${query}`)).children.some(
            ({ streets }) => streets.seen > 0,
          ),
        { timeout: 60_000 },
      )
      .toBe(true);
    await page.reload();
    const chart = section.getByRole('img', { name: words.chart });
    // Not a line in a page that scrolls.
    await expect.poll(async () => (await section.boundingBox())?.height).toBeGreaterThan(400);
    await chart.scrollIntoViewIfNeeded();
    await expect(chart.locator('canvas')).toBeVisible();
    expect(await inked(chart.locator('canvas'))).toBeGreaterThan(3);
    await accessible(page);

    const seen = await read<Seen>(page.request, `/patrols/coverage${query}`);
    for (const one of seen.children.slice(0, 5)) {
      const row = section.getByRole('row').filter({ hasText: one.unit }).first();
      for (const { share } of [one.streets, one.cells, one.blocks])
        await expect(row).toContainText(share === null ? '–' : `${Math.round(share * 100)}%`);
    }

    const fetched = async (name: string) => {
      const download = page.waitForEvent('download');
      await section.getByRole('link', { name }).click();
      const file = await download;
      return { name: file.suggestedFilename(), bytes: readFileSync(await file.path()) };
    };
    const csv = await fetched(words.csv);
    const unit = new URLSearchParams(query).get('unit');
    expect(csv.name).toBe(`coverage-${unit}-${seen.from}-${seen.to}.csv`);
    const [head, ...lines] = csv.bytes
      .toString('utf8')
      .replace(/^\uFEFF/, '')
      .trimEnd()
      .split(/\r?\n/);
    expect(head?.split(',')[0]).toBe(words.unit);
    const want = seen.children.map((one) => written(lineOf(seen, one)));
    expect(lines.map((line) => plain(line.split(',')))).toEqual(want);

    const xlsx = await fetched(words.xlsx);
    expect(xlsx.name).toBe(`coverage-${unit}-${seen.from}-${seen.to}.xlsx`);
    const [heads, ...rows] = rowsOf(xlsx.bytes);
    expect(heads?.[0]).toBe(words.unit);
    expect(
      rows.map((row) => plain(Array.from({ length: heads?.length ?? 0 }, (_, i) => row[i] ?? ''))),
    ).toEqual(want);
    const [missedHeads, ...missed] = rowsOf(xlsx.bytes, 2);
    expect(missedHeads?.at(-1)).toBe(words.missed);
    expect(missed).toEqual(
      seen.missed.map((one) => [one.day, one.unit, one.beat_name, String(one.ordinal), one.checkpoint_name]),
    );
  });
}

/** inked is how many colours a canvas has. */
const inked = (canvas: ReturnType<Page['locator']>) =>
  canvas.evaluate((element) => {
    const drawn = element as HTMLCanvasElement;
    const { data } = drawn.getContext('2d')?.getImageData(0, 0, drawn.width, drawn.height) ?? { data: [] };
    const colours = new Set<string>();
    for (let i = 0; i < data.length; i += 4)
      colours.add([data[i], data[i + 1], data[i + 2], data[i + 3]].join());
    return colours.size;
  });

/** drawn are the features of a layer that the map shows, by a property of theirs. */
const drawn = (page: Page, layer: string, property: string) =>
  page.evaluate(
    ([id, key]) => {
      type Asked = {
        getLayer: (id: string) => unknown;
        queryRenderedFeatures: (options: object) => { properties: Record<string, unknown> }[];
      };
      const map = (window as unknown as { wangge?: { map: Asked } }).wangge?.map;
      if (!map?.getLayer(id)) return [];
      const found = map.queryRenderedFeatures({ layers: [id] }).map(({ properties }) => properties[key]);
      return [...new Set(found)];
    },
    [layer, property] as const,
  );

/** closer brings the map to where streets are drawn. */
const closer = (page: Page) =>
  page.evaluate(() => {
    const { map } = (window as unknown as { wangge: { map: { setZoom: (zoom: number) => void } } }).wangge;
    map.setZoom(13.2);
  });

test('the map shows when streets and cells were seen last', async ({ page, playwright, baseURL }) => {
  test.setTimeout(300_000);
  const worker = await playwright.request.newContext({ baseURL, storageState: stateOf('worker') });
  const { items } = await read<{ items: House[] }>(worker, '/households?limit=50');
  await patrolled(worker, items.find(({ point }) => point)?.point as [number, number]);
  await worker.dispose();
  await page.goto('/duty?lang=zh');
  await expect(page.locator('.admin-map[data-ready=true]')).toBeVisible();
  const layers = page.getByRole('radiogroup', { name: '地图显示' });
  await layers.getByText('街道新鲜度', { exact: true }).click();
  await closer(page); // streets are drawn from zoom 13 on
  await expect(page).toHaveURL(/show=freshness(&|$)/);
  // What is counted now is on the map within two minutes, without a press: the layer rests a
  // minute, and so does the page.
  await expect.poll(() => drawn(page, 'freshness', 'class'), { timeout: 130_000 }).toContain('day');
  expect(await drawn(page, 'freshness', 'class')).toContain('never');
  await expect(page.getByRole('list', { name: /街道/ }).getByRole('listitem')).toHaveCount(6);
  await accessible(page);
  await page.keyboard.press('ArrowRight');
  await expect(page).toHaveURL(/show=freshness_cells/);
  await expect
    .poll(async () => (await drawn(page, 'freshness-cells', 'week')).some((share) => Number(share) > 0), {
      timeout: 60_000,
    })
    .toBe(true);
  expect(await drawn(page, 'freshness', 'class')).toEqual([]);
  await accessible(page);
  await page.reload();
  await expect.poll(() => drawn(page, 'freshness-cells', 'week'), { timeout: 60_000 }).not.toEqual([]);
});
