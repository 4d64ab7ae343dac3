// A report in an officer's hand whose acknowledgements are lost: the server holds it and its
// photo exactly once.
import { type APIRequestContext, type Page, request as requests } from '@playwright/test';
import { loginOf, NOBODY, passwordOf, type Role, stateOf } from './roles';
import { expect, isPhone, read, test } from './walk';

type Listed<T> = { items: T[] };
type Incident = { id: string; text: string; unit: string; category: string; accuracy: number | null };
type Photo = { id: string; place: [number, number] | null; arrived_at?: string | null };
type Place = { lon: number; lat: number };

test.use({ storageState: NOBODY, permissions: ['geolocation'] });

/** as is the API as another account. */
async function as(role: Role, baseURL: string | undefined): Promise<APIRequestContext> {
  return requests.newContext({
    baseURL,
    storageState: stateOf(role),
    extraHTTPHeaders: { origin: baseURL ?? '' },
  });
}

/** homeOf is a place in the middle of the unit of the officer's post. */
async function homeOf(api: APIRequestContext): Promise<Place & { unit: string }> {
  const { posts } = await read<{ posts: { unit: string }[] }>(api, '/session');
  const unit = posts[0]?.unit ?? '';
  const { bounds } = (await read<{ town: { bounds: [number, number, number, number] } }>(api, '/status'))
    .town;
  return { unit, lon: (bounds[0] + bounds[2]) / 2, lat: (bounds[1] + bounds[3]) / 2 };
}

/**
 * emulate gives the page a phone: a clock that the test sets back and forth, and a place
 * that it moves, both kept through a reload as a real phone's are.
 */
async function emulate(page: Page, start: Place) {
  await page.addInitScript((from) => {
    const Real = Date;
    const now = () => Real.now() + Number(localStorage.getItem('test.clock') ?? 0);
    class Shifted extends Real {
      constructor(...given: [] | [number]) {
        super(...((given.length > 0 ? given : [now()]) as [number]));
      }
      static override now() {
        return now();
      }
    }
    window.Date = Shifted as DateConstructor;
    let tell: PositionCallback | null = null;
    const position = (lon: number, lat: number, timestamp: number) =>
      ({
        timestamp,
        coords: { longitude: lon, latitude: lat, accuracy: 8, heading: null },
      }) as GeolocationPosition;
    navigator.geolocation.watchPosition = (success) => {
      tell = success;
      setTimeout(() => success(position(from.lon, from.lat, now())), 0);
      return 1;
    };
    Object.assign(window, {
      move: (lon: number, lat: number, timestamp: number) => tell?.(position(lon, lat, timestamp)),
    });
  }, start);
}

async function signIn(page: Page) {
  await page.goto('/patrol?lang=zh');
  await page.getByLabel('登录名').fill(loginOf('worker'));
  await page.getByLabel('密码').fill(passwordOf('worker'));
  await page.getByRole('button', { name: '登录' }).click();
  await expect(page.getByRole('navigation', { name: '各屏' })).toBeVisible();
}

const screen = (page: Page, name: '地图' | '任务' | '待发' | '我的') =>
  page.getByRole('navigation', { name: '各屏' }).getByRole('button', { name }).click();

/** exif is a segment that names a camera and a place, as phones write it. */
function exif({ lon, lat }: Place): Buffer {
  const ascii = (text: string) => Buffer.from(`${text}\0`);
  const camera = ascii('SecretCamera');
  const tiff = Buffer.alloc(8 + 2 + 24 + 4 + 2 + 48 + 4 + 48 + camera.length);
  tiff.write('MM\0*', 'latin1');
  tiff.writeUInt32BE(8, 4);
  const entry = (at: number, tag: number, type: number, count: number, value: number | string) => {
    tiff.writeUInt16BE(tag, at);
    tiff.writeUInt16BE(type, at + 2);
    tiff.writeUInt32BE(count, at + 4);
    if (typeof value === 'string') tiff.write(value, at + 8, 'latin1');
    else tiff.writeUInt32BE(value, at + 8);
  };
  const places = 38 + 2 + 48 + 4;
  tiff.writeUInt16BE(2, 8);
  entry(10, 0x010f, 2, camera.length, places + 48);
  entry(22, 0x8825, 4, 1, 38);
  tiff.writeUInt16BE(4, 38);
  entry(40, 1, 2, 2, 'N\0');
  entry(52, 2, 5, 3, places);
  entry(64, 3, 2, 2, 'E\0');
  entry(76, 4, 5, 3, places + 24);
  const degrees = (value: number, at: number) => {
    for (const [n, [top, bottom]] of [
      [Math.floor(value), 1],
      [0, 1],
      [Math.round((value % 1) * 36_000_000), 10_000],
    ].entries()) {
      tiff.writeUInt32BE(top ?? 0, at + 8 * n);
      tiff.writeUInt32BE(bottom ?? 1, at + 8 * n + 4);
    }
  };
  degrees(lat, places);
  degrees(lon, places + 24);
  camera.copy(tiff, places + 48);
  const body = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff]);
  return Buffer.concat([Buffer.from([0xff, 0xe1, (body.length + 2) >> 8, (body.length + 2) & 255]), body]);
}

/** photograph is what a camera gives: a noisy picture of some hundred kilobytes with EXIF. */
async function photograph(page: Page, at: Place): Promise<Buffer> {
  const plain = await page.evaluate(async () => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [1400, 1000];
    const pen = canvas.getContext('2d') as CanvasRenderingContext2D;
    const pixels = pen.createImageData(canvas.width, canvas.height);
    for (let n = 0; n < pixels.data.length; n++) pixels.data[n] = Math.random() * 256;
    pen.putImageData(pixels, 0, 0);
    const blob = await new Promise<Blob | null>((made) => canvas.toBlob(made, 'image/jpeg', 0.9));
    const address = await new Promise<string>((made) => {
      const reader = new FileReader();
      reader.onload = () => made(String(reader.result));
      reader.readAsDataURL(blob as Blob);
    });
    return address.slice(address.indexOf(',') + 1);
  });
  const jpeg = Buffer.from(plain, 'base64');
  return Buffer.concat([jpeg.subarray(0, 2), exif(at), jpeg.subarray(2)]);
}

async function report(page: Page, at: Place, text: string, reload = false) {
  await page.getByRole('button', { name: '上报', exact: true }).click();
  const file = { name: 'photo.jpg', mimeType: 'image/jpeg', buffer: await photograph(page, at) };
  await page.locator('input[type=file]').setInputFiles(file);
  await expect(page.getByRole('img', { name: '本次上报的照片' })).toBeVisible();
  await page.getByLabel('类别').selectOption({ index: 3 });
  await page.getByLabel('说明（可不填）').fill(text);
  if (reload) {
    await page.reload();
    await expect(page.getByLabel('说明（可不填）')).toHaveValue(text);
    await expect(page.getByRole('img', { name: '本次上报的照片' })).toBeVisible();
  }
  await page.getByRole('button', { name: '放入待发' }).click();
  await expect(page.getByRole('heading', { name: '上报事件' })).toHaveCount(0);
}

/** delivered waits until nothing waits any more on the phone. */
async function delivered(page: Page) {
  await screen(page, '待发');
  await expect(async () => {
    await page.evaluate(() => window.dispatchEvent(new Event('online')));
    await expect(page.getByText('没有待发的内容，服务器都已收到。')).toBeVisible({ timeout: 2_000 });
  }).toPass({ timeout: 90_000 });
}

/** kept are the incidents at the server whose text begins so. */
async function kept(api: APIRequestContext, text: string): Promise<Incident[]> {
  const { items } = await read<Listed<Incident>>(api, '/incidents?limit=200');
  return items.filter((one) => one.text.startsWith(text));
}

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
