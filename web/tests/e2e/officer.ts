// What every walk of an officer's phone shares: its clock and its place, photos as cameras
// make them, and the presses that a report takes.
import { type APIRequestContext, type Page, request as requests } from '@playwright/test';
import { loginOf, passwordOf, type Role, stateOf } from './roles';
import { expect, read } from './walk';

export type Listed<T> = { items: T[] };
export type Incident = {
  id: string;
  text: string;
  unit: string;
  category: string;
  accuracy: number | null;
  point: [number, number];
};
export type Place = { lon: number; lat: number };

/** as is the API as another account. */
export async function as(role: Role, baseURL: string | undefined): Promise<APIRequestContext> {
  return requests.newContext({
    baseURL,
    storageState: stateOf(role),
    extraHTTPHeaders: { origin: baseURL ?? '' },
  });
}

/** homeOf is a place in the middle of the unit of the officer's post. */
export async function homeOf(api: APIRequestContext): Promise<Place & { unit: string }> {
  const { posts } = await read<{ posts: { unit: string }[] }>(api, '/session');
  const unit = posts[0]?.unit ?? '';
  const { bounds } = (await read<{ town: { bounds: [number, number, number, number] } }>(api, '/status'))
    .town;
  return { unit, lon: (bounds[0] + bounds[2]) / 2, lat: (bounds[1] + bounds[3]) / 2 };
}

type Moved = { clock: (ms: number) => void; move: (lon: number, lat: number, ms: number) => void };

/**
 * emulate gives the page a phone: a clock that the test sets, and a place that it moves, both
 * kept through a reload as a real phone's are. A phone that has not moved tells its place at
 * once; later only a move does.
 */
export async function emulate(page: Page, start: Place) {
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
      if (!localStorage.getItem('test.moved'))
        setTimeout(() => success(position(from.lon, from.lat, now())), 0);
      return 1;
    };
    Object.assign(window, {
      clock: (ms: number) => localStorage.setItem('test.clock', String(ms - Real.now())),
      move: (lon: number, lat: number, ms: number) => {
        localStorage.setItem('test.moved', 'yes');
        tell?.(position(lon, lat, ms));
      },
    } satisfies Moved);
  }, start);
}

/** A fix of an emulated phone. */
export type Step = Place & { ms: number };

/** walk moves the phone along fixes until all of them are recorded; its clock goes along. */
export async function walk(page: Page, steps: readonly Step[]) {
  const recorded = async () =>
    Number(/(\d+) 个轨迹点/.exec((await page.locator('.patrol-duty .figures').textContent()) ?? '')?.[1]);
  const before = await recorded();
  await page.evaluate(async (fixes) => {
    const phone = window as unknown as Moved;
    for (const { lon, lat, ms } of fixes) {
      phone.clock(ms);
      phone.move(lon, lat, ms);
      await new Promise((done) => setTimeout(done, 0));
    }
  }, steps);
  await expect.poll(recorded, { timeout: 90_000 }).toBe(before + steps.length);
}

/** setClock sets the phone's clock; null sets it right. */
export const setClock = (page: Page, ms: number | null) =>
  page.evaluate((to) => {
    if (to === null) localStorage.removeItem('test.clock');
    else (window as unknown as Moved).clock(to);
  }, ms);

export async function signIn(page: Page, password = passwordOf('worker'), address = '/patrol?lang=zh') {
  await page.goto(address);
  await page.getByLabel('登录名').fill(loginOf('worker'));
  await page.getByLabel('密码').fill(password);
  await page.getByRole('button', { name: '登录' }).click();
  await expect(page.getByRole('navigation', { name: '各屏' })).toBeVisible();
}

export const screen = (page: Page, name: '地图' | '任务' | '待发' | '我的') =>
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
export async function photograph(page: Page, at: Place): Promise<Buffer> {
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

export async function report(page: Page, at: Place, text: string, category = 3) {
  await page.getByRole('button', { name: '上报', exact: true }).click();
  const file = { name: 'photo.jpg', mimeType: 'image/jpeg', buffer: await photograph(page, at) };
  await page.locator('input[type=file]').setInputFiles(file);
  await expect(page.getByRole('img', { name: '本次上报的照片' })).toBeVisible();
  await page.getByLabel('类别').selectOption({ index: category });
  await page.getByLabel('说明（可不填）').fill(text);
  await page.getByRole('button', { name: '放入待发' }).click();
  await expect(page.getByRole('heading', { name: '上报事件' })).toHaveCount(0);
}

/** delivered waits until nothing waits any more on the phone. */
export async function delivered(page: Page) {
  await screen(page, '待发');
  await expect(async () => {
    await page.evaluate(() => window.dispatchEvent(new Event('online')));
    await expect(page.getByText('没有待发的内容，服务器都已收到。')).toBeVisible({ timeout: 2_000 });
  }).toPass({ timeout: 90_000 });
}

/** kept are the incidents at the server whose text begins so. */
export async function kept(api: APIRequestContext, text: string): Promise<Incident[]> {
  const { items } = await read<Listed<Incident>>(api, '/incidents?limit=200');
  return items.filter((one) => one.text.startsWith(text));
}
