// Purposes with their personal fields. A change is a new version; the old ones stay.
import { useQuery } from '@tanstack/react-query';
import { Button, Form, Input, Tag } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, api } from '../api/client';
import type { List } from '../api/queries';
import type { components } from '../api/schema';
import { useLanguage, useTitle } from '../common/format';
import { Facts, FormDialog, Rows, Shown } from './common';
import { Stamp } from './stamp';
import { Versions } from './versions';

type Purpose = components['schemas']['Purpose'];
type Text = Omit<components['schemas']['NewPurpose'], 'read'>;

const usePurposes = () =>
  useQuery({
    queryKey: ['purposes'],
    queryFn: ({ signal }) => answer<List<Purpose>>(api.GET('/purposes', { signal })),
    select: (list) => list.items,
  });

export function Purposes() {
  const { t } = useTranslation();
  const purposes = usePurposes();
  return (
    <Shown query={purposes} empty={{ when: (list) => list.length === 0, title: t('admin.purpose.none') }}>
      {(list) => list.map((purpose) => <PurposeCard key={purpose.code} purpose={purpose} />)}
    </Shown>
  );
}

function PurposeCard({ purpose }: { purpose: Purpose }) {
  const { t } = useTranslation();
  const title = useTitle();
  const [editing, setEditing] = useState(false);
  return (
    <article className="admin-card">
      <header className="admin-card-head">
        <h2>{title(purpose)}</h2>
        <Tag>{t('admin.version', { version: purpose.version })}</Tag>
        <Button size="small" onClick={() => setEditing(true)}>
          {t('admin.newVersion')}
        </Button>
      </header>
      <PurposeFacts purpose={purpose} />
      <Fields purpose={purpose} />
      <Versions
        of={['purposes', purpose.code]}
        load={(signal) =>
          answer<List<Purpose>>(
            api.GET('/purposes/{code}/versions', { signal, params: { path: { code: purpose.code } } }),
          )
        }
      >
        {(one) => <PurposeFacts purpose={one} />}
      </Versions>
      {editing && <NewVersion purpose={purpose} onClose={() => setEditing(false)} />}
    </article>
  );
}

function PurposeFacts({ purpose }: { purpose: Purpose }) {
  const { t } = useTranslation();
  const english = useLanguage() === 'en';
  const pick = (zh: string, en: string) => (english ? en || zh : zh || en);
  return (
    <Facts
      facts={[
        [t('admin.purpose.why'), pick(purpose.why_zh, purpose.why_en)],
        [
          t('admin.purpose.basis'),
          <>
            {pick(purpose.basis_zh, purpose.basis_en)}{' '}
            <span className="soft figures">{t('admin.purpose.article', { article: purpose.article })}</span>
          </>,
        ],
        [t('admin.purpose.keep'), pick(purpose.keep_zh, purpose.keep_en)],
        [t('admin.purpose.seenBy'), pick(purpose.seen_by_zh, purpose.seen_by_en)],
      ]}
    />
  );
}

function Fields({ purpose }: { purpose: Purpose }) {
  const { t } = useTranslation();
  const title = useTitle();
  return (
    <Rows
      label={t('admin.purpose.field')}
      rowKey={(field) => `${field.kind}.${field.field}`}
      rows={purpose.fields}
      columns={[
        { title: t('admin.purpose.field'), cell: (field) => title(field) },
        {
          title: t('admin.purpose.of'),
          cell: (field) =>
            t(`admin.purpose.subject.${field.kind as 'account'}`, { defaultValue: field.kind }),
        },
        {
          title: t('admin.purpose.sensitive'),
          cell: (field) => (field.sensitive ? <Stamp tone="bad">{t('common.yes')}</Stamp> : t('common.no')),
        },
      ]}
    />
  );
}

const PARTS = ['title', 'why', 'basis', 'keep', 'seen_by'] as const;

function NewVersion({ purpose, onClose }: { purpose: Purpose; onClose: () => void }) {
  const { t } = useTranslation();
  const title = useTitle();
  const required = [{ required: true, whitespace: true, message: t('common.required') }];
  return (
    <FormDialog<Text>
      title={t('admin.newVersionOf', { title: title(purpose) })}
      ok={t('admin.publish')}
      width={720}
      initial={purpose}
      touched={['purposes']}
      onClose={onClose}
      send={(values) =>
        answer(
          api.POST('/purposes/{code}/versions', {
            params: { path: { code: purpose.code } },
            body: { ...values, read: purpose.version },
          }),
        )
      }
    >
      <p className="hint">{t('admin.purpose.noPersons')}</p>
      {PARTS.map((part) => (
        <div className="admin-pair" key={part}>
          {(['zh', 'en'] as const).map((language) => (
            <Form.Item
              key={language}
              name={`${part}_${language}`}
              label={t('admin.inLanguage', {
                what: t(`admin.purpose.part.${part}`),
                language: t(`admin.${language}`),
              })}
              rules={required}
            >
              {part === 'title' ? <Input maxLength={100} /> : <Input.TextArea rows={2} maxLength={500} />}
            </Form.Item>
          ))}
        </div>
      ))}
      <Form.Item name="article" label={t('admin.purpose.articleOfLaw')} rules={required}>
        <Input maxLength={40} />
      </Form.Item>
    </FormDialog>
  );
}
