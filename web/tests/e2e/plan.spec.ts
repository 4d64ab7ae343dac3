// A plan from its draft to its being in force and back, by two persons; and what
// residents see of one.
import type { APIRequestContext, Browser, Page } from '@playwright/test';
import { NOBODY, type Role, stateOf } from './roles';
import { accessible, clickCentre, expect, idle, isPhone, read, test } from './walk';

type Unit = { code: string; children: number };
type Plan = { id: number; revision: number; name: string; bbox: [number, number, number, number] };

/** someone is a window of somebody, and how they ask the server. */
async function someone(browser: Browser, role: Role): Promise<Page> {
  const context = await browser.newContext({
    storageState: stateOf(role),
    viewport: { width: 1280, height: 720 },
    locale: 'zh-CN',
    reducedMotion: 'reduce',
  });
  return context.newPage();
}

async function sent<T>(request: APIRequestContext, method: 'post' | 'put', path: string, data: object) {
  const answer = await request[method](`/api/v1${path}`, { data });
  expect(answer.ok(), `${path}: ${await answer.text()}`).toBe(true);
  return (await answer.json()) as T;
}

/** drafted is a draft of some unit's division, counted from the end, in which two units become one. */
async function drafted(request: APIRequestContext, name: string, last: number): Promise<Plan> {
  const { items } = await read<{ items: Unit[] }>(request, '/units?level=micro-grid&limit=300');
  const base = items.filter((unit) => unit.children > 3).at(-last)?.code;
  const plan = await sent<Plan>(request, 'post', '/plans', { name, base });
  const { units } = await read<{ units: { id: number; role: string }[] }>(
    request,
    `/plans/${plan.id}/division`,
  );
  const [one, two] = units.filter((unit) => unit.role === 'part').map((unit) => unit.id);
  await sent(request, 'post', `/plans/${plan.id}/edits`, {
    revision: plan.revision,
    key: crypto.randomUUID(),
    edit: { kind: 'merge', units: [one, two], into: one },
  });
  return read<Plan>(request, `/plans/${plan.id}`);
}

/** China's day so many days from now. */
const day = (days: number) => new Date(Date.now() + (8 + days * 24) * 3_600_000).toISOString().slice(0, 10);

const tab = (page: Page, name: string) =>
  page.getByRole('navigation', { name: '方案的各部分' }).getByRole('button', { name, exact: true }).click();

async function publishNow(page: Page) {
  await tab(page, '检查与发布');
  await page.getByRole('button', { name: '立即发布' }).click();
  await page.getByRole('dialog').getByRole('button', { name: '立即发布' }).click();
  await expect(page.locator('.plan-head')).toContainText('已发布', { timeout: 60_000 });
}

test.describe('as planner', () => {
  test.skip(({ viewport }) => (viewport?.width ?? 1280) < 768, 'two windows side by side');

  test('two persons bring a plan into force, and it is rolled back as a new one', async ({
    page,
    browser,
  }) => {
    const admin = await someone(browser, 'administrator');
    const other = await someone(browser, 'analyst');
    const post = await sent<{ id: number }>(admin.request, 'post', '/posts', { kind: 'planner', unit: '' });
    try {
      await sent(admin.request, 'put', `/posts/${post.id}/holders/A`, { account: 'demo-analyst' });
      await sent(admin.request, 'put', '/procedures/two-person/use', {});
      const plan = await drafted(page.request, '两人走查', 1);

      // One proposes, and may not decide.
      await page.goto(`/plans/${plan.id}`);
      await expect(page.getByText('请办理“提议”。')).toBeVisible();
      await page.getByRole('button', { name: '通过“提议”' }).click();
      await expect(page.getByText('“决议”须由另一人办理，您已办理过前面的步骤。')).toBeVisible();
      await expect(page.getByRole('button', { name: '通过“决议”' })).toHaveCount(0);
      await accessible(page);

      // What is not decided cannot be published, and the checklist leads to the stage.
      await tab(page, '检查与发布');
      await expect(page.locator('.plan-check-stop')).toContainText('议事程序');
      await expect(page.getByRole('button', { name: '立即发布' })).toBeDisabled();
      await accessible(page);

      // A comment on the map.
      await tab(page, '意见');
      await idle(page);
      await clickCentre(page);
      await page.getByLabel('在此处写意见').fill('这里应沿路划界');
      await page.getByRole('button', { name: '提交意见' }).click();
      await expect(page.locator('.plan-remark')).toContainText('这里应沿路划界');
      await expect(page.locator('.plan-pin')).toHaveCount(1);
      await accessible(page);

      // The other reads it, closes it, and decides.
      await other.goto(`/plans/${plan.id}?tab=comments`);
      await expect(other.locator('.plan-remark')).toContainText('demo-planner');
      await other.getByRole('button', { name: '办结' }).click();
      await expect(other.getByText('没有意见')).toBeVisible();
      await tab(other, '进程');
      await other.getByRole('button', { name: '通过“决议”' }).click();
      await expect(other.getByText('检查已通过，可以发布，或定一个生效日期。')).toBeVisible();

      // Adopted for tomorrow, taken back, and published today.
      await page.goto(`/plans/${plan.id}?tab=checks`);
      await page.getByLabel('生效日期').fill(day(1));
      await page.getByRole('button', { name: `通过，${day(1)} 零点生效` }).click();
      await expect(page.locator('.plan-head')).toContainText('已通过，待生效');
      await expect(page.getByText(`${day(1)} 零点（北京时间）自动生效`)).toBeVisible();
      await page.getByRole('button', { name: '撤回' }).click();
      await page.getByRole('dialog').getByRole('button', { name: '撤回' }).click();
      await expect(page.getByRole('button', { name: '立即发布' })).toBeEnabled();
      await publishNow(page);

      // Its difference report.
      await page.locator('.plan-head').getByRole('link', { name: '差异报告' }).click();
      await expect(page).toHaveURL(/\/compare\?/);
      await expect(page.locator('.compare-body').getByText('合并', { exact: true })).toBeVisible();

      // Going back is a plan of its own.
      await page.goto(`/plans/${plan.id}`);
      await page.getByRole('button', { name: '回退' }).click();
      await page.getByRole('dialog').getByRole('button', { name: '建立回退草案' }).click();
      await expect(page.locator('.plan-head')).toContainText(`回退自 方案 #${plan.id}`);
      await sent(admin.request, 'put', '/procedures/direct/use', {});
      await page.reload();
      await publishNow(page);
    } finally {
      await sent(admin.request, 'put', '/procedures/direct/use', {});
      await admin.request.delete(`/api/v1/posts/${post.id}`);
      await admin.context().close();
      await other.context().close();
    }
  });
});

test.describe('as resident', () => {
  test.use({ storageState: NOBODY });

  test('sees what is proposed, asks which unit it would be, and comments', async ({
    page,
    browser,
    complaints,
  }) => {
    complaints.allow(/status of 422/); // a comment with a phone number is refused
    const admin = await someone(browser, 'administrator');
    const planner = await someone(browser, 'planner');
    const settings = await read<object>(admin.request, '/settings');
    const plan = await drafted(planner.request, '征求意见走查', isPhone(page) ? 2 : 3);
    try {
      await sent(admin.request, 'put', '/settings', { ...settings, review_number: '浙S(2026)走查号' });
      await sent(admin.request, 'put', '/public/settings', { service: true, map: true });
      await planner.goto(`/plans/${plan.id}?tab=consultation`);
      await planner.getByLabel('标题').fill('走查征求意见');
      await planner.getByRole('button', { name: '开始征求意见' }).click();
      await expect(planner.getByRole('status')).toContainText('正在征求意见：走查征求意见');
      await accessible(planner);

      await page.goto('/public');
      await page.getByRole('link', { name: '走查征求意见' }).last().click();
      await expect(page).toHaveURL(new RegExp(`/public/consultations/${plan.id}`));
      await expect(page.getByRole('heading', { name: '走查征求意见' })).toBeVisible();
      await idle(page);
      await accessible(page);
      await clickCentre(page);
      await expect(page.locator('.enquiry-where')).toContainText('调整后');
      await expect(page.locator('.enquiry-unit')).toContainText('责任岗位');
      await page.getByLabel('对此处提意见').fill('请打13912345678');
      await page.getByRole('button', { name: '提交意见' }).click();
      await expect(page.getByText(/意见会公开，请去掉能认出个人的内容/)).toBeVisible();
      await page.getByLabel('对此处提意见').fill('到服务站更远了');
      await page.getByRole('button', { name: '提交意见' }).click();
      await expect(page.getByText('已收到，谢谢。')).toBeVisible();
      await accessible(page);

      // It waits until a planner has read it.
      await page.reload();
      await expect(page.getByText('还没有公开的意见。')).toBeVisible();
      await planner.goto(`/plans/${plan.id}?tab=comments&show=waiting`);
      await expect(planner.locator('.plan-remark')).toContainText('到服务站更远了');
      await planner.getByRole('button', { name: '公开', exact: true }).click();
      await expect(planner.getByText('没有意见')).toBeVisible();
      await page.reload();
      await expect(page.getByText('到服务站更远了')).toBeVisible();
    } finally {
      await sent(admin.request, 'put', '/public/settings', { service: false, map: false });
      await sent(admin.request, 'put', '/settings', settings);
      await planner.request.delete(`/api/v1/plans/${plan.id}/consultation`);
      await planner.request.delete(`/api/v1/plans/${plan.id}`);
      await admin.context().close();
      await planner.context().close();
    }
  });
});
