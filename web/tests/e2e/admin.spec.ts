// The administration as those who keep posts, privacy and settings use it.
import type { APIRequestContext, Locator, Page } from '@playwright/test';
import { NOBODY, stateOf } from './roles';
import { accessible, expect, isPhone, read, test } from './walk';

type Vacancy = { unit: string; unit_name: string };
type Post = { id: number; b: { login: string } | null };
type List<T> = { items: T[] };

/** pick chooses an option of a select by its text. */
async function pick(page: Page, select: Locator, text: string, search = false) {
  await select.click();
  if (search) await select.fill(text);
  await page
    .locator('.ant-select-dropdown:visible .ant-select-item-option', { hasText: text })
    .first()
    .click();
}

/** figureOf is how many broken rules the tree shows at the chosen unit; 0 when it shows none. */
async function figureOf(page: Page): Promise<number> {
  const figure = page.locator('.admin-branch-chosen .admin-branch-figure');
  if ((await figure.count()) === 0) return 0;
  return Number(/\d+/.exec((await figure.textContent()) ?? '')?.[0]);
}

/** tidy takes back what the walk with the vacancy does, so that it can be walked again. */
async function tidy(request: APIRequestContext) {
  const away = await read<List<{ id: number }>>(request, '/absences?account=demo-leader');
  for (const { id } of away.items) await request.delete(`/api/v1/absences/${id}`);
  const posts = await read<List<Post>>(request, '/posts?account=demo-leader&kind=leader');
  for (const post of posts.items.filter((one) => one.b?.login === 'demo-part-time-worker')) {
    expect((await request.delete(`/api/v1/posts/${post.id}`)).ok()).toBe(true);
  }
}

/** aStreet is the name of some street of the town. */
async function aStreet(request: APIRequestContext): Promise<string> {
  const units = await read<List<{ label: [number, number] }>>(request, '/units?level=village&limit=20');
  for (const { label } of units.items) {
    const place = await read<{ street?: string }>(request, `/places?lon=${label[0]}&lat=${label[1]}`);
    if (place.street) return place.street;
  }
  throw new Error('no street has a name');
}

test.describe('as administrator', () => {
  test.use({ storageState: stateOf('administrator') });

  test('fills a vacancy and sees the count fall; with A away B has the duty', async ({ page, request }) => {
    await tidy(request);
    const query = 'level=micro-grid&kind=leader&rule=missing&limit=1';
    const vacancies = await read<List<Vacancy>>(request, `/staffing/vacancies?${query}`);
    const { unit, unit_name } = vacancies.items[0] as Vacancy;
    await page.goto(`/admin/posts?unit=${unit}`);
    await expect(page.getByRole('heading', { level: 1, name: '岗位与空缺' })).toBeVisible();
    await expect(page.getByRole('heading', { level: 2, name: unit_name })).toBeVisible();
    await expect(page.locator('.admin-branch-chosen')).toContainText(unit_name);
    const before = await figureOf(page);
    expect(before).toBeGreaterThan(0);
    await accessible(page);

    await page.getByRole('button', { name: '设岗位' }).click();
    const dialog = page.getByRole('dialog');
    await pick(page, dialog.getByRole('combobox', { name: /岗位种类/ }), '网格长');
    await dialog.getByRole('button', { name: '设岗位' }).click();
    await expect(dialog).toBeHidden();
    const card = page.getByRole('article', { name: /网格长/ });
    await expect(card.getByText('空缺')).toHaveCount(2);

    const [a, b] = [card.locator('.admin-holder').nth(0), card.locator('.admin-holder').nth(1)];
    for (const [holder, login] of [
      [a, 'demo-leader'],
      [b, 'demo-part-time-worker'],
    ] as const) {
      await holder.getByRole('button', { name: '任命' }).click();
      await pick(page, dialog.getByRole('combobox', { name: /接任的账号/ }), login, true);
      await dialog.getByRole('button', { name: '任命' }).click();
      await expect(dialog).toBeHidden();
      await expect(holder.getByText(login)).toBeVisible();
      await expect(holder.getByRole('button', { name: '交接' })).toBeVisible();
    }
    await expect.poll(() => figureOf(page)).toBeLessThan(before);

    await expect(a.getByText('在岗负责')).toBeVisible();
    await a.getByRole('button', { name: '登记请假' }).click();
    await dialog.getByRole('button', { name: '登记请假' }).click();
    await expect(dialog).toBeHidden();
    await expect(a.getByText('不在岗')).toBeVisible();
    await expect(b.getByText('在岗负责')).toBeVisible();
    await page
      .getByRole('button', { name: /此刻由谁负责/ })
      .first()
      .click();
    await expect(page.getByText(/B 角代行职责/).first()).toBeVisible();
    await accessible(page);

    await page.getByRole('tab', { name: '请假' }).click();
    await page.getByRole('button', { name: '销假：demo-leader' }).click();
    await page.getByRole('button', { name: '销假', exact: true }).last().click();
    await expect(page.getByText('已销假')).toBeVisible();

    await tidy(request);
  });

  test('sees vacancies on the map and goes to the posts of a unit', async ({ page }) => {
    test.skip(isPhone(page), 'the tree does the same on a phone');
    await page.goto('/admin/posts');
    await page.getByText('地图', { exact: true }).last().click();
    const map = page.locator('.admin-map');
    await expect(map).toHaveAttribute('data-ready', 'true', { timeout: 60_000 });
    await expect(page.getByRole('list', { name: /空缺与不符的处数/ })).toBeVisible();
    const heading = page.locator('.admin-split-main').getByRole('heading', { level: 2 });
    await expect(async () => {
      await map.locator('canvas').click();
      await expect(heading).toBeVisible({ timeout: 3_000 });
    }).toPass();
    await accessible(page);
  });

  test('finds broken rules with who answers meanwhile, and keeps the template', async ({ page }) => {
    test.skip(!isPhone(page), 'walked on the other screen');
    await page.goto('/admin/posts');
    await page.getByRole('tab', { name: '空缺与不符' }).click();
    await pick(page, page.getByRole('combobox', { name: '问题' }), '缺岗位');
    await expect(page.locator('.admin-table tbody tr').first()).toContainText('缺岗位');
    await page
      .getByRole('button', { name: /此刻由谁负责/ })
      .first()
      .click();
    await expect(page.locator('.admin-steps li').first()).toBeVisible();
    await accessible(page);
    await page.getByRole('tab', { name: '岗位编制' }).click();
    await expect(page.getByRole('heading', { level: 2, name: '兜底岗位' })).toBeVisible();
    await accessible(page);
  });

  test('makes an account with a link that is shown once, and says what another may see', async ({ page }) => {
    const login = `walker-${Date.now()}`;
    await page.goto('/admin/accounts');
    await page.getByRole('button', { name: '新建账号' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: /登录名/ }).fill(login);
    await dialog.getByRole('button', { name: '新建并生成链接' }).click();
    await expect(page.getByText(/\/password#/)).toBeVisible();
    await page.getByRole('button', { name: '已交给本人' }).click();
    await page.getByRole('searchbox', { name: '按登录名查找' }).fill(login);
    await page.keyboard.press('Enter');
    const row = page.getByRole('row', { name: new RegExp(login) });
    await expect(row.getByText('待设密码')).toBeVisible();
    await row.getByRole('button', { name: /操作/ }).click();
    await page.getByRole('menuitem', { name: '停用' }).click();
    await page.getByRole('dialog').getByRole('button', { name: '停用' }).click();
    await expect(row.getByText('已停用')).toBeVisible();
    await accessible(page);

    await page.goto('/admin/scope');
    await pick(page, page.getByRole('combobox', { name: '登录名' }), 'demo-analyst', true);
    await expect(page.getByText('看地图、网格和服务点')).toBeVisible();
    await expect(page.getByText(/看联系方式/)).toHaveCount(0);
    await accessible(page);
  });

  test('opens the enquiry to everybody, who ask without signing in', async ({
    page,
    request,
    browser,
    baseURL,
  }) => {
    const street = await aStreet(request);
    const visitors = await browser.newContext({ baseURL, locale: 'zh-CN', storageState: NOBODY });
    const visitor = await visitors.newPage();
    await visitor.goto('/public');
    await expect(visitor.getByText('公众查询未开放')).toBeVisible();

    await page.goto('/admin/public');
    const service = page.getByRole('switch', { name: '这里由谁服务' });
    await service.click();
    await expect(service).toBeChecked();
    await accessible(page);

    await visitor.reload();
    await visitor.getByRole('textbox', { name: '地址' }).fill(street);
    await visitor.keyboard.press('Enter');
    await expect(visitor.locator('.enquiry-unit').first()).toContainText('责任岗位');
    await expect(visitor.getByRole('heading', { name: '最近的服务点' })).toBeVisible();
    await accessible(visitor);
    await visitor.getByRole('textbox', { name: '地址' }).fill('没有这样的地方');
    await visitor.keyboard.press('Enter');
    await expect(visitor.getByText(/没有找到对应的网格/)).toBeVisible();
    await visitors.close();

    await service.click();
    await expect(service).not.toBeChecked();
  });

  test('lets residents report of some classes, and closes that again', async ({ page, request }) => {
    const before = await read<List<{ code: string }>>(request, '/public/incident-categories');
    try {
      await page.goto('/admin/public');
      const reports = page.getByRole('switch', { name: '居民上报' });
      await reports.click();
      await expect(reports).toBeChecked();
      const chosen = page.getByText(/已选 \d+ 类/);
      const many = Number(/\d+/.exec((await chosen.textContent()) ?? '')?.[0]);
      const box = page.locator('.admin-classes').getByRole('checkbox').first();
      await box.click();
      await expect(chosen).toHaveText(`已选 ${many - 1} 类`);
      await accessible(page);
      await page.getByRole('button', { name: '保存' }).last().click();
      await expect(page.getByText('已保存')).toBeVisible();
      await page.reload();
      await expect(chosen).toHaveText(`已选 ${many - 1} 类`);
      await expect(box).not.toBeChecked();
      const now = await read<List<{ code: string }>>(request, '/public/incident-categories');
      expect(now.items).toHaveLength(before.items.length - 1);
      await reports.click();
      await expect(reports).not.toBeChecked();
    } finally {
      const codes = before.items.map(({ code }) => code);
      await request.put('/api/v1/public/incident-categories', { data: { codes } });
    }
  });

  test('says when people work, and has a gateway told, whose secret is shown once', async ({
    page,
    request,
    complaints,
  }) => {
    complaints.allow(/422/);
    const hours = await read<{ hours: string }>(request, '/working-hours');
    try {
      await page.goto('/admin/incidents');
      const field = page.getByRole('textbox', { name: '每个工作日' });
      await field.fill('18:00-09:00');
      await page.getByRole('button', { name: '保存' }).click();
      await expect(page.getByText(/格式填写工作时间/)).toBeVisible();
      await field.fill('08:30-11:30,13:30-17:30');
      await field.press('Enter');
      await expect(page.getByText('已保存')).toBeVisible();
      expect(await read(request, '/working-hours')).toEqual({ hours: '08:30-11:30,13:30-17:30' });

      await page.getByRole('button', { name: '添加消息网关' }).click();
      const dialog = page.getByRole('dialog', { name: '添加消息网关' });
      await dialog.getByLabel('网关地址').fill('https://10.0.0.1/duty');
      await dialog.getByRole('button', { name: '添加消息网关' }).click();
      await expect(dialog.getByText('请在下面选择一个网格。')).toBeVisible();
      await dialog.locator('.admin-branch-name').first().click();
      await accessible(page);
      await dialog.getByRole('button', { name: '添加消息网关' }).click();
      await expect(dialog.getByText(/不是公网地址/)).toBeVisible();
      // A name that nobody has (RFC 6761): what is told there does not arrive.
      const url = `https://gateway-${Date.now()}.invalid/duty`;
      await dialog.getByLabel('网关地址').fill(url);
      await dialog.getByRole('button', { name: '添加消息网关' }).click();
      const secret = page.getByRole('dialog', { name: '签名密钥' });
      const words = (await secret.locator('code').textContent()) ?? '';
      expect(words.length).toBeGreaterThan(30);
      await accessible(page);
      await secret.getByRole('button', { name: '已抄下' }).click();
      await expect(page.getByText(words)).toHaveCount(0);

      const card = page.getByRole('article', { name: `${url} 的推送` });
      await card.getByRole('button', { name: `发一条测试到 ${url}` }).click();
      await expect(card.getByText(/域名解析不到/)).toBeVisible();
      await accessible(page);
      const enabled = card.getByRole('switch');
      await enabled.click();
      await expect(enabled).not.toBeChecked();
      await expect(card.getByRole('button', { name: `发一条测试到 ${url}` })).toBeDisabled();
      await card.getByRole('button', { name: `删除 ${url}` }).click();
      await page.getByRole('dialog').getByRole('button', { name: '删除' }).click();
      await expect(card).toBeHidden();
    } finally {
      await request.put('/api/v1/working-hours', { data: hours });
      const hooks = await read<List<{ id: number; url: string }>>(request, '/webhooks');
      for (const { id } of hooks.items.filter((one) => one.url.includes('.invalid'))) {
        await request.delete(`/api/v1/webhooks/${id}`);
      }
    }
  });
});

test.describe('as privacy officer', () => {
  test.use({ storageState: stateOf('privacy-officer') });

  test('decides a request and finds it in the log, which verifies', async ({ page }) => {
    await page.goto('/admin/requests');
    await page.getByRole('button', { name: '登记申请' }).click();
    const dialog = page.getByRole('dialog', { name: '登记申请' });
    await dialog.getByRole('button', { name: '登记', exact: true }).click();
    await expect(dialog.getByText('登记之前须出示告知')).toBeVisible();
    await dialog.getByRole('checkbox', { name: /已向申请人出示/ }).check();
    await pick(page, dialog.getByRole('combobox', { name: /申请什么/ }), '更正');
    await dialog.getByRole('radio', { name: '不在台账中的地址' }).check();
    await dialog.getByRole('textbox', { name: '地址' }).fill('虚构路 1 号');
    await accessible(page);
    await dialog.getByRole('button', { name: '登记', exact: true }).click();
    await expect(dialog).toBeHidden();

    const row = page.locator('.admin-row', { hasText: '更正' }).last();
    await expect(row.getByText(/还剩 \d+ 天/)).toBeVisible();
    const id = /#(\d+)/.exec((await row.textContent()) ?? '')?.[1] ?? '';
    await row.click();
    const desk = page.locator('.ant-drawer');
    await desk.getByRole('button', { name: '拒绝', exact: true }).click();
    const decision = page.getByRole('dialog', { name: '拒绝' });
    await pick(page, decision.getByRole('combobox', { name: /理由/ }), '没有留存其信息');
    await decision.getByRole('textbox', { name: /说明/ }).fill('台账中没有该住址');
    await decision.getByRole('button', { name: '拒绝' }).click();
    await expect(desk.getByText('已拒绝')).toBeVisible();
    await desk.getByRole('button', { name: '已答复居民，办结' }).click();
    await expect(desk.getByText('已办结').first()).toBeVisible();
    await accessible(page);

    await page.goto('/admin/audit');
    await page.getByRole('textbox', { name: '对象', exact: true }).fill('request');
    await page.getByRole('textbox', { name: '对象编号' }).fill(id);
    await page.getByRole('button', { name: '查询' }).click();
    await expect(page.getByRole('row', { name: /拒绝/ })).toBeVisible();
    await page.getByRole('button', { name: '校验日志' }).click();
    await expect(page.getByText('日志完整，未被改动')).toBeVisible();
    await accessible(page);
  });

  test('reads the register, and is not shown the pages of others', async ({ page }) => {
    await page.goto('/admin/register');
    await expect(page.getByRole('heading', { level: 2, name: '住户联系' })).toBeVisible();
    await accessible(page);
    await page.getByRole('tab', { name: '保存期限' }).click();
    await page.getByRole('button', { name: '现在清理到期数据' }).click();
    await expect(page.getByText(/清理完毕/)).toBeVisible({ timeout: 60_000 });
    await accessible(page);
    await page.goto('/admin/posts');
    await expect(page.getByRole('heading', { level: 1, name: '没有此页面' })).toBeVisible();
  });
});
