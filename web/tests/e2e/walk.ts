// What every walk through the page shares: the page must not complain, must not
// ask anybody else, and must not break its own policy.
import AxeBuilder from '@axe-core/playwright';
import { type APIRequestContext, test as base, expect, type Page } from '@playwright/test';

export { expect };

type Complaints = { allow: (pattern: RegExp) => void };

export const test = base.extend<{ complaints: Complaints }>({
  complaints: [
    async ({ page, baseURL }, use) => {
      const found: string[] = [];
      const allowed: RegExp[] = [];
      const home = new URL(baseURL ?? '').origin;
      page.on('console', (message) => {
        if (message.type() === 'error' || /Content.Security/i.test(message.text())) {
          found.push(`console ${message.type()}: ${message.text()}`);
        }
      });
      page.on('pageerror', (error) => found.push(`page error: ${error.message}`));
      page.on('request', (request) => {
        const url = new URL(request.url());
        if (!['data:', 'blob:'].includes(url.protocol) && url.origin !== home) {
          found.push(`foreign request: ${request.url()}`);
        }
      });
      await page.addInitScript(() => {
        document.addEventListener('securitypolicyviolation', (event) => {
          const { violatedDirective, blockedURI, sourceFile, lineNumber, columnNumber } = event;
          console.error(
            `Content-Security-Policy: ${violatedDirective} ${blockedURI} ${sourceFile}:${lineNumber}:${columnNumber}`,
          );
        });
      });
      await use({ allow: (pattern) => allowed.push(pattern) });
      expect(found.filter((one) => !allowed.some((pattern) => pattern.test(one)))).toEqual([]);
    },
    { auto: true },
  ],
});

export const isPhone = (page: Page) => (page.viewportSize()?.width ?? 1280) < 768;

/** open shows the page at an address and waits until the map stands still. */
export async function open(page: Page, address = '/') {
  await page.goto(address);
  await idle(page);
}

type WithMap = { wangge?: { map: { loaded: () => boolean; areTilesLoaded: () => boolean } } };

/** idle waits until the map has drawn everything it asked for. */
export async function idle(page: Page) {
  await page.waitForFunction(
    () => {
      const map = (window as unknown as WithMap).wangge?.map;
      return map?.loaded() && map.areTilesLoaded();
    },
    null,
    { timeout: 90_000 },
  );
}

/** panel opens one of the panels by its tab. */
export async function panel(page: Page, name: RegExp) {
  await page.getByRole('navigation', { name: '面板' }).getByRole('button', { name }).click();
}

/** closeDrawer gives the map back on a phone. */
export async function closeDrawer(page: Page) {
  if (!isPhone(page)) return;
  const drawer = page.locator('.phone-drawer');
  if (await drawer.isVisible()) await drawer.locator('.ant-drawer-close').click();
  await expect(drawer).toBeHidden();
}

/** clickCentre clicks the middle of the map; the hash of the address says where that is. */
export async function clickCentre(page: Page) {
  const box = await page.locator('.maplibregl-canvas').boundingBox();
  if (!box) throw new Error('there is no map');
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
}

/** shows asks the map which features of a source it draws at its centre. */
export function shows(page: Page, layer: string): Promise<Record<string, unknown>[]> {
  return page.evaluate((id) => {
    type Drawn = { properties: Record<string, unknown> };
    type Asked = {
      getLayer: (id: string) => unknown;
      queryRenderedFeatures: (at: unknown, options: object) => Drawn[];
      getCanvas: () => HTMLCanvasElement;
    };
    const { map } = (window as unknown as { wangge: { map: Asked } }).wangge;
    if (!map.getLayer(id)) return [];
    const { clientWidth, clientHeight } = map.getCanvas();
    return map
      .queryRenderedFeatures([clientWidth / 2, clientHeight / 2], { layers: [id] })
      .map((feature) => feature.properties);
  }, layer);
}

/** accessible fails on anything that axe calls serious or critical. */
export async function accessible(page: Page) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const serious = violations
    .filter((one) => one.impact === 'serious' || one.impact === 'critical')
    .map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(' ')).join(', ')}`);
  expect(serious).toEqual([]);
}

/** read asks the API. */
export async function read<T>(request: APIRequestContext, path: string): Promise<T> {
  const response = await request.get(`/api/v1${path}`);
  expect(response.status(), path).toBe(200);
  return (await response.json()) as T;
}
