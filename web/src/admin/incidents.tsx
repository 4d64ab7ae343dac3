// By which hours and lists deadlines are counted, and which gateways are told of duties.
import { useQuery } from '@tanstack/react-query';
import { Button, Input } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, api } from '../api/client';
import type { components } from '../api/schema';
import { Page, Shown, useChange } from './common';
import { SettingsTables } from './tables';
import { Webhooks } from './webhooks';

type Hours = components['schemas']['WorkingHours'];

export default function IncidentSettingsPage() {
  const { t } = useTranslation();
  const hours = useQuery({
    queryKey: ['working-hours'],
    queryFn: ({ signal }) => answer<Hours>(api.GET('/working-hours', { signal })),
  });
  return (
    <Page title={t('admin.section.incidents')} lead={t('switches.incidentsHint')}>
      <Shown query={hours}>{({ hours }) => <WorkingHours key={hours} hours={hours} />}</Shown>
      <SettingsTables />
      <Webhooks />
    </Page>
  );
}

function WorkingHours({ hours }: { hours: string }) {
  const { t } = useTranslation();
  const id = useId();
  const [text, setText] = useState(hours);
  const change = useChange(
    (body: Hours) => answer<Hours>(api.PUT('/working-hours', { body })),
    ['working-hours', 'incidents', 'audit'],
    t('switches.saved'),
  );
  return (
    <section className="admin-card" aria-labelledby={`${id}title`}>
      <h2 id={`${id}title`}>{t('switches.hours')}</h2>
      <p className="soft">{t('switches.hoursHint')}</p>
      <form
        className="admin-inline"
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate({ hours: text.trim() });
        }}
      >
        <label htmlFor={id}>{t('switches.hoursOfDay')}</label>
        <Input
          id={id}
          className="figures admin-hours"
          placeholder="09:00-12:00,13:00-18:00"
          maxLength={80}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <Button type="primary" htmlType="submit" disabled={text.trim() === hours} loading={change.isPending}>
          {t('common.save')}
        </Button>
      </form>
    </section>
  );
}
