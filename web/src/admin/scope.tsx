// Who may see and do what: for an account, where its posts reach and for what; for
// a unit, whose posts reach it.

import { useQueries } from '@tanstack/react-query';
import { Alert, Tabs, Tag } from 'antd';
import { lazy, Suspense, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { PERMISSIONS, type Permission } from '../account/session';
import { answer, api } from '../api/client';
import { type List, useUnit } from '../api/queries';
import { useLanguage, useTitle } from '../common/format';
import { Failed, Loading, Nothing } from '../common/states';
import { useView } from '../view/url';
import { Page, Shown } from './common';
import { type KindOfPost, onDuty, type Post, useCentralPosts, usePostsOf, useStaffing } from './duties';
import { AccountSelect } from './post-dialogs';
import { holdsDuty, rankOf } from './posts-of';
import { UnitTree } from './tree';

const UnitMap = lazy(() => import('./unit-map'));

export default function ScopePage() {
  const { t } = useTranslation();
  return (
    <Page title={t('admin.section.scope')} lead={t('admin.scope.hint')}>
      <Tabs
        items={[
          { key: 'account', label: t('admin.scope.ofAccount'), children: <OfAccount /> },
          { key: 'unit', label: t('admin.scope.ofUnit'), children: <OfUnit /> },
        ]}
      />
    </Page>
  );
}

/** Where a permission holds, by the posts that give it. */
export type Reach = { permission: Permission; posts: Post[] };

/** reachOf is what posts give, in the order of the permissions; what none gives is left out. */
export function reachOf(posts: readonly Post[], kinds: readonly KindOfPost[]): Reach[] {
  const may = new Map(kinds.map((kind) => [kind.kind, new Set<string>(kind.may)]));
  return PERMISSIONS.map((permission) => ({
    permission,
    posts: posts.filter((post) => may.get(post.kind)?.has(permission)),
  })).filter((reach) => reach.posts.length > 0);
}

/** areaOf are the units that posts reach; null is everything. */
export function areaOf(posts: readonly Pick<Post, 'unit'>[]): string[] | null {
  if (posts.some((post) => post.unit === '')) return null;
  return [...new Set(posts.map((post) => post.unit))];
}

function OfAccount() {
  const { t } = useTranslation();
  const [login, setLogin] = useState('');
  return (
    <>
      <label className="admin-filter" htmlFor="scope-account">
        {t('admin.account.login')}
        <AccountSelect id="scope-account" value={login} onChange={setLogin} />
      </label>
      {login ? <Scope key={login} login={login} /> : <p className="soft">{t('admin.scope.choose')}</p>}
    </>
  );
}

function Scope({ login }: { login: string }) {
  const { t } = useTranslation();
  const title = useTitle();
  const posts = usePostsOf(login);
  const staffing = useStaffing();
  const kinds = staffing.data?.kinds;
  const [shown, setShown] = useState<Permission | null>(null);
  const held = useMemo(
    () => (posts.data ?? []).filter((post) => holdsDuty(post, login)),
    [posts.data, login],
  );
  const waiting = (posts.data ?? []).filter((post) => !held.includes(post));
  const reach = useMemo(() => reachOf(held, kinds ?? []), [held, kinds]);
  const areas = useMemo(
    () => areaOf(shown ? (reach.find((one) => one.permission === shown)?.posts ?? []) : held),
    [held, reach, shown],
  );
  if (posts.isError) return <Failed cause={posts.error} retry={() => posts.refetch()} />;
  if (staffing.isError) return <Failed cause={staffing.error} retry={() => staffing.refetch()} />;
  if (!posts.data || !kinds) return <Loading />;
  return (
    <div className="admin-split admin-split-even">
      <div>
        {waiting.length > 0 && (
          <Alert
            type="info"
            showIcon
            title={t('admin.scope.waiting', {
              posts: waiting.map((post) => `${title(post, post.kind)} ${post.unit_name}`.trim()).join(' · '),
            })}
          />
        )}
        {reach.length === 0 ? (
          <Nothing title={t('admin.scope.nothing')} />
        ) : (
          <ul className="admin-rows">
            {reach.map(({ permission, posts: giving }) => (
              <li key={permission}>
                <button
                  type="button"
                  className="admin-row admin-row-tall"
                  aria-pressed={shown === permission}
                  onClick={() => setShown(shown === permission ? null : permission)}
                >
                  <strong>{t(`permission.${permission}`)}</strong>
                  {giving.map((post) => (
                    <GivenBy
                      key={post.id}
                      post={post}
                      login={login}
                      kind={kinds.find((kind) => kind.kind === post.kind)}
                    />
                  ))}
                </button>
              </li>
            ))}
          </ul>
        )}
      </div>
      <div>
        <p className="soft">
          {t(areas === null ? 'admin.scope.mapAll' : 'admin.scope.map', {
            what: shown ? t(`permission.${shown}`) : t('admin.scope.anything'),
          })}
        </p>
        <Suspense fallback={<Loading />}>
          <UnitMap
            areas={held.length === 0 ? [] : areas}
            chosen={null}
            onChoose={() => {}}
            label={t('admin.scope.mapLabel')}
          />
        </Suspense>
      </div>
    </div>
  );
}

/** GivenBy is one post that gives a permission: where, for which purpose, as what. */
function GivenBy({ post, login, kind }: { post: Post; login: string; kind: KindOfPost | undefined }) {
  const { t } = useTranslation();
  const title = useTitle();
  const english = useLanguage() === 'en';
  return (
    <span className="soft">
      {title(post, post.kind)} {t(`admin.rank.${rankOf(post, login)}`)} ·{' '}
      {post.unit_name || t('admin.everywhere')}
      {kind && ` · ${english ? kind.purpose_en : kind.purpose_zh}`}
    </span>
  );
}

function OfUnit() {
  const { t } = useTranslation();
  const [view, setView] = useView();
  return (
    <div className="admin-split">
      <div className="admin-split-side">
        <UnitTree chosen={view.unit} onChoose={(unit) => setView({ unit })} />
      </div>
      <div className="admin-split-main">
        {view.unit ? (
          <Seers key={view.unit} unit={view.unit} />
        ) : (
          <p className="soft">{t('admin.chooseUnit')}</p>
        )}
      </div>
    </div>
  );
}

/** Seers are those whose posts reach a unit: its own, those of the units above it, and the central ones. */
function Seers({ unit }: { unit: string }) {
  const { t } = useTranslation();
  const found = useUnit(unit);
  const staffing = useStaffing();
  const central = useCentralPosts();
  const line = found.data ? [...new Set([...found.data.ancestors.map((above) => above.code), unit])] : [];
  const posts = useQueries({
    queries: line.map((code) => ({
      queryKey: ['posts', 'unit', code],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        answer<List<Post>>(
          api.GET('/posts', { signal, params: { query: { unit: code, only: true, limit: 1000 } } }),
        ),
    })),
    combine: (results) => ({
      list: results.flatMap((result) => result.data?.items ?? []),
      pending: results.some((result) => result.isPending),
      failed: results.find((result) => result.isError),
    }),
  });
  if (found.isError) return <Failed cause={found.error} retry={() => found.refetch()} />;
  if (posts.failed) return <Failed cause={posts.failed.error} retry={() => posts.failed?.refetch()} />;
  const all = [...(central.data ?? []), ...posts.list];
  return (
    <>
      <h2>
        {found.data?.name ?? unit} <small className="soft figures">{unit}</small>
      </h2>
      <Alert type="info" showIcon title={t('admin.scope.fromPosts')} />
      {posts.pending && <Loading />}
      <Shown query={staffing}>
        {({ kinds }) => (
          <ul className="admin-list">
            {reachOf(
              all.filter((post) => onDuty(post) !== null),
              kinds,
            ).map(({ permission, posts: giving }) => (
              <li key={permission}>
                <strong>{t(`permission.${permission}`)}</strong>
                <p>
                  {giving.map((post) => (
                    <Seer key={post.id} post={post} />
                  ))}
                </p>
              </li>
            ))}
          </ul>
        )}
      </Shown>
    </>
  );
}

function Seer({ post }: { post: Post }) {
  const { t } = useTranslation();
  const title = useTitle();
  const rank = onDuty(post);
  const holder = rank === 'A' ? post.a : post.b;
  return (
    <Tag className="admin-seer">
      {holder?.name || holder?.login} · {title(post, post.kind)} · {post.unit_name || t('admin.everywhere')}
    </Tag>
  );
}
