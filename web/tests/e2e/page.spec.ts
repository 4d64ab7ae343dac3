// The page as people use it: open it, look around, find things.
import { accessible, clickCentre, closeDrawer, expect, idle, isPhone, open, panel, read, test } from './walk';

type Unit = { code: string; name: string; level: string; label: [number, number]; parent: string };
type Status = { town: { name: string }; demo: boolean };

test('opens on the town, marked as invented, and nothing comes from elsewhere', async ({ page, request }) => {
  const status = await read<Status>(request, '/status');
  await open(page);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(status.town.name);
  await expect(page.getByText('示例数据 · 虚构')).toBeVisible();
  await expect(page.getByText(/审图号/)).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN');
  await accessible(page);
});

test('switches levels, and the address remembers', async ({ page }) => {
  await open(page);
  if (isPhone(page)) await panel(page, /图层/);
  const tiles = page.waitForResponse((response) => /\/tiles\/grid-micro-grid\/\d+/.test(response.url()));
  await page.getByRole('radio', { name: /微网格/ }).check({ force: true });
  expect((await tiles).ok()).toBe(true);
  await expect(page).toHaveURL(/level=micro-grid/);
  await idle(page);
  await page.reload();
  await idle(page);
  if (isPhone(page)) await panel(page, /图层/);
  await expect(page.getByRole('radio', { name: /微网格/ })).toBeChecked();
});

test('shows layers with legends', async ({ page }) => {
  await open(page);
  if (isPhone(page)) await panel(page, /图层/);
  const tiles = page.waitForResponse((response) => /\/tiles\/cell\/\d+/.test(response.url()));
  await page.getByRole('switch', { name: 'H3 单元' }).click();
  await tiles;
  await expect(page.getByText(/个 H3 单元（\d+ 级/).or(page.getByText(/每个 H3 单元/))).toBeVisible();
  await page.getByRole('switch', { name: '户', exact: true }).click();
  await expect(page.getByText('有人居住')).toBeVisible();
  await expect(page).toHaveURL(/layers=[^&]*cell/);
  await accessible(page);
});

test('finds a unit by name with the keyboard alone', async ({ page, request }) => {
  const { items } = await read<{ items: Unit[] }>(request, '/units?level=village&limit=3');
  const unit = items[2] as Unit;
  await open(page);
  await page.keyboard.press('Control+k');
  await page.keyboard.type(unit.name);
  await expect(page.getByRole('option').first()).toContainText(unit.name);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 2, name: unit.name })).toBeVisible();
  await expect(page).toHaveURL(new RegExp(`unit=${unit.code}`));
  await page.keyboard.press('Escape');
  await expect(page.getByRole('heading', { level: 2, name: unit.name })).toBeHidden();
});

test('goes to coordinates that were pasted', async ({ page, request }) => {
  test.skip(!isPhone(page), 'walked on the other screen');
  const { items } = await read<{ items: Unit[] }>(request, '/units?level=micro-grid&limit=1');
  const [lon, lat] = (items[0] as Unit).label;
  await open(page);
  await page.getByRole('combobox', { name: /查找/ }).fill(`${lat}, ${lon}`);
  await page.keyboard.press('Enter');
  await expect(page.getByText('此处属于')).toBeVisible();
  await expect(page).toHaveURL(/place=/);
});

test('says which grid a clicked place is in, and who is above it', async ({ page, request }) => {
  const { items } = await read<{ items: Unit[] }>(request, '/units?level=micro-grid&limit=5');
  const unit = items[4] as Unit;
  const parent = await read<Unit>(request, `/units/${unit.parent}`);
  const [lon, lat] = unit.label;
  await open(page, `/?level=micro-grid&layers=background#map=17/${lat}/${lon}`);
  await clickCentre(page);
  const card = page.getByRole('complementary', { name: '详情' });
  await expect(card.getByRole('heading', { level: 2, name: unit.name })).toBeVisible();
  await expect(card.getByText('责任岗位')).toBeVisible();
  const above = card.getByRole('button', { name: new RegExp(`${parent.name}$`) });
  await expect(above).toBeVisible();
  await accessible(page);
  await above.click();
  await expect(card.getByRole('heading', { level: 2, name: parent.name })).toBeVisible();
});

test('asks about the centre of the map by keyboard', async ({ page, request }) => {
  test.skip(isPhone(page), 'a phone has no keyboard');
  const { items } = await read<{ items: Unit[] }>(request, '/units?level=village&limit=1');
  const unit = items[0] as Unit;
  await open(page, `/?level=village&layers=#map=16/${unit.label[1]}/${unit.label[0]}`);
  await page.locator('.maplibregl-canvas').focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 2, name: unit.name })).toBeVisible();
});

test('lists all units in a table that can be filtered, and chooses from it', async ({ page, request }) => {
  const { items } = await read<{ items: Unit[] }>(request, '/units?level=village&limit=4');
  const unit = items[3] as Unit;
  await open(page, '/?level=village');
  await panel(page, /网格/);
  await page.getByRole('textbox', { name: '按名称或编码筛选' }).fill(unit.code);
  await expect(page.getByText('共 1 个')).toBeVisible();
  await accessible(page);
  await page.getByRole('button', { name: unit.name }).click();
  await closeDrawer(page);
  await expect(page.getByRole('heading', { level: 2, name: unit.name })).toBeVisible();
});

test('changes language and theme without a reload, and a link restores both', async ({ page }) => {
  await open(page);
  await page.evaluate(() => Object.assign(window, { sameDocument: true }));
  if (isPhone(page)) await panel(page, /图层/);
  await page.getByRole('button', { name: 'English' }).click();
  await expect(page.getByText('Demo · invented')).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('lang', 'en');
  await page.locator('.settings .ant-segmented-item', { has: page.locator('[aria-label="Dark"]') }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  expect(await page.evaluate(() => (window as unknown as { sameDocument: boolean }).sameDocument)).toBe(true);
  await idle(page);
  await accessible(page);
  const link = page.url();
  await page.evaluate(() => localStorage.clear());
  await open(page, link);
  await expect(page.getByText('Demo · invented')).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
});

test('explains shortcuts, and ignores them in text fields', async ({ page }) => {
  test.skip(isPhone(page), 'a phone has no keyboard');
  await open(page);
  await page.keyboard.press('/');
  await page.keyboard.type('u?');
  await expect(page.getByRole('combobox', { name: /查找/ })).toHaveValue('u?');
  await expect(page.getByRole('dialog')).toBeHidden();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog', { name: '键盘快捷键' })).toBeVisible();
});

test('shows the town as of another day', async ({ page }) => {
  test.skip(!isPhone(page), 'walked on the other screen');
  await open(page);
  if (isPhone(page)) await panel(page, /图层/);
  await page.getByLabel('时点').fill('2001-01-01');
  await expect(page).toHaveURL(/at=2001-01-01/);
  await expect(page.getByText('还没有网格').first()).toBeVisible();
  await page.getByRole('button', { name: '回到今天' }).click();
  await expect(page.getByRole('radio').first()).toBeAttached();
});

test('says so when the connection is lost, and goes on when it is back', async ({
  page,
  context,
  complaints,
}) => {
  test.skip(!isPhone(page), 'walked on the other screen');
  complaints.allow(/ERR_INTERNET_DISCONNECTED|Failed to fetch|Failed to load resource/);
  await open(page);
  await context.setOffline(true);
  await expect(page.getByText('没有网络连接')).toBeVisible();
  await context.setOffline(false);
  await expect(page.getByText('没有网络连接')).toBeHidden();
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
});

test('explains a unit that does not exist', async ({ page, complaints }) => {
  test.skip(!isPhone(page), 'walked on the other screen');
  complaints.allow(/404/);
  await open(page, '/?unit=nowhere');
  await expect(page.getByText('在该时点没有这个编码的网格')).toBeVisible();
  await expect(page.getByText(/unit_unknown · HTTP 404/)).toBeVisible();
});
