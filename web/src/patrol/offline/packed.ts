// The map drawn from the file on the phone in place of the server's tiles.
import type { StyleSpecification } from 'maplibre-gl';
import type { Level } from '../../api/types';
import type { Language } from '../../common/format';
import { maplibregl } from '../../map/maplibre';
import type { Theme } from '../../theme/palette';
import { type Pack, usePack } from './pack';

/** The name of the one source, and of its addresses: pack://version/z/x/y. */
const PACK = 'pack';

/** readPack lets maps read tiles from the file on the phone. */
export function readPack(): void {
  maplibregl.addProtocol(PACK, async ({ url }) => {
    const [version, z, x, y] = url.slice(`${PACK}://`.length).split('/');
    const { pack } = usePack.getState();
    const tile =
      pack?.version === version ? await pack?.tiles.getZxy(Number(z), Number(x), Number(y)) : undefined;
    return { data: tile?.data ?? new ArrayBuffer(0) };
  });
}

/** groundOf is the ground as the server would style it. */
export function groundOf(pack: Pack, theme: Theme, language: Language): StyleSpecification {
  return {
    version: 8,
    sources: { background: { type: 'vector', tiles: [] } },
    layers: pack.wangge.ground[theme][language],
  };
}

/** levelsOf are the levels that have units in the file. */
export const levelsOf = (pack: Pack): Level[] =>
  pack.wangge.levels.map((level) => ({ ...level, units: 1, builtin: false, post_zh: '', post_en: '' }));

/** onPack takes all tiles of a style from the file: every layer of them is in it. */
export function onPack(style: StyleSpecification, pack: Pack): StyleSpecification {
  const tiled = new Set(Object.keys(style.sources).filter((id) => style.sources[id]?.type === 'vector'));
  return {
    ...style,
    sources: {
      ...Object.fromEntries(Object.entries(style.sources).filter(([id]) => !tiled.has(id))),
      [PACK]: {
        type: 'vector',
        tiles: [`${PACK}://${pack.version}/{z}/{x}/{y}`],
        minzoom: pack.min_zoom,
        maxzoom: pack.max_zoom,
        bounds: pack.bounds as [number, number, number, number],
      },
    },
    layers: style.layers.map((layer) =>
      'source' in layer && tiled.has(String(layer.source)) ? { ...layer, source: PACK } : layer,
    ) as StyleSpecification['layers'],
  };
}
