// A planner has a village divided: asks, sees how far it is, looks at alternatives and at
// the reasons why rules cannot be met, and makes a draft of one.
import { accessible, expect, idle, isPhone, open, read, test } from './walk';

type Page = Parameters<typeof open>[0];
type Unit = { code: string; name: string; households: number };
type Proposal = { id: number; state: string };

/** village is one with many homes; phones and desktops take different ones. */
async function village(page: Page): Promise<Unit> {
  const { items } = await read<{ items: Unit[] }>(page.request, '/units?level=village&limit=100');
  const [first, second] = items.sort((a, b) => b.households - a.households);
  const unit = isPhone(page) ? second : first;
  if (!unit) throw new Error('there are no villages');
  return unit;
}

const side = (page: Page) => page.locator('.proposals-side');
const start = (page: Page) => side(page).getByRole('button', { name: '开始计算' });
const verdict = (page: Page) => page.locator('.proposals-verdict');

/** drawn counts what the map draws of a layer. */
const drawn = (page: Page, layer: string) =>
  page.evaluate((id) => {
    type Asked = {
      getLayer: (id: string) => unknown;
      queryRenderedFeatures: (box: undefined, o: object) => unknown[];
    };
    const map = (window as unknown as { wangge?: { map: Asked } }).wangge?.map;
    return map?.getLayer(id) ? map.queryRenderedFeatures(undefined, { layers: [id] }).length : 0;
  }, layer);

test('has a village divided: proofs at their places, alternatives, a draft', async ({ page }) => {
  const { code, name } = await village(page);
  await open(page, `/proposals?base=${code}`);
  await expect(page).toHaveTitle(/划分建议/);
  await expect.poll(() => drawn(page, 'division-line')).toBeGreaterThan(0);
  await expect(side(page).getByRole('spinbutton', { name: '最少' })).toHaveValue('30');
  await accessible(page);

  // Bounds that contradict each other are said at the field, and nothing is asked.
  const least = side(page).getByRole('spinbutton', { name: '最少' });
  await least.fill('60');
  await least.press('Tab');
  await expect(side(page).getByText('最少户数不能多于最多户数')).toBeVisible();
  await expect(start(page)).toBeDisabled();
  await least.fill('30');
  await least.press('Tab');

  // Compounds stay whole: some have more households than a grid may have, for certain.
  await start(page).click();
  await expect(page).toHaveURL(/\/proposals\/\d+/);
  await expect(verdict(page)).toContainText('已证明', { timeout: 60_000 });
  await expect(side(page).getByRole('heading', { name: new RegExp(name) })).toBeVisible();
  await expect(
    side(page)
      .getByText(/多于上限 50 户/)
      .first(),
  ).toBeVisible();
  await side(page).getByRole('button', { name: '在地图上看第 1 处' }).click();
  await expect.poll(() => new URL(page.url()).searchParams.get('at')).toBe('1');
  await idle(page);
  await expect.poll(() => drawn(page, 'marks-dot')).toBeGreaterThan(0);
  await accessible(page);

  // With compounds that may be cut there are more grids; one alternative beside another.
  const before = page.url();
  await side(page).getByRole('button', { name: '允许切开小区，再算一次' }).click();
  await expect(page).not.toHaveURL(before);
  const table = page.getByRole('region', { name: '各备选的指标' }).locator('table');
  await expect(table.getByRole('row')).not.toHaveCount(1, { timeout: 60_000 });
  await side(page).getByRole('combobox', { name: '在左侧对照…' }).click();
  await page.locator('.ant-select-item-option', { hasText: '左侧：现行划分' }).click();
  const divider = page.getByRole('separator');
  await divider.focus();
  await page.keyboard.press('PageUp');
  await expect(divider).toHaveAttribute('aria-valuenow', '60');
  await idle(page);
  await expect.poll(() => drawn(page, 'division-line')).toBeGreaterThan(0);
  await accessible(page);

  // A link shows the same again.
  await page.reload();
  await expect(page.getByRole('separator')).toHaveAttribute('aria-valuenow', '60');
  const { pathname } = new URL(page.url());

  await side(page).getByRole('button', { name: '采用备选 1，建成草案' }).click();
  await expect(page).toHaveURL(/\/workshop\/\d+/);
  await expect(page.locator('.desk[data-phase=ready]')).toBeVisible({ timeout: 60_000 });
  const plan = /\/workshop\/(\d+)/.exec(page.url())?.[1];
  const division = await read<{ units: { role: string }[] }>(page.request, `/plans/${plan}/division`);
  expect(division.units.filter((unit) => unit.role === 'part').length).toBeGreaterThan(3);

  // The proposal is removed; its draft stays.
  await page.goto(pathname);
  await side(page).getByRole('button', { name: '删除' }).click();
  await page.getByRole('dialog').getByRole('button', { name: '删除' }).click();
  await expect(page).toHaveURL(/\/proposals(#|$)/);
  expect((await page.request.get(`/api/v1${pathname}`)).status()).toBe(404);
  await read(page.request, `/plans/${plan}`);
});

test('shows a long search, stops it, and asks again; the present division is evened out', async ({
  page,
  complaints,
}) => {
  complaints.allow(/status of 404/); // of a proposal that there is not
  const { code } = await village(page);
  const towns = await read<{ items: Unit[] }>(page.request, '/units?limit=1');
  await open(page, `/proposals?base=${towns.items[0]?.code}`);
  await side(page).getByText('更多选项').click();
  const effort = side(page).getByLabel('搜索时长（1–10）');
  await effort.fill('10');
  await effort.press('Tab');
  await start(page).click();
  const progress = side(page).locator('.job-progress');
  await expect(progress).toContainText(/切分地块|搜索|读取地图|等待/);
  await progress.getByRole('button', { name: '取消任务' }).click();
  await expect(side(page).getByText('已取消，没有结果')).toBeVisible({ timeout: 60_000 });
  await accessible(page);
  await side(page).getByRole('button', { name: '修改后再算' }).click();
  await expect(side(page).getByText('以前的建议')).toBeVisible();

  // Few households move, and grids keep their codes.
  await open(page, `/proposals?base=${code}`);
  await side(page).getByText('均衡现有', { exact: true }).click();
  await expect(side(page).getByText(/网格保留编号/)).toBeVisible();
  await start(page).click();
  await expect(verdict(page)).toBeVisible({ timeout: 60_000 });
  await expect(page.getByRole('button', { name: '换网格的户' })).toBeVisible();
  const id = /\/proposals\/(\d+)/.exec(page.url())?.[1];
  const found = await read<Proposal>(page.request, `/proposals/${id}`);
  expect(found.state).toBe('done');
  const parts = await read<{ features: { properties: { code: string } }[] }>(
    page.request,
    `/proposals/${id}/alternatives/1`,
  );
  expect(parts.features.some(({ properties }) => properties.code.startsWith(code.slice(0, 6)))).toBe(true);

  // What is no proposal says so; in the dark theme as well.
  await page.goto('/proposals/999999?theme=dark');
  await expect(page.getByText('没有这个方案建议。')).toBeVisible();
  await accessible(page);
});
