// A photo of an officer's report: the desk covers what nobody may see and shows it to all.
import { createHash, randomUUID } from 'node:crypto';
import type { APIRequestContext, Locator, Page } from '@playwright/test';
import { CAMERA, shot } from './camera';
import { NOBODY, type Role, stateOf } from './roles';
import { accessible, expect, isPhone, read, test } from './walk';

type Point = [number, number];
type Box = { from: Point; to: Point };
type Seen = { items: { photos: string[] }[] };

/** Where the face is, in fractions of the photo. */
const FACE: Box = { from: [0.2, 0.25], to: [0.5, 0.7] };

test.use({ storageState: stateOf('dispatcher') });

/** report has the officer send a photo, and report with it from a house of the grid. */
async function report(officer: APIRequestContext, category: string, photo: Buffer) {
  const id = randomUUID();
  const digest = createHash('sha256').update(photo).digest('hex');
  const kept = await officer.put(`/api/v1/photos/${id}`, {
    data: photo,
    headers: {
      'Content-Type': 'application/octet-stream',
      'Upload-Offset': '0',
      'Upload-Length': String(photo.length),
      'Upload-Digest': `sha-256=${digest}`,
    },
  });
  expect(kept.status(), await kept.text()).toBe(204);
  const { items } = await read<{ items: { point: Point | null }[] }>(officer, '/households?limit=50');
  const point = items.find((one) => one.point)?.point as Point;
  const incident = randomUUID();
  const taken = await officer.post('/api/v1/incidents', {
    data: { id: incident, category, reported_at: new Date().toISOString(), point, photos: [id] },
  });
  expect(taken.status(), await taken.text()).toBe(201);
  return { incident, photo: id, point };
}

/** contrasts is how much the stripes stand out in the middle of a box, and beside it; 0 to 255. */
function contrasts(page: Page, address: string, { from, to }: Box) {
  return page.evaluate(
    async ({ address, from, to }) => {
      const picture = await createImageBitmap(await (await fetch(address)).blob());
      const canvas = new OffscreenCanvas(picture.width, picture.height);
      const pen = canvas.getContext('2d') as OffscreenCanvasRenderingContext2D;
      pen.drawImage(picture, 0, 0);
      const across = (left: number, right: number, y: number) => {
        const [start, width] = [Math.round(left * picture.width), Math.round((right - left) * picture.width)];
        const { data } = pen.getImageData(start, Math.round(y * picture.height), width, 1);
        const greens = Array.from({ length: width }, (_, n) => data[4 * n + 1] ?? 0);
        return Math.max(...greens) - Math.min(...greens);
      };
      const middle = (from[1] + to[1]) / 2;
      return {
        inside: across(from[0] + 0.1, from[0] + 0.16, middle),
        left: across(0, from[0] - 0.05, middle),
        above: across(from[0], to[0], from[1] / 2),
        size: [picture.width, picture.height],
      };
    },
    { address, from: [...from] as Point, to: [...to] as Point },
  );
}

/** draw pulls a box open on the photo. */
async function draw(page: Page, stage: Locator, { from, to }: Box) {
  await stage.scrollIntoViewIfNeeded();
  const box = await stage.boundingBox();
  if (!box) throw new Error('there is no photo');
  const at = ([x, y]: Point): Point => [box.x + x * box.width, box.y + y * box.height];
  await page.mouse.move(...at(from));
  await page.mouse.down();
  await page.mouse.move(...at([(from[0] + to[0]) / 2, to[1]]));
  await page.mouse.move(...at(to));
  await page.mouse.up();
}

test('a face is covered and the photo shown to everybody, until it is taken back', async ({
  page,
  playwright,
  baseURL,
}) => {
  const as = (role: Role) =>
    playwright.request.newContext({
      baseURL,
      storageState: stateOf(role),
      extraHTTPHeaders: { origin: baseURL ?? '' },
    });
  const [officer, admin] = [await as('worker'), await as('administrator')];
  const everybody = await playwright.request.newContext({ baseURL, storageState: NOBODY });
  const category = isPhone(page) ? '0103' : '0102';
  try {
    await page.goto('/incidents?lang=zh');
    const { incident, photo, point } = await report(officer, category, await shot(page));
    const open = `/api/v1/public/photos/${photo}`;
    expect((await everybody.get(open)).status()).toBe(404);
    expect((await everybody.get(`/api/v1/photos/${photo}/image`)).status()).toBe(401);

    await page.goto(`/incidents?lang=zh&incident=${incident}`);
    const photos = page.getByRole('region', { name: '照片' });
    await photos.getByRole('button', { name: '查看照片 1' }).click();
    const large = page.getByRole('dialog', { name: '照片 1' });
    await expect(large.getByRole('img', { name: '照片 1，原照片' })).toBeVisible();
    await accessible(page);
    await large.getByRole('button', { name: '遮盖后公开…' }).click();
    await draw(page, large.locator('.photos-stage'), FACE);
    const area = large.getByRole('button', { name: /^遮盖处 1：左 20%，上 25%/ });
    await expect(area).toBeVisible();

    // Another by the keyboard: it is moved, made larger, and taken out.
    await large.getByRole('button', { name: '添加方框' }).click();
    const second = large.getByRole('button', { name: /^遮盖处 2：/ });
    await second.focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Shift+ArrowDown');
    await expect(second).toHaveAccessibleName(/左 41%，上 40%，宽 20%，高 21%/);
    await page.keyboard.press('Delete');
    await expect(second).toHaveCount(0);
    await accessible(page);

    const release = large.getByRole('button', { name: '公开这张照片' });
    await expect(release).toBeDisabled();
    await large.getByRole('checkbox', { name: /我已查看整张照片/ }).check();
    await release.click();
    await expect(large.getByRole('img', { name: '照片 1，公开的样子' })).toBeVisible();
    await accessible(page);

    const shown = await everybody.get(open);
    expect(shown.status()).toBe(200);
    const bytes = (await shown.body()).toString('latin1');
    for (const trace of ['Exif', CAMERA]) expect(bytes).not.toContain(trace);
    const whole = await contrasts(page, `/api/v1/photos/${photo}/image`, FACE);
    expect(whole.inside).toBeGreaterThan(120);
    const covered = await contrasts(page, open, FACE);
    expect(covered.size).toEqual(whole.size);
    expect(covered.inside).toBeLessThan(60);
    expect(covered.left).toBeGreaterThan(120);
    expect(covered.above).toBeGreaterThan(120);

    // The public list names it, about where it is.
    const near = `/api/v1/public/incidents?category=${category}&near=${point.join()}`;
    expect((await everybody.get(near)).status()).toBe(403);
    const offer = { service: false, map: false, report: true };
    expect((await admin.put('/api/v1/public/settings', { data: offer })).status()).toBe(200);
    const named = async () =>
      ((await (await everybody.get(near)).json()) as Seen).items.flatMap((one) => one.photos);
    expect(await named()).toContain(photo);

    await large.getByRole('button', { name: '撤回公开' }).click();
    await expect(large.getByText(/公开于|公开的样子/)).toHaveCount(0);
    expect((await everybody.get(open)).status()).toBe(404);
    expect(await named()).not.toContain(photo);
  } finally {
    await admin.put('/api/v1/public/settings', { data: { service: false, map: false, report: false } });
    for (const context of [officer, admin, everybody]) await context.dispose();
  }
});
