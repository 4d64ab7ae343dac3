// The file that the server writes (tiles/pack) is read by the client that the map uses.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PMTiles, type RangeResponse, type Source } from 'pmtiles';
import { describe, expect, it } from 'vitest';

/** A file in memory that counts what is read of it. */
class InMemory implements Source {
  reads = 0;
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  getKey = () => 'memory';

  async getBytes(offset: number, length: number): Promise<RangeResponse> {
    this.reads++;
    return { data: this.bytes.slice(offset, offset + length).buffer as ArrayBuffer };
  }
}

const open = () => {
  const source = new InMemory(
    new Uint8Array(readFileSync(join(process.cwd(), '../tiles/pack/testdata/leaves.pmtiles'))),
  );
  return { source, file: new PMTiles(source) };
};
const text = async (file: PMTiles, z: number, x: number, y: number) => {
  const tile = await file.getZxy(z, x, y);
  return tile && new TextDecoder().decode(tile.data);
};

describe('a file that the server wrote', () => {
  it('says what it is', async () => {
    const header = await open().file.getHeader();
    expect(header).toMatchObject({
      specVersion: 3,
      clustered: true,
      tileType: 1,
      tileCompression: 2,
      minZoom: 10,
      maxZoom: 14,
      numAddressedTiles: 341,
    });
    expect(header.leafDirectoryLength).toBeGreaterThan(0);
    expect(header.minLon).toBeCloseTo(121.2891, 6);
    expect(header.maxLat).toBeCloseTo(31.5035, 6);
  });

  it('has every tile at its place', async () => {
    const { file } = open();
    for (let z = 10; z <= 14; z++) {
      for (let i = 0; i < 2 ** (z - 10); i++) {
        for (let k = 0; k < 2 ** (z - 10); k++) {
          const [x, y] = [857 * 2 ** (z - 10) + i, 418 * 2 ** (z - 10) + k];
          const found = await text(file, z, x, y);
          if ((i + k) % 7 === 0) expect(found).toBe('sea');
          else expect(found).toMatch(new RegExp(`^tile ${z}/${x}/${y} *[0-9a-f]+$`));
        }
      }
    }
  });

  it('has nothing beside them', async () => {
    const { file } = open();
    expect(await text(file, 14, 857 * 16 - 1, 418 * 16)).toBeUndefined();
    expect(await text(file, 10, 858, 418)).toBeUndefined();
    expect(await text(file, 9, 428, 209)).toBeUndefined();
  });

  it('carries metadata', async () => {
    expect(await open().file.getMetadata()).toEqual({ vector_layers: [] });
  });

  it('is noticed when it is damaged', async () => {
    const { source } = open();
    const broken = new Uint8Array(source.bytes);
    broken.fill(0, 127, 160); // the root directory
    await expect(text(new PMTiles(new InMemory(broken)), 14, 857 * 16, 418 * 16)).rejects.toThrow();
  });
});
