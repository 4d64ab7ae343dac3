import { existsSync } from 'node:fs';
import { defineConfig } from '@playwright/test';
import { RESULTS, stateOf } from './tests/e2e/roles';

// These tests start nothing: they walk through a service that runs already, on a
// demo town of its own (they change it). BASE_URL, or WANGGE, is its address, and
// WANGGE_UP a file with what `wangge up` printed, for the demo accounts' passwords.
// Two kinds of screen may be walked at once, each through a service of its own, when
// SCREEN names them.
const baseURL = process.env.BASE_URL ?? process.env.WANGGE ?? 'http://localhost:8080';
const chromium = [process.env.CHROMIUM, '/usr/bin/chromium'].find((path) => path && existsSync(path));

export default defineConfig({
  testDir: 'tests/e2e',
  outputDir: RESULTS,
  workers: 1,
  fullyParallel: false,
  // Software rendering on a busy machine may lose a frame's race; a test that needs it is listed as flaky.
  retries: 1,
  timeout: 150_000,
  expect: { timeout: 30_000 },
  reporter: [['list'], ['./tests/e2e/tally.ts']],
  use: {
    baseURL,
    locale: 'zh-CN',
    timezoneId: 'Asia/Shanghai',
    actionTimeout: 30_000,
    navigationTimeout: 60_000,
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: chromium,
      args: [
        '--no-sandbox',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        // Without a GPU the map is drawn in software.
        '--use-angle=swiftshader',
        '--enable-unsafe-swiftshader',
      ],
    },
    contextOptions: { reducedMotion: 'reduce' },
  },
  projects: [
    { name: 'sessions', testMatch: /\.setup\.ts$/ },
    {
      name: 'desktop',
      dependencies: ['sessions'],
      use: { storageState: stateOf('planner'), viewport: { width: 1280, height: 720 } },
    },
    {
      name: 'phone',
      dependencies: ['sessions'],
      use: {
        storageState: stateOf('planner'),
        viewport: { width: 390, height: 844 },
        isMobile: true,
        hasTouch: true,
      },
    },
  ],
});
