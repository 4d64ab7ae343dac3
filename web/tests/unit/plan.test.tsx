import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Plan } from '../../src/api/types';
import { withSides } from '../../src/enquiry/sides';
import { changeLanguage } from '../../src/i18n/language';
import { linkOf, sorted } from '../../src/plan/checks';
import { listed } from '../../src/plan/comments';
import { daysAfter } from '../../src/plan/consultation';
import { Course } from '../../src/plan/course';
import { withBorders } from '../../src/plan/map';
import { inLanguage } from '../../src/plan/places';
import type { Check, Pinned, Course as Standing } from '../../src/plan/queries';
import { StoppedPlans } from '../../src/plan/stopped';
import { readPlanView, writePlanView } from '../../src/plan/view';
import { compareAddress, dayBefore, isForOther } from '../../src/plan/words';
import { palettes } from '../../src/theme/palette';
import { problem, serve, show, somebody } from './page';

const plan = {
  id: 7,
  name: '东街调整',
  state: 'draft',
  level: 'grid',
  revision: 3,
  base: { id: 1, code: '310115001' },
  created_by: 'account:9',
  created_at: '2026-11-01T00:00:00Z',
  adopted_by: null,
  adopted_at: null,
  published_at: null,
  effective_on: null,
  undoes: null,
} as unknown as Plan;

const stage = (code: string, other_than: string[] = []) => ({
  code,
  title_zh: code === 'proposal' ? '提议' : '决议',
  title_en: code,
  may: 'plan',
  binding: true,
  other_than,
});
const entry = (by: string) => ({
  stage: 'proposal',
  outcome: 'passed' as const,
  revision: 3,
  note: '',
  done_by: by,
  done_at: '2026-11-02T00:00:00Z',
});
const course = (by: string): Standing => ({
  procedure: {
    code: 'two-person',
    title_zh: '双人审批',
    title_en: 'Two-person approval',
    in_use: true,
    stages: [stage('proposal'), stage('decision', ['proposal'])],
  },
  passed: [entry(by)],
  next: 'decision',
  log: [entry(by)],
  revision: 3,
  people: { 'account:9': 'zhou' },
});

beforeEach(() => changeLanguage('zh'));

describe('the address of a plan', () => {
  it('says nothing of what goes without saying, and reads everything back', () => {
    expect(writePlanView(readPlanView(''))).toBe('');
    const view = { tab: 'comments', show: 'waiting', comment: 12 } as const;
    expect(readPlanView(`?${writePlanView(view)}`)).toEqual(view);
  });

  it.each(['?tab=secrets', '?show=some', '?comment=0', '?comment=1e3', '?comment='])(
    'leaves out what it does not understand: %s',
    (search) => expect(readPlanView(search)).toEqual(readPlanView('')),
  );
});

describe('the course of a plan', () => {
  it('lets somebody else decide, and says who proposed', async () => {
    const asked = serve({
      'GET /plans/7/stages': course('account:9'),
      'POST /plans/7/stages': course('account:9'),
    });
    show(<Course plan={plan} />);
    expect(await screen.findByText('请办理“决议”。')).toBeTruthy();
    expect(screen.getAllByText(/zhou/).length).toBeGreaterThan(0);
    await userEvent.click(screen.getByRole('button', { name: '通过“决议”' }));
    expect(asked.find(({ what }) => what.startsWith('POST'))?.body).toEqual({
      stage: 'decision',
      outcome: 'passed',
      revision: 3,
    });
  });

  it('does not offer it to who proposed; returning wants a reason', async () => {
    serve({ 'GET /plans/7/stages': course('account:12') });
    show(<Course plan={plan} />);
    expect(await screen.findByText(/须由另一人办理，您已办理过/)).toBeTruthy();
    expect(screen.queryByRole('button', { name: '通过“决议”' })).toBeNull();
    const back = screen.getByRole('button', { name: /^退\s?回$/ }) as HTMLButtonElement;
    expect(back.disabled).toBe(true);
    await userEvent.type(screen.getByRole('textbox'), '缺图');
    expect(back.disabled).toBe(false);
    expect(isForOther(course('account:12'), stage('decision', ['proposal']), 'account:9')).toBe(false);
  });

  it('says what the server refuses', async () => {
    serve({
      'GET /plans/7/stages': course('account:9'),
      'POST /plans/7/stages': problem(409, 'stage_plan_changed', 'changed'),
    });
    show(<Course plan={plan} />);
    await userEvent.click(await screen.findByRole('button', { name: '通过“决议”' }));
    expect(await screen.findByText('方案已有改动，或已不是草案，请重新载入')).toBeTruthy();
  });
});

describe('the checklist', () => {
  const check = (code: string, state: Check['state'], link: Check['link'] = '') =>
    ({
      code,
      state,
      link,
      count: 1,
      places: [{ pointer: 'plan 9', code: 'plan_adopted', detail: '' }],
    }) as Check;

  it('begins with what stops the plan', () =>
    expect(
      sorted([check('a', 'ok'), check('b', 'warn'), check('c', 'stop'), check('d', 'warn')]).map(
        ({ code }) => code,
      ),
    ).toEqual(['c', 'b', 'd', 'a']));

  it.each([
    ['faults', '/?panel=data&plan=7'],
    ['rules', '/workshop/7?tab=findings'],
    ['stages', '?tab=course'],
    ['plans', '/plans/9'],
    ['', null],
  ] as const)('leads from %s to %s', (link, to) => expect(linkOf(plan, check('x', 'stop', link))).toBe(to));

  it('tells of a rule in the language of the reader', () => {
    expect(inLanguage('缺一名 / lacks one', 'zh')).toBe('缺一名');
    expect(inLanguage('缺一名 / lacks one', 'en')).toBe('lacks one');
    expect(inLanguage('a / b', 'zh')).toBe('a / b');
    expect(inLanguage('甲 / 乙 / 丙', 'en')).toBe('甲 / 乙 / 丙');
  });

  it('compares with the day before of a plan in force', () => {
    expect(dayBefore('2026-03-01')).toBe('2026-02-28');
    expect(daysAfter('2026-12-31', 1)).toBe('2027-01-01');
    const published = { ...plan, state: 'published', effective_on: '2026-03-01' } as Plan;
    expect(compareAddress(published)).toBe(
      '/compare?base=310115001&below=grid&before=date:2026-02-28&after=plan:7',
    );
  });
});

describe('comments', () => {
  const pin = (id: number, resident: boolean, state: string, resolved_at: string | null = null) =>
    ({ id: String(id), properties: { id, resident, state, resolved_at } }) as Pinned;
  const all = [
    pin(1, false, 'shown'),
    pin(2, true, 'waiting'),
    pin(3, true, 'hidden'),
    pin(4, false, 'shown', '2026-11-02T00:00:00Z'),
  ];

  it.each([
    ['open', ['1', '2']],
    ['waiting', ['2']],
    ['all', ['1', '2', '3', '4']],
  ] as const)('%s are listed', (which, ids) => expect(listed(all, which).map(({ id }) => id)).toEqual(ids));
});

describe('plans that stopped', () => {
  const stopped = {
    plan_id: 7,
    name: '东街调整',
    level: 'grid',
    effective_on: '2026-11-03',
    job_id: 5,
    job_state: 'failed',
    problem: { status: 409, code: 'plan_stale', title: 'overtaken' },
    stopped_at: '2026-11-02T16:00:00Z',
  };

  it('say why, and are run again', async () => {
    const asked = serve({ 'GET /stopped-plans': { items: [stopped] }, 'POST /jobs/5/retry': {} });
    show(<StoppedPlans />);
    expect(await screen.findByText('方案没有按期生效：东街调整')).toBeTruthy();
    expect(screen.getByRole('link', { name: '处理原因' }).getAttribute('href')).toBe('/plans/7');
    await userEvent.click(screen.getByRole('button', { name: '再次执行' }));
    expect(asked.map(({ what }) => what)).toContain('POST /jobs/5/retry');
  });

  it('are not asked for by who neither plans nor keeps posts', () => {
    const asked = serve({});
    show(<StoppedPlans />, '', somebody(['map', 'count']));
    expect(asked).toEqual([]);
  });
});

describe('the maps', () => {
  const ground = {
    version: 8 as const,
    sources: {},
    layers: [
      { id: 'unit-line', type: 'line' as const, source: 'grid-0' },
      { id: 'paper', type: 'background' as const },
    ],
  };
  const units = { type: 'FeatureCollection' as const, features: [] };

  it('of residents show one division or both instead of the units in force', () => {
    const ids = (shown: 'both' | 'before' | 'after') =>
      withSides(ground, units, shown, palettes.light).layers.map(({ id }) => id);
    expect(ids('both')).toEqual(
      expect.arrayContaining(['paper', 'before-line', 'after-line', 'consultation-label']),
    );
    expect(ids('both')).not.toContain('unit-line');
    expect(ids('before')).not.toContain('after-line');
    expect(withSides(ground, undefined, 'both', palettes.light)).toBe(ground);
  });

  it('of planners show the borders once they are there', () => {
    expect(withBorders(ground, undefined, palettes.light)).toBe(ground);
    expect(withBorders(ground, units, palettes.light).layers.map(({ id }) => id)).toContain('plan-line');
  });
});
