// The walks of a plan: whose they are, how far they are, and what can be done with one.
import { App, Button, Popconfirm } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { Plan } from '../api/types';
import { length, moment, useLanguage } from '../common/format';
import { overlays } from '../common/overlays';
import { Failed, Loading, Nothing } from '../common/states';
import { ANYBODY, Assign, assigneeOf, usePostName, type Whose } from './assign';
import { gpxAddress, hand, remove, useBorderChange, useRecorders, useWalks, type Walk } from './queries';

export function Walks({ plan }: { plan: Plan }) {
  const { t } = useTranslation();
  const walks = useWalks(plan.id);
  if (walks.isPending) return <Loading />;
  if (walks.isError) return <Failed cause={walks.error} retry={() => walks.refetch()} />;
  if (walks.data.length === 0)
    return <Nothing title={t('border.noWalks')}>{t('border.noWalksHint')}</Nothing>;
  return (
    <ul className="border-walks">
      {walks.data.map((walk) => (
        <Row key={walk.id} plan={plan} walk={walk} />
      ))}
    </ul>
  );
}

function Row({ plan, walk }: { plan: Plan; walk: Walk }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const [handing, setHanding] = useState(false);
  const gone = useBorderChange(() => remove(walk.id));
  return (
    <li>
      <p>
        <Link to={`/border-walks/${walk.id}`}>
          <strong>{walk.name}</strong>
        </Link>
      </p>
      <p className="figures">
        {t('border.about', { count: walk.points, length: length(walk.metres, language) })} ·{' '}
        {t('border.progress', { answered: walk.answered, count: walk.points })}
      </p>
      <p className="soft">
        <Whom plan={plan} walk={walk} /> ·{' '}
        <span className="figures">{moment(walk.created_at, language)}</span>
      </p>
      <div className="border-buttons">
        <Button size="small" aria-expanded={handing} onClick={() => setHanding(!handing)}>
          {t('border.reassign')}
        </Button>
        <a href={gpxAddress(walk.id)} download>
          {t('border.gpx')}
        </a>
        <Popconfirm
          title={t('border.deleteTitle', { name: walk.name })}
          description={t('border.deleteText')}
          okText={t('border.delete')}
          okButtonProps={{ danger: true }}
          getPopupContainer={overlays}
          onConfirm={() => gone.mutateAsync(undefined).catch(() => {})}
        >
          <Button size="small" danger>
            {t('border.delete')}
          </Button>
        </Popconfirm>
      </div>
      {gone.isError && <Failed cause={gone.error} />}
      {handing && <Hand plan={plan} walk={walk} onDone={() => setHanding(false)} />}
    </li>
  );
}

function Whom({ plan, walk }: { plan: Plan; walk: Walk }) {
  const { t } = useTranslation();
  const nameOf = usePostName();
  const posts = useRecorders((plan.base as Plan['base'] | null)?.code).data;
  if (walk.account) return t('border.forAccount', { login: walk.account });
  if (walk.post === null) return t('border.anybody');
  const post = posts?.find(({ id }) => id === walk.post);
  return t('border.forPost', { name: post ? nameOf(post) : `#${walk.post}` });
}

function Hand({ plan, walk, onDone }: { plan: Plan; walk: Walk; onDone: () => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const [whose, setWhose] = useState<Whose>(ANYBODY);
  const assignee = assigneeOf(whose);
  const send = useBorderChange(
    () => hand(walk.id, assignee ?? {}),
    () => {
      message.success(t('border.handed'));
      onDone();
    },
  );
  return (
    <form
      className="border-send"
      onSubmit={(event) => {
        event.preventDefault();
        send.mutate(undefined);
      }}
    >
      <Assign plan={plan} value={whose} onChange={setWhose} />
      {send.isError && <Failed cause={send.error} />}
      <Button type="primary" htmlType="submit" disabled={!assignee} loading={send.isPending}>
        {t('border.reassign')}
      </Button>
    </form>
  );
}
