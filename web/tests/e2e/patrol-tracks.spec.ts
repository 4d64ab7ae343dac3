// The officer's own track: out as a file, and a file of a watch in, once.
import { readFile } from 'node:fs/promises';
import { as, delivered, emulate, homeOf, screen, setClock, signIn, walk } from './officer';
import { NOBODY } from './roles';
import { expect, isPhone, test } from './walk';

test.use({ storageState: NOBODY, permissions: ['geolocation'] });

const STEPS = 6;

test('a track is downloaded, and a file is read in once', async ({ page, context, baseURL, complaints }) => {
  test.skip(!isPhone(page), 'an officer has a phone');
  complaints.allow(/Failed to load resource/); // before the sign-in, and the file that is none
  const home = await homeOf(await as('worker', baseURL));
  await emulate(page, home);
  await signIn(page);
  await screen(page, '我的');
  const agree = page.getByRole('button', { name: '我已阅读，同意记录', exact: true });
  await expect(page.getByText('你已同意上岗时记录轨迹。').or(agree)).toBeVisible();
  if (await agree.isVisible()) await agree.click();
  await expect(page.getByText('你已同意上岗时记录轨迹。')).toBeVisible();
  await screen(page, '地图');
  // Without signal: the server would set the phone's clock right.
  await context.setOffline(true);
  const began = Date.now() - 600_000;
  await setClock(page, began);
  await page.getByRole('button', { name: '步行' }).click();
  await expect(page.getByText('正在记录轨迹')).toBeVisible();
  await walk(
    page,
    Array.from({ length: STEPS }, (_, n) => ({
      lon: home.lon + n * 6e-5,
      lat: home.lat,
      ms: began + (n + 1) * 5_000,
    })),
  );
  await page.getByRole('button', { name: '结束巡查' }).click();
  await page.getByRole('button', { name: '再按一次结束' }).click();
  await setClock(page, null);
  await context.setOffline(false);
  await delivered(page);
  await screen(page, '我的');
  const tracks = page.locator('section').filter({ has: page.getByRole('heading', { name: '我的轨迹' }) });
  const last = tracks.locator('.patrol-item').first();

  const download = page.waitForEvent('download');
  await last.getByRole('link', { name: '下载轨迹' }).click();
  const gpx = await readFile(await (await download).path(), 'utf8');
  expect(gpx).toContain('http://www.topografix.com/GPX/1/1');
  expect(gpx.match(/<trkpt/g)?.length).toBeGreaterThanOrEqual(STEPS);

  const give = (text: string) =>
    last
      .locator('input[type=file]')
      .setInputFiles({ name: 'watch.gpx', mimeType: 'application/gpx+xml', buffer: Buffer.from(text) });
  const point = (ms: number) =>
    `<trkpt lat="${home.lat}" lon="${home.lon}"><time>${new Date(ms).toISOString()}</time></trkpt>`;
  const watch = `<?xml version="1.0" encoding="UTF-8"?><gpx xmlns="http://www.topografix.com/GPX/1/1" version="1.1" creator="watch"><trk><trkseg>${point(
    began - 3_600_000,
  )}${point(began + 7_000)}</trkseg></trk></gpx>`;
  await give(watch);
  await expect(last).toContainText('读入 1 个点；以前读过 0 个。');
  await expect(last).toContainText('第 1 至 1 点没有取：当时不在岗。');
  await give(watch);
  await expect(last).toContainText('读入 0 个点；以前读过 1 个。');
  await give('no track');
  await expect(last.getByRole('alert')).toContainText('GPX 1.1');
});
