// What if: suppose a point where people are not covered, search the best site, take the
// answer home; and the walking tools: what is in reach, and the way of one household.
import { execFileSync } from 'node:child_process';
import type { Page } from '@playwright/test';
import { cellToLatLng } from 'h3-js';
import { closed, compute, dock, dots, drawn, goTo, part, shown, tab, townCentre } from './circle';
import { stateOf } from './roles';
import { accessible, clickCentre, expect, idle, isPhone, open, read, test } from './walk';

type Cell = { cell: string; households: number; covered: number; hidden: boolean };
type Run = { params: { before: number; changes: unknown[] } };

const supposed = '.sites-changes li';

/** supposeAtCentre puts a supposed point in the middle of the map; on a phone the drawer makes room for the press. */
async function supposeAtCentre(page: Page) {
  const drawer = page.locator('.circle-drawer');
  await page.getByRole('button', { name: /设想在那里增加一个点/ }).click();
  if (isPhone(page)) await expect(drawer).toBeHidden();
  await clickCentre(page);
  if (isPhone(page)) await expect(drawer).toBeVisible();
}

test.describe('as analyst', () => {
  test.use({ storageState: stateOf('analyst') });

  test('supposes a point where people are left out, searches the best site, and takes the answer home', async ({
    page,
    request,
  }) => {
    test.setTimeout(300_000);
    await open(page, '/circle');
    await compute(page, 15);
    const before = shown(page);

    // Where most are left out, by the same cells as the map shows.
    const { items } = await read<{ items: Cell[] }>(
      request,
      `/circles/${before}/cells?column=0&resolution=9`,
    );
    const lacking = (one: Cell) => (one.hidden ? 0 : one.households - one.covered);
    const [most] = items.sort((a, b) => lacking(b) - lacking(a));
    if (!most || lacking(most) === 0) throw new Error('everybody is covered');
    const [lat, lon] = cellToLatLng(most.cell);
    await goTo(page, [lon, lat], 15);
    await tab(page, '选址');
    await supposeAtCentre(page);
    await expect(page.locator(supposed)).toHaveText(/增加.*设想的点 1/);
    // An analyst plans nothing: no candidate is kept.
    await expect(page.getByRole('button', { name: '保存为候选点' })).toHaveCount(0);
    await accessible(page);

    await page.getByRole('button', { name: '按设想计算并比较' }).click();
    await expect.poll(() => shown(page)).not.toBe(before);
    const after = shown(page);
    const told = page.getByText(new RegExp(`第 ${before} 次.*(多覆盖.*户|户数的变化小于)`));
    await expect(told).toBeVisible({ timeout: 60_000 });
    const { params } = await read<Run>(request, `/circles/${after}`);
    expect(params).toMatchObject({ before, changes: [{ do: 'add' }] });
    await expect.poll(() => new URL(page.url()).searchParams.get('side')).toBe('difference');
    await part(page, '图例');
    await expect(page.getByText('后减前；两次结果用相同的分级。')).toBeVisible();
    await expect(page.locator('.circle-classes li', { hasText: '百分点' }).first()).toBeVisible();
    await accessible(page);

    // The best one of the idle houses and vacant premises.
    await tab(page, '选址');
    const form = page.getByRole('form', { name: '选址' });
    await expect(form.getByText(/候选点 \d+\+? 个/)).toBeVisible();
    const count = form.getByRole('spinbutton', { name: '新增几个点' });
    await count.fill('1');
    await count.press('Tab');
    await form.getByRole('checkbox', { name: /计容量/ }).check();
    await form.getByRole('button', { name: '开始选址' }).click();
    const answer = page.locator('.sites-answer');
    await expect(answer).toBeVisible({ timeout: 90_000 });
    await expect(answer.getByText(/上限（任何选法都不会更好）/)).toBeVisible();
    await expect(answer.locator('dd')).toHaveText([/户$/, /户$/]);
    await expect(answer.locator('tbody tr')).toHaveCount(1);
    await expect(answer.getByRole('columnheader', { name: '容得下' })).toBeVisible();
    await accessible(page);
    await answer.getByRole('button', { name: '采用为设想' }).click();
    await expect(page.locator(supposed)).toHaveCount(2);

    // A table that another program reads.
    await dock(page, '网格表');
    await page.getByRole('button', { name: '导出' }).click();
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: '导出网格，GeoPackage 格式' }).click();
    const file = test.info().outputPath('units.gpkg');
    await (await download).saveAs(file);
    const said = execFileSync('ogrinfo', ['-so', '-al', file], { encoding: 'utf8' });
    expect(said).toMatch(/^share: Real/m);
    expect(said).toMatch(/Geometry: .*Polygon/);
    expect(Number(/Feature Count: (\d+)/.exec(said)?.[1])).toBeGreaterThan(10);
  });

  test('sees what is in reach of a place, and moves it with the keys', async ({ page }) => {
    await open(page, '/circle?tab=reach');
    await goTo(page, await townCentre(page), 14);
    await tab(page, '可达');
    await closed(page);
    await clickCentre(page);
    await part(page, '条件');
    const rows = page.getByRole('table', { name: '各时限以内' }).locator('tbody tr');
    await expect(rows).toHaveCount(3);
    await expect(rows.locator('th')).toHaveText([/5 分钟/, /10 分钟/, /15 分钟/]);
    await expect(page.getByText(/您的岗位不看单户/)).toBeVisible();
    await accessible(page);

    const figures = () => rows.last().textContent();
    const first = await figures();
    await closed(page);
    const marker = page.getByRole('button', { name: '起点，可拖动；方向键移动' });
    await marker.focus();
    for (let step = 0; step < 3; step++) await page.keyboard.press('Shift+ArrowRight');
    await part(page, '条件');
    await expect.poll(figures).not.toBe(first);

    await page.getByText('走到这里', { exact: true }).click();
    await expect(rows).toHaveCount(3);
    await page.getByRole('checkbox', { name: '街道按分钟着色' }).check();
    await expect(page.getByRole('columnheader', { name: '街道千米' })).toBeVisible();
    await accessible(page);
    await closed(page);
    await idle(page);
  });
});

test.describe('as planner', () => {
  test('keeps a supposed point as a candidate', async ({ page }) => {
    test.skip(isPhone(page), 'the same parts are walked on a phone elsewhere');
    await open(page, '/circle');
    await compute(page, 15);
    await goTo(page, await townCentre(page), 15);
    await tab(page, '选址');
    await supposeAtCentre(page);
    await page.locator(supposed).getByRole('button', { name: '保存为候选点' }).click();
    await expect(page.getByText('已保存为候选点')).toBeVisible();
    await expect(page.locator(supposed).getByRole('button', { name: '保存为候选点' })).toBeDisabled();
  });

  test('presses a household on the map, and sees its way', async ({ page, request }) => {
    const runs = await read<{ items: { id: number; state: string }[] }>(request, '/circles?limit=50');
    const run = runs.items.find((one) => one.state === 'done');
    if (!run) throw new Error('nothing is computed yet');
    const { items } = await read<{
      items: { at: [number, number]; households: number | null; snapped: boolean }[];
    }>(request, `/circles/${run.id}/points?column=0`);
    const served = items.find((point) => point.snapped && (point.households ?? 0) > 0);
    if (!served) throw new Error('no point serves anybody');
    await open(page, `/circle?run=${run.id}`);
    await goTo(page, served.at, 16.5);
    const [dot] = await dots(page, 'household');
    if (!dot) throw new Error('no household is drawn');
    await page.mouse.click(dot.x, dot.y);
    await expect.poll(() => new URL(page.url()).searchParams.get('item')).toMatch(/^household:\d+$/);

    // Nothing is asked of a household before somebody says so.
    const card = page.locator('.circle-card');
    await expect(card.getByText('查看一户的结果会留下记录。')).toBeVisible();
    await accessible(page);
    await card.getByRole('button', { name: '查看这一户走到哪里' }).click();
    await card.getByRole('button', { name: '走法' }).first().click();
    await expect(card.getByText(/[\d.]+ 分钟，[\d,]+ 米/)).toBeVisible();
    await idle(page);
    expect(await drawn(page, 'way')).toBe(true);
    await accessible(page);
  });
});
