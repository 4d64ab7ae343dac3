// Incidents for analysts, as those who see rounded numbers and as those who see places.
import { readFileSync } from 'node:fs';
import { stateOf } from './roles';
import { accessible, expect, isPhone, read, test } from './walk';

type Units = { exact: boolean; step: number; items: { incidents: number | null }[] };
type Spots = { enough: boolean; items: { class: string }[] };

/** lastMonth is the last whole month in China, as the page chooses it at first. */
function lastMonth(): { from: string; to: string } {
  const now = new Date(Date.now() + 8 * 3_600_000);
  const to = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1));
  const from = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 1, 1));
  return { from: from.toISOString().slice(0, 10), to: to.toISOString().slice(0, 10) };
}

test.describe('as analyst', () => {
  test.use({ storageState: stateOf('analyst') });

  test('sees rounded numbers everywhere, and the server gives no others', async ({
    page,
    request,
    complaints,
  }) => {
    complaints.allow(/422/);
    const { from, to } = lastMonth();
    await page.goto('/incidents/analysis?lang=zh');
    await expect(page.getByRole('heading', { level: 1, name: '事件分析' })).toBeVisible();
    await expect(page.getByText(/随机取整到 10 的倍数，误差不超过 9/)).toBeVisible();
    await expect(page.locator('.admin-map[data-ready=true]')).toBeVisible();
    const units = await read<Units>(request, `/incidents/analysis/units?from=${from}&to=${to}&level=village`);
    expect(units).toMatchObject({ exact: false, step: 10 });
    for (const { incidents } of units.items) expect((incidents ?? 10) % 10).toBe(0);
    const days = `from=${from}&to=${from.slice(0, 8)}03`;
    expect((await request.get(`/api/v1/incidents/analysis/units?${days}`)).status()).toBe(422);
    expect(
      (await request.get(`/api/v1/incidents/analysis/cells?from=${from}&to=${to}&resolution=10`)).status(),
    ).toBe(422);
    expect((await request.get('/api/v1/incidents?limit=1')).status()).toBe(403);
    await accessible(page);
  });

  test('chooses a unit, a week and cells, and takes the table along', async ({ page }) => {
    await page.goto('/incidents/analysis?lang=zh');
    const first = page.locator('.incidents-units tbody tr').first().getByRole('button');
    const name = (await first.textContent()) ?? '';
    await first.click();
    await expect(page.getByRole('heading', { level: 2, name: new RegExp(name) })).toBeVisible();
    await expect(page.locator('.row-chosen')).toContainText(name);
    await page.getByRole('button', { name: '显示全部范围' }).click();
    await expect(page.locator('.row-chosen')).toHaveCount(0);

    await page.getByText('周', { exact: true }).first().click();
    const period = page.locator('.incidents-slide output');
    const before = await period.textContent();
    await page.locator('.incidents-slide').getByRole('button', { name: '上一页' }).click();
    await expect(period).not.toHaveText(before ?? '');

    await page.getByText('H3 单元', { exact: true }).click();
    await expect(page.getByLabel('单元大小')).toBeVisible();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: '导出 CSV' }).click();
    await page.getByRole('link', { name: '网格的件数与比率' }).click();
    const file = await (await download).path();
    const [head, line] = readFileSync(file, 'utf8').split('\n');
    expect(head).toContain('per_100_households');
    expect(head).toContain('rounded_to');
    expect(line).toMatch(/,10,30\r?$/);
  });
});

test.describe('as planner', () => {
  test('sees exact numbers, single hours and hot spots with what they mean', async ({ page, request }) => {
    test.skip(!isPhone(page), 'walked on the other screen');
    const { from, to } = lastMonth();
    const units = await read<Units>(request, `/incidents/analysis/units?from=${from}&to=${to}`);
    expect(units).toMatchObject({ exact: true, step: 0 });
    const query = `from=${from}&to=${to}&resolution=9`;
    const spots = await read<Spots>(request, `/incidents/analysis/hotspots?${query}`);
    const again = await read<Spots>(request, `/incidents/analysis/hotspots?${query}`);
    expect(again).toEqual(spots);
    expect(spots.items.length).toBeGreaterThan(0);
    await page.goto('/incidents/analysis?lang=zh');
    await expect(page.getByText('数字是准确的', { exact: false })).toBeVisible();
    await page.getByText('热点', { exact: true }).click();
    await page.getByText('件数', { exact: true }).first().click();
    await expect(page.getByText(/Benjamini–Hochberg/)).toBeVisible();
    const hot = spots.items.filter((spot) => spot.class === 'hot-01').length;
    await expect(page.getByText(`热点（误报率 1%）: ${hot}`)).toBeVisible();
    await expect(page.getByRole('img', { name: /按钟点和星期的事件数/ })).toBeVisible();
    if (!isPhone(page)) await accessible(page);
  });
});

test.describe('as privacy officer', () => {
  test.use({ storageState: stateOf('privacy-officer') });

  test('may not count, so there is no such page in the menu and no answer', async ({
    page,
    request,
    complaints,
  }) => {
    complaints.allow(/403/);
    await page.goto('/?lang=zh');
    await expect(page.getByRole('link', { name: '事件分析' })).toHaveCount(0);
    const { from, to } = lastMonth();
    expect((await request.get(`/api/v1/incidents/analysis/units?from=${from}&to=${to}`)).status()).toBe(403);
  });
});

test('a key held down leads the slider through the periods, faster than the page draws', async ({ page }) => {
  await page.goto('/incidents/analysis?lang=zh&span=week');
  const slider = page.getByRole('slider', { name: '时间段' });
  const asked = new Set<string | null>();
  page.on('request', (request) => {
    if (request.url().includes('/analysis/units')) asked.add(new URL(request.url()).searchParams.get('from'));
  });
  await slider.focus();
  const held = (key: string, times: number) =>
    Promise.all(Array.from({ length: times }, () => page.keyboard.down(key)));
  const last = (await slider.getAttribute('aria-valuetext')) ?? '';
  await held('ArrowLeft', 140);
  await held('ArrowRight', 140);
  await held('ArrowLeft', 140);
  await page.keyboard.up('ArrowLeft');
  const period = page.locator('.incidents-slide output');
  await expect(period).not.toHaveText(last);
  await expect(slider).toHaveAttribute('aria-valuetext', (await period.textContent()) ?? '');
  await page.keyboard.press('End');
  await expect(period).toHaveText(last);
  expect(asked.size).toBeLessThan(20); // not of each of the periods that it passed
  await accessible(page);
});
