// A planner redraws a village: from the plan in force to borders moved with the mouse,
// undone after a reload, and a conflict of two who draw at once.
import type { Browser, Page } from '@playwright/test';
import { stateOf } from './roles';
import { accessible, expect, idle, isPhone, open, read, test } from './walk';

type LonLat = [number, number];
type Unit = { id: number; role: string; name: string; locked: boolean; area: LonLat[][][] };
type Division = { plan: { id: number; revision: number; head: number }; units: Unit[] };

const parts = (division: Division) => division.units.filter((unit) => unit.role === 'part');

/** divided reads the draft that is open, as the server has it. */
const divided = (page: Page): Promise<Division> =>
  read<Division>(page.request, `/plans/${planOf(page)}/division`);
const planOf = (page: Page) => Number(/\/workshop\/(\d+)/.exec(page.url())?.[1]);

/** begin makes a draft of a village from the plan in force, as a planner does. */
async function begin(page: Page, name: string): Promise<void> {
  const villages = await read<{ items: { code: string; name: string; children: number }[] }>(
    page.request,
    '/units?level=village&limit=40',
  );
  const village = villages.items.find((unit) => unit.children >= 4) ?? villages.items[0];
  if (!village) throw new Error('there is no village');
  await page.goto('/workshop');
  await page.getByRole('button', { name: '新建草案' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('combobox', { name: '在哪个单位内调整' }).fill(village.code);
  await page.locator('.ant-select-item-option', { hasText: village.code }).first().click();
  await dialog.getByRole('combobox', { name: '调整哪一级' }).click();
  await page
    .locator('.ant-select-item-option', { hasText: /^微网格/ })
    .first()
    .click();
  await dialog.getByLabel('草案名称').fill(name);
  await dialog.getByRole('button', { name: '新建草案' }).click();
  await expect(page).toHaveURL(/\/workshop\/\d+/);
  await ready(page);
}

async function ready(page: Page) {
  await expect(page.locator('.desk[data-phase=ready]')).toBeVisible({ timeout: 60_000 });
  await idle(page);
}

const saved = (page: Page) => expect(page.locator('.desk-status')).toHaveText(/^已保存/);

/** pixel is where a place is on the screen. */
async function pixel(page: Page, at: LonLat): Promise<{ x: number; y: number }> {
  const box = await page.locator('.maplibregl-canvas').boundingBox();
  const on = await page.evaluate((place) => {
    type Projected = { project: (at: LonLat) => { x: number; y: number } };
    return (window as unknown as { wangge: { map: Projected } }).wangge.map.project(place);
  }, at);
  if (!box) throw new Error('there is no map');
  return { x: box.x + on.x, y: box.y + on.y };
}

/** drag is a real mouse that presses, moves in steps and lets go. */
async function drag(page: Page, from: LonLat, by: { x: number; y: number }) {
  const start = await pixel(page, from);
  await page.mouse.move(start.x, start.y);
  await page.mouse.down();
  for (let step = 1; step <= 8; step++) {
    await page.mouse.move(start.x + (by.x * step) / 8, start.y + (by.y * step) / 8);
    await page.waitForTimeout(60); // a hand takes its time
  }
  await page.mouse.up();
}

/** vertices counts in how many units each border point is. */
function vertices(division: Division): Map<string, { at: LonLat; units: number[] }> {
  const found = new Map<string, { at: LonLat; units: number[] }>();
  for (const unit of parts(division)) {
    for (const at of new Set(unit.area.flat(2).map((point) => point.join()))) {
      const known = found.get(at) ?? { at: at.split(',').map(Number) as LonLat, units: [] };
      known.units.push(unit.id);
      found.set(at, known);
    }
  }
  return found;
}

/** junction is a border point of three units or more that is not at the rim: in the middle of the village. */
function junction(division: Division) {
  const inner = [...vertices(division).values()].filter((vertex) => vertex.units.length >= 3);
  const [found] = inner.sort((a, b) => b.units.length - a.units.length);
  if (!found) throw new Error('no border point has three units');
  return found;
}

/** middle is the middle of a unit's box. */
function middle(unit: Unit): LonLat {
  const points = unit.area.flat(2);
  const mid = (of: number[]) => (Math.min(...of) + Math.max(...of)) / 2;
  return [mid(points.map(([x]) => x)), mid(points.map(([, y]) => y))];
}

/** across is a line from west of a unit to east of it. */
function across(unit: Unit): [LonLat, LonLat] {
  const [x, y] = middle(unit);
  const half = Math.max(...unit.area.flat(2).map(([lon]) => Math.abs(lon - x)));
  return [
    [x - half * 1.02, y],
    [x + half * 1.02, y],
  ];
}

/** sharedEdge is the longest edge that two units have in common. */
function sharedEdge(division: Division): [LonLat, LonLat] {
  const edges = parts(division).flatMap((unit) =>
    unit.area
      .flat()
      .flatMap((ring) => ring.slice(1).map((to, index) => [ring[index] as LonLat, to] as const)),
  );
  const walked = new Set(edges.map(([from, to]) => `${from}-${to}`));
  const length = ([[ax, ay], [bx, by]]: readonly [LonLat, LonLat]) => Math.hypot(ax - bx, ay - by);
  const [longest] = edges
    .filter(([from, to]) => walked.has(`${to}-${from}`))
    .sort((a, b) => length(b) - length(a));
  if (!longest) throw new Error('no two units share an edge');
  return [longest[0], longest[1]];
}

const tool = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
const journal = (page: Page) => page.locator('.desk-steps > li');

test.describe('as planner', () => {
  test.skip(({ viewport }) => (viewport?.width ?? 1280) < 768, 'drawn with a mouse; a phone is walked below');

  test('redraws a village with the mouse; every step is kept', async ({ page }) => {
    test.setTimeout(300_000);
    await begin(page, '走查草案');
    await accessible(page);
    const first = await divided(page);
    const point = junction(first);
    await page
      .getByRole('checkbox')
      .nth(parts(first).findIndex((unit) => unit.id === point.units[0]))
      .check();
    await tool(page, '移动界点');
    await tool(page, '吸附：开');

    // A shared junction moves all units that meet there.
    await drag(page, point.at, { x: 14, y: 9 });
    await saved(page);
    const moved = await divided(page);
    const changed = parts(moved).filter((unit) => {
      const before = parts(first).find((one) => one.id === unit.id);
      return JSON.stringify(before?.area) !== JSON.stringify(unit.area);
    });
    expect(changed.map((unit) => unit.id).sort()).toEqual([...point.units].sort());

    // Far beyond the next border it stays where it last fitted, and the reason is said.
    const again = junction(moved);
    await drag(page, again.at, { x: 900, y: -500 });
    await expect(page.getByRole('alert')).toContainText(/界线会与其他界线相交或相碰|界线与草案之外/);
    await page.keyboard.press('Escape');
    await saved(page);

    // The line cuts a unit in two, and both are merged again.
    const before = await divided(page);
    const [unit] = parts(before).sort((a, b) => b.area.flat(2).length - a.area.flat(2).length);
    if (!unit) throw new Error('there is no unit');
    await tool(page, '画线拆分');
    for (const at of across(unit)) {
      const { x, y } = await pixel(page, at);
      await page.mouse.click(x, y);
    }
    await page.getByRole('button', { name: '完成' }).click();
    await expect.poll(async () => parts(await divided(page)).length).toBe(parts(before).length + 1);
    const split = await divided(page);
    const made = parts(split).find((one) => !parts(before).some((old) => old.id === one.id));
    if (!made) throw new Error('no unit came');
    await page.getByRole('button', { name: '选择', exact: true }).click();
    const old = await pixel(page, middle(parts(split).find((one) => one.id === unit.id) as Unit));
    await page.keyboard.down('Shift');
    await page.mouse.click(old.x, old.y);
    await page.keyboard.up('Shift');
    await page.keyboard.press('m');
    await page.getByRole('dialog').getByRole('button', { name: '合并所选' }).click();
    await saved(page);
    await expect.poll(async () => parts(await divided(page)).length).toBe(parts(before).length);

    // Undo survives a reload: the server keeps the journal.
    await page.getByRole('button', { name: '步骤', exact: true }).click();
    await expect(journal(page).first()).toContainText('合并');
    await page.reload();
    await ready(page);
    await page.keyboard.press('Control+z');
    await expect.poll(async () => parts(await divided(page)).length).toBe(parts(before).length + 1);
    await page.keyboard.press('Control+z');
    await expect
      .poll(async () => JSON.stringify(parts(await divided(page))))
      .toBe(JSON.stringify(parts(before)));
    await page.keyboard.press('Control+Shift+z');
    await expect.poll(async () => parts(await divided(page)).length).toBe(parts(before).length + 1);
    await accessible(page);
  });

  test('reshapes by a line that crosses twice, with places typed instead of pressed', async ({ page }) => {
    await begin(page, '画线改界');
    const first = await divided(page);
    const [[px, py], [qx, qy]] = sharedEdge(first);
    const place = (along: number, beside: number) =>
      [px + (qx - px) * along - (qy - py) * beside, py + (qy - py) * along + (qx - px) * beside]
        .map((degrees) => degrees.toFixed(7))
        .join(', ');
    await tool(page, '画线改界');
    await page.getByRole('button', { name: '输入坐标' }).click();
    // From one side over the border, along it, and back.
    const line = [place(0.4, 0.1), place(0.4, -0.1), place(0.6, -0.1), place(0.6, 0.1)];
    await page.getByRole('textbox', { name: '坐标' }).fill(line.join('\n'));
    await page.getByRole('button', { name: '执行' }).click();
    await saved(page);
    const after = await divided(page);
    const changed = parts(after).filter(
      (unit) =>
        JSON.stringify(unit.area) !== JSON.stringify(parts(first).find((one) => one.id === unit.id)?.area),
    );
    expect(changed).toHaveLength(2);
    expect(changed.flatMap((unit) => unit.area.flat(2)).length).toBeGreaterThan(
      parts(first)
        .filter((unit) => changed.some((one) => one.id === unit.id))
        .flatMap((unit) => unit.area.flat(2)).length,
    );
  });

  test('is asked when somebody else was first, and keeps both', async ({ page, browser }) => {
    await begin(page, '两人同改');
    const id = planOf(page);
    const other = await second(browser, `/workshop/${id}?tab=journal`);
    try {
      const [unit] = parts(await divided(page));
      if (!unit) throw new Error('there is no unit');
      // Both rename the same unit; the second one hears of the first.
      const rename = async (who: Page, name: string) => {
        await who.goto(`/workshop/${id}?sel=${unit.id}`);
        await ready(who);
        await who.getByLabel('名称', { exact: true }).fill(name);
      };
      await rename(page, '东门网格');
      await rename(other, '西门网格');
      await page.getByRole('button', { name: '更名' }).click();
      await saved(page);
      await other.getByRole('button', { name: '更名' }).click();
      const dialog = other.getByRole('dialog');
      await expect(dialog).toContainText('有人先改了这些网格');
      await accessible(other);
      await dialog.getByRole('button', { name: '以后再说' }).click();
      await other.getByRole('button', { name: /与他人改动冲突/ }).click();
      await dialog.getByRole('button', { name: '用我的' }).click();
      await saved(other);
      const names = async () => (await divided(page)).units.find((one) => one.id === unit.id)?.name;
      await expect.poll(names).toBe('西门网格');
    } finally {
      await other.context().close();
    }
  });
});

/** second is another window of the planner. */
async function second(browser: Browser, address: string): Promise<Page> {
  const context = await browser.newContext({
    storageState: stateOf('planner'),
    viewport: { width: 1280, height: 720 },
  });
  const page = await context.newPage();
  await page.goto(address);
  await ready(page);
  return page;
}

test('on a phone units are chosen and locked from the list', async ({ page }) => {
  test.skip(!isPhone(page), 'a desktop is walked above');
  await begin(page, '手机草案');
  await page.getByRole('button', { name: '网格、指标与步骤' }).click();
  await page.getByRole('checkbox').first().check();
  await accessible(page);
  await page.locator('.phone-drawer .ant-drawer-close').click();
  await tool(page, '锁定');
  await saved(page);
  expect(parts(await divided(page)).filter((unit) => unit.locked)).toHaveLength(1);
  await open(page, page.url());
});
