// What the walks through the service circle share.
import { expect, type Page } from '@playwright/test';
import { idle, isPhone, read } from './walk';

/** part opens one of the parts of the page: on a phone they are drawers, else they stand beside the map. */
export async function part(page: Page, name: '条件' | '图例' | '统计') {
  if (!isPhone(page)) return;
  const drawer = page.locator('.circle-drawer');
  if (await drawer.isVisible()) {
    await drawer.locator('.ant-drawer-close').click();
    await expect(drawer).toBeHidden();
  }
  await page.getByRole('navigation', { name: '面板' }).getByRole('button', { name }).click();
  await expect(drawer).toBeVisible();
}

/** closed gives the map back on a phone. */
export async function closed(page: Page) {
  const drawer = page.locator('.circle-drawer');
  if (!isPhone(page) || !(await drawer.isVisible())) return;
  await drawer.locator('.ant-drawer-close').click();
  await expect(drawer).toBeHidden();
}

/** dock opens one of the tables. */
export async function dock(page: Page, name: '网格表' | '图表' | '未覆盖') {
  await part(page, '统计');
  await page.getByRole('navigation', { name: '统计' }).getByRole('button', { name }).click();
}

async function option(page: Page, text: string) {
  await page
    .locator('.ant-select-dropdown:visible .ant-select-item-option', { hasText: text })
    .first()
    .click();
}

/** compute asks for elderly care for elders within some minutes, and waits for the answer. */
export async function compute(page: Page, minutes: number) {
  await part(page, '条件');
  const functions = page.getByRole('combobox', { name: '服务功能' });
  if (
    (await page.locator('.circle-form .ant-select-selection-item', { hasText: '为老服务' }).count()) === 0
  ) {
    await functions.click();
    await functions.fill('为老');
    await option(page, '为老服务');
    await page.keyboard.press('Escape');
  }
  await page.getByRole('combobox', { name: '标准' }).click();
  await option(page, '老年人');
  const typed = page.getByRole('spinbutton', { name: '步行分钟数以内' });
  await typed.fill(String(minutes));
  await typed.press('Tab');
  await expect(page.locator('.circle-form .circle-standard')).toContainText(`${minutes} 分钟`);
  const before = new URL(page.url()).searchParams.get('run');
  await page.getByRole('button', { name: '计算', exact: true }).click();
  await expect.poll(() => new URL(page.url()).searchParams.get('run')).not.toBe(before);
  await dock(page, '网格表');
  await expect(page.locator('.circle-dock-body tbody tr').first()).toBeVisible({ timeout: 60_000 });
}

/** tab opens a tab of the panel. */
export async function tab(page: Page, name: '覆盖' | '可达' | '选址') {
  await part(page, '条件');
  await page.getByRole('navigation', { name: '服务圈的各部分' }).getByRole('button', { name }).click();
}

/** goTo puts a place at the centre of the map, where clickCentre clicks. */
export async function goTo(page: Page, [lon, lat]: readonly [number, number], zoom: number) {
  await closed(page);
  await page.evaluate(
    (to) => {
      type Moved = { jumpTo: (to: object) => void };
      (window as unknown as { wangge: { map: Moved } }).wangge.map.jumpTo(to);
    },
    { center: [lon, lat], zoom },
  );
  await idle(page);
}

/** shown is the id of the run that the page shows. */
export const shown = (page: Page) => Number(new URL(page.url()).searchParams.get('run'));

/** townCentre is where most people are: the middle of the town. */
export async function townCentre(page: Page): Promise<[number, number]> {
  const { town } = await read<{ town: { bounds: [number, number, number, number] } }>(
    page.request,
    '/status',
  );
  const [west, south, east, north] = town.bounds;
  return [(west + east) / 2, (south + north) / 2];
}

type Drawn = {
  geometry: { type: string; coordinates: [number, number] };
};
type Asked = {
  getLayer: (id: string) => unknown;
  project: (at: [number, number]) => { x: number; y: number };
  queryRenderedFeatures: (box: unknown, options: object) => Drawn[];
  getCanvas: () => HTMLCanvasElement;
};
type WithMap = { wangge: { map: Asked } };

/** dots are where on the page the dots of a layer are that stand alone, the one next to the centre first. */
export const dots = (page: Page, layer: string): Promise<{ x: number; y: number }[]> =>
  page.evaluate((id) => {
    const { map } = (window as unknown as WithMap).wangge;
    const { left, top, width, height } = map.getCanvas().getBoundingClientRect();
    const middle = { x: width / 2, y: height / 2 };
    const far = (a: { x: number; y: number }, b: { x: number; y: number }) =>
      Math.hypot(a.x - b.x, a.y - b.y);
    const near = [
      [middle.x - 150, middle.y - 150],
      [middle.x + 150, middle.y + 150],
    ];
    const points = map
      .queryRenderedFeatures(near, { layers: [id] })
      .map((feature) => map.project(feature.geometry.coordinates));
    const others = map
      .queryRenderedFeatures(near, { layers: ['service-point'] })
      .map((feature) => map.project(feature.geometry.coordinates));
    return points
      .filter((point) => others.every((other) => far(point, other) > 20))
      .sort((a, b) => far(a, middle) - far(b, middle))
      .map(({ x, y }) => ({ x: left + x, y: top + y }));
  }, layer);

/** drawn is whether the map draws something of a layer. */
export const drawn = (page: Page, layer: string): Promise<boolean> =>
  page.evaluate((id) => {
    const { map } = (window as unknown as WithMap).wangge;
    return (
      map.getLayer(id) !== undefined && map.queryRenderedFeatures(undefined, { layers: [id] }).length > 0
    );
  }, layer);
