import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it } from 'vitest';
import IncidentSettingsPage from '../../src/admin/incidents';
import { codesOf, ResidentReports } from '../../src/admin/resident-reports';
import { adminWords } from '../../src/i18n/desk-words';
import { withWords } from '../../src/i18n/language';
import { problem, serve, show } from './page';

const offer = { service: true, map: false, report: false, daily: 200, review_number: '' };
const one = (code: string, parent: string, title_en: string) => ({
  code,
  parent,
  title_zh: title_en,
  title_en,
  hazard: false,
});
const categories = [
  one('01', '', 'Environment'),
  one('0102', '01', 'Litter'),
  one('11', '', 'Disputes'),
  one('1101', '11', 'Noise'),
];
const hook = {
  id: 7,
  unit: 'v1',
  url: 'https://gateway.example/hook',
  events: ['given'],
  enabled: true,
  created_at: '2026-11-20T01:00:00Z',
  waiting: 0,
  failed: 1,
};
const failed = {
  id: 'd',
  event: 'test',
  incident: null,
  state: 'failed',
  tries: 24,
  problem: 'status_503',
  made_at: '2026-11-20T01:00:00Z',
  next_at: null,
  ended_at: '2026-11-21T01:00:00Z',
};

beforeEach(() => withWords(adminWords));

describe('reports of residents', () => {
  const served = {
    'GET /incident-categories': { items: categories },
    'GET /public/incident-categories': { items: categories.slice(0, 2) },
  };

  it('are switched on and leave what else is public as it was', async () => {
    const asked = serve({ ...served, 'PUT /public/settings': { ...offer, report: true } });
    show(<ResidentReports offer={offer} />);
    await userEvent.click(screen.getByRole('switch', { name: 'Reports of residents' }));
    await waitFor(() =>
      expect(asked.find(({ what }) => what === 'PUT /public/settings')?.body).toEqual({
        ...offer,
        report: true,
      }),
    );
  });

  it('are of the classes that are marked, and of their large ones', async () => {
    expect(codesOf(categories, ['1101'])).toEqual(['11', '1101']);
    const asked = serve({ ...served, 'PUT /public/incident-categories': { items: categories } });
    show(<ResidentReports offer={offer} />);
    await userEvent.click(await screen.findByRole('checkbox', { name: 'Noise' }));
    expect(screen.getByRole('checkbox', { name: 'Litter' })).toHaveProperty('checked', true);
    await userEvent.click(screen.getAllByRole('button', { name: 'Save' }).at(-1) as HTMLElement);
    await waitFor(() =>
      expect(asked.find(({ what }) => what === 'PUT /public/incident-categories')?.body).toEqual({
        codes: ['01', '11', '0102', '1101'],
      }),
    );
  });
});

describe('working hours and gateways', () => {
  const served = {
    'GET /working-hours': { hours: '09:00-12:00' },
    'GET /webhooks': { items: [hook] },
    'GET /webhooks/7/deliveries': { items: [failed] },
    'GET /levels': { items: [] },
  };

  it('says why hours are refused, and takes others at once', async () => {
    const asked = serve({ ...served, 'PUT /working-hours': problem(422, 'working_hours', 'no hours') });
    show(<IncidentSettingsPage />);
    const field = await screen.findByRole('textbox', { name: 'Each working day' });
    await userEvent.clear(field);
    await userEvent.type(field, '9 to 5{Enter}');
    await screen.findByText(/Write the working hours/);
    const button = screen.getByRole('button', { name: 'Save' });
    await waitFor(() => expect(button.className).not.toContain('loading'), { timeout: 2_000 });
    await userEvent.clear(field);
    await userEvent.type(field, '09:00-17:00{Enter}');
    await waitFor(() =>
      expect(asked.filter(({ what }) => what === 'PUT /working-hours').map(({ body }) => body)).toEqual([
        { hours: '9 to 5' },
        { hours: '09:00-17:00' },
      ]),
    );
  });

  it('says what came of the last message, and switches a gateway off', async () => {
    const asked = serve({ ...served, 'PUT /webhooks/7': hook });
    show(<IncidentSettingsPage />);
    const card = within(await screen.findByRole('article', { name: /gateway\.example/ }));
    await card.findByText(/it answered 503/);
    card.getByText('not delivered 1');
    await userEvent.click(card.getByRole('switch'));
    await waitFor(() =>
      expect(asked.find(({ what }) => what === 'PUT /webhooks/7')?.body).toEqual({
        url: hook.url,
        events: ['given'],
        enabled: false,
      }),
    );
  });

  it('has what was given up sent again', async () => {
    const asked = serve({ ...served, 'POST /webhooks/7/retry': { messages: 1 } });
    show(<IncidentSettingsPage />);
    await userEvent.click(await screen.findByRole('button', { name: /^Send again what .* was not told/ }));
    await waitFor(() =>
      expect(asked.filter(({ what }) => what === 'POST /webhooks/7/retry')).toHaveLength(1),
    );
    // What the lists say now is asked for.
    await waitFor(() =>
      expect(asked.filter(({ what }) => what === 'GET /webhooks/7/deliveries').length).toBeGreaterThan(1),
    );
  });

  it('offers it only where something was given up', async () => {
    serve({ ...served, 'GET /webhooks': { items: [{ ...hook, failed: 0 }] } });
    show(<IncidentSettingsPage />);
    await screen.findByRole('article', { name: /gateway\.example/ });
    expect(screen.queryByRole('button', { name: /^Send again/ })).toBeNull();
  });

  it('shows a new secret once, and forgets it', async () => {
    serve({ ...served, 'POST /webhooks/7/secret': { secret: 'the-secret' } });
    show(<IncidentSettingsPage />);
    await userEvent.click(await screen.findByRole('button', { name: /New secret for/ }));
    const sure = await screen.findByRole('dialog');
    await userEvent.click(within(sure).getByRole('button', { name: 'New secret' }));
    await screen.findByText('the-secret');
    await userEvent.click(screen.getByRole('button', { name: 'I have copied it' }));
    await waitFor(() => expect(screen.queryByText('the-secret')).toBeNull());
  });
});
