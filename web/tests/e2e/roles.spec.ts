// What each post sees of the page, and a duty that passes from A to B and back.
import { type Role, stateOf } from './roles';
import { accessible, closeDrawer, expect, idle, isPhone, open, panel, read, shows, test } from './walk';

const tabs: Record<string, string[]> = {
  administrator: ['图层', '网格', '数据'],
  planner: ['图层', '网格', '数据', '待定位'],
  analyst: ['图层', '网格', '数据'],
  'privacy-officer': ['图层', '网格'],
  worker: ['图层', '网格', '待定位'],
};

for (const [role, names] of Object.entries(tabs)) {
  test.describe(`as ${role}`, () => {
    test.use({ storageState: stateOf(role as Role) });
    test('sees what the post allows, and no more', async ({ page, request, complaints }) => {
      test.skip(!isPhone(page) && role !== 'planner', 'walked on the other screen');
      complaints.allow(/403/);
      await open(page);
      const buttons = page.getByRole('navigation', { name: '面板' }).getByRole('button');
      await expect(buttons).toHaveCount(names.length);
      for (const [index, name] of names.entries()) await expect(buttons.nth(index)).toContainText(name);
      if (isPhone(page)) await panel(page, /图层/);
      const single = role === 'planner' || role === 'worker';
      await expect(page.getByRole('switch', { name: '户', exact: true })).toHaveCount(single ? 1 : 0);
      expect((await request.get('/api/v1/households?limit=1')).status()).toBe(single ? 200 : 403);
      if (names.includes('数据')) {
        await closeDrawer(page);
        await panel(page, /数据/);
        const imports = page.getByRole('button', { name: '导入文件' });
        await expect(imports).toHaveCount(role === 'planner' ? 1 : 0);
        const exports = page.getByRole('heading', { name: '导出' });
        await expect(exports).toHaveCount(role === 'administrator' ? 0 : 1);
        const clear = page.getByRole('button', { name: '清除示例数据' });
        await expect(clear).toHaveCount(role === 'administrator' ? 1 : 0);
      }
      await accessible(page);
    });
  });
}

type Unit = { code: string; name: string; label: [number, number] };
type Self = { posts: { unit: string; unit_name: string; on_duty: boolean }[]; permissions: string[] };

test.describe('with A on leave', () => {
  test.use({ storageState: stateOf('worker') });

  test('the deputy works in the grid, and nowhere else, until A is back', async ({
    page,
    request,
    browser,
    baseURL,
    complaints,
  }) => {
    complaints.allow(/403|404/);
    const self = await read<Self>(request, '/session');
    const grid = self.posts[0] as Self['posts'][0];
    const unit = await read<Unit>(request, `/units/${grid.unit}`);
    await open(
      page,
      `/?level=micro-grid&layers=background,household#map=17/${unit.label[1]}/${unit.label[0]}`,
    );
    await page.getByRole('button', { name: /岗位与菜单/ }).click();
    await expect(page.getByText(`专职网格员 · ${unit.name}`).last()).toBeVisible();
    await expect(page.getByText('B 角，代行职责')).toBeVisible();
    await page.keyboard.press('Escape');
    await expect.poll(async () => (await shows(page, 'unit-fill'))[0]?.id).toBe(unit.code);
    const { items } = await read<{ items: Unit[] }>(request, '/units?level=micro-grid');
    expect(items.map((one) => one.code)).toEqual([unit.code]);

    // A comes back, in another browser: what is his is no longer the deputy's.
    const context = await browser.newContext({
      baseURL,
      locale: 'zh-CN',
      storageState: stateOf('worker-on-leave'),
      reducedMotion: 'reduce',
    });
    const his = await context.newPage();
    try {
      await his.goto('/account');
      const leave = his.getByRole('region', { name: '请假' });
      await leave.getByRole('button', { name: '销假' }).click();
      await expect(leave.getByText('没有登记的请假。')).toBeVisible();
      expect((await request.get('/api/v1/households?limit=1')).status()).toBe(403);
      await page.reload();
      await expect(page.getByRole('heading', { name: '今天没有可看的范围' })).toBeVisible();
      await page.getByRole('link', { name: '查看我的岗位' }).click();
      await expect(page.getByText('A 角在岗，目前没有这些权限', { exact: false })).toBeVisible();

      // And goes again: the duty is the deputy's at once.
      await leave.getByRole('button', { name: '登记请假' }).click();
      await expect(leave.getByRole('button', { name: '销假' })).toBeVisible();
      await accessible(his);
      await page.getByRole('link', { name: '地图' }).click();
      await page.reload();
      await idle(page);
      await expect(page.getByRole('navigation', { name: '面板' })).toBeVisible();
    } finally {
      await context.close();
    }
  });
});
