import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it } from 'vitest';
import { blank, bodyOf, keep, remembered } from '../../src/enquiry/draft';
import EnquiryPage from '../../src/enquiry/page';
import ReceiptPage from '../../src/enquiry/receipt';
import ReportPage from '../../src/enquiry/report';
import { residentWords } from '../../src/i18n/desk-words';
import { withWords } from '../../src/i18n/language';
import { problem, serve, show } from './page';

const open = { service: false, map: false, report: true, review_number: '' };
const categories = {
  items: [
    { code: '01', parent: '', title_zh: '环境', title_en: 'Environment', hazard: false },
    { code: '0102', parent: '01', title_zh: '垃圾', title_en: 'Litter', hazard: false },
    { code: '0901', parent: '09', title_zh: '路灯', title_en: 'Lamp', hazard: false },
  ],
};
const draft = {
  ...blank(),
  where: { by: 'typed', address: 'Willow Road' },
  category: '0102',
  text: 'ours ',
} as const;

beforeEach(() => withWords(residentWords));

const send = () => userEvent.click(screen.getByRole('button', { name: /^Send/ }));
const words = () => screen.getByLabelText(/In a few words/) as HTMLTextAreaElement;

describe('a draft', () => {
  it('is what it was after a reload, and a new one when nothing can be read', () => {
    keep(draft);
    expect(remembered()).toEqual(draft);
    localStorage.setItem('wangge.report', '{"id":');
    expect(remembered()).toMatchObject({ category: '', where: null, sent: false });
    expect(remembered().id).not.toBe(draft.id);
  });

  it('says where by the point where there is one, and nothing that was left open', () => {
    expect(bodyOf(draft)).toEqual({ id: draft.id, category: '0102', text: 'ours', address: 'Willow Road' });
    expect(
      bodyOf({ ...draft, text: ' ', private: true, where: { by: 'here', point: [1, 2], accuracy: 9 } }),
    ).toEqual({
      id: draft.id,
      category: '0102',
      private: true,
      point: [1, 2],
    });
  });
});

describe('a report of a resident', () => {
  it('cannot be written while it is switched off', async () => {
    serve({ 'GET /public/settings': { ...open, report: false } });
    show(<ReportPage />);
    await screen.findByText('Reports of residents are not open');
    expect(screen.queryByRole('textbox')).toBeNull();
  });

  it('waits for a place and a class, then goes out with its own id', async () => {
    const asked = serve({
      'GET /public/settings': open,
      'GET /public/incident-categories': categories,
      'POST /public/incidents': { code: 'AAAA-BBBB-CCCC', redacted: 0 },
    });
    show(<ReportPage />);
    const button = await screen.findByRole('button', { name: 'Send' });
    expect(button).toHaveProperty('disabled', true);
    await screen.findByRole('option', { name: 'Lamp' }); // its group is closed to residents
    await userEvent.selectOptions(screen.getByLabelText('What it is'), '0102');
    await userEvent.type(screen.getByRole('textbox', { name: 'Address' }), 'Willow Road{Enter}');
    await screen.findByText(/Reported with this address: Willow Road/);
    const { id } = remembered();
    await send();
    await waitFor(() => expect(asked.at(-1)?.body).toEqual({ id, category: '0102', address: 'Willow Road' }));
    await waitFor(() => expect(remembered().id).not.toBe(id));
  });

  it('stays as it was when no answer came, and is sent again under the same id', async () => {
    let taken = 0;
    keep(draft);
    const asked = serve({
      'GET /public/settings': open,
      'GET /public/incident-categories': categories,
      'POST /public/incidents': () => {
        taken++;
        if (taken === 1) throw new TypeError('the network is gone');
        return { code: 'AAAA-BBBB-CCCC', redacted: 0 };
      },
    });
    show(<ReportPage />);
    await screen.findByRole('button', { name: 'Send' });
    await send();
    await screen.findByText(/No answer came/);
    expect(words().disabled).toBe(true);
    expect(remembered()).toMatchObject({ id: draft.id, sent: true });
    await send();
    await waitFor(() => expect(taken).toBe(2));
    const sent = asked.filter(({ what }) => what === 'POST /public/incidents');
    expect(sent[1]?.body).toEqual(sent[0]?.body);
  });

  it('may be changed after the server refused it', async () => {
    keep(draft);
    serve({
      'GET /public/settings': open,
      'GET /public/incident-categories': categories,
      'POST /public/incidents': problem(404, 'place_unserved', 'nowhere'),
    });
    show(<ReportPage />);
    await screen.findByRole('button', { name: 'Send' });
    await send();
    await screen.findByText(/No grid was found for this/);
    expect(words().disabled).toBe(false);
    expect(remembered().sent).toBe(false);
  });

  it('says before it is sent that a number will be taken out', async () => {
    keep(draft);
    serve({ 'GET /public/settings': open, 'GET /public/incident-categories': categories });
    show(<ReportPage />);
    await screen.findByRole('button', { name: 'Send' });
    expect(screen.queryByText(/it will be replaced/)).toBeNull();
    await userEvent.type(words(), 'call 13812345678');
    await screen.findByText(/it will be replaced/);
  });

  it('is linked from the page about addresses while it is open', async () => {
    serve({ 'GET /public/settings': open });
    show(<EnquiryPage />);
    expect((await screen.findByRole('link', { name: 'Report a problem nearby' })).getAttribute('href')).toBe(
      '/public/report',
    );
  });
});

describe('a receipt', () => {
  it('says that nobody has such a code, and takes another', async () => {
    serve({
      'GET /public/settings': open,
      'GET /public/receipts/': problem(404, 'receipt_unknown', 'none'),
    });
    show(<ReceiptPage />);
    await screen.findByText(/receipt_unknown/);
    screen.getByRole('textbox', { name: 'Code' });
  });
});
