// A report in an officer's hand whose acknowledgements are lost: the server holds it and its
// photo exactly once.
import { as, delivered, emulate, homeOf, kept, type Listed, report, screen, signIn } from './officer';
import { NOBODY, stateOf } from './roles';
import { accessible, expect, isPhone, open, read, test } from './walk';

type Photo = { id: string; place: [number, number] | null; arrived_at?: string | null };

test.use({ storageState: NOBODY, permissions: ['geolocation'] });

test('lost answers and repeated deliveries change nothing', async ({ page, baseURL, complaints }) => {
  test.skip(!isPhone(page), 'an officer has a phone');
  complaints.allow(/Failed to load resource/);
  const worker = await as('worker', baseURL);
  const dispatcher = await as('dispatcher', baseURL);
  const home = await homeOf(worker);
  const mine = `重发 ${Date.now()}`;
  await emulate(page, home);
  await signIn(page);
  const lost = { deliveries: 2, photos: 3 };
  const bodies: string[] = [];
  await page.route('**/api/v1/deliveries', async (route) => {
    const response = await route.fetch(); // the server has it, and the phone never hears so
    bodies.push(route.request().postData() ?? '');
    if (lost.deliveries-- > 0) await route.abort();
    else await route.fulfill({ response });
  });
  await page.route('**/api/v1/photos/*', async (route) => {
    if (route.request().method() !== 'PUT') return route.continue();
    const response = await route.fetch();
    if (lost.photos-- > 0) await route.abort();
    else await route.fulfill({ response });
  });
  await report(page, home, mine);
  await delivered(page);
  expect(lost.deliveries).toBeLessThan(0);
  const incidents = await kept(dispatcher, mine);
  expect(incidents.length).toBe(1);
  for (const body of [bodies.at(0), bodies.at(-1)]) {
    const again = await worker.post('/api/v1/deliveries', { data: JSON.parse(body ?? '') });
    const { items } = (await again.json()) as Listed<{ state: string }>;
    expect(items.map(({ state }) => state)).toEqual(items.map(() => 'known'));
  }
  expect((await kept(dispatcher, mine)).length).toBe(1);
  const { items } = await read<Listed<Photo>>(dispatcher, `/incidents/${incidents[0]?.id}/photos`);
  expect(items.length).toBe(1);
});

test('a household that wants no more visits is noted without signal, and welcomed back at the desk', async ({
  page,
  browser,
  baseURL,
  complaints,
}) => {
  test.skip(!isPhone(page), 'an officer has a phone');
  complaints.allow(/Failed to load resource/);
  const worker = await as('worker', baseURL);
  await emulate(page, await homeOf(worker));
  await signIn(page);
  type Due = { household: number; address: string };
  // Another walk of this phone visits from the top of the list.
  const { items } = await read<Listed<Due>>(worker, '/visits/due?mine=true&limit=20');
  const { household, address } = items.at(-1) as Due;
  await screen(page, '任务');
  const group = page.locator('details').filter({ hasText: '到期走访' });
  await expect(group).toBeVisible();
  if (!(await group.evaluate((it) => (it as HTMLDetailsElement).open)))
    await group.locator('summary').click();
  await page.context().setOffline(true);
  const mine = group.locator('li').filter({ hasText: address });
  await mine.getByRole('button', { name: '不再走访' }).first().click();
  await accessible(page);
  await mine.getByRole('button', { name: '登记不再走访' }).click();
  await expect(mine.getByText('已记录：不再走访').first()).toBeVisible();
  await page.reload(); // without signal
  await page.context().setOffline(false);
  await delivered(page);
  type Contact = { visits_refused: boolean };
  const contact = () => read<Contact>(worker, `/households/${household}/contact`);
  expect((await contact()).visits_refused).toBe(true);
  const due = await read<Listed<Due>>(worker, '/visits/due?mine=true&limit=200');
  expect(due.items.some((one) => one.household === household)).toBe(false);

  const desk = await browser.newContext({
    baseURL,
    storageState: stateOf('worker'),
    viewport: { width: 1280, height: 800 },
  });
  const at = await desk.newPage();
  await open(at, `/?item=household:${household}&lang=zh`);
  await expect(at.getByText('不接受走访')).toBeVisible();
  await at.getByRole('button', { name: '恢复走访' }).click();
  await expect(at.getByText('可以走访')).toBeVisible();
  expect((await contact()).visits_refused).toBe(false);
  await desk.close();
});
