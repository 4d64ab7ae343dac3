// One phone, two officers, and its loss: what one of them keeps is not the other's to see, and
// a phone that was reported as lost deletes what it keeps of that officer at the next contact.
import type { Page } from '@playwright/test';
import { as, emulate, homeOf, kept, type Listed, report, screen, signIn } from './officer';
import { loginOf, NOBODY, passwordOf, type Role } from './roles';
import { expect, isPhone, read, test } from './walk';

type Device = { id: string; revoked_at: string | null; wiped_at: string | null };

test.use({ storageState: NOBODY, permissions: ['geolocation'] });

/** next leaves the page to another officer. */
async function next(page: Page, role: Role) {
  await screen(page, '我的');
  await page.getByRole('button', { name: '退出登录' }).click();
  await page.getByLabel('登录名').fill(loginOf(role));
  await page.getByLabel('密码').fill(passwordOf(role));
  await page.getByRole('button', { name: '登录', exact: true }).click();
  await expect(page.getByRole('navigation', { name: '各屏' })).toBeVisible();
}

/** asking tells how a list was asked for since the last call: by a tag or not, and the answers. */
function asking(page: Page, path: string): () => string[] {
  const seen: string[] = [];
  page.on('response', (response) => {
    if (new URL(response.url()).pathname !== path) return;
    seen.push(`${response.request().headers()['if-none-match'] ? 'tag' : 'whole'} ${response.status()}`);
  });
  return () => seen.splice(0);
}

const databases = (page: Page) =>
  page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name ?? '').sort());

test('two officers of one phone stay apart, and a lost phone is wiped', async ({
  page,
  context,
  baseURL,
  complaints,
}) => {
  test.skip(!isPhone(page), 'an officer has a phone');
  complaints.allow(/Failed to load resource|console error: \w{1,3}$/); // tiles, without a network
  const worker = await as('worker', baseURL);
  const other = await as('worker-on-leave', baseURL);
  const accountOf = async (api: typeof worker) => (await read<{ account: number }>(api, '/session')).account;
  const [mine, others] = [await accountOf(worker), await accountOf(other)];
  const text = `挂失 ${Date.now()}`;
  await emulate(page, await homeOf(worker));
  const asked = asking(page, '/api/v1/visits/due');
  await signIn(page);

  await test.step('what the phone keeps is not sent again, and no other cache keeps it', async () => {
    await expect.poll(asked).toEqual(['whole 200']);
    await screen(page, '任务');
    const visits = page.locator('.patrol-group', { hasText: '走访' }).locator('.figures').first();
    await expect(visits).toHaveText(/^[1-9]/);
    const known = await visits.textContent();
    await page.reload();
    await expect.poll(asked).toEqual(['tag 304']);
    await screen(page, '任务');
    await expect(visits).toHaveText(known ?? '');
    const cached = await page.evaluate(async () => {
      const paths = performance.getEntriesByType('resource').map(({ name }) => name);
      const own = paths.filter((name) => new URL(name).pathname.startsWith('/api/'));
      const answers = own.map((name) =>
        fetch(name, { cache: 'only-if-cached', mode: 'same-origin' }).then(
          ({ ok }) => ok,
          () => false,
        ),
      );
      return { own: own.length, kept: (await Promise.all(answers)).filter(Boolean).length };
    });
    expect(cached.own).toBeGreaterThan(5);
    expect(cached.kept).toBe(0);
    await screen(page, '地图');
  });

  await test.step('a report waits on the phone', async () => {
    await page.route('**/api/v1/deliveries', (route) => route.abort());
    await report(page, await homeOf(worker), text);
    await screen(page, '待发');
    await expect(page.getByText(text)).toBeVisible();
  });

  await test.step('another officer sees nothing of it', async () => {
    asked();
    await next(page, 'worker-on-leave');
    await expect.poll(asked).toEqual(['whole 200']);
    await screen(page, '待发');
    await expect(page.getByText('没有待发的内容')).toBeVisible();
    await expect(page.getByText(text)).toHaveCount(0);
    expect(await databases(page)).toEqual(
      expect.arrayContaining([`wangge.patrol.${mine}`, `wangge.patrol.${others}`]),
    );
  });

  await test.step('it is reported as lost, and deletes what it keeps at the next contact', async () => {
    await context.setOffline(true);
    const { items } = await read<Listed<Device>>(worker, '/devices');
    const names = await page.evaluate(async (account) => {
      const opened = await new Promise<IDBDatabase>((done, failed) => {
        const asked = indexedDB.open(`wangge.patrol.${account}`);
        asked.onsuccess = () => done(asked.result);
        asked.onerror = () => failed(asked.error);
      });
      const name = await new Promise<unknown>((done) => {
        const asked = opened.transaction('kept').objectStore('kept').get('device');
        asked.onsuccess = () => done(asked.result);
      });
      opened.close();
      return String(name);
    }, mine);
    expect(items.map(({ id }) => id)).toContain(names);
    const revoked = await worker.post(`/api/v1/devices/${names}/revoke`);
    expect(revoked.ok()).toBe(true);
    expect(await databases(page)).toContain(`wangge.patrol.${mine}`);
    await context.setOffline(false);
    // Signal that comes and goes: none of the askings may make anew what another has deleted.
    await page.evaluate(async () => {
      for (let n = 0; n < 20; n++) {
        window.dispatchEvent(new Event('online'));
        await new Promise((done) => setTimeout(done, 5 * n));
      }
    });
    await expect.poll(() => databases(page)).not.toContain(`wangge.patrol.${mine}`);
    expect(await databases(page)).toContain(`wangge.patrol.${others}`); // whose phone is not lost
    await expect(async () => {
      const { items: after } = await read<Listed<Device>>(worker, '/devices');
      expect(after.find(({ id }) => id === names)?.wiped_at).toBeTruthy();
    }).toPass();
  });

  await test.step('what was not sent by then is gone, and the officer begins anew', async () => {
    await page.unroute('**/api/v1/deliveries');
    asked();
    await next(page, 'worker');
    await expect.poll(asked).toEqual(['whole 200']);
    await screen(page, '待发');
    await expect(page.getByText('没有待发的内容')).toBeVisible();
    expect(await kept(await as('dispatcher', baseURL), text)).toEqual([]);
  });
});
