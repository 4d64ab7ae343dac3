// Access beyond one's posts: who has it now, who had it, and an end to it.
import { useInfiniteQuery } from '@tanstack/react-query';
import { Button, Popconfirm, Tag } from 'antd';
import { useTranslation } from 'react-i18next';
import { answer, api } from '../api/client';
import type { List } from '../api/queries';
import type { components } from '../api/schema';
import { moment, useLanguage } from '../common/format';
import { overlays } from '../common/overlays';
import { Shown, useChange } from './common';

type Access = components['schemas']['Access'];

/** isOpen reports whether an access still holds. */
export const isOpen = (access: Pick<Access, 'ends_at' | 'ended_by'>, now = Date.now()): boolean =>
  !access.ended_by && Date.parse(access.ends_at) > now;

const useAccess = () =>
  useInfiniteQuery({
    queryKey: ['break-glass'],
    staleTime: 0,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }) =>
      answer<List<Access>>(
        api.GET('/break-glass', { signal, params: { query: { limit: 100, cursor: pageParam } } }),
      ),
    getNextPageParam: (page) => page.next,
    select: (pages) => pages.pages.flatMap((page) => page.items),
  });

export function BreakGlass() {
  const { t } = useTranslation();
  const access = useAccess();
  return (
    <>
      <p className="soft">{t('admin.breakGlass.hint')}</p>
      <Shown query={access} empty={{ when: (list) => list.length === 0, title: t('admin.breakGlass.none') }}>
        {(list) => {
          const open = list.filter((one) => isOpen(one));
          const past = list.filter((one) => !isOpen(one));
          return (
            <>
              <Accesses title={t('admin.breakGlass.active')} list={open} />
              <Accesses title={t('admin.breakGlass.past')} list={past} />
              {access.hasNextPage && (
                <Button loading={access.isFetchingNextPage} onClick={() => access.fetchNextPage()}>
                  {t('common.more')}
                </Button>
              )}
            </>
          );
        }}
      </Shown>
    </>
  );
}

function Accesses({ title, list }: { title: string; list: Access[] }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const end = useChange(
    (id: number) => answer(api.POST('/break-glass/{id}/end', { params: { path: { id } } })),
    ['break-glass', 'audit'],
    t('admin.breakGlass.ended'),
  );
  if (list.length === 0) return null;
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      <ul className="admin-rows">
        {list.map((access) => (
          <li key={access.id} className="admin-card">
            <p>
              <strong>{access.login}</strong> <Tag>{t(`permission.${access.permission}`)}</Tag>{' '}
              <span className="figures">{access.unit_code}</span>
            </p>
            <p>{access.reason}</p>
            <p className="soft figures">
              {moment(access.starts_at, language)} – {moment(access.ends_at, language)}
              {access.ended_by && ` · ${t('admin.breakGlass.endedBy', { by: access.ended_by })}`}
            </p>
            {isOpen(access) && (
              <Popconfirm
                title={t('admin.breakGlass.endTitle')}
                okText={t('admin.breakGlass.end')}
                cancelText={t('common.cancel')}
                getPopupContainer={overlays}
                onConfirm={() => end.mutate(access.id)}
              >
                <Button size="small" danger loading={end.isPending && end.variables === access.id}>
                  {t('admin.breakGlass.end')}
                </Button>
              </Popconfirm>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
