// Makes the small file with a fault: one real unit cut into two halves that do
// not quite meet.
export type Ring = [number, number][];
type Feature = { geometry: { type: string; coordinates: unknown } };

/** Metres in one degree of latitude, on the mean sphere. */
const METRES = 111_195;

/** outerRing is the outer ring of the only polygon of a boundary. */
export function outerRing(boundary: Feature): Ring | null {
  const { type, coordinates } = boundary.geometry;
  const polygons = (type === 'MultiPolygon' ? coordinates : [coordinates]) as Ring[][];
  return polygons.length === 1 && polygons[0]?.length === 1 ? (polygons[0][0] ?? null) : null;
}

/** cut keeps what lies on one side of a meridian (Sutherland and Hodgman). */
function cut(ring: Ring, lon: number, west: boolean): Ring {
  const inside = ([x]: [number, number]) => (west ? x <= lon : x >= lon);
  const kept: Ring = [];
  for (let i = 0; i + 1 < ring.length; i++) {
    const [a, b] = [ring[i], ring[i + 1]] as [[number, number], [number, number]];
    if (inside(a)) kept.push(a);
    if (inside(a) !== inside(b)) {
      kept.push([lon, a[1] + ((b[1] - a[1]) * (lon - a[0])) / (b[0] - a[0])]);
    }
  }
  return [...kept, kept[0] as [number, number]];
}

/** crossings counts how often a ring crosses a meridian; two means that a cut gives two pieces. */
export function crossings(ring: Ring, lon: number): number {
  let count = 0;
  for (let i = 0; i + 1 < ring.length; i++) {
    if ((ring[i] as [number, number])[0] <= lon !== (ring[i + 1] as [number, number])[0] <= lon) count++;
  }
  return count;
}

/** middle is the meridian half way through a ring. */
export function middle(ring: Ring): number {
  const lons = ring.map(([lon]) => lon);
  return (Math.min(...lons) + Math.max(...lons)) / 2;
}

/** halves is a GeoJSON file of two units with a gap of so many metres between them. */
export function halves(ring: Ring, parent: string, codes: [string, string], gap: number): string {
  const lat = (ring[0] as [number, number])[1];
  const half = gap / 2 / (METRES * Math.cos((lat * Math.PI) / 180));
  const feature = (code: string, name: string, part: Ring) => ({
    type: 'Feature',
    properties: { 编码: code, 名称: name, 上级编码: parent },
    geometry: { type: 'Polygon', coordinates: [part] },
  });
  return JSON.stringify({
    type: 'FeatureCollection',
    features: [
      feature(codes[0], '西半楼组', cut(ring, middle(ring) - half, true)),
      feature(codes[1], '东半楼组', cut(ring, middle(ring) + half, false)),
    ],
  });
}
