// The main job: a file with a fault becomes a draft, is mended, is published and
// stands on the map; a ledger is imported, and what has no place gets one.
import { crossings, halves, middle, outerRing, type Ring } from './halves';
import { accessible, clickCentre, expect, idle, isPhone, open, panel, read, shows, test } from './walk';

type Unit = { code: string; name: string; label: [number, number]; children: number; area: number };
type List = { items: Unit[] };

/** Metres between the halves in the file: more than any tolerance, less than a lane. */
const GAP = 2;

type Page = Parameters<typeof open>[0];
type Request = Parameters<typeof read>[0];

/** A micro-grid in one piece that a straight cut divides in two; each screen takes another one. */
async function divisible(request: Request, skip: number): Promise<{ unit: Unit; ring: Ring }> {
  const { items } = await read<List>(request, '/units?level=micro-grid&limit=200');
  for (const unit of items.filter((one) => one.children > 1).slice(skip)) {
    const ring = outerRing(await read(request, `/units/${unit.code}/boundary`));
    if (ring && crossings(ring, middle(ring)) === 2) return { unit, ring };
  }
  throw new Error('no micro-grid of the town can be cut in two');
}

async function startImport(page: Page, name: string, content: string) {
  await panel(page, /数据/);
  await page.getByRole('button', { name: '导入文件' }).click();
  await page
    .locator('.import-drawer input[type=file]')
    .setInputFiles({ name, mimeType: 'application/octet-stream', buffer: Buffer.from(content) });
  await expect(page.locator('.file-line')).toContainText(name);
}

async function choose(page: Page, label: RegExp, option: string | RegExp) {
  await page.locator('.import-drawer').getByRole('combobox', { name: label }).click();
  const menu = page.locator('.ant-select-dropdown:not(.ant-select-dropdown-hidden)');
  await menu.locator('.ant-select-item-option').filter({ hasText: option }).first().click();
}

/** The two faults two halves can have, and how they are mended. */
const faults = [
  { name: '缝隙', gap: GAP, repair: '并入相邻网格', stops: false, screen: 'desktop' },
  { name: '重叠', gap: -GAP, repair: '划给较小编码', stops: true, screen: 'phone' },
];

for (const fault of faults) {
  test(`imports a file with a fault (${fault.name}), repairs it, publishes, and the new units are on the map`, async ({
    page,
    request,
  }, { project }) => {
    test.skip(project.name !== fault.screen, 'walked on the other screen');
    const { unit, ring } = await divisible(request, isPhone(page) ? 40 : 0);
    const serial = 100 + Math.floor(Math.random() * 800);
    const codes: [string, string] = [`${unit.code}${serial}`, `${unit.code}${serial + 1}`];

    await open(page);
    await startImport(page, '两半.geojson', halves(ring, unit.code, codes, fault.gap));
    await choose(page, /层级方案/, '片区');
    await choose(page, /导入为哪一级/, '楼组');
    await choose(page, /坐标系/, 'EPSG:4326');
    await accessible(page);
    await page.getByRole('button', { name: '开始导入' }).click();

    await expect(page.getByText('已生成草案')).toBeVisible({ timeout: 60_000 });
    await page.getByRole('button', { name: '打开草案' }).click();
    const draft = page.getByRole('region', { name: '草案' });
    await expect(draft.getByRole('heading', { name: '两半' })).toBeVisible();
    await expect(draft.getByRole('button', { name: '发布' })).toBeEnabled({ enabled: !fault.stops });
    await accessible(page);

    // The fault is found, measured, and shown where it is.
    const row = draft.locator('.fault', { hasText: fault.name }).first();
    await expect(row).toContainText(/宽 (1\.[89]\d*|2|2\.[01]\d*) m/);
    await row.getByRole('button', { name: '前往' }).click();
    if (isPhone(page)) {
      await expect(page.locator('.phone-drawer')).toBeHidden();
      await panel(page, /数据/);
    }
    await row.getByRole('button', { name: fault.repair }).click();
    await expect(draft.getByText('没有发现问题，可以发布。')).toBeVisible();

    await draft.getByRole('button', { name: '发布' }).click();
    await expect(draft.getByText('已发布', { exact: false }).first()).toBeVisible({ timeout: 60_000 });

    // The halves, and nothing else, divide the unit now.
    const { items } = await read<List>(request, `/units?parent=${unit.code}`);
    expect(items.map((item) => item.code).sort()).toEqual(codes);

    // On the map: each half answers for its own place, and its tile has it.
    for (const code of codes) {
      const half = await read<Unit>(request, `/units/${code}`);
      const [lon, lat] = half.label;
      await open(page, `/?level=building-group&layers=background#map=18/${lat}/${lon}`);
      await expect.poll(async () => (await shows(page, 'unit-fill'))[0]?.id).toBe(code);
      await clickCentre(page);
      await expect(page.getByRole('complementary', { name: '详情' }).getByText(code).first()).toBeVisible();
    }
    const after = await read<Unit & { state: string }>(request, `/units/${unit.code}`);
    expect(after.state).toBe('complete');
  });
}

test('refuses a file in the wrong coordinate system and says which one it looks like', async ({
  page,
  request,
}) => {
  test.skip(isPhone(page), 'the same on a phone');
  const { items } = await read<List>(request, '/units?level=micro-grid&limit=40');
  const shifted = await Promise.all(
    items.map(async (unit) => {
      const boundary = await read<{ geometry: { coordinates: unknown } }>(
        request,
        `/units/${unit.code}/boundary`,
      );
      return {
        type: 'Feature',
        properties: { code: unit.code, name: unit.name },
        geometry: { ...boundary.geometry, coordinates: moved(boundary.geometry.coordinates) },
      };
    }),
  );
  await open(page);
  await startImport(page, 'moved.geojson', JSON.stringify({ type: 'FeatureCollection', features: shifted }));
  await choose(page, /坐标系/, 'EPSG:4326');
  await page.getByRole('button', { name: '开始导入' }).click();
  await expect(page.getByText('坐标系与文件不符，未导入')).toBeVisible({ timeout: 60_000 });
  await expect(page.getByRole('button', { name: '返回修改' })).toBeVisible();
});

/** moved shifts all coordinates by about 500 m, as a wrong system does. */
function moved(coordinates: unknown): unknown {
  if (!Array.isArray(coordinates)) return coordinates;
  if (typeof coordinates[0] === 'number') return [coordinates[0] + 0.0045, coordinates[1] - 0.0021];
  return coordinates.map(moved);
}

test('imports a ledger, reports every row, and places what has no place by a click', async ({
  page,
  request,
}) => {
  const { items } = await read<List>(request, '/units?level=building-group&limit=200');
  const homes = items.slice(isPhone(page) ? 100 : 0).slice(0, 12);
  const source = `e2e-${Date.now()}`;
  const rows = homes.map(({ label }, index) => `R${index},测试路${index}号,${label[0]},${label[1]},张三`);
  const table = [
    '编号,地址,经度,纬度,户主姓名',
    ...rows,
    `Z1,测试路零号,0,0,李四`,
    `U1,无处里${source}号,,,王五`,
  ].join('\n');

  await open(page);
  await startImport(page, `${source}.csv`, `${table}\n`);
  await expect(page.getByText('以下列含个人信息，不会导入')).toBeVisible();
  await page.getByRole('radio', { name: '户台账' }).check();
  await choose(page, /坐标系/, 'EPSG:4326');
  await page.getByRole('button', { name: '开始导入' }).click();
  const confirm = page.getByRole('button', { name: '确认并导入' });
  const report = page.getByRole('region', { name: '导入报告' });
  await expect(confirm.or(report)).toBeVisible({ timeout: 60_000 });
  if (await confirm.isVisible()) {
    await page.getByLabel('为何确信坐标系正确').fill('测试文件由本系统坐标生成');
    await confirm.click();
  }
  await expect(report).toBeVisible({ timeout: 60_000 });
  const figure = (name: string) => report.locator('.figure', { hasText: name }).locator('dd');
  await expect(figure('总行数')).toHaveText('14');
  await expect(figure('拒绝')).toHaveText('1');
  await expect(figure('待定位')).toHaveText('1');
  await expect(report.getByText(/户主姓名/)).toBeVisible();
  await accessible(page);
  const download = page.waitForEvent('download');
  await report.getByRole('button', { name: 'CSV' }).click();
  expect((await download).suggestedFilename()).toContain('.csv');
  await page.getByRole('button', { name: '关闭', exact: true }).last().click();

  await panel(page, /待定位/);
  await page.getByRole('textbox', { name: '按地址筛选' }).fill(source);
  await page.locator('.row', { hasText: source }).getByRole('button', { name: '定位' }).click();
  await expect(page.getByText(/^在图上点击房屋所在处/)).toBeVisible();
  await idle(page);
  await clickCentre(page);
  const card = page.getByRole('complementary', { name: '详情' });
  await expect(card.getByText('手工定位')).toBeVisible();
  await expect(card.getByText(`无处里${source}号`)).toBeVisible();
});
