// What is open to everybody without an account, and how the offices of units are
// reached.
import { useQuery } from '@tanstack/react-query';
import { Button, Form, Input, Switch } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useMay } from '../account/session';
import { answer, api } from '../api/client';
import type { components } from '../api/schema';
import { useOffer } from '../enquiry/queries';
import { useView } from '../view/url';
import { Facts, FormDialog, Page, Shown, useChange } from './common';
import { ResidentReports } from './resident-reports';
import { UnitTree } from './tree';

type Schemas = components['schemas'];
type Offer = Schemas['Offer'];

export default function PublicServicePage() {
  const { t } = useTranslation();
  const offer = useOffer();
  return (
    <Page
      title={t('admin.section.public')}
      lead={t('admin.public.hint')}
      actions={<Link to="/public">{t('admin.public.open')}</Link>}
    >
      <Shown query={offer}>
        {(known) => (
          <>
            <Switches offer={known} />
            <ResidentReports key={known.daily} offer={known} />
          </>
        )}
      </Shown>
      <Offices />
    </Page>
  );
}

function Switches({ offer }: { offer: Offer }) {
  const { t } = useTranslation();
  const [numbering, setNumbering] = useState(false);
  const change = useChange(
    (next: Partial<Offer>) => answer<Offer>(api.PUT('/public/settings', { body: { ...offer, ...next } })),
    ['public', 'audit'],
  );
  const rows = [
    { name: 'service', on: offer.service },
    { name: 'map', on: offer.map },
  ] as const;
  return (
    <section className="admin-card" aria-label={t('admin.public.switches')}>
      {rows.map(({ name, on }) => (
        <div key={name} className="admin-switch">
          <Switch
            aria-label={t(`admin.public.${name}`)}
            checked={on}
            loading={change.isPending}
            onChange={(next) => change.mutate({ [name]: next })}
          />
          <div>
            <strong>{t(`admin.public.${name}`)}</strong>
            <p className="soft">{t(`admin.public.${name}Hint`)}</p>
          </div>
        </div>
      ))}
      <Facts
        facts={[
          [
            t('admin.public.reviewNumber'),
            <>
              <span className="figures">{offer.review_number || t('admin.public.noNumber')}</span>{' '}
              <Button size="small" onClick={() => setNumbering(true)}>
                {t('admin.change')}
              </Button>
            </>,
          ],
        ]}
      />
      {numbering && <ReviewNumber onClose={() => setNumbering(false)} />}
    </section>
  );
}

function ReviewNumber({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const settings = useQuery({
    queryKey: ['settings'],
    queryFn: ({ signal }) => answer<Schemas['Settings']>(api.GET('/settings', { signal })),
  });
  if (!settings.data) return null;
  const { attribution, review_number } = settings.data;
  return (
    <FormDialog<{ review_number?: string }>
      title={t('admin.public.reviewNumber')}
      ok={t('common.save')}
      initial={{ review_number }}
      touched={['public', 'settings', 'status']}
      onClose={onClose}
      send={(values) =>
        answer(
          api.PUT('/settings', {
            body: { attribution, review_number: values.review_number?.trim() ?? '' } as Schemas['Settings'],
          }),
        )
      }
    >
      <Form.Item
        name="review_number"
        label={t('admin.public.reviewNumber')}
        extra={t('admin.public.reviewHint')}
      >
        <Input maxLength={100} placeholder="GS(2026)0000号" />
      </Form.Item>
    </FormDialog>
  );
}

function Offices() {
  const { t } = useTranslation();
  const [view, setView] = useView();
  return (
    <section aria-labelledby="offices">
      <h2 id="offices">{t('admin.office.title')}</h2>
      <p className="soft">{t('admin.office.hint')}</p>
      <div className="admin-split">
        <div className="admin-split-side">
          <UnitTree chosen={view.unit} onChoose={(unit) => setView({ unit })} />
        </div>
        <div>
          {view.unit ? (
            <Office key={view.unit} unit={view.unit} />
          ) : (
            <p className="soft">{t('admin.chooseUnit')}</p>
          )}
        </div>
      </div>
    </section>
  );
}

function Office({ unit }: { unit: string }) {
  const { t } = useTranslation();
  const may = useMay();
  const [editing, setEditing] = useState(false);
  const office = useQuery({
    queryKey: ['office', unit],
    retry: false,
    queryFn: ({ signal }) =>
      answer<Schemas['Office']>(
        api.GET('/units/{code}/office', { signal, params: { path: { code: unit } } }),
      ),
  });
  return (
    <Shown query={office}>
      {(known) => (
        <article className="admin-card">
          <OfficeFacts unit={unit} office={known} />
          {may('post') && <Button onClick={() => setEditing(true)}>{t('admin.office.edit')}</Button>}
          {editing && <EditOffice unit={unit} office={known} onClose={() => setEditing(false)} />}
        </article>
      )}
    </Shown>
  );
}

const OFFICE = ['phone', 'address', 'hours', 'supervision_phone'] as const;

/** OfficeFacts is how an office is reached, and whose it is. */
function OfficeFacts({ unit, office }: { unit: string; office: Schemas['Office'] }) {
  const { t } = useTranslation();
  if (OFFICE.every((field) => !office[field])) return <p className="soft">{t('admin.office.none')}</p>;
  return (
    <Facts
      facts={[
        [t('admin.office.phone'), office.phone && <Phone number={office.phone} />],
        [t('admin.office.address'), office.address],
        [t('admin.office.hours'), office.hours],
        [
          t('admin.office.supervision_phone'),
          office.supervision_phone && <Phone number={office.supervision_phone} />,
        ],
        [t('admin.office.of'), office.unit === unit ? null : office.unit],
      ]}
    />
  );
}

function Phone({ number }: { number: string }) {
  return (
    <a className="figures" href={`tel:${number.replace(/[^+\d]/g, '')}`}>
      {number}
    </a>
  );
}

function EditOffice({
  unit,
  office,
  onClose,
}: {
  unit: string;
  office: Schemas['Office'];
  onClose: () => void;
}) {
  const { t } = useTranslation();
  return (
    <FormDialog<Schemas['Office']>
      title={t('admin.office.edit')}
      ok={t('common.save')}
      initial={office.unit === unit ? office : {}}
      touched={['office', 'audit']}
      onClose={onClose}
      send={(body) => answer(api.PUT('/units/{code}/office', { params: { path: { code: unit } }, body }))}
    >
      <p className="hint">{t('admin.office.never')}</p>
      {OFFICE.map((field) => (
        <Form.Item key={field} name={field} label={t(`admin.office.${field}`)}>
          <Input maxLength={200} inputMode={field.endsWith('phone') ? 'tel' : undefined} />
        </Form.Item>
      ))}
    </FormDialog>
  );
}
