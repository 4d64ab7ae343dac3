// The analyst's work with the service circle: ask, see who is left out, take it home.
import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { closed, compute, dock, part } from './circle';
import { stateOf } from './roles';
import { accessible, expect, idle, isPhone, open, read, test } from './walk';

test.describe('as analyst', () => {
  test.use({ storageState: stateOf('analyst') });

  test('asks who reaches elderly care in 15 minutes, sees who does not, and exports the table', async ({
    page,
  }) => {
    await open(page, '/circle');
    await expect(page).toHaveTitle(/15 分钟服务圈/);
    await compute(page, 15);
    const cells = page.locator('.circle-dock-body tbody');
    await expect(cells.getByText(/约 \d+ %/).first()).toBeVisible();
    await accessible(page);

    // The same figures on the map, with their denominator and their standard.
    await part(page, '图例');
    await expect(page.getByText(/分母：[\d,]+ 户/)).toBeVisible();
    await expect(page.getByText(/老年人 · 15 分钟 · 不限米数 · 3.2 千米\/小时/).last()).toBeVisible();
    const layers = page.getByRole('group', { name: '图层' });
    await layers.getByRole('button', { name: '未覆盖' }).click();
    await layers.getByRole('button', { name: '可达范围' }).click();
    await expect(page.getByText(/每个单元（\d+ 级/)).toBeVisible();
    await accessible(page);
    await closed(page);
    await idle(page);

    // Who is left out: cells and no single households, for an analyst sees none.
    await dock(page, '未覆盖');
    await expect(page.getByText('按户')).toHaveCount(0);
    const cell = page.locator('.circle-dock-body tbody button').first();
    await cell.click();
    await closed(page);
    await idle(page);
    await expect.poll(() => page.url()).toMatch(/#map=1[3-7]/);

    // The table as a file that says how it was computed.
    await dock(page, '网格表');
    await page.getByRole('button', { name: '导出' }).click();
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: '导出网格，CSV 格式' }).click();
    const text = readFileSync(await (await download).path(), 'utf8');
    expect(text.charCodeAt(0)).toBe(0xfeff);
    expect(text).toMatch(/elderly-care/);
    expect(text.trim().split('\n').length).toBeGreaterThan(10);
  });

  test('links table, chart and map, sets the minutes in the chart, and compares two runs', async ({
    page,
  }) => {
    test.skip(isPhone(page), 'the same parts are walked on a phone elsewhere');
    await open(page, '/circle?level=village');
    await compute(page, 15);
    const run = new URL(page.url()).searchParams.get('run') ?? '';
    const name = page.locator('.circle-dock-body tbody button').first();
    const unit = (await name.locator('small').textContent()) ?? '';
    await name.click();
    await expect.poll(() => new URL(page.url()).searchParams.get('unit')).toBe(unit);
    await expect(page.locator('.circle-dock-body tbody .row-chosen')).toContainText(unit);

    await dock(page, '图表');
    const curve = page.getByRole('img', { name: /覆盖率随分钟变化的曲线：15 分钟内 约 \d+ %/ });
    const box = await curve.boundingBox();
    if (!box) throw new Error('there is no chart');
    await curve.click({ position: { x: 44 + ((box.width - 62) * 25) / 60, y: box.height / 2 } });
    await expect(page.getByRole('button', { name: '恢复为 15 分钟' })).toBeVisible();
    await accessible(page);
    await part(page, '条件');
    const typed = page.getByRole('spinbutton', { name: '步行分钟数以内' });
    expect(Math.abs(Number(await typed.inputValue()) - 25)).toBeLessThanOrEqual(1);
    await expect(page.getByText(/图上是原来的结果；条件已改（标准）/)).toBeVisible();

    await compute(page, 5);
    await part(page, '条件');
    const earlier = page.locator('.circle-runs li', { hasText: `#${run} ` });
    await earlier.getByRole('button', { name: /操作/ }).click();
    await page.getByRole('menuitem', { name: '与图上的结果比较' }).click();
    await expect.poll(() => new URL(page.url()).searchParams.get('side')).toBe('difference');
    await dock(page, '网格表');
    await expect(
      page.locator('.circle-dock-body strong', { hasText: /^-\d+ 百分点$/ }).first(),
    ).toBeVisible();
    await part(page, '图例');
    await expect(page.getByText('后减前；两次结果用相同的分级。')).toBeVisible();
    await accessible(page);
  });

  test('finds the same view behind its link, in English and on a dark map', async ({ page, request }) => {
    const runs = await (await request.get('/api/v1/circles?limit=1')).json();
    const id = runs.items[0].id as number;
    await open(
      page,
      `/circle?run=${id}&level=micro-grid&by=p90&method=natural&classes=4&show=background,units,reach,streets,points&lang=en&theme=dark`,
    );
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
    if (isPhone(page)) await page.getByRole('button', { name: 'Legend' }).click();
    await expect(page.locator('.circle-classes li').first()).toBeVisible();
    await expect(page.getByText('Natural breaks')).toBeVisible();
    await expect(page.getByRole('button', { name: 'Streets', pressed: true })).toBeVisible();
    await accessible(page);
    if (isPhone(page)) await page.locator('.circle-drawer .ant-drawer-close').click();
    if (isPhone(page)) await page.getByRole('button', { name: 'Figures' }).click();
    await page.getByRole('button', { name: 'Method' }).click();
    await expect(page.getByRole('heading', { name: 'Inputs and versions' })).toBeVisible();
    await accessible(page);
    const address = page.url();
    await page.reload();
    await idle(page);
    expect(page.url()).toBe(address);
  });
});

test.describe('as planner', () => {
  test('is told that looking at households is recorded, before any is shown', async ({ page, request }) => {
    test.skip(isPhone(page), 'the same parts are walked on a phone elsewhere');
    const self = await (await request.get('/api/v1/session')).json();
    test.skip(!self.permissions.includes('count'), 'the post of this account counts nothing');
    await open(page, '/circle');
    await compute(page, 5);
    await dock(page, '未覆盖');
    await page.getByText('按户', { exact: true }).click();
    await expect(page.getByText('查看住户会留下记录')).toBeVisible();
    await page.getByRole('button', { name: '查看住户' }).click();
    const first = page.locator('.circle-dock-body tbody button').first();
    await expect(first).toBeVisible();
    await accessible(page);
    await first.click();
    await expect.poll(() => new URL(page.url()).searchParams.get('item')).toMatch(/^household:\d+$/);
  });

  test('redraws in a draft and sees grids and coverage change together', async ({ page }) => {
    test.skip(isPhone(page), 'the same parts are walked on a phone elsewhere');
    const { plan, merged } = await mergedDraft(page);
    await page.goto(`/workshop/${plan}`);
    await page.getByRole('link', { name: '服务圈对比' }).click();
    await expect(page).toHaveURL(/\/circle/);
    await idle(page);
    await expect(page.locator('.circle-form')).toContainText('服务圈走查草案');
    await compute(page, 12);
    // Both are there: what the draft ends, and what it makes of it, with the figures of both.
    await expect(page).toHaveURL(/side=difference/);
    const row = (code: string) => page.locator('.circle-dock-body tbody tr', { hasText: code });
    await expect(row(merged.gone)).toContainText('将不再有', { timeout: 60_000 });
    await expect(row(merged.stays)).toContainText('%');
    const fill = () =>
      page.evaluate(() => {
        type Drawn = { queryRenderedFeatures: (of: { layers: string[] }) => unknown[] };
        const { map } = (window as unknown as { wangge: { map: Drawn } }).wangge;
        return map.queryRenderedFeatures({ layers: ['plan-fill'] }).length;
      });
    await row(merged.stays).getByRole('button').click();
    await page.locator('.circle-chosen button').first().click();
    await idle(page);
    await expect.poll(fill).toBeGreaterThan(0);
    await accessible(page);

    // A point is closed in the same draft: one run tells of both.
    const first = new URL(page.url()).searchParams.get('run');
    const run = await read<{ params: { plan: number; before: number } }>(page.request, `/circles/${first}`);
    expect(run.params.plan).toBe(plan);
    expect(run.params.before).toBeGreaterThan(0);
  });
});

/** mergedDraft makes a draft of a village in which two neighbours are one. */
async function mergedDraft(page: Page): Promise<{ plan: number; merged: { gone: string; stays: string } }> {
  const { request } = page;
  const villages = await read<{ items: { code: string; children: number }[] }>(
    request,
    '/units?level=village&limit=40',
  );
  const base = villages.items.find((unit) => unit.children >= 4)?.code;
  const made = await request.post('/api/v1/plans', {
    data: { name: '服务圈走查草案', base, level: 'micro-grid' },
  });
  expect(made.ok(), await made.text()).toBe(true);
  const plan = (await made.json()) as { id: number; revision: number };
  type Unit = { id: number; role: string; code: string; area: [number, number][][][] };
  const { units } = await read<{ units: Unit[] }>(request, `/plans/${plan.id}/division`);
  const parts = units.filter((unit) => unit.role === 'part');
  const points = (unit: Unit) => new Set(unit.area.flat(2).map(String));
  const [into] = parts;
  const ours = into && points(into);
  const other = parts.find(
    (unit) => unit !== into && [...points(unit)].filter((at) => ours?.has(at)).length > 1,
  );
  if (!into || !other) throw new Error('no two units are neighbours');
  const edited = await request.post(`/api/v1/plans/${plan.id}/edits`, {
    data: {
      revision: plan.revision,
      key: crypto.randomUUID(),
      edit: { kind: 'merge', units: [into.id, other.id], into: into.id },
    },
  });
  expect(edited.status(), await edited.text()).toBe(200);
  return { plan: plan.id, merged: { gone: other.code, stays: into.code } };
}
