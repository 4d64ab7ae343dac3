// What the server says in codes has words on the page. The codes are read where they are
// written: in the Go sources and in the description of the interface.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderHook } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { admin } from '../../src/i18n/admin.zh';
import { changeLanguage } from '../../src/i18n/language';
import { zh } from '../../src/i18n/zh';
import { useJobTitle } from '../../src/jobs/progress';

const root = join(process.cwd(), '..');

/** The sources of the server; what only the command line says stays in cmd. */
const sources = ['api', 'geo'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.go') && !name.endsWith('_test.go'))
    .map((name) => ({ path: join(folder, name), text: readFileSync(join(root, folder, name), 'utf8') })),
);

/** What only the command line can meet. */
const ELSEWHERE = new Set([
  'ring_key_backup',
  'ring_key_current',
  'ring_key_unknown',
  'ring_key_used',
  'town_options',
  'keys',
]);

/** said is what a group of a pattern catches in the sources below a path, each once. */
function said(pattern: RegExp, group = 1, below = ''): string[] {
  const found = sources
    .filter(({ path }) => path.startsWith(below))
    .flatMap(({ text }) => [...text.matchAll(pattern)].map((match) => match[group] ?? ''));
  return [...new Set(found.filter((code) => code !== '' && !ELSEWHERE.has(code)))].sort();
}

const AUDITED = /\baudit\.Write\((?:[^,"]+,){3}\s*(?:"([\w-]+)"|[^,"]+),\s*(?:"([\w-]+)"|[^,"]+),/g;
/** The functions through which packages write into the log. */
const NOTED =
  /\b(?:record|settle|change|visits|external)\(ctx, (?:tx|db), (?:actor|who), (?:id, issuer, )?"([\w-]+)"/g;

type Shape = { enum?: string[] };
const { schemas } = JSON.parse(readFileSync('openapi.json', 'utf8')).components as {
  schemas: Record<string, { properties: Record<string, Shape & { items?: Shape }> }>;
};

/** listed are the values that a field may have. */
function listed(schema: string, field: string): string[] {
  const shape = schemas[schema]?.properties[field];
  return shape?.enum ?? shape?.items?.enum ?? [];
}

const { actions, subjects } = admin.audit;

describe('a word stands for', () => {
  it.each<[string, string[], number, object]>([
    ['every fault', said(/\bfault\.New\([\w.]+,\s*"(\w+)"/g), 250, zh.problem],
    [
      'every stage of a job',
      [...said(/\bstep\("([a-z -]+)"/g), ...said(/\bStage\w+ += "(\w+)"/g)],
      20,
      zh.stage,
    ],
    ['every kind of file', said(/ Kind = "([a-z-]+)"/g, 1, 'geo/upload/'), 9, zh.importKind],
    ['every reason to drop a column', said(/\breason[A-Z]\w+ += "(.+)"/g, 1, 'geo/sheet/'), 4, zh.personal],
    ['every action in the log', [...said(AUDITED), ...said(NOTED)], 70, actions],
    ['every subject in the log', said(AUDITED, 2), 30, subjects],
    ['every state of a job', listed('Job', 'state'), 5, zh.jobState],
    ['every state of an incident', listed('Incident', 'state'), 6, zh.incidentState],
    ['every state of a service point', listed('Span', 'state'), 5, zh.pointState],
    ['every state of a unit', listed('Unit', 'state'), 4, zh.unitState],
    ['every kind of dwelling', listed('Household', 'kind'), 5, zh.householdKind],
    ['every way to a place', listed('Household', 'placed_by'), 3, zh.placedBy],
    ['every kind of candidate', listed('Candidate', 'kind'), 5, zh.sites.kind],
    ['every supposition', listed('Change', 'do'), 4, zh.sites.change],
    ['every reason why a run is stale', listed('Run', 'stale_because'), 5, zh.circle.stale],
    [
      'every end of a walk',
      listed('ReachAnswer', 'reason').filter((end) => end !== 'reached'),
      4,
      zh.reach.reason,
    ],
  ])('%s', (_, codes, least, words) => {
    // Fewer would mean that the codes are written otherwise and are no longer found.
    expect(codes.length).toBeGreaterThanOrEqual(least);
    expect(codes.filter((code) => !(code in words))).toEqual([]);
  });
});

describe('the title of a job', () => {
  it('is said in the language of the page, of whatever kind it is', async () => {
    // Another kind needs a pattern in jobs/progress.tsx, and words.
    const kinds = [...said(/\bJobKind = "(\w+)"/g), ...said(/\b[A-Z][a-z]+Job = +"(\w+)"/g)];
    expect(kinds).toEqual(['circle', 'dossier', 'import', 'proposal', 'siting', 'publish', 'retention']);
    await changeLanguage('zh');
    const title = renderHook(useJobTitle).result.current;
    expect(title('service circle of 2 columns on 2026-11-22')).toBe('服务圈 · 2026-11-22，2 列');
    expect(title('service circle: 老人: 10 分钟')).toBe('服务圈 · 老人: 10 分钟');
    expect(title('siting (p-median) for service circle 7')).toBe('选址 · 第 7 次计算');
    expect(title('publish plan 5 on 2027-01-01')).toBe('发布方案 5，自 2027-01-01 生效');
    expect(title('retention')).toBe('清理到期数据');
    expect(title('proposal for 310115001')).toBe('划分建议 · 310115001');
    expect(title('dossier of plan 7 as zip')).toBe('方案 7 的卷宗 · zip');
    expect(title('candidates: list.csv')).toBe('候选点 · list.csv');
    expect(title('anything else')).toBe('anything else');
  });
});
