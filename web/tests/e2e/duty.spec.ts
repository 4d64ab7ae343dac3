// The duty room: what is reported appears at once, in every tab, over one connection.
import { randomUUID } from 'node:crypto';
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
