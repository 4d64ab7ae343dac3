// MapLibre as every map of the page has it: with its worker and its style sheet.
import 'maplibre-gl/dist/maplibre-gl.css';
import * as maplibregl from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import { ownAddress } from './style';

maplibregl.setWorkerUrl(workerUrl);

export { maplibregl };

/** ownRequest asks for everything at the server that sent the page, or in a file on the phone. */
export const ownRequest = (url: string) => ({
  url: /^(data|blob|pack):/.test(url) ? url : ownAddress(url, location.origin),
});
