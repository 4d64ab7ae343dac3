// Registers and settings that people keep in a spreadsheet: beats by the planner; categories
// with their limits by the administrator, downloaded, changed and taken back.
import { readFile } from 'node:fs/promises';
import { stateOf } from './roles';
import { accessible, expect, open, panel, read, test } from './walk';

type Limit = { category: string; state: string; amount: number; unit: string };
type Beat = { name: string; checkpoints: number[]; starts: number; weekdays: number[] };
type Checkpoint = { id: number; name: string };

/** A try of each screen, so that both find something new. */
const serial = () => String(Date.now()).slice(-6);

test('a planner brings beats from a table, and is told which cell is wrong', async ({ page, request }) => {
  const unit = (await read<{ items: { code: string }[] }>(request, '/units?level=town&limit=1')).items[0]
    ?.code;
  const { items: points } = await read<{ items: Checkpoint[] }>(request, '/checkpoints?limit=200');
  const unique = points.filter(({ name }) => points.filter((other) => other.name === name).length === 1);
  const [one, two] = unique.map(({ name }) => name);
  const name = `早巡${serial()}`;
  const table = (stops: string) =>
    `路线编号,路线名称,责任网格,星期,开始时间,结束时间,打卡点\n${name},${name},${unit},周一至周五,08:00,10:30,${stops}\n`;
  const bring = async (text: string) => {
    await page.locator('.import-drawer input[type=file]').setInputFiles({
      name: '巡查路线.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from(text),
    });
    await expect(page.locator('.file-line')).toContainText('巡查路线.csv');
    await expect(page.getByRole('radio', { name: '巡查路线' })).toBeChecked();
    await accessible(page);
    await page.getByRole('button', { name: '开始导入' }).click();
  };

  await open(page);
  await panel(page, /数据/);
  await page.getByRole('button', { name: '导入文件' }).click();
  await bring(table(`${one}→不存在的点`));
  await expect(page.getByText(/row 2, column 7 \(打卡点\)/)).toBeVisible({ timeout: 30_000 });
  await page.getByRole('button', { name: '返回修改' }).click();
  await page.getByRole('button', { name: '换一个文件' }).click();
  await bring(table(`${two}→${one}`));
  await expect(page.getByText('已导入')).toBeVisible({ timeout: 30_000 });
  await expect(page.getByRole('region', { name: '导入报告' })).toContainText(/新增\s*1/);

  const { items } = await read<{ items: Beat[] }>(request, '/beats?limit=200');
  const made = items.find((beat) => beat.name === name);
  const of = (called: string | undefined) => points.find((point) => point.name === called)?.id;
  expect(made).toMatchObject({ starts: 480, weekdays: [1, 2, 3, 4, 5], checkpoints: [of(two), of(one)] });
});

test('a planner downloads the plates that are put up at the checkpoints', async ({ page }) => {
  await open(page);
  await panel(page, /数据/);
  const coming = page.waitForEvent('download');
  await page.getByRole('link', { name: '下载全部标牌（PDF）' }).click();
  const file = await coming;
  expect(file.suggestedFilename()).toMatch(/^打卡点标牌-\d{4}-\d\d-\d\d\.pdf$/);
  expect((await readFile(await file.path())).subarray(0, 5).toString()).toBe('%PDF-');
});

test.describe('an administrator', () => {
  test.use({ storageState: stateOf('administrator') });

  test('downloads the categories, sees what a changed table would change, and saves it', async ({
    page,
    request,
    complaints,
  }) => {
    complaints.allow(/status of 422/); // the wrong table
    await page.goto('/admin/incidents?lang=zh');
    await accessible(page);
    const name = '事件类别与各环节时限';
    const coming = page.waitForEvent('download');
    await page.getByRole('link', { name: `下载${name}` }).click();
    const file = await coming;
    expect(file.suggestedFilename()).toBe('事件类别.xlsx');
    const kept = await readFile(await file.path());
    const take = (as: string, buffer: Buffer) =>
      page
        .locator(`input[type=file][aria-label="导入${name}"]`)
        .setInputFiles({ name: as, mimeType: 'application/octet-stream', buffer });

    // The same table changes nothing.
    await take('事件类别.xlsx', kept);
    const dialog = page.getByRole('dialog');
    await expect(dialog).toContainText('没有变化');
    await expect(dialog.getByRole('button', { name: '保存这些变化' })).toBeHidden();
    await dialog
      .getByRole('button', { name: /关\s*闭/ })
      .last()
      .click();
    await expect(dialog).toBeHidden();

    // A wrong cell is named, and nothing is saved.
    await take('时限.csv', Buffer.from('代码,处置时限\n0102,很快\n'));
    await expect(dialog).toContainText('row 2, column 2 (处置时限)');
    await accessible(page);
    await dialog
      .getByRole('button', { name: /关\s*闭/ })
      .last()
      .click();
    await expect(dialog).toBeHidden();

    // A right one is shown first, and saved when somebody agrees.
    const hours = 1 + (Number(serial()) % 300);
    const limit = async () =>
      (await read<{ items: Limit[] }>(request, '/incident-limits')).items.find(
        ({ category, state }) => category === '0102' && state === 'dispatched',
      );
    const before = await limit();
    await take('时限.csv', Buffer.from(`代码,处置时限\n0102,${hours}个工作小时\n`));
    await expect(dialog).toContainText('尚未保存');
    await accessible(page);
    expect(await limit()).toEqual(before);
    await dialog.getByRole('button', { name: '保存这些变化' }).click();
    await expect(dialog).toBeHidden();
    expect(await limit()).toMatchObject({ amount: hours, unit: 'working-hours' });
  });
});

test('a planner brings linked households from a table, and changes one in its card', async ({
  page,
  request,
}) => {
  type Post = { id: number; unit: string; kind: string };
  const { items: posts } = await read<{ items: Post[] }>(request, '/posts?kind=part-time-worker');
  const { id, unit } = posts[0] as Post;
  type House = { id: number; source_id: string; source: string };
  const { items: houses } = await read<{ items: House[] }>(request, `/households?unit=${unit}&limit=200`);
  const house = houses.at(-1) as House;
  const keeper = async () =>
    (await read<{ post: { post: number } | null }>(request, `/households/${house.id}/link`)).post?.post;
  const bring = async (text: string) => {
    await page.locator('.import-drawer input[type=file]').setInputFiles({
      name: '二十户包联.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from(text),
    });
    await expect(page.getByRole('radio', { name: '包联户' })).toBeChecked();
    await accessible(page);
    await page.getByRole('button', { name: '开始导入' }).click();
  };
  const row = (post: string) =>
    `户号,来源,网格编码,包联岗位\n${house.source_id},${house.source},${unit},${post}\n`;

  await open(page);
  await panel(page, /数据/);
  await page.getByRole('button', { name: '导入文件' }).click();
  await bring(row('不存在的岗位'));
  await expect(page.getByText(/row 2, column 3 \(网格编码\)/)).toBeVisible({ timeout: 30_000 });
  await page.getByRole('button', { name: '返回修改' }).click();
  await page.getByRole('button', { name: '换一个文件' }).click();
  await bring(row('兼职网格员'));
  await expect(page.getByText('已导入')).toBeVisible({ timeout: 30_000 });
  await expect(page.getByRole('region', { name: '导入报告' })).toContainText(/总行数\s*1/);
  expect(await keeper()).toBe(id);

  await open(page, `/?item=household:${house.id}&lang=zh`);
  const choice = page.locator('.keeper');
  await expect(choice).toContainText('兼职网格员');
  await accessible(page);
  await choice.click();
  await page.getByTitle(/^网格长 · /).click();
  await expect(choice).toContainText('网格长');
  await expect.poll(keeper).not.toBe(id);
  await choice.hover();
  await choice.locator('.ant-select-clear').click();
  await expect.poll(keeper).toBeUndefined();
});
