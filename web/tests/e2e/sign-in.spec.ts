// Who may come in, and where they come out: signing in, being kept out, sessions
// that end, the first administrator.
import { createHmac } from 'node:crypto';
import type { Page } from '@playwright/test';
import { firstLink, loginOf, NOBODY, passwordOf, type Role, stateOf } from './roles';
import { accessible, expect, idle, isPhone, read, test } from './walk';

test.use({ storageState: NOBODY });
test.beforeEach(({ complaints }) => complaints.allow(/40[134]|429/));

type Unit = { code: string; name: string };
type Listed = { items: { id: number; current: boolean }[] };

async function signIn(page: Page, login: string, password: string) {
  await page.getByRole('textbox', { name: '登录名' }).fill(login);
  await page.getByRole('textbox', { name: '密码', exact: true }).fill(password);
  await page.getByRole('button', { name: '登录', exact: true }).click();
}

const signInAs = (page: Page, role: Role) => signIn(page, loginOf(role), passwordOf(role));

/** openMenu opens who one is. */
const openMenu = (page: Page) => page.getByRole('button', { name: /岗位与菜单/ }).click();

/** aUnit is a village of the town, asked for as the planner. */
async function aUnit(
  playwright: { request: { newContext: (o: object) => Promise<never> } },
  baseURL?: string,
) {
  const request = await playwright.request.newContext({ baseURL, storageState: stateOf('planner') });
  const { items } = await read<{ items: Unit[] }>(request, '/units?level=village&limit=2');
  return { unit: items[1] as Unit, request: request as import('@playwright/test').APIRequestContext };
}

test('shows nothing before the sign-in, refuses a wrong password, and leads to what was wanted', async ({
  page,
  playwright,
  baseURL,
}) => {
  const { unit } = await aUnit(playwright as never, baseURL);
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await page.goto(`/?unit=${unit.code}`);
  await expect(page.getByRole('heading', { name: '登录' })).toBeVisible();
  await expect(page.getByText('密码显示在启动 wangge up 的窗口里')).toBeVisible();
  await accessible(page);
  expect(
    asked.filter((path) => !path.startsWith('/assets/') && /status|units|tiles|style/.test(path)),
  ).toEqual([]);

  await signIn(page, loginOf('planner'), 'not the password');
  await expect(page.getByRole('alert')).toContainText('登录名或密码不对');
  await signInAs(page, 'planner');
  await idle(page);
  await expect(page.getByRole('heading', { level: 2, name: unit.name })).toBeVisible();
  await openMenu(page);
  await expect(page.getByText(/^规划员 · /).first()).toBeVisible();
  await accessible(page);
});

test('makes whoever guesses wait, and says for how long', async ({ page }) => {
  // Somebody has guessed until the wait is long enough to be seen, however slow the screen.
  const guess = { login: `guess-${Date.now()}`, password: 'wrong' };
  await expect
    .poll(
      async () => {
        const answer = await page.request.post('/api/v1/session', { data: guess });
        return Number(answer.headers()['retry-after'] ?? 0);
      },
      { intervals: [50, 50, 50, 50, 1000, 2000, 4000], timeout: 60_000 }, // as long as each wait: asking sooner spends the address's budget
    )
    .toBeGreaterThan(7);
  await page.goto('/');
  await signIn(page, guess.login, guess.password);
  await expect(page.getByRole('alert')).toContainText(/失败次数过多.*请等 \d:\d\d 后再试/s);
  await expect(page.getByRole('button', { name: '登录', exact: true })).toBeDisabled();
  await expect(page.getByRole('button', { name: '登录', exact: true })).toBeEnabled();
});

test('signs out, and leaves nothing behind', async ({ page, request }) => {
  test.skip(!isPhone(page), 'walked on the other screen');
  await page.goto('/');
  await signInAs(page, 'analyst');
  await idle(page);
  await openMenu(page);
  await page.getByRole('button', { name: '退出登录' }).click();
  await expect(page.getByRole('heading', { name: '登录' })).toBeVisible();
  expect((await page.request.get('/api/v1/status')).status()).toBe(401);
  expect((await request.get('/tiles/grid-village.json')).status()).toBe(401);
  await page.reload();
  await expect(page.getByRole('heading', { name: '登录' })).toBeVisible();
});

test('a session that was ended elsewhere comes back to where one was', async ({
  page,
  playwright,
  baseURL,
}) => {
  test.skip(!isPhone(page), 'walked on the other screen');
  const { unit, request } = await aUnit(playwright as never, baseURL);
  await page.goto(`/?unit=${unit.code}&panel=units`);
  await signInAs(page, 'planner');
  await idle(page);
  const address = page.url();

  const mine = await read<Listed>(page.request, '/sessions');
  const here = mine.items.find((one) => one.current);
  expect((await request.delete(`/api/v1/sessions/${here?.id}`)).ok()).toBe(true);

  await expect(page.getByText('登录已失效')).toBeVisible();
  await expect(page.locator('.maplibregl-canvas')).toBeHidden();
  await signInAs(page, 'planner');
  await idle(page);
  expect(page.url()).toBe(address);
  await expect(page.getByRole('heading', { level: 2, name: unit.name })).toBeVisible();
});

test('lists where one is signed in, and ends it there', async ({ page, playwright, baseURL }) => {
  const other = await playwright.request.newContext({ baseURL });
  const body = { login: loginOf('privacy-officer'), password: passwordOf('privacy-officer') };
  expect((await other.post('/api/v1/session', { data: body })).ok()).toBe(true);
  const there = (await read<Listed>(other, '/sessions')).items.find((one) => one.current);

  await page.goto('/account');
  await signInAs(page, 'privacy-officer');
  const list = page.getByRole('region', { name: '登录的设备' });
  await expect(list.getByText('本次登录')).toBeVisible();
  await accessible(page);
  const before = await list.getByRole('listitem').count();
  expect(there).toBeDefined();
  // The newest stand first: this one, then the other.
  await list
    .getByRole('listitem')
    .nth(1)
    .getByRole('button', { name: /^退出该设备/ })
    .click();
  await expect(list.getByRole('listitem')).toHaveCount(before - 1);
  expect((await other.get('/api/v1/sessions')).status()).toBe(401);
});

/** codeOf is what an authenticator shows for a secret (RFC 6238), so many steps from now. */
function codeOf(secret: string, steps = 0): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret.replace(/[\s-]/g, '').toUpperCase()]
    .map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0'))
    .join('');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const digest = createHmac('sha1', key).update(counter).digest();
  const offset = (digest[19] ?? 0) & 15;
  return String((digest.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

test('the first administrator: the link, a second step, a key for a program, and in again', async ({
  page,
  playwright,
  baseURL,
}) => {
  test.skip(isPhone(page), 'the link works once');
  test.skip(firstLink === null, 'there is an administrator already');
  const password = 'correct horse battery staple';
  await page.goto(firstLink ?? '/');
  await expect(page).toHaveURL(/\/first$/); // the secret is no longer there to be seen
  await page.getByRole('textbox', { name: '登录名' }).fill('chief');
  const chosen = page.getByRole('textbox', { name: '密码', exact: true });
  await chosen.fill('short');
  await expect(page.getByText('还差 5 个字符')).toBeVisible();
  await expect(page.getByRole('button', { name: '设立并登录' })).toBeDisabled();
  await chosen.fill(password);
  await accessible(page);
  await page.getByRole('button', { name: '设立并登录' }).click();
  await idle(page);

  await openMenu(page);
  await page.getByRole('link', { name: '我的账号' }).click();
  await expect(page.getByText('管理员 · 全部范围').first()).toBeVisible();
  await page.getByRole('button', { name: '开启两步验证' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('输入当前密码以确认').fill(password);
  await dialog.getByRole('button', { name: '下一页' }).click();
  await expect(dialog.getByAltText('密钥的二维码')).toBeVisible();
  const secret = (await dialog.locator('.totp-secret button').textContent()) ?? '';
  await accessible(page);
  await dialog.getByLabel('输入应用显示的验证码').fill(codeOf(secret));
  await dialog.getByRole('button', { name: /开 ?启/ }).click();
  const codes = page.getByRole('dialog', { name: '恢复码' });
  await expect(codes.getByRole('listitem').first()).toBeVisible();
  const recovery = (await codes.getByRole('listitem').first().textContent()) ?? '';
  await codes.getByRole('button', { name: '已经保存好' }).click();
  await expect(page.getByText('已开启', { exact: true })).toBeVisible(); // its message says so too

  await page.getByRole('button', { name: '新建密钥' }).click();
  await dialog.getByLabel('给哪个程序用').fill('月报');
  await dialog.getByRole('checkbox', { name: '看地图、网格和服务点' }).check();
  await dialog.getByRole('button', { name: /新 ?建/ }).click();
  await expect(dialog.getByText('现在复制并交给程序')).toBeVisible();
  const key = ((await dialog.locator('.token-secret button').textContent()) ?? '').trim();
  await dialog.getByRole('button', { name: /关 ?闭/ }).click();
  const program = await playwright.request.newContext({
    baseURL,
    extraHTTPHeaders: { Authorization: `Bearer ${key}` },
  });
  expect((await program.get('/api/v1/units?limit=1')).status()).toBe(200);
  expect((await program.get('/api/v1/accounts')).status()).toBe(403);
  await page.getByRole('button', { name: '撤销密钥：月报' }).click();
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /撤 ?销/ })
    .click();
  await expect(page.getByText('还没有密钥。')).toBeVisible();
  expect((await program.get('/api/v1/units?limit=1')).status()).toBe(401);

  await openMenu(page);
  await page.getByRole('button', { name: '退出登录' }).click();
  await signIn(page, 'chief', password);
  await expect(page.getByRole('heading', { name: '两步验证' })).toBeVisible();
  await accessible(page);
  const code = page.getByRole('textbox', { name: '验证码' });
  await code.fill('000000');
  await page.getByRole('button', { name: '验证' }).click();
  await expect(page.getByRole('alert')).toContainText('验证码不对');
  await code.fill(recovery);
  await page.getByRole('button', { name: '验证' }).click();
  await idle(page);
  await page.goto(firstLink ?? '/'); // used: nobody else becomes administrator with it
  await page.getByRole('textbox', { name: '登录名' }).fill('second');
  await page.getByRole('textbox', { name: '密码', exact: true }).fill(password);
  await page.getByRole('button', { name: '设立并登录' }).click();
  await expect(page.getByRole('alert')).toContainText('此链接已用过或已失效');
});
