import { fireEvent, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem } from '../../src/api/client';
import ImportWizard from '../../src/imports/wizard';
import { usePage } from '../../src/view/store';
import { serve, show } from './page';

const sent = vi.hoisted(() => ({
  calls: [] as { path: string; form: Record<string, unknown> }[],
  next: [] as unknown[],
}));

vi.mock('../../src/api/client', async (original) => ({
  ...(await original<typeof import('../../src/api/client')>()),
  upload: async (path: string, form: FormData) => {
    sent.calls.push({ path, form: Object.fromEntries(form.entries()) });
    const answer = sent.next.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  },
}));

const look = {
  format: 'GeoJSON',
  layer: '',
  layers: null,
  columns: ['areaCode', 'areaName'],
  rows: 2,
  crs_hint: '',
  sample: [{ areaCode: '01', areaName: 'First' }],
  personal: ['Phone'],
  suggested: { kind: 'boundaries', preset: 'urban', level: 'grid', crs: '', fields: { code: 'areaCode' } },
  notes: null,
};
const job = {
  id: 5,
  kind: 'boundaries',
  title: 'x',
  state: 'waiting',
  stage: '',
  done: 0,
  total: 0,
  result: null,
};
const done = (more: object) => ({ ...job, problem: null, created_at: '2026-01-01T00:00:00Z', ...more });
const answers = {
  'GET /coordinate-systems': {
    items: [
      { code: 'EPSG:4326', title: 'WGS 84', title_zh: 'WGS 84' },
      { code: 'GCJ-02', title: 'GCJ-02', title_zh: 'GCJ-02' },
    ],
  },
  'GET /presets': {
    items: [
      {
        code: 'urban',
        title_zh: '城市',
        title_en: 'Urban',
        builtin: true,
        levels: [{ level: 'grid', depth: 0, digits: 3 }],
      },
    ],
  },
  'GET /levels': { items: [] },
};

async function chooseFile() {
  const file = new File(['{}'], 'grids.geojson');
  fireEvent.change(screen.getByLabelText('Choose a file'), { target: { files: [file] } });
  await screen.findByText('grids.geojson');
}

async function chooseSystem(name: string) {
  const field = screen.getByRole('combobox', { name: /Coordinate system/ });
  await userEvent.click(field);
  const option = await waitFor(() => {
    const found = [...document.querySelectorAll('.ant-select-item-option')].find((one) =>
      one.textContent?.includes(name),
    );
    if (!found) throw new Error(`no option ${name}`);
    return found;
  });
  await userEvent.click(option);
}

const start = () => screen.getByRole('button', { name: 'Import' }) as HTMLButtonElement;

describe('the import', () => {
  beforeEach(() => {
    sent.calls = [];
    sent.next = [];
    usePage.setState({ importing: true });
  });

  it('wants a coordinate system before it starts, and sends what was said', async () => {
    serve({ ...answers, 'GET /jobs/5': done({ state: 'done', result: { upload_id: 3, plan_id: 9 } }) });
    sent.next = [look, job];
    show(<ImportWizard />);
    await chooseFile();
    expect(start().disabled).toBe(true);
    expect(screen.getByText('Phone')).toBeTruthy();
    await chooseSystem('WGS');
    await waitFor(() => expect(start().disabled).toBe(false));
    await userEvent.click(start());
    await screen.findByText('A draft was made');
    expect(screen.getByRole('button', { name: 'Open the draft' })).toBeTruthy();
    expect(sent.calls[1]?.path).toBe('/api/v1/imports');
    expect(sent.calls[1]?.form).toMatchObject({
      kind: 'boundaries',
      crs: 'EPSG:4326',
      preset: 'urban',
      level: 'grid',
      fields: '{"code":"areaCode"}',
    });
    expect(sent.calls[1]?.form.confirm).toBeUndefined();
  });

  it('says which system a refused file looks like and lets go back with it', async () => {
    const refused = {
      type: '',
      title: 'The coordinates do not look like the declared reference system.',
      status: 422,
      code: 'crs_mismatch',
      detail: 'As GCJ-02 the borders fit the streets; as WGS 84 they are 480 m off.',
      errors: [{ pointer: '/crs', code: 'looks_like', detail: 'GCJ-02' }],
    };
    serve({ ...answers, 'GET /jobs/5': done({ state: 'failed', problem: refused }) });
    sent.next = [look, job];
    show(<ImportWizard />);
    await chooseFile();
    await chooseSystem('WGS');
    await userEvent.click(start());
    await screen.findByText(/480 m off/);
    await userEvent.click(screen.getByRole('button', { name: 'Use GCJ-02 instead' }));
    await waitFor(() => expect(start().disabled).toBe(false));
    expect(document.querySelector('.describe')?.textContent).toContain('GCJ-02');
  });

  it('takes an unchecked system only with a reason, and sends the reason', async () => {
    const unchecked = {
      type: '',
      title: 'x',
      status: 422,
      code: 'crs_unchecked',
      detail: 'Nothing is known within 50 km.',
      errors: [],
    };
    let tries = 0;
    serve({
      ...answers,
      'GET /jobs/5': () => {
        tries += 1;
        return done({ state: 'failed', problem: unchecked });
      },
      'GET /jobs/6': done({ id: 6, state: 'done', result: { upload_id: 4, plan_id: 10 } }),
    });
    sent.next = [look, job, { ...job, id: 6 }];
    show(<ImportWizard />);
    await chooseFile();
    await chooseSystem('WGS');
    await userEvent.click(start());
    const confirm = (await screen.findByRole('button', { name: 'Confirm and import' })) as HTMLButtonElement;
    expect(confirm.disabled).toBe(true);
    await userEvent.type(screen.getByLabelText('Why you are sure of the coordinate system'), 'survey note');
    await userEvent.click(confirm);
    await screen.findByText('A draft was made');
    expect(sent.calls[2]?.form.confirm).toBe('survey note');
    expect(tries).toBe(1);
  });

  it('explains a file that cannot be read', async () => {
    serve(answers);
    sent.next = [new Problem({ status: 400, code: 'file_damaged', title: 'The file is damaged.' })];
    show(<ImportWizard />);
    const file = new File(['{'], 'broken.geojson');
    fireEvent.change(screen.getByLabelText('Choose a file'), { target: { files: [file] } });
    await screen.findByText('The file is damaged or incomplete; export it again');
    expect(screen.getByText(/file_damaged · HTTP 400/)).toBeTruthy();
  });
});
