// A town's own message gateway that answers: it takes a message, then it does not.
import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { stateOf } from './roles';
import { accessible, expect, read, test } from './walk';

test.use({ storageState: stateOf('administrator') });

type Told = { headers: IncomingHttpHeaders; body: string };

/** gateway is one on this machine, which the service was told to allow (--webhook-network 127.0.0.1). */
async function gateway() {
  const told: Told[] = [];
  const answer = { status: 200 };
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text) => {
      body += text;
    });
    request.on('end', () => {
      told.push({ headers: request.headers, body });
      response.writeHead(answer.status).end();
    });
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const close = () => new Promise((closed) => server.close(closed).closeAllConnections());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/duty`, told, answer, close };
}

/** signed reports whether a message bears the signature of a secret, made within five minutes. */
function signed({ headers, body }: Told, secret: string): boolean {
  const [, at = '', given] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['x-wangge-signature'])) ?? [];
  const want = createHmac('sha256', secret).update(`${at}.${body}`).digest('hex');
  return given === want && Math.abs(Date.now() / 1000 - Number(at)) < 300;
}

test('a gateway takes a signed message, and one that it refuses is told as waiting, with its answer', async ({
  page,
  request,
}) => {
  const there = await gateway();
  const { url, told } = there;
  try {
    await page.goto('/admin/incidents?lang=zh');
    await page.getByRole('button', { name: '添加消息网关' }).click();
    const dialog = page.getByRole('dialog', { name: '添加消息网关' });
    await dialog.getByLabel('网关地址').fill(url);
    await dialog.locator('.admin-branch-name').first().click();
    await dialog.getByRole('button', { name: '添加消息网关' }).click();
    const shown = page.getByRole('dialog', { name: '签名密钥' });
    const secret = (await shown.locator('code').textContent()) ?? '';
    await shown.getByRole('button', { name: '已抄下' }).click();

    const card = page.getByRole('article', { name: `${url} 的推送` });
    const send = card.getByRole('button', { name: `发一条测试到 ${url}` });
    await send.click();
    await expect.poll(() => told.length).toBe(1);
    const [first] = told as [Told];
    expect(signed(first, secret)).toBe(true);
    expect(signed(first, `${secret}x`)).toBe(false);
    expect(signed({ ...first, body: `${first.body} ` }, secret)).toBe(false);
    const { delivery, event } = JSON.parse(first.body) as Record<string, string>;
    expect(event).toBe('test');
    expect(first.headers['x-wangge-delivery']).toBe(delivery);
    const lines = card.getByRole('listitem');
    await expect(lines).toHaveCount(1);
    await expect(lines.first()).toContainText('已送达');
    await accessible(page);

    there.answer.status = 500;
    await send.click();
    await expect.poll(() => told.length).toBeGreaterThan(1);
    const refused = lines.filter({ hasText: '500' });
    await expect(refused).toHaveCount(1);
    await expect(refused).not.toContainText('已送达');
    await accessible(page);

    there.answer.status = 200; // it is tried again with the same id, and arrives
    await expect(lines.filter({ hasText: '已送达' })).toHaveCount(2, { timeout: 60_000 });
    const again = told.slice(1).map(({ body }) => (JSON.parse(body) as { delivery: string }).delivery);
    expect(new Set(again).size).toBe(1);
    expect(signed(told.at(-1) as Told, secret)).toBe(true);
  } finally {
    const { items } = await read<{ items: { id: number; url: string }[] }>(request, '/webhooks');
    for (const hook of items) if (hook.url === url) await request.delete(`/api/v1/webhooks/${hook.id}`);
    await there.close();
  }
});
