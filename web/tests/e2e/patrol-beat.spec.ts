// On the way: a suggested beat that is left and worked out again, and checkpoints marked in
// each of the ways in which one can be.
import type { Page } from '@playwright/test';
import { as, delivered, emulate, homeOf, type Listed, type Place, screen, signIn } from './officer';
import { NOBODY } from './roles';
import { expect, isPhone, read, test } from './walk';

type Moving = { move: (lon: number, lat: number, ms: number) => void };
type Checkpoint = { id: number; name: string; at: [number, number]; radius: number };
type Mark = { by: string; flags: string[]; metres: number | null; marked_at: string };

test.use({ storageState: NOBODY, permissions: ['geolocation'] });
test.beforeEach(({ page, complaints }) => {
  test.skip(!isPhone(page), 'an officer has a phone');
  complaints.allow(/Failed to load resource/); // before the sign-in
});

const move = (page: Page, { lon, lat }: Place, ms: number) =>
  page.evaluate(
    ([x, y, at]) => (window as unknown as Moving).move(x as number, y as number, at as number),
    [lon, lat, ms],
  );

test('a beat that is left is worked out again, and one that is kept is not', async ({ page, baseURL }) => {
  const home = await homeOf(await as('worker', baseURL));
  type Asked = { from: [number, number]; to: [number, number]; minutes: number };
  const asked: Asked[] = [];
  const lines: [number, number][][] = [];
  await page.route('**/api/v1/beats/suggestion', async (route) => {
    asked.push(route.request().postDataJSON() as Asked);
    const response = await route.fetch();
    lines.push(((await response.json()) as { line: [number, number][] }).line);
    await route.fulfill({ response });
  });
  await emulate(page, home);
  await signIn(page);
  await screen(page, '任务');
  await page.getByRole('button', { name: '推荐一条路线' }).click();
  const beat = page.locator('.patrol-walk');
  await expect(beat).toContainText(/推荐路线：.*约 \d+ 分钟/);
  expect(asked.length).toBe(1);

  let ms = Date.now();
  const later = (seconds: number) => {
    ms += seconds * 1000;
    return ms;
  };
  await test.step('along the way nothing is asked', async () => {
    for (const [lon, lat] of (lines[0] ?? []).slice(0, 12)) await move(page, { lon, lat }, later(15));
    expect(asked.length).toBe(1);
    await expect(beat).not.toContainText(/偏离|重新规划/);
  });

  // 300 m north of the northernmost point of the way: off it for certain.
  const north = Math.max(...(lines[0] ?? []).map(([, lat]) => lat)) + 300 / 111_195;
  const off = { lon: home.lon, lat: north };
  await test.step('less than a minute beside it is forgiven', async () => {
    await move(page, off, later(5));
    await move(page, off, later(40));
    const [lon, lat] = lines[0]?.[0] ?? [0, 0];
    await move(page, { lon, lat }, later(10));
    await move(page, off, later(10));
    await move(page, off, later(50));
    expect(asked.length).toBe(1);
  });

  await test.step('a minute beside it: another one, from there to the same end', async () => {
    await move(page, off, later(15));
    await expect(beat).toContainText('已从这里重新规划');
    expect(asked.length).toBe(2);
    expect(asked[1]?.from).toEqual([off.lon, off.lat]);
    expect(asked[1]?.to).toEqual(asked[0]?.to);
    await page.getByRole('button', { name: '收起' }).click();
    await expect(beat).toHaveCount(0);
  });
});

test('a checkpoint is marked by place, by code and by tag, and what is odd is flagged', async ({
  page,
  baseURL,
}) => {
  const [worker, planner] = [await as('worker', baseURL), await as('planner', baseURL)];
  const { items: points } = await read<Listed<Checkpoint>>(worker, '/checkpoints?limit=500');
  const [near, coded, tagged, wrong, far] = points;
  if (!near || !coded || !tagged || !wrong || !far) throw new Error('the demo town has too few checkpoints');
  const codeOf = async ({ id }: Checkpoint) =>
    (await read<{ code: string }>(planner, `/checkpoints/${id}/code`)).code;

  // This browser reads neither codes nor tags: what a phone's would hand to the page is
  // handed to it here.
  await page.addInitScript(() => {
    const read = () => localStorage.getItem('test.code') ?? '';
    class NDEFReader {
      onreading: ((event: object) => void) | null = null;
      async scan() {
        const little = Uint8Array.from(
          [...read()].flatMap((sign) => [sign.charCodeAt(0) & 255, sign.charCodeAt(0) >> 8]),
        );
        const records = [{ recordType: 'text', encoding: 'utf-16le', data: new DataView(little.buffer) }];
        setTimeout(() => this.onreading?.({ serialNumber: '04:a1', message: { records } }), 50);
      }
    }
    class BarcodeDetector {
      async detect(picture: ImageBitmap) {
        return picture.width > 0 && read() ? [{ rawValue: read() }] : [];
      }
    }
    Object.assign(window, { NDEFReader, BarcodeDetector });
  });
  await emulate(page, { lon: near.at[0], lat: near.at[1] });
  await signIn(page);
  await screen(page, '任务');
  await page.locator('summary', { hasText: '打卡点' }).click();
  const of = ({ name }: Checkpoint) =>
    page.locator('.patrol-item').filter({ has: page.getByText(name, { exact: true }) });
  const holds = (code: string) => page.evaluate((text) => localStorage.setItem('test.code', text), code);
  const began = Date.now();

  await test.step('by place', async () => {
    await of(near).getByRole('button', { name: '定位打卡' }).click();
    await expect(of(near)).toContainText('定位打卡');
  });
  await test.step('by the photo of its code', async () => {
    const pixel = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
      'base64',
    );
    const photo = { name: 'code.png', mimeType: 'image/png', buffer: pixel };
    await holds('');
    await of(coded).locator('input[type=file]').setInputFiles(photo);
    await expect(of(coded)).toContainText('没有读到编码');
    await holds(await codeOf(coded));
    await of(coded).locator('input[type=file]').setInputFiles(photo);
    await expect(of(coded)).toContainText('编码打卡');
  });
  await test.step('by its tag', async () => {
    await holds(await codeOf(tagged));
    await of(tagged).getByRole('button', { name: '碰标签' }).click();
    await expect(of(tagged)).toContainText('标签打卡');
  });
  await test.step('with the code of another', async () => {
    await of(wrong).getByRole('button', { name: '输入编码' }).click();
    await of(wrong)
      .getByLabel('打卡点的编码')
      .fill(await codeOf(near));
    await of(wrong).getByRole('button', { name: '打卡', exact: true }).click();
    await expect(of(wrong)).toContainText('编码打卡');
  });
  await test.step('from afar', async () => {
    await move(page, { lon: far.at[0], lat: far.at[1] + 500 / 111_195 }, Date.now() + 5_000);
    await expect(of(far)).toContainText('你离打卡点较远');
    await of(far).getByRole('button', { name: '定位打卡' }).click();
  });

  await delivered(page);
  const markOf = async ({ id }: Checkpoint) => {
    const { items } = await read<Listed<Mark>>(worker, `/checkpoints/${id}/marks`);
    return items.filter(({ marked_at }) => Date.parse(marked_at) > began - 5_000);
  };
  for (const [point, by, flag] of [
    [near, 'gps', null],
    [coded, 'qr', null],
    [tagged, 'nfc', null],
    [wrong, 'qr', 'code'],
    [far, 'gps', 'far'],
  ] as const) {
    const marks = await markOf(point);
    expect(
      marks.map((mark) => mark.by),
      point.name,
    ).toEqual([by]);
    for (const odd of ['code', 'far']) {
      // Those who show a code may stand far from it: the phone has not moved between them.
      if (odd === 'far' && by !== 'gps') continue;
      expect(marks[0]?.flags.includes(odd), `${point.name} ${odd}`).toBe(odd === flag);
    }
  }
});
