import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

// While developing, the page comes from here and everything else from a running
// `wangge up`: WANGGE=http://localhost:8080 npm run dev
const server = process.env.WANGGE ?? 'http://localhost:8080';
const paths = ['/api', '/tiles', '/style.json', '/healthz', '/readyz'];

/** The officer's page has an address of its own, as at the server (web.go). */
const patrol: Plugin = {
  name: 'patrol',
  configureServer({ middlewares }) {
    middlewares.use((request, _response, next) => {
      if (/^\/patrol(?=[/?]|$)/.test(request.url ?? '')) request.url = '/patrol.html';
      next();
    });
  },
};

/** What the officer's page is made of beside its scripts and styles; they lie in public. */
const BESIDE = ['boot.css', 'boot.js', 'favicon.svg', 'patrol.webmanifest'];

type Bundle = Parameters<Extract<Plugin['generateBundle'], (...args: never[]) => unknown>>[1];

/**
 * shellOf lists the files of the officer's page: its entry with all that it imports, now or
 * later, and the workers and styles of these.
 */
function shellOf(bundle: Bundle): string[] {
  const found = new Set<string>();
  const visit = (name: string) => {
    const part = bundle[name];
    if (!part || found.has(name)) return;
    found.add(name);
    if (part.type !== 'chunk') return;
    for (const next of [...part.imports, ...part.dynamicImports]) visit(next);
    for (const style of part.viteMetadata?.importedCss ?? []) visit(style);
    for (const asset of part.viteMetadata?.importedAssets ?? []) visit(asset);
    // Workers are named by their address alone.
    for (const other of Object.keys(bundle)) {
      if (/worker/.test(other) && part.code.includes(other.replace(/^assets\//, ''))) visit(other);
    }
  };
  for (const part of Object.values(bundle)) {
    if (part.type === 'chunk' && part.facadeModuleId?.endsWith('/patrol.html')) visit(part.fileName);
  }
  return [...found].filter((name) => !name.endsWith('.map')).sort();
}

/** The service worker of the officer's page knows the files of its own build. */
const shell: Plugin = {
  name: 'patrol-shell',
  apply: 'build',
  generateBundle: {
    order: 'post',
    handler(_, bundle) {
      const worker = bundle['patrol-sw.js'];
      const html = bundle['patrol.html'];
      if (worker?.type !== 'chunk' || html?.type !== 'asset') this.error("the officer's page was not built");
      const files = shellOf(bundle);
      const digest = createHash('sha256').update(html.source).update(worker.code).update(files.join());
      for (const name of BESIDE) digest.update(readFileSync(`public/${name}`));
      const list = {
        version: digest.digest('hex').slice(0, 16),
        files: [...files, ...BESIDE].map((name) => `/${name}`),
      };
      const placeholder = /(["'`])__PATROL_SHELL__\1/;
      if (files.length < 5 || !placeholder.test(worker.code))
        this.error('the service worker has no list of files');
      worker.code = worker.code.replace(placeholder, () => JSON.stringify(JSON.stringify(list)));
    },
  },
};

export default defineConfig({
  plugins: [react(), patrol, shell],
  html: { cspNonce: '__CSP_NONCE__' },
  // The server takes changes from its own pages only: what is proxied comes from there.
  server: {
    proxy: Object.fromEntries(
      paths.map((path) => [path, { target: server, changeOrigin: true, headers: { origin: server } }]),
    ),
  },
  // A browser asks a service worker for the script of a worker only where the script itself
  // lies in its scope: that of the map lies below the officer's page, to be there offline.
  worker: {
    rolldownOptions: {
      output: {
        entryFileNames: ({ name }) => `${/maplibre/.test(name) ? 'patrol' : 'assets'}/[name]-[hash].js`,
      },
    },
  },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200,
    rolldownOptions: {
      input: { index: 'index.html', patrol: 'patrol.html', 'patrol-sw': 'src/patrol/offline/worker.ts' },
      output: {
        // A service worker is known by its address, which stays.
        entryFileNames: ({ name }) => (name === 'patrol-sw' ? '[name].js' : 'assets/[name]-[hash].js'),
        codeSplitting: {
          groups: [
            { name: 'maplibre', test: /node_modules[\\/](maplibre-gl|@vis\.gl|@maplibre|@mapbox)[\\/]/ },
            { name: 'echarts', test: /node_modules[\\/](echarts|zrender)[\\/]/ },
            // What the page and the officer's page share of the map, in one piece.
            {
              name: 'ground',
              test: /src[\\/](map[\\/](style|cells|maplibre|camera)|theme[\\/](fonts|page|palette))\.ts/,
            },
            { name: 'react', test: /node_modules[\\/](react|react-dom|scheduler)[\\/]/ },
          ],
        },
      },
    },
  },
  test: {
    environment: 'happy-dom',
    include: ['tests/unit/**/*.test.{ts,tsx}'],
    setupFiles: ['tests/unit/setup.ts'],
    testTimeout: 30_000,
  },
});
