import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

type Entry = { version?: string; resolved?: string; optionalDependencies?: Record<string, string> };

describe('package-lock.json', () => {
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, Entry> };

  it('has the packages of all platforms, or npm ci refuses it (scripts/complete-lock.mjs)', () => {
    for (const [name, entry] of Object.entries(lock.packages)) {
      for (const [optional, version] of Object.entries(entry.optionalDependencies ?? {})) {
        expect(lock.packages[`node_modules/${optional}`], `${name} wants ${optional}`).toBeDefined();
        if (/^\d/.test(version)) expect(lock.packages[`node_modules/${optional}`]?.version).toBe(version);
      }
    }
  });

  it('names no registry of one machine', () => {
    expect(Object.values(lock.packages).filter((entry) => entry.resolved)).toEqual([]);
  });

  it('pins every version that package.json names', () => {
    const wanted = JSON.parse(readFileSync('package.json', 'utf8'));
    for (const version of Object.values({ ...wanted.dependencies, ...wanted.devDependencies })) {
      expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    }
  });
});
