// Notices: what people are told before anything about them is collected.
import { useQuery } from '@tanstack/react-query';
import { Button, Form, Input, Tag } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, api } from '../api/client';
import type { List } from '../api/queries';
import type { components } from '../api/schema';
import { useLanguage, useTitle } from '../common/format';
import { FormDialog, Shown } from './common';
import { Versions } from './versions';

type Notice = components['schemas']['Notice'];
type Text = Omit<components['schemas']['NewNotice'], 'read'>;

export const useNotices = () =>
  useQuery({
    queryKey: ['notices'],
    queryFn: ({ signal }) => answer<List<Notice>>(api.GET('/notices', { signal })),
    select: (list) => list.items,
  });

export function Notices() {
  const { t } = useTranslation();
  const notices = useNotices();
  return (
    <Shown query={notices} empty={{ when: (list) => list.length === 0, title: t('admin.notice.none') }}>
      {(list) => list.map((notice) => <NoticeCard key={notice.code} notice={notice} />)}
    </Shown>
  );
}

/** NoticeText is a notice as it is shown to people: paragraphs, never markup. */
export function NoticeText({ notice }: { notice: Notice }) {
  const english = useLanguage() === 'en';
  return <p className="admin-text">{english ? notice.text_en || notice.text_zh : notice.text_zh}</p>;
}

function NoticeCard({ notice }: { notice: Notice }) {
  const { t } = useTranslation();
  const title = useTitle();
  const [editing, setEditing] = useState(false);
  return (
    <article className="admin-card">
      <header className="admin-card-head">
        <h2>{title(notice)}</h2>
        <Tag>{t('admin.version', { version: notice.version })}</Tag>
        <Button size="small" onClick={() => setEditing(true)}>
          {t('admin.newVersion')}
        </Button>
      </header>
      <NoticeText notice={notice} />
      <Versions
        of={['notices', notice.code]}
        load={(signal) =>
          answer<List<Notice>>(
            api.GET('/notices/{code}/versions', { signal, params: { path: { code: notice.code } } }),
          )
        }
      >
        {(one) => <NoticeText notice={one} />}
      </Versions>
      {editing && <NewVersion notice={notice} onClose={() => setEditing(false)} />}
    </article>
  );
}

function NewVersion({ notice, onClose }: { notice: Notice; onClose: () => void }) {
  const { t } = useTranslation();
  const title = useTitle();
  const required = [{ required: true, whitespace: true, message: t('common.required') }];
  return (
    <FormDialog<Text>
      title={t('admin.newVersionOf', { title: title(notice) })}
      ok={t('admin.publish')}
      width={720}
      initial={notice}
      touched={['notices']}
      onClose={onClose}
      send={(values) =>
        answer(
          api.POST('/notices/{code}/versions', {
            params: { path: { code: notice.code } },
            body: { ...values, read: notice.version },
          }),
        )
      }
    >
      <p className="hint">{t('admin.notice.hint')}</p>
      {(['zh', 'en'] as const).map((language) => (
        <div key={language}>
          <Form.Item
            name={`title_${language}`}
            label={t('admin.inLanguage', { what: t('admin.notice.title'), language: t(`admin.${language}`) })}
            rules={required}
          >
            <Input maxLength={100} />
          </Form.Item>
          <Form.Item
            name={`text_${language}`}
            label={t('admin.inLanguage', { what: t('admin.notice.text'), language: t(`admin.${language}`) })}
            rules={required}
          >
            <Input.TextArea rows={5} maxLength={5000} />
          </Form.Item>
        </div>
      ))}
    </FormDialog>
  );
}
