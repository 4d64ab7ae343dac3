// The phones of an account: one's own on the account page, and those of others for who keeps accounts.
import { randomUUID } from 'node:crypto';
import type { APIRequestContext, Locator, Page, PlaywrightWorkerArgs } from '@playwright/test';
import { loginOf, passwordOf, stateOf } from './roles';
import { accessible, expect, read, test } from './walk';

type Device = { id: string; agent: string; revoked_at: string | null };
const devicesOf = async (request: APIRequestContext) =>
  (await read<{ items: Device[] }>(request, '/devices')).items;

const PIXEL =
  'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36';

/** phoneOf is a phone with a sign-in of its own, on which the worker uses the officer's page. */
async function phoneOf({ request }: PlaywrightWorkerArgs['playwright'], baseURL: string | undefined) {
  const api = await request.newContext({ baseURL, userAgent: PIXEL, storageState: undefined });
  const data = { login: loginOf('worker'), password: passwordOf('worker') };
  expect((await api.post('/api/v1/session', { data })).status()).toBe(200);
  const { account } = await read<{ account: number }>(api, '/session');
  const id = randomUUID();
  expect((await api.put(`/api/v1/devices/${id}`)).ok()).toBe(true);
  return { api, id, account };
}

/** reported reports a phone of a list as lost, and finds it told. */
async function reported(page: Page, list: Locator, phone: Awaited<ReturnType<typeof phoneOf>>) {
  const before = await devicesOf(phone.api);
  const at = before.findIndex(({ id }) => id === phone.id);
  await expect(list.getByRole('listitem')).toHaveCount(before.length);
  const row = list.getByRole('listitem').nth(at);
  await expect(row).toContainText('Android');
  await row.getByRole('button', { name: /^挂失/ }).click();
  const sure = page.getByRole('dialog', { name: /^挂失“/ });
  await expect(sure).toContainText('清除本账号的全部数据');
  await sure.getByRole('button', { name: '取消' }).click();
  await expect(sure).toBeHidden();
  expect(await devicesOf(phone.api)).toEqual(before); // nothing yet
  await row.getByRole('button', { name: /^挂失/ }).click();
  await sure.getByRole('button', { name: '挂失', exact: true }).click();
  await expect(row).toContainText('已挂失，等待清除');
  await expect(row.getByRole('button')).toHaveCount(0);
  await accessible(page);
  expect((await phone.api.get('/api/v1/devices')).status()).toBe(401); // its sign-in has ended
  const self = `/devices/${phone.id}`;
  expect(await read(phone.api, `${self}/state?account=${phone.account}`)).toEqual({ revoked: true });
  expect((await phone.api.post(`/api/v1${self}/wiped?account=${phone.account}`)).ok()).toBe(true);
  await phone.api.dispose();
}

test.describe('as worker', () => {
  test.use({ storageState: stateOf('worker') });

  test('a lost phone is reported on the account page, and knows it', async ({
    page,
    request,
    playwright,
    baseURL,
  }) => {
    const phone = await phoneOf(playwright, baseURL);
    await page.goto('/account?lang=zh');
    const section = page.getByRole('region', { name: '巡查手机' });
    await reported(page, section, phone);
    expect((await devicesOf(request)).find(({ id }) => id === phone.id)?.revoked_at).not.toBeNull();
    await page.reload();
    await expect(section.getByText('已清除', { exact: true }).first()).toBeVisible();
  });
});

test.describe('as administrator', () => {
  test.use({ storageState: stateOf('administrator') });

  test('a lost phone is reported for somebody else, which is in the log', async ({
    page,
    playwright,
    baseURL,
  }) => {
    const phone = await phoneOf(playwright, baseURL);
    const other = await phoneOf(playwright, baseURL);
    await page.goto('/admin/accounts?lang=zh');
    await page.getByRole('button', { name: `操作：${loginOf('worker')}`, exact: true }).click();
    await page.getByRole('menuitem', { name: '巡查手机' }).click();
    await reported(page, page.getByRole('dialog', { name: `${loginOf('worker')} 的巡查手机` }), phone);
    expect((await devicesOf(other.api)).find(({ id }) => id === other.id)?.revoked_at).toBeNull();
    const auditor = await playwright.request.newContext({
      baseURL,
      storageState: stateOf('privacy-officer'),
    });
    const { items } = await read<{ items: { action: string; subject_id: string }[] }>(
      auditor,
      '/audit?action=device_revoked&limit=1',
    );
    expect(items[0]?.subject_id).toBe(String(phone.account));
    await auditor.dispose();
    await other.api.dispose();
  });
});

test.describe('as planner', () => {
  test('who keeps no accounts sees and reports no phone of others', async ({
    request,
    playwright,
    baseURL,
  }) => {
    const phone = await phoneOf(playwright, baseURL);
    const of = `/api/v1/accounts/${phone.account}/devices`;
    expect((await request.get(of)).status()).toBe(403);
    expect((await request.post(`${of}/${phone.id}/revoke`)).status()).toBe(403);
    expect((await devicesOf(phone.api)).find(({ id }) => id === phone.id)?.revoked_at).toBeNull();
    await phone.api.dispose();
  });
});
