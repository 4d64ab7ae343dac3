// The notices that concern one's own account, and consent to what needs it.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Tag } from 'antd';
import { useTranslation } from 'react-i18next';
import { answer, api, asProblem, done } from '../api/client';
import type { List } from '../api/queries';
import type { components } from '../api/schema';
import { moment, useLanguage } from '../common/format';
import { Failed, Loading } from '../common/states';
import { Section } from './page';

type Notice = components['schemas']['Notice'];
type Consent = components['schemas']['Consent'];

/** What staff are asked to consent to: that a shift may record where they are. */
const TRACKING = 'staff-tracking';

export function NoticeSection() {
  const { t } = useTranslation();
  const notice = useQuery({
    queryKey: ['notices', TRACKING],
    queryFn: async ({ signal }) => {
      try {
        return await answer<Notice>(
          api.GET('/notices/{code}', { signal, params: { path: { code: TRACKING } } }),
        );
      } catch (cause) {
        if (asProblem(cause).status === 404) return null;
        throw cause;
      }
    },
  });
  const consents = useQuery({
    queryKey: ['consents'],
    queryFn: ({ signal }) => answer<List<Consent>>(api.GET('/consents', { signal })),
    select: (list) => list.items.find((one) => one.notice === TRACKING && one.withdrawn_at === null) ?? null,
  });
  if (notice.data === null) return null;
  return (
    <Section title={t('account.notices')}>
      {(notice.isPending || consents.isPending) && <Loading rows={3} />}
      {notice.isError && <Failed cause={notice.error} retry={() => notice.refetch()} />}
      {consents.isError && <Failed cause={consents.error} retry={() => consents.refetch()} />}
      {notice.data && consents.data !== undefined && (
        <NoticeText notice={notice.data} consent={consents.data} />
      )}
    </Section>
  );
}

function NoticeText({ notice, consent }: { notice: Notice; consent: Consent | null }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const client = useQueryClient();
  const current = consent?.version === notice.version;
  const decide = useMutation({
    mutationFn: (give: boolean) => {
      const params = { path: { notice: TRACKING } } as const;
      return done(
        give
          ? api.PUT('/consents/{notice}', { params, body: { version: notice.version } })
          : api.DELETE('/consents/{notice}', { params }),
      );
    },
    onSettled: () => {
      client.invalidateQueries({ queryKey: ['consents'] });
      client.invalidateQueries({ queryKey: ['notices'] });
    },
  });
  return (
    <article className="notice">
      <h3>{language === 'en' ? notice.title_en : notice.title_zh}</h3>
      <p className="hint figures">
        {t('account.version', { version: notice.version, time: moment(notice.published_at, language) })}
      </p>
      <p className="notice-text">{language === 'en' ? notice.text_en : notice.text_zh}</p>
      <p className="hint">{t('account.consentHint')}</p>
      {decide.isError && <Failed cause={decide.error} />}
      <div className="sheet-buttons">
        {!current && (
          <Button loading={decide.isPending && decide.variables === true} onClick={() => decide.mutate(true)}>
            {t('account.consentGive')}
          </Button>
        )}
        {consent && (
          <Button
            loading={decide.isPending && decide.variables === false}
            onClick={() => decide.mutate(false)}
          >
            {t('account.consentWithdraw')}
          </Button>
        )}
        {consent ? (
          <Tag color={current ? 'success' : 'warning'}>
            {current
              ? t('account.consentGiven', {
                  time: moment(consent.given_at, language),
                  version: consent.version,
                })
              : t('account.consentOld')}
          </Tag>
        ) : (
          <Tag>{t('account.consentNone')}</Tag>
        )}
      </div>
    </article>
  );
}
