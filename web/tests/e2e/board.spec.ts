// The incident ledger as a dispatcher and a worker work with it.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { APIRequestContext } from '@playwright/test';
import { stateOf } from './roles';
import { accessible, expect, isPhone, read, test } from './walk';
import { worksheet } from './worksheet';

test.use({ storageState: stateOf('dispatcher') });

/** report has the worker report something of a category of its own, at a house of the worker's grid. */
async function report(worker: APIRequestContext, category: string, text: string): Promise<string> {
  const { items } = await read<{ items: { point: number[] | null }[] }>(worker, '/households?limit=50');
  const [lon, lat] = items.find(({ point }) => point)?.point ?? [];
  const id = randomUUID();
  const answer = await worker.post('/api/v1/incidents', {
    data: { id, category, reported_at: new Date().toISOString(), point: [lon, lat], accuracy: 12, text },
  });
  expect(answer.status(), await answer.text()).toBe(201);
  return id;
}

test('an incident goes from its report to a post, with why, and to the ledger', async ({
  page,
  complaints,
  playwright,
  baseURL,
}) => {
  complaints.allow(/409/); // what is refused, for somebody was quicker
  const worker = await playwright.request.newContext({ baseURL, storageState: stateOf('worker') });
  const text = `台账走查 ${randomUUID().slice(0, 8)}`;
  const id = await report(worker, '0102', text);
  await page.goto(`/incidents?lang=zh&incident=${id}`);
  const drawer = page.getByRole('dialog');
  await expect(drawer.getByText(text)).toBeVisible();
  await expect(drawer.getByText(/还剩 .* 工作小时/)).toBeVisible();
  await expect(drawer.getByRole('heading', { name: '责任岗位' })).toBeVisible();
  await drawer.getByText('为什么是该岗位').click();
  await expect(drawer.locator('.board-asked li').first()).toBeVisible();
  await accessible(page);

  await drawer.getByRole('button', { name: '受理', exact: true }).click();
  await drawer.getByRole('button', { name: '确认受理' }).click();
  await drawer.getByRole('button', { name: '派单', exact: true }).click();
  await drawer.getByRole('combobox', { name: /派给哪个岗位/ }).click();
  const option = page.locator('.board-choice').first();
  const chosen = await option.locator('span').first().textContent();
  await expect(option.getByText(/有人在岗|无人在岗/)).toBeVisible();
  await option.click();
  await drawer.getByRole('button', { name: '确认派单' }).click();
  const history = drawer.getByRole('region', { name: '办理记录' });
  await expect(history.getByText(/派给/)).toBeVisible();
  expect(chosen?.trim()).toBeTruthy();
  const steps = await read<{ items: { act: string; to: number | null }[] }>(
    page.request,
    `/incidents/${id}/steps`,
  );
  expect(steps.items.map(({ act }) => act)).toEqual(['report', 'accept', 'dispatch']);
  expect(steps.items[2]?.to).toBeGreaterThan(0);

  // What somebody else did meanwhile is told, not overwritten.
  await drawer.getByRole('button', { name: '退回', exact: true }).click();
  await drawer.getByRole('combobox', { name: '理由' }).click();
  await page.getByText('手续未齐').click();
  const held = await page.request.post(`/api/v1/incidents/${id}/steps`, {
    headers: { origin: baseURL ?? '' },
    data: { id: randomUUID(), act: 'hold', reason: 'weather' },
  });
  expect(held.status()).toBe(200);
  const refused = drawer.getByText('别人刚刚办理了这件事', { exact: false });
  const gone = drawer.getByRole('button', { name: '恢复办理', exact: true });
  const send = drawer.getByRole('button', { name: '确认退回' });
  if (await send.isVisible()) await send.click({ timeout: 3000 }).catch(() => undefined);
  await expect(refused.or(gone).first()).toBeVisible();
  await expect(gone).toBeVisible();
  await worker.dispose();
});

test('filters stand in the address, and the keys go through the board', async ({ page }) => {
  test.skip(isPhone(page), 'the board with keys is walked on the other screen');
  await page.goto('/incidents?lang=zh&state=all');
  const column = page.getByRole('region', { name: /^已结案，/ });
  await expect(column.locator('.board-card').first()).toBeVisible();
  // Hundreds are closed; few of them are in the page.
  const { total } = await read<{ total: number }>(page.request, '/incidents?state=closed&limit=1');
  expect(total).toBeGreaterThan(100);
  expect(await column.locator('.board-card').count()).toBeLessThan(40);
  await column.locator('[data-row][tabindex="0"]').focus();
  await page.keyboard.press('End');
  await expect(column.locator('[data-row]:focus')).toHaveAttribute('data-row', /^\d{2,}$/);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog')).toBeVisible();
  await expect(page).toHaveURL(/incident=/);
  await page.keyboard.press('Escape');

  await page.getByRole('checkbox', { name: '只看超期' }).check();
  await expect(page).toHaveURL(/overdue=true/);
  await page.getByText('列表', { exact: true }).click();
  await expect(page).toHaveURL(/view=table/);
  await page.reload();
  await expect(page.getByRole('checkbox', { name: '只看超期' })).toBeChecked();
  await page.getByRole('button', { name: '清除筛选' }).click();
  await expect(page.getByRole('table')).toBeVisible();
  await accessible(page);
  await page.getByText('地图', { exact: true }).last().click();
  await expect(page.locator('.admin-map[data-ready=true]')).toBeVisible();
  await accessible(page);
});

test.describe('as analyst', () => {
  test.use({ storageState: stateOf('analyst') });
  test('who may not see places has the analysis', async ({ page }) => {
    await page.goto('/incidents?lang=zh');
    await expect(page).toHaveURL(/\/incidents\/analysis/);
    await expect(page.getByRole('heading', { level: 1, name: '事件分析' })).toBeVisible();
  });
});

test('the ledger is had as a worksheet in Chinese, as it is filtered', async ({ page }) => {
  await page.goto('/incidents?lang=zh&state=closed');
  const link = page.getByRole('link', { name: '导出台账' });
  const download = page.waitForEvent('download');
  await link.click();
  const file = await download;
  expect(file.suggestedFilename()).toMatch(/^incidents-\d{4}-\d{2}-\d{2}\.xlsx$/);
  const sheet = worksheet(readFileSync(await file.path()));
  for (const header of ['编号', '责任岗位', '上报时间', '是否超期', '办理步骤数'])
    expect(sheet).toContain(header);
  const { total } = await read<{ total: number }>(page.request, '/incidents?state=closed&limit=1');
  expect(sheet.split('<row ').length - 1).toBe(total + 1);
  expect(sheet).toContain('已结案');
  expect(sheet).not.toContain('已派单');
});
