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

  test('is asked when somebody else was first: mine, theirs, both, later', async ({ page, browser }) => {
    test.setTimeout(240_000);
    await begin(page, '两人同改');
    const id = planOf(page);
    const other = await second(browser, `/workshop/${id}`);
    const dialog = other.getByRole('dialog');
    const waiting = other.getByRole('button', { name: /与他人改动冲突/ });
    const nameOf = async (unit: number, plan = id) =>
      (await read<Division>(page.request, `/plans/${plan}/division`)).units.find((one) => one.id === unit)
        ?.name;
    /** meet has both rename a unit; the second one is cut off meanwhile, and hears of it then. */
    const meet = async (index: number, unit: number) => {
      for (const who of [page, other]) {
        if (index > 0)
          await who
            .getByRole('checkbox')
            .nth(index - 1)
            .uncheck();
        await who.getByRole('checkbox').nth(index).check();
      }
      await other.context().setOffline(true);
      await other.getByLabel('名称', { exact: true }).fill(`西门 ${unit}`);
      await other.getByRole('button', { name: '更名' }).click();
      await expect(other.locator('.desk-status')).toContainText('离线');
      await page.getByLabel('名称', { exact: true }).fill(`东门 ${unit}`);
      await page.getByRole('button', { name: '更名' }).click();
      await expect.poll(() => nameOf(unit)).toBe(`东门 ${unit}`);
      await other.context().setOffline(false);
      await expect(dialog).toContainText('有人先改了这些网格');
    };
    try {
      const [a, b, c] = parts(await divided(page)).map((unit) => unit.id);
      if (!a || !b || !c) throw new Error('there are too few units');

      // Later: it waits in the browser, also over a reload; then mine.
      await meet(0, a);
      await accessible(other);
      await dialog.getByRole('button', { name: '以后再说' }).click();
      await expect(waiting).toBeVisible();
      await other.reload();
      await ready(other);
      await dialog.getByRole('button', { name: '以后再说' }).click();
      await waiting.click();
      await dialog.getByRole('button', { name: '用我的' }).click();
      await expect.poll(() => nameOf(a)).toBe(`西门 ${a}`);
      await saved(other);

      // Theirs: one's own is given up.
      await meet(1, b);
      await dialog.getByRole('button', { name: '用对方的' }).click();
      await saved(other);
      expect(await nameOf(b)).toBe(`东门 ${b}`);
      await expect(other.getByLabel('名称', { exact: true })).toHaveValue(`东门 ${b}`);
      await expect(page.getByLabel('名称', { exact: true })).toHaveValue(`东门 ${b}`);

      // Both: one's own goes to a copy of the draft.
      await meet(2, c);
      await dialog.getByRole('button', { name: '两个都留' }).click();
      await dialog.getByRole('button', { name: '建立副本' }).click();
      await expect(other).not.toHaveURL(new RegExp(`/workshop/${id}([?#]|$)`));
      await ready(other);
      await saved(other);
      expect(await nameOf(c, planOf(other))).toBe(`西门 ${c}`);
      expect(await nameOf(c)).toBe(`东门 ${c}`);
    } finally {
      await other.context().close();
    }
  });

  test('gives land that is picked as a whole to a unit, and does it from the menu too', async ({ page }) => {
    await begin(page, '整块划转');
    const first = parts(await divided(page));
    await tool(page, '选地块');
    await page.getByText('单栋建筑').click();
    await expect(page.locator('.desk-hint')).toContainText('已选 0 块');
    await idle(page);
    const found = await picked(page);
    expect(found.into).not.toBe(found.from);
    const { x, y } = await pixel(page, found.at);
    await page.mouse.click(x, y);
    await expect(page.locator('.desk-hint')).toContainText('已选 1 块');
    await accessible(page);
    const there = await pixel(page, middle(first.find((unit) => unit.id === found.into) as Unit));
    await page.mouse.click(there.x, there.y, { button: 'right' });
    await page.getByRole('menuitem', { name: '把所选 1 块划给它' }).click();
    await saved(page);
    await expect(page.locator('.desk-hint')).toContainText('已选 0 块');
    const after = parts(await divided(page));
    const changed = after.filter(
      (unit) => JSON.stringify(unit.area) !== JSON.stringify(first.find((one) => one.id === unit.id)?.area),
    );
    expect(changed.map((unit) => unit.id)).toEqual(expect.arrayContaining([found.from, found.into]));
  });

  test('judges a draft by a copy of a set, with a rule changed and a waiver', async ({ page }) => {
    await page.goto('/rules');
    await page
      .getByRole('button', { name: /^复制“青神县/ })
      .first()
      .click();
    const title = `走查规则 ${Date.now()}`;
    await page.getByRole('dialog').getByLabel('中文名称').fill(title);
    await page.getByRole('dialog').getByRole('button', { name: '复制' }).click();
    await page.getByLabel('规则 2 的下限').fill('90');
    await expect(page.getByText('下限大于上限')).toBeVisible();
    await expect(page.getByRole('button', { name: '保存' })).toBeDisabled();
    await page.getByLabel('规则 2 的上限').fill('95');
    await page.getByRole('button', { name: '保存' }).click();
    await expect(page.getByText('每个微网格 90–95 户')).toBeVisible();
    await accessible(page);

    await begin(page, '按规则');
    await page.getByRole('button', { name: /^规则\s*\d*$/ }).click();
    await page.getByRole('combobox', { name: '按哪套规则检查' }).fill(title);
    await page.locator('.ant-select-item-option', { hasText: title }).click();
    await expect(page.locator('.fault').first()).toContainText('至少 90');
    await page.locator('.fault').first().getByRole('button', { name: '豁免' }).click();
    await page.getByLabel('为什么可以例外').fill('会议决定');
    await page.getByLabel('为什么可以例外').press('Enter');
    await expect(page.getByRole('region', { name: '豁免' })).toContainText('会议决定');
    await accessible(page);
    await page.getByRole('link', { name: '查看规则' }).click();
    await expect(page.getByRole('region', { name: '使用它的方案' })).toContainText('按规则');
  });
});

/** picked is land on the map that one unit has and another may get: its middle, and both units. */
async function picked(page: Page): Promise<{ at: LonLat; from: number; into: number }> {
  const { units } = await divided(page);
  const { items } = await read<{ items: { area: LonLat[][][]; kind: string }[] }>(
    page.request,
    `/plans/${planOf(page)}/atoms?grain=building`,
  );
  const land = units.filter((unit) => unit.role === 'part');
  for (const { area, kind } of items) {
    const at = middle({ area } as Unit);
    const from = land.find((unit) => inside(unit, at));
    const corners = area.flat(2);
    const whole =
      from && corners.every((corner) => !land.some((unit) => unit !== from && inside(unit, corner)));
    const into = land.find((unit) => unit !== from && inside(unit, middle(unit)));
    if (kind === 'building' && whole && into && onlyPart(items, area))
      return { at, from: from.id, into: into.id };
  }
  throw new Error('no land is in one unit');
}

/** onlyPart: the middle of the land lies in no other land. */
const onlyPart = (items: { area: LonLat[][][] }[], area: LonLat[][][]) =>
  items.filter((one) => inside(one as Unit, middle({ area } as Unit))).length === 1;

/** inside reports whether a place lies in a unit. */
function inside(unit: Unit, [x, y]: LonLat): boolean {
  let found = false;
  for (const ring of unit.area.flat()) {
    for (const [index, [ax, ay]] of ring.entries()) {
      const [bx, by] = ring[(index + 1) % ring.length] as LonLat;
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) found = !found;
    }
  }
  return found;
}

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
