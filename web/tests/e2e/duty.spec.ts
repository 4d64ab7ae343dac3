// The duty room: what is reported appears at once, in every tab, over one connection.
import { randomUUID } from 'node:crypto';
import type { APIRequestContext } from '@playwright/test';
import { stateOf } from './roles';
import { accessible, expect, isPhone, read, test } from './walk';

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
