// The posts of one unit: who holds them, who is on duty now and why, and what can
// be changed.
import { PlusOutlined } from '@ant-design/icons';
import { Button, Dropdown, Space } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../account/session';
import { moment, useDay, useLanguage, useTitle } from '../common/format';
import { overlays } from '../common/overlays';
import { RecordAbsence } from './absences';
import { useSetBackstop } from './backstop';
import { Shown } from './common';
import { type Holder, onDuty, type Post, type Rank, useCentralPosts, usePosts } from './duties';
import { DutyNow } from './duty-now';
import { EndPost, HandOver, NewPost, PostHistory, Retitle } from './post-dialogs';
import { Stamp } from './stamp';

export function UnitPosts({ unit }: { unit: string }) {
  return (
    <>
      <DutyNow unit={unit} />
      <PostList unit={unit} posts={usePosts(unit)} />
    </>
  );
}

/** CentralPosts are those of the whole installation. */
export function CentralPosts() {
  const { t } = useTranslation();
  return (
    <>
      <h2>{t('admin.post.central')}</h2>
      <PostList unit="" posts={useCentralPosts()} />
    </>
  );
}

function PostList({ unit, posts }: { unit: string; posts: ReturnType<typeof usePosts> }) {
  const { t } = useTranslation();
  const [adding, setAdding] = useState(false);
  return (
    <>
      <div className="admin-actions">
        <Button icon={<PlusOutlined aria-hidden="true" />} onClick={() => setAdding(true)}>
          {t('admin.post.add')}
        </Button>
      </div>
      <Shown query={posts} empty={{ when: (list) => list.length === 0, title: t('admin.post.none') }}>
        {(list) => (
          <ul className="admin-posts">
            {list.map((post) => (
              <li key={post.id}>
                <PostCard post={post} />
              </li>
            ))}
          </ul>
        )}
      </Shown>
      {adding && <NewPost unit={unit} onClose={() => setAdding(false)} />}
    </>
  );
}

type Dialog = { what: 'A' | 'B' | 'title' | 'end' | 'history' } | { what: 'absence'; login: string } | null;

function PostCard({ post }: { post: Post }) {
  const { t } = useTranslation();
  const title = useTitle();
  const day = useDay();
  const [dialog, setDialog] = useState<Dialog>(null);
  const close = () => setDialog(null);
  const may = useMay();
  const backstop = useSetBackstop();
  const duty = onDuty(post);
  const items = [
    { key: 'title', label: t('admin.post.retitle') },
    { key: 'history', label: t('admin.post.history') },
    ...(may('setting') ? [{ key: 'backstop', label: t('admin.template.backstopSet') }] : []),
    { key: 'end', label: t('admin.post.end'), danger: true },
  ];
  const name = title(post, post.kind);
  return (
    <article className="admin-card" aria-label={`${name} ${post.ordinal}`}>
      <header className="admin-card-head">
        <h3>
          {name}
          {post.ordinal > 1 && <span className="figures"> {post.ordinal}</span>}
          {post.department && <span className="soft"> · {post.department}</span>}
        </h3>
        {post.valid_to && <Stamp tone="warn">{t('admin.post.endsOn', { day: day(post.valid_to) })}</Stamp>}
        <Dropdown
          trigger={['click']}
          getPopupContainer={overlays}
          menu={{
            items,
            onClick: ({ key }) =>
              key === 'backstop' ? backstop.mutate(post.id) : setDialog({ what: key as 'title' }),
          }}
        >
          <Button size="small" aria-label={t('admin.post.actionsOf', { post: name })}>
            {t('admin.actions')}
          </Button>
        </Dropdown>
      </header>
      {(['A', 'B'] as const).map((rank) => (
        <HolderRow
          key={rank}
          rank={rank}
          holder={rank === 'A' ? post.a : post.b}
          acts={duty === rank}
          onHandOver={() => setDialog({ what: rank })}
          onAway={(login) => setDialog({ what: 'absence', login })}
        />
      ))}
      {post.unit && duty === null && <DutyNow unit={post.unit} kind={post.kind} />}
      {(dialog?.what === 'A' || dialog?.what === 'B') && (
        <HandOver post={post} rank={dialog.what} onClose={close} />
      )}
      {dialog?.what === 'title' && <Retitle post={post} onClose={close} />}
      {dialog?.what === 'end' && <EndPost post={post} onClose={close} />}
      {dialog?.what === 'history' && <PostHistory post={post} onClose={close} />}
      {dialog?.what === 'absence' && <RecordAbsence login={dialog.login} onClose={close} />}
    </article>
  );
}

function HolderRow(props: {
  rank: Rank;
  holder: Holder | null;
  acts: boolean;
  onHandOver: () => void;
  onAway: (login: string) => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const day = useDay();
  const { rank, holder } = props;
  return (
    <div className="admin-holder">
      <span className="admin-rank">{t(`admin.rank.${rank}`)}</span>
      <div className="admin-holder-who">
        {holder ? (
          <>
            <strong>{holder.name || holder.login}</strong>
            {holder.name && <span className="soft"> {holder.login}</span>}{' '}
            {props.acts && <Stamp tone="good">{t('admin.duty.onDuty')}</Stamp>}
            {holder.away && (
              <Stamp tone="warn">
                {holder.away_until
                  ? t('admin.duty.awayUntil', { time: moment(holder.away_until, language) })
                  : t('admin.duty.away')}
              </Stamp>
            )}
            <small className="soft figures">
              {holder.valid_to
                ? t('admin.post.fromTo', { from: day(holder.valid_from), to: day(holder.valid_to) })
                : t('admin.post.since', { day: day(holder.valid_from) })}
            </small>
          </>
        ) : (
          <span className={rank === 'A' ? 'warn-text' : 'soft'}>{t('admin.post.nobody')}</span>
        )}
      </div>
      <Space size={4} wrap>
        {holder && !holder.away && (
          <Button size="small" onClick={() => props.onAway(holder.login)}>
            {t('admin.absence.record')}
          </Button>
        )}
        <Button size="small" type={holder ? 'default' : 'primary'} onClick={props.onHandOver}>
          {t(holder ? 'admin.post.handOver' : 'admin.post.assign')}
        </Button>
      </Space>
    </div>
  );
}
