// The broken rules of the staffing template: what is missing, since when, and who
// answers meanwhile.
import { useInfiniteQuery } from '@tanstack/react-query';
import { Button, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, api } from '../api/client';
import { type List, useLevels } from '../api/queries';
import { useDay, useTitle } from '../common/format';
import { overlays } from '../common/overlays';
import { usedLevels } from '../map/level';
import { Rows, Shown } from './common';
import { RULES, type Rule, useStaffing, type Vacancy } from './duties';
import { Answers } from './duty-now';
import { NewPost } from './post-dialogs';
import { Stamp } from './stamp';

type Filter = { level?: string; kind?: string; rule?: Rule };

const useVacancies = (filter: Filter) =>
  useInfiniteQuery({
    queryKey: ['vacancies', 'list', filter],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }) =>
      answer<List<Vacancy>>(
        api.GET('/staffing/vacancies', {
          signal,
          params: { query: { ...filter, limit: 50, cursor: pageParam } },
        }),
      ),
    getNextPageParam: (page) => page.next,
    select: (pages) => pages.pages.flatMap((page) => page.items),
  });

export function Vacancies({ onUnit }: { onUnit: (unit: string) => void }) {
  const { t } = useTranslation();
  const title = useTitle();
  const day = useDay();
  const [filter, setFilter] = useState<Filter>({});
  const [filling, setFilling] = useState<Vacancy | null>(null);
  const vacancies = useVacancies(filter);
  const kinds = useStaffing().data?.kinds ?? [];
  const levels = usedLevels(useLevels().data ?? []);
  const kindOf = (code: string) =>
    title(
      kinds.find((kind) => kind.kind === code),
      code,
    );
  const levelOf = (code: string) =>
    title(
      levels.find((level) => level.code === code),
      code,
    );
  return (
    <>
      <div className="admin-actions">
        <Choice
          label={t('admin.vacancy.rule')}
          value={filter.rule}
          onChange={(rule) => setFilter({ ...filter, rule: rule as Rule | undefined })}
          options={RULES.map((value) => ({ value, label: t(`admin.vacancy.rules.${value}`) }))}
        />
        <Choice
          label={t('admin.vacancy.level')}
          value={filter.level}
          onChange={(level) => setFilter({ ...filter, level })}
          options={levels.map((level) => ({ value: level.code, label: title(level, level.code) }))}
        />
        <Choice
          label={t('admin.post.kind')}
          value={filter.kind}
          onChange={(kind) => setFilter({ ...filter, kind })}
          options={kinds.map((kind) => ({ value: kind.kind, label: title(kind, kind.kind) }))}
        />
      </div>
      <Shown query={vacancies} empty={{ when: (list) => list.length === 0, title: t('admin.vacancy.none') }}>
        {(list) => (
          <>
            <Rows
              label={t('admin.vacancy.title')}
              rowKey={(one) => [one.unit, one.kind, one.rule, one.post].join('/')}
              rows={list}
              columns={[
                {
                  title: t('admin.unit'),
                  cell: (one) => (
                    <button type="button" className="unit-link" onClick={() => onUnit(one.unit)}>
                      <span>{one.unit_name || t('admin.everywhere')}</span>
                      <small className="figures">{one.unit}</small>
                    </button>
                  ),
                },
                { title: t('admin.vacancy.level'), cell: (one) => levelOf(one.level) },
                {
                  title: t('admin.post.kind'),
                  cell: (one) => (
                    <>
                      {kindOf(one.kind)}
                      {one.ordinal > 1 && <span className="figures"> {one.ordinal}</span>}
                    </>
                  ),
                },
                {
                  title: t('admin.vacancy.rule'),
                  cell: (one) => (
                    <Stamp tone={one.rule === 'missing' || one.rule === 'vacant' ? 'bad' : 'warn'}>
                      {t(`admin.vacancy.rules.${one.rule}`)}
                      {one.count > 1 && ` × ${one.count}`}
                    </Stamp>
                  ),
                },
                { title: t('admin.vacancy.since'), cell: (one) => day(one.since) },
                {
                  title: t('admin.vacancy.meanwhile'),
                  cell: (one) => one.answers && <Answers duty={one.answers} />,
                },
                {
                  title: t('admin.actions'),
                  cell: (one) =>
                    one.rule === 'missing' ? (
                      <Button size="small" onClick={() => setFilling(one)}>
                        {t('admin.post.add')}
                      </Button>
                    ) : (
                      one.unit && (
                        <Button size="small" onClick={() => onUnit(one.unit)}>
                          {t('admin.vacancy.see')}
                        </Button>
                      )
                    ),
                },
              ]}
            />
            {vacancies.hasNextPage && (
              <Button loading={vacancies.isFetchingNextPage} onClick={() => vacancies.fetchNextPage()}>
                {t('common.more')}
              </Button>
            )}
          </>
        )}
      </Shown>
      {filling && <NewPost unit={filling.unit} kind={filling.kind} onClose={() => setFilling(null)} />}
    </>
  );
}

function Choice(props: {
  label: string;
  value: string | undefined;
  onChange: (value: string | undefined) => void;
  options: { value: string; label: string }[];
}) {
  const { t } = useTranslation();
  return (
    <Select
      className="admin-choice"
      aria-label={props.label}
      getPopupContainer={overlays}
      value={props.value ?? ''}
      onChange={(value) => props.onChange(value || undefined)}
      options={[{ value: '', label: t('admin.any', { what: props.label }) }, ...props.options]}
    />
  );
}
