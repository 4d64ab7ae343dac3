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

export default defineConfig({
  plugins: [react(), patrol],
  html: { cspNonce: '__CSP_NONCE__' },
  // The server takes changes from its own pages only: what is proxied comes from there.
  server: {
    proxy: Object.fromEntries(
      paths.map((path) => [path, { target: server, changeOrigin: true, headers: { origin: server } }]),
    ),
  },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200,
    rolldownOptions: {
      input: ['index.html', 'patrol.html'],
      output: {
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
