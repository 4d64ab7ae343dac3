import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import i18next from 'i18next';
import { describe, expect, it } from 'vitest';
import * as adminEn from '../../src/i18n/admin.en';
import * as adminZh from '../../src/i18n/admin.zh';
import { border as borderEn } from '../../src/i18n/borderwalk.en';
import { border as borderZh } from '../../src/i18n/borderwalk.zh';
import * as dutyEn from '../../src/i18n/duty.en';
import * as dutyZh from '../../src/i18n/duty.zh';
import { en } from '../../src/i18n/en';
import { incidents as incidentsEn } from '../../src/i18n/incidents.en';
import { incidents as incidentsZh } from '../../src/i18n/incidents.zh';
import { changeLanguage, preferred } from '../../src/i18n/language';
import { patrol as patrolEn } from '../../src/i18n/patrol.en';
import { patrol as patrolZh } from '../../src/i18n/patrol.zh';
import { photos as photosEn } from '../../src/i18n/photos.en';
import { photos as photosZh } from '../../src/i18n/photos.zh';
import { resident as residentEn } from '../../src/i18n/resident.en';
import { resident as residentZh } from '../../src/i18n/resident.zh';
import { zh } from '../../src/i18n/zh';

type Tree = { [key: string]: string | Tree };

function flatten(tree: Tree, path = ''): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tree).flatMap(([key, value]) =>
      typeof value === 'string' ? [[path + key, value]] : Object.entries(flatten(value, `${path}${key}.`)),
    ),
  );
}

const places = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1]).sort();

describe('the dictionaries', () => {
  const chinese = flatten({
    ...zh,
    ...dutyZh,
    ...adminZh,
    incidents: incidentsZh,
    patrol: patrolZh,
    photos: photosZh,
    border: borderZh,
    resident: residentZh,
  });
  const english = flatten({
    ...en,
    ...dutyEn,
    ...adminEn,
    incidents: incidentsEn,
    patrol: patrolEn,
    photos: photosEn,
    border: borderEn,
    resident: residentEn,
  });

  it('have the same keys', () => {
    expect(Object.keys(english).sort()).toEqual(Object.keys(chinese).sort());
  });

  it('leave nothing empty and fill in the same figures', () => {
    for (const [key, text] of Object.entries(chinese)) {
      expect(text.trim(), key).not.toBe('');
      expect(english[key]?.trim(), key).not.toBe('');
      expect(places(english[key] ?? ''), key).toEqual(places(text));
    }
  });

  it('are written in their own language', () => {
    for (const [key, text] of Object.entries(english)) expect(text, key).not.toMatch(/\p{Script=Han}/u);
    const latin = /^[\x20-\x7e–]*$/;
    const sameInBoth = new Set(['search.key', 'units.households']);
    for (const [key, text] of Object.entries(chinese)) {
      if (!sameInBoth.has(key)) expect(text, key).not.toMatch(latin);
    }
  });

  it('know every key that the page asks for by name', () => {
    const folder = join(process.cwd(), 'src');
    const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /\.tsx?$/.test(name),
    );
    for (const name of sources) {
      for (const match of readFileSync(join(folder, name), 'utf8').matchAll(/\bt\(\s*'([\w.'-]+)'/g)) {
        expect(chinese, `${name} asks for ${match[1]}`).toHaveProperty([match[1] ?? '']);
      }
    }
  });
});

describe('the language of a reader', () => {
  it.each([
    ['en', 'zh-CN', 'en'],
    [null, 'zh-TW', 'zh'],
    [null, 'en-US', 'en'],
    [null, 'de', 'en'],
    [null, '', 'zh'],
    ['fr', 'zh', 'zh'],
  ])('remembered %s, browser %s: %s', (remembered, browser, want) => {
    expect(preferred(remembered, browser)).toBe(want);
  });

  it('changes when its words are here', async () => {
    await changeLanguage('zh');
    expect(i18next.t('app.name')).toBe(zh.app.name);
    await changeLanguage('en');
    expect(i18next.t('app.name')).toBe(en.app.name);
  });

  it('is the one asked for last, whichever words come first', async () => {
    await Promise.all([changeLanguage('zh'), changeLanguage('en')]);
    expect(i18next.language).toBe('en');
  });
});
