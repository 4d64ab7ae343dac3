// A report in an officer's hand whose acknowledgements are lost: the server holds it and its
// photo exactly once.
import { as, delivered, emulate, homeOf, kept, type Listed, report, signIn } from './officer';
import { NOBODY } from './roles';
import { expect, isPhone, read, test } from './walk';

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
