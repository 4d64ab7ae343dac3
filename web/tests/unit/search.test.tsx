import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import { Search } from '../../src/panel/search';
import { problem, serve, show } from './page';

const hits = {
  items: [
    {
      kind: 'unit',
      id: '01',
      title: 'First grid',
      subtitle: '01',
      point: [121, 31],
      bbox: [120, 30, 122, 32],
    },
    { kind: 'household', id: '7', title: 'River Court 7', subtitle: '01', point: [121, 31] },
  ],
};

describe('the search', () => {
  it('asks once the reader rests, lists what was found and moves by keys', async () => {
    const asked = serve({ 'POST /search': hits });
    show(<Search />);
    const field = screen.getByRole('combobox');
    await userEvent.type(field, 'river');
    const options = await screen.findAllByRole('option');
    expect(options).toHaveLength(2);
    expect(asked.map((one) => one.body)).toEqual([{ q: 'river', limit: 12 }]);
    expect(asked[0]?.query).toBe(''); // what is typed stays out of addresses and logs
    expect(options[0]?.getAttribute('aria-selected')).toBe('true');
    await userEvent.keyboard('{ArrowDown}');
    expect(field.getAttribute('aria-activedescendant')).toBe(options[1]?.id);
    await userEvent.keyboard('{Enter}');
    await waitFor(() => expect(screen.queryAllByRole('option')).toHaveLength(0));
    expect((field as HTMLInputElement).value).toBe('River Court 7');
  });

  it('offers coordinates without asking the server', async () => {
    const asked = serve({});
    show(<Search />);
    await userEvent.type(screen.getByRole('combobox'), '121.5, 31.2');
    const option = await screen.findByRole('option');
    expect(option.textContent).toContain('121.500000, 31.200000');
    await new Promise((rest) => setTimeout(rest, 300));
    expect(asked.map((one) => (one.body as { q: string }).q)).not.toContain('121.5, 31.2');
  });

  it('says when nothing was found, and when asking failed with which code', async () => {
    serve({ 'POST /search': { items: [] } });
    const first = show(<Search />);
    await userEvent.type(screen.getByRole('combobox'), 'nowhere');
    await screen.findByText('Nothing found for “nowhere”');
    first.unmount();

    serve({ 'POST /search': problem(422, 'quite_new', 'Something the page has no words for.') });
    show(<Search />);
    await userEvent.type(screen.getByRole('combobox'), 'x');
    await screen.findByText('Something the page has no words for.');
    expect(screen.getByText(/quite_new · HTTP 422/)).toBeTruthy();
  });
});
