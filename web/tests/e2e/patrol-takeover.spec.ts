// A new version of the officer's page waits until the officer wants it, and takes nothing away.
import { createServer, request as forward, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from '@playwright/test';
import { as, delivered, emulate, homeOf, kept, report, screen, signIn } from './officer';
import { NOBODY } from './roles';
import { expect, isPhone, test } from './walk';

test.use({ storageState: NOBODY, permissions: ['geolocation'] });
test.beforeEach(({ page, complaints }) => {
  test.skip(!isPhone(page), 'an officer has a phone');
  complaints.allow(/Failed to load resource|console error: \w{1,3}$/); // without a network
});

const section = (page: Page, name: string) => page.locator('section').filter({ hasText: name });

/** Builds hands on what a service answers, and may pretend that it has another build. */
class Builds {
  next = false;
  private readonly server: Server;

  constructor(service: string) {
    this.server = createServer((incoming, outgoing) => {
      const altered = /^\/patrol(-sw\.js)?(\?|$)/.test(incoming.url ?? '');
      const { 'if-none-match': _known, ...asked } = incoming.headers;
      const headers = altered ? { ...asked, 'accept-encoding': 'identity' } : incoming.headers;
      const onward = forward(
        new URL(incoming.url ?? '', service),
        { method: incoming.method, headers },
        (answer) => {
          if (!altered || !this.next) {
            outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
            answer.pipe(outgoing);
            return;
          }
          let text = '';
          answer.setEncoding('utf8').on('data', (part) => {
            text += part;
          });
          answer.on('end', () => {
            const { 'content-length': _, etag: __, ...kept } = answer.headers;
            outgoing.writeHead(answer.statusCode ?? 502, kept);
            outgoing.end(
              text
                .replace(/(version\\?":\\?"[0-9a-f]+)/, '$1-next')
                .replace('</head>', '<meta name="build" content="next"></head>'),
            );
          });
        },
      );
      onward.on('error', () => outgoing.destroy());
      incoming.pipe(onward);
    });
  }

  async open(): Promise<string> {
    await new Promise<void>((ready) => this.server.listen(0, '127.0.0.1', ready));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

test('a new version waits for the officer, and takes nothing away', async ({ browser, baseURL }) => {
  const builds = new Builds(baseURL ?? '');
  const home = await homeOf(await as('worker', baseURL));
  const context = await browser.newContext({
    ...test.info().project.use,
    baseURL: await builds.open(),
    storageState: NOBODY,
    permissions: ['geolocation'],
  });
  const page = await context.newPage();
  const build = page.locator('meta[name=build]');
  const take = page.getByRole('button', { name: '使用新版本' });
  const mine = `换版 ${Date.now()}`;
  try {
    await emulate(page, home);
    await signIn(page);
    await screen(page, '我的');
    await expect(section(page, '离线打开')).toContainText('没有网络也能打开本页');
    await page.route('**/api/v1/deliveries', (route) => route.abort());
    await screen(page, '地图');
    await report(page, home, mine);
    const holds = async () => {
      await screen(page, '待发');
      await expect(page.getByText(mine)).toBeVisible();
      await screen(page, '地图');
    };
    await holds();

    await test.step('it comes: a reload still has the one in use, and says so', async () => {
      builds.next = true;
      await page.reload();
      await expect(take).toBeVisible();
      await page.reload();
      await expect(take).toBeVisible();
      await expect(build).toHaveCount(0);
      await holds();
    });

    await test.step('the officer takes it, and nothing is lost', async () => {
      await take.click();
      await expect(build).toHaveCount(1);
      await holds();
      await context.setOffline(true);
      await page.reload();
      await expect(build).toHaveCount(1); // the new one is kept
      await holds();
      await expect(take).toHaveCount(0);
    });

    await test.step('and the report goes out once', async () => {
      await context.setOffline(false);
      await page.unroute('**/api/v1/deliveries');
      await delivered(page);
      expect((await kept(await as('dispatcher', baseURL), mine)).length).toBe(1);
    });
  } finally {
    await context.close();
    builds.close();
  }
});
