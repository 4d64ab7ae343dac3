// Two divisions side by side: a draft that merges two units is compared with what is in
// force, on the map and in tables.
import { readFileSync } from 'node:fs';
import { accessible, expect, idle, isPhone, open, read, test } from './walk';

type Page = Parameters<typeof open>[0];
type Unit = { code: string; name: string; children: number };
type Row = { id: number; code: string; role: string };

/** merged makes a draft of a unit's division in which two units become one. */
async function merged(page: Page, skip: number): Promise<{ base: string; plan: number }> {
  const { request } = page;
  const { items } = await read<{ items: Unit[] }>(request, '/units?level=micro-grid&limit=200');
  const base = items.filter((unit) => unit.children > 2)[skip]?.code ?? '';
  const made = await request.post('/api/v1/plans', { data: { name: `合并试案${skip}`, base } });
  expect(made.ok(), await made.text()).toBe(true);
  const plan = (await made.json()) as { id: number; revision: number };
  const division = await read<{ units: Row[] }>(request, `/plans/${plan.id}/division`);
  const [one, two] = division.units.filter((row) => row.role === 'part');
  const edited = await request.post(`/api/v1/plans/${plan.id}/edits`, {
    data: {
      revision: plan.revision,
      key: crypto.randomUUID(),
      edit: { kind: 'merge', units: [one?.id, two?.id], into: one?.id },
    },
  });
  expect(edited.ok(), await edited.text()).toBe(true);
  return { base, plan: plan.id };
}

const tab = (page: Page, name: string) =>
  page.getByRole('navigation', { name: '对比结果' }).getByRole('button', { name }).click();

const mode = (page: Page, name: string) =>
  page.locator('.compare-choose').getByText(name, { exact: true }).click();

test('compares a draft with what is in force: swipe, side by side, difference, tables, a file', async ({
  page,
}) => {
  const { base, plan } = await merged(page, isPhone(page) ? 5 : 3);
  const today = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);
  await open(page, `/compare?base=${base}&below=building-group&before=date:${today}&after=plan:${plan}`);
  await expect(page).toHaveTitle(/方案对比/);

  // What became of units, in words beside its colour.
  const body = page.locator('.compare-body');
  await expect(body.getByText('合并', { exact: true })).toBeVisible();
  await expect(page.locator('.compare-legend')).toContainText('个单元不变');
  await accessible(page);

  // The divider by keys and by pointer; where it stands is in the address.
  const divider = page.getByRole('separator');
  await divider.focus();
  await page.keyboard.press('PageUp');
  await expect(divider).toHaveAttribute('aria-valuenow', '60');
  const box = await divider.boundingBox();
  const maps = await page.locator('.compare-maps').boundingBox();
  if (!box || !maps) throw new Error('there is no divider');
  await page.mouse.move(box.x + box.width / 2, box.y + 80);
  await page.mouse.down();
  await page.mouse.move(maps.x + maps.width * 0.3, box.y + 80, { steps: 5 });
  await page.mouse.up();
  await expect.poll(() => Number(new URL(page.url()).searchParams.get('divider'))).toBeLessThan(35);

  // A change of the table is chosen on the map, and stays in the link.
  await body.getByRole('button', { name: '#1' }).click();
  await expect(body.getByRole('heading', { name: /共有部分 #1/ })).toBeVisible();
  expect(new URL(page.url()).searchParams.get('change')).toBe('1');

  // Side by side: what one map does the other follows.
  await mode(page, '并排');
  await expect(page.locator('.compare-beside .map[data-ready=true]')).toHaveCount(2);
  await idle(page);
  await accessible(page);

  await mode(page, '差异');
  await expect(page.locator('.compare-difference .map[data-ready=true]')).toHaveCount(1);
  await idle(page);
  await expect
    .poll(() =>
      page.evaluate(() => {
        type Asked = {
          getLayer: (id: string) => unknown;
          queryRenderedFeatures: (box: undefined, o: object) => unknown[];
        };
        const { map } = (window as unknown as { wangge: { map: Asked } }).wangge;
        return map.getLayer('difference-fill')
          ? map.queryRenderedFeatures(undefined, { layers: ['difference-fill'] }).length
          : 0;
      }),
    )
    .toBeGreaterThan(0);

  // Households, posts, before and after, what the merger means: the totals agree.
  await tab(page, '住户');
  await expect(body.getByText(/户换网格/)).toBeVisible();
  await body.getByRole('button', { name: '查看' }).first().click();
  await expect(body.getByText('查看名单会记入日志。')).toBeVisible();
  await expect(body.locator('.compare-moved li').first()).toBeVisible();
  await tab(page, '岗位');
  await expect(body.getByText(/转到其他单元|人员不变|没有岗位易手/).first()).toBeVisible();
  await tab(page, '前后对照');
  const [before, after] = ((await body.locator('.compare-totals dd').first().textContent()) ?? '').split(
    ' → ',
  );
  expect(after).toBe(before);
  await tab(page, '合并影响');
  await expect(body.getByText(/步行路网/)).toBeVisible();
  await tab(page, '统计重算');
  await expect(body.getByText(/前后合计一致/)).toBeVisible();
  await accessible(page);

  // A link shows the same again.
  await page.reload();
  await expect(body.getByText(/前后合计一致/)).toBeVisible();
  await expect(page.locator('.compare-difference')).toBeVisible();

  await page.getByRole('button', { name: '导出' }).click();
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: '导出前后对照，CSV 格式' }).click();
  const text = readFileSync(await (await download).path(), 'utf8');
  expect(text.charCodeAt(0)).toBe(0xfeff);
  expect(text).toMatch(/before_households/);
  await page.keyboard.press('Escape');

  // Two days that do not differ say so; in the dark theme as well.
  await page.goto(
    `/compare?theme=dark&base=${base}&below=building-group&before=date:${today}&after=date:${today}`,
  );
  await expect(body.getByText('两侧相同，没有变化').first()).toBeVisible();
  await accessible(page);
});
