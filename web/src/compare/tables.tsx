// What became of units, of their figures, of households and of posts. A line belongs to
// a change; the chosen one is marked here and on the map.
import { Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../account/session';
import { useTitle } from '../common/format';
import { Failed, Loading, Nothing } from '../common/states';
import { type Column, DataTable } from '../common/table';
import { useAsked, useMoved } from './queries';
import type { Common, Compared, Comparison, Duty, Figures, UnitChange } from './types';
import { useCompareView } from './view';
import { codesOf, KindMark, Pair, useFigures } from './words';

const ROWS = 50;

/** Chooser chooses a change, on the map and in all tables. */
function Chooser({ change, children }: { change: number; children: string }) {
  const [view, setView] = useCompareView();
  return (
    <button
      type="button"
      className="unit-link"
      aria-pressed={view.change === change}
      onClick={() => setView({ change: view.change === change ? null : change })}
    >
      <span>{children}</span>
    </button>
  );
}

const moves = (pair: Common) => pair.before !== pair.after;
const sum = (values: readonly (number | null)[]) =>
  values.some((value) => value === null)
    ? null
    : values.reduce<number>((total, value) => total + (value ?? 0), 0);

export function Changes({ whole }: { whole: Comparison }) {
  const { t } = useTranslation();
  const { whole: count, land } = useFigures();
  const [view] = useCompareView();
  const moved = (change: UnitChange) => sum(change.pairs.filter(moves).map((pair) => pair.households));
  const area = (change: UnitChange) => change.pairs.filter(moves).reduce((all, pair) => all + pair.area, 0);
  const columns: Column<UnitChange>[] = [
    {
      key: 'number',
      title: t('compare.column.change'),
      compare: (a, b) => a.number - b.number,
      cell: (row) => <Chooser change={row.number}>{`#${row.number}`}</Chooser>,
    },
    {
      key: 'kind',
      title: t('compare.column.kind'),
      compare: (a, b) => a.kind.localeCompare(b.kind),
      cell: (row) => <KindMark kind={row.kind} />,
    },
    { key: 'before', title: t('compare.before'), cell: (row) => codesOf(row.before) },
    { key: 'after', title: t('compare.after'), cell: (row) => codesOf(row.after) },
    {
      key: 'households',
      title: t('compare.column.moved'),
      figures: true,
      compare: (a, b) => (moved(a) ?? -1) - (moved(b) ?? -1),
      cell: (row) => count(moved(row)),
    },
    {
      key: 'area',
      title: t('compare.column.movedArea'),
      figures: true,
      compare: (a, b) => area(a) - area(b),
      cell: (row) => land(area(row)),
    },
  ];
  if (whole.changes.length === 0) return <Nothing title={t('compare.same')} />;
  const chosen = whole.changes.find((change) => change.number === view.change);
  return (
    <>
      <DataTable
        label={t('compare.dock.changes')}
        columns={columns}
        rows={whole.changes}
        rowKey={(row) => String(row.number)}
        isChosen={(row) => row.number === view.change}
        pageSize={ROWS}
      />
      {chosen && (
        <section aria-label={t('compare.pairs')} className="compare-pairs">
          <h3>
            {t('compare.pairs')} #{chosen.number}
          </h3>
          <Pairs pairs={chosen.pairs} />
        </section>
      )}
    </>
  );
}

/** Pairs are what units before and after have in common. */
function Pairs({ pairs, onList }: { pairs: readonly Common[]; onList?: (pair: Common) => void }) {
  const { t } = useTranslation();
  const { whole: count, land } = useFigures();
  const by = (of: (pair: Common) => number | null) => (a: Common, b: Common) => (of(a) ?? -1) - (of(b) ?? -1);
  const columns: Column<Common>[] = [
    { key: 'before', title: t('compare.column.from'), cell: (row) => row.before || t('compare.nobody') },
    { key: 'after', title: t('compare.column.to'), cell: (row) => row.after || t('compare.nobody') },
    {
      key: 'households',
      title: t('compare.column.households'),
      figures: true,
      compare: by((row) => row.households),
      cell: (row) => count(row.households),
    },
    {
      key: 'people',
      title: t('compare.column.people'),
      figures: true,
      compare: by((row) => row.people),
      cell: (row) => count(row.people),
    },
    {
      key: 'area',
      title: t('compare.column.area'),
      figures: true,
      compare: by((row) => row.area),
      cell: (row) => land(row.area),
    },
    {
      key: 'leaders',
      title: t('compare.column.leaders'),
      cell: (row) => (
        <Pair
          before={row.leaders.before?.join(' ') || t('compare.vacant')}
          after={row.leaders.after?.join(' ') || t('compare.vacant')}
        />
      ),
    },
  ];
  if (onList) {
    columns.push({
      key: 'list',
      title: t('compare.column.list'),
      cell: (row) =>
        row.households ? (
          <Button size="small" type="link" onClick={() => onList(row)}>
            {t('compare.list')}
          </Button>
        ) : null,
    });
  }
  return (
    <DataTable
      label={t('compare.pairs')}
      columns={columns}
      rows={pairs}
      rowKey={(row) => `${row.before}>${row.after}`}
      pageSize={ROWS}
    />
  );
}

/** Households are those that change grid: counts for each pair, and a list for who may see them. */
export function Households({ whole }: { whole: Comparison }) {
  const { t } = useTranslation();
  const { whole: count } = useFigures();
  const may = useMay();
  const [listed, setListed] = useState<{ from: string; to: string } | null>(null);
  const pairs = whole.changes
    .flatMap((change) => change.pairs.filter(moves))
    .sort((a, b) => (b.households ?? 0) - (a.households ?? 0));
  const { all, moved, other_leader: leader, nobody_before: lost, nobody_after: left } = whole.households;
  return (
    <>
      <p className="compare-sums" role="status">
        {whole.exact
          ? t('compare.movedOf', { moved: count(moved), all: count(all), leader: count(leader) })
          : t('compare.hidden')}
        {whole.exact && (lost !== 0 || left !== 0) && (
          <> {t('compare.nobodys', { before: count(lost), after: count(left) })}</>
        )}
      </p>
      {pairs.length === 0 ? (
        <Nothing title={t('compare.same')} />
      ) : (
        <Pairs
          pairs={pairs}
          onList={
            may('place') && whole.exact
              ? (pair) => setListed({ from: pair.before, to: pair.after })
              : undefined
          }
        />
      )}
      {listed && <MovedList pair={listed} onClose={() => setListed(null)} />}
    </>
  );
}

function MovedList({ pair, onClose }: { pair: { from: string; to: string }; onClose: () => void }) {
  const { t } = useTranslation();
  const moved = useMoved(useAsked(), pair);
  const rows = moved.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <section className="compare-moved" aria-label={t('compare.movedList')}>
      <h3>
        {t('compare.movedList')} {pair.from || t('compare.nobody')} → {pair.to || t('compare.nobody')}{' '}
        <Button size="small" onClick={onClose}>
          {t('compare.closeList')}
        </Button>
      </h3>
      <p className="hint">{t('compare.recorded')}</p>
      {moved.isError && <Failed cause={moved.error} retry={() => moved.refetch()} />}
      {moved.isPending && <Loading rows={3} />}
      <ul>
        {rows.map((home) => (
          <li key={home.id}>
            <span className="figures">#{home.id}</span>{' '}
            {home.address ||
              [home.compound, home.building, home.stairwell, home.doorplate].filter(Boolean).join(' ')}
          </li>
        ))}
      </ul>
      {moved.hasNextPage && (
        <Button size="small" loading={moved.isFetchingNextPage} onClick={() => moved.fetchNextPage()}>
          {t('compare.more')}
        </Button>
      )}
    </section>
  );
}

/** Units are the figures before and after. */
export function Units({ whole }: { whole: Comparison }) {
  const { t } = useTranslation();
  const { whole: count, land, part } = useFigures();
  const [view] = useCompareView();
  const pair = (
    key: string,
    title: string,
    of: (figures: Figures) => number | null,
    write: (value: number | null | undefined) => string,
  ): Column<Compared> => ({
    key,
    title,
    figures: true,
    compare: (a, b) =>
      ((a.after && of(a.after)) ?? 0) -
      ((a.before && of(a.before)) ?? 0) -
      (((b.after && of(b.after)) ?? 0) - ((b.before && of(b.before)) ?? 0)),
    cell: (row) => (
      <Pair before={write(row.before && of(row.before))} after={write(row.after && of(row.after))} />
    ),
  });
  const columns: Column<Compared>[] = [
    {
      key: 'unit',
      title: t('compare.column.unit'),
      compare: (a, b) => a.code.localeCompare(b.code, 'en', { numeric: true }),
      cell: (row) => (
        <>
          <Chooser change={row.change}>{row.after?.name ?? row.before?.name ?? row.code}</Chooser>{' '}
          <small className="figures">{row.code}</small>
          {row.before && row.after && row.before.name !== row.after.name && (
            <div className="soft">
              {row.before.name} → {row.after.name}
            </div>
          )}
          {row.before && row.after && row.before.parent !== row.after.parent && (
            <div className="soft">
              {t('compare.column.parent')}: {row.before.parent} → {row.after.parent}
            </div>
          )}
        </>
      ),
    },
    {
      key: 'kind',
      title: t('compare.column.kind'),
      compare: (a, b) => a.kind.localeCompare(b.kind),
      cell: (row) => <KindMark kind={row.kind} />,
    },
    pair('households', t('compare.column.households'), (f) => f.households, count),
    pair('people', t('compare.column.people'), (f) => f.people, count),
    pair('area', t('compare.column.area'), (f) => f.area, land),
    pair(
      'compactness',
      t('compare.column.compactness'),
      (f) => f.compactness,
      (value) => part(value, 2),
    ),
    pair('posts', t('compare.column.posts'), (f) => f.posts, count),
    pair('filled', t('compare.column.filled'), (f) => f.filled, count),
    pair('incidents', t('compare.column.incidents'), (f) => f.incidents, count),
  ];
  const { before, after } = whole.totals;
  const totals: [string, string, string][] = [
    [t('compare.column.households'), count(before.households), count(after.households)],
    [t('compare.column.people'), count(before.people), count(after.people)],
    [t('compare.column.area'), land(before.area), land(after.area)],
    [t('compare.column.posts'), count(before.posts), count(after.posts)],
    [t('compare.column.filled'), count(before.filled), count(after.filled)],
    [t('compare.column.incidents'), count(before.incidents), count(after.incidents)],
  ];
  return (
    <>
      <dl className="compare-totals">
        {totals.map(([name, was, is]) => (
          <div key={name}>
            <dt>
              {t('compare.all')} · {name}
            </dt>
            <dd className="figures">
              <Pair before={was} after={is} />
            </dd>
          </div>
        ))}
      </dl>
      {whole.units.length === 0 ? (
        <Nothing title={t('compare.same')} />
      ) : (
        <DataTable
          label={t('compare.dock.units')}
          columns={columns}
          rows={whole.units}
          rowKey={(row) => row.code}
          isChosen={(row) => row.change === view.change}
          pageSize={ROWS}
        />
      )}
    </>
  );
}

/** Workers are posts that change hands, or whose households do. */
export function Workers({ whole }: { whole: Comparison }) {
  const { t } = useTranslation();
  const { whole: count } = useFigures();
  const title = useTitle();
  const seat = (one: Duty['before']) =>
    one ? `${one.name || one.unit} (${one.holder || t('compare.vacant')})` : '–';
  const columns: Column<Duty>[] = [
    {
      key: 'post',
      title: t('compare.column.post'),
      compare: (a, b) => a.kind.localeCompare(b.kind),
      cell: (row) => `${title(row, row.kind)}${row.ordinal > 1 ? ` ${row.ordinal}` : ''}`,
    },
    {
      key: 'hand',
      title: t('compare.column.hand'),
      compare: (a, b) => a.hand.localeCompare(b.hand),
      cell: (row) => t(`compare.hand.${row.hand}`),
    },
    { key: 'before', title: t('compare.before'), cell: (row) => seat(row.before) },
    { key: 'after', title: t('compare.after'), cell: (row) => seat(row.after) },
    {
      key: 'gives',
      title: t('compare.column.gives'),
      figures: true,
      compare: (a, b) => (a.gives ?? -1) - (b.gives ?? -1),
      cell: (row) => count(row.gives),
    },
    {
      key: 'takes',
      title: t('compare.column.takes'),
      figures: true,
      compare: (a, b) => (a.takes ?? -1) - (b.takes ?? -1),
      cell: (row) => count(row.takes),
    },
  ];
  if (whole.duties.length === 0) return <Nothing title={t('compare.noDuties')} />;
  return (
    <DataTable
      label={t('compare.dock.workers')}
      columns={columns}
      rows={whole.duties}
      rowKey={(row) =>
        `${row.hand}${row.before?.unit}${row.after?.unit}${row.kind}${row.ordinal}${row.before?.holder}`
      }
      pageSize={ROWS}
    />
  );
}
