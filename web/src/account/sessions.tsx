// Where one is signed in, and how to end it there.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Tag } from 'antd';
import { useTranslation } from 'react-i18next';
import { answer, api, asProblem, done } from '../api/client';
import type { List } from '../api/queries';
import { moment, useLanguage } from '../common/format';
import { Failed, Loading } from '../common/states';
import { Section } from './page';
import type { Listed } from './session';

export function SessionSection() {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const client = useQueryClient();
  const sessions = useQuery({
    queryKey: ['sessions'],
    queryFn: ({ signal }) => answer<List<Listed>>(api.GET('/sessions', { signal })),
    select: (list) => list.items,
  });
  const end = useMutation({
    mutationFn: (id: number | 'others') =>
      done(
        id === 'others'
          ? api.DELETE('/sessions')
          : api.DELETE('/sessions/{id}', { params: { path: { id } } }),
      ),
    onSuccess: () => void message.success(t('account.sessionEnded')),
    onError: (cause) => void message.error(asProblem(cause).message),
    onSettled: () => client.invalidateQueries({ queryKey: ['sessions'] }),
  });
  const others = (sessions.data?.length ?? 0) > 1;
  return (
    <Section
      title={t('account.sessions')}
      extra={
        others && (
          <Button loading={end.isPending && end.variables === 'others'} onClick={() => end.mutate('others')}>
            {t('account.endOthers')}
          </Button>
        )
      }
    >
      {sessions.isPending && <Loading rows={2} />}
      {sessions.isError && <Failed cause={sessions.error} retry={() => sessions.refetch()} />}
      <ul className="rows">
        {sessions.data?.map((session) => (
          <SessionRow
            key={session.id}
            session={session}
            ending={end.isPending && end.variables === session.id}
            onEnd={() => end.mutate(session.id)}
          />
        ))}
      </ul>
    </Section>
  );
}

function SessionRow(props: { session: Listed; ending: boolean; onEnd: () => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { session } = props;
  const agent = session.agent || t('account.unknownAgent');
  return (
    <li className="row">
      <span className="unit-link">
        <span>
          {agent} {session.current && <Tag color="success">{t('account.thisSession')}</Tag>}
        </span>
        <small className="soft">
          {t('account.made', { time: moment(session.made_at, language) })}
          {!session.current && ` · ${t('account.seen', { time: moment(session.seen_at, language) })}`} ·{' '}
          {t(`account.method.${session.method as 'password'}`)}
        </small>
      </span>
      {!session.current && (
        <Button
          size="small"
          loading={props.ending}
          aria-label={t('account.endSessionOf', { agent })}
          onClick={props.onEnd}
        >
          {t('account.endSession')}
        </Button>
      )}
    </li>
  );
}
