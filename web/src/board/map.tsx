// The incidents that match on the map: single pins, groups where they lie close, and
// beside them the same as a list, for hands without a pointer.
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import UnitMap, { type Style } from '../admin/unit-map';
import type { Incident } from '../api/types';
import { count, useLanguage } from '../common/format';
import { Failed, Loading, Nothing } from '../common/states';
import { Swatch } from '../common/swatch';
import { unwashed } from '../incidents/overlay';
import type { Palette } from '../theme/palette';
import { usePalette } from '../theme/theme';
import { CARD, Card, isOverdue } from './card';
import { useIncidents } from './queries';
import { Rows } from './rows';
import { useMinute } from './time';
import type { Asked } from './view';

/** Most incidents on the map at once: the most urgent. */
const MOST = 1000;

const kindOf = (one: Incident, now: number) =>
  one.closed_at ? 'closed' : isOverdue(one, now) ? 'overdue' : 'open';

/** withPins draws incidents over everything else; those that lie close stand as a group with their number. */
export function withPins(
  style: Style,
  incidents: readonly Incident[],
  chosen: string | null,
  p: Palette,
  now: number,
): Style {
  const features = incidents.flatMap((one) =>
    one.point
      ? [
          {
            type: 'Feature' as const,
            geometry: { type: 'Point' as const, coordinates: one.point },
            properties: { id: one.id, kind: kindOf(one, now), chosen: one.id === chosen },
          },
        ]
      : [],
  );
  const late = ['get', 'late'];
  const layers: unknown[] = [
    {
      id: 'pin-groups',
      type: 'circle',
      source: 'pins',
      filter: ['has', 'point_count'],
      paint: {
        'circle-color': [
          'case',
          ['>', late, 0],
          p.seal,
          ['>', ['get', 'open'], 0],
          p.incident,
          p.incidentClosed,
        ],
        'circle-radius': ['step', ['get', 'point_count'], 13, 10, 16, 100, 20, 1000, 25],
        'circle-stroke-color': p.casing,
        'circle-stroke-width': 2,
      },
    },
    {
      id: 'pin-group-labels',
      type: 'symbol',
      source: 'pins',
      filter: ['has', 'point_count'],
      layout: {
        'text-field': ['get', 'point_count_abbreviated'],
        'text-size': 12,
        'text-allow-overlap': true,
      },
      paint: { 'text-color': p.casing },
    },
    {
      id: 'pins',
      type: 'circle',
      source: 'pins',
      filter: ['!', ['has', 'point_count']],
      paint: {
        'circle-color': ['match', ['get', 'kind'], 'overdue', p.seal, 'closed', p.incidentClosed, p.incident],
        // An overdue pin is larger as well: colour alone tells nobody.
        'circle-radius': ['case', ['get', 'chosen'], 11, ['==', ['get', 'kind'], 'overdue'], 8, 6],
        'circle-stroke-color': ['case', ['get', 'chosen'], p.accent, p.casing],
        'circle-stroke-width': ['case', ['get', 'chosen'], 4, 2],
      },
    },
    {
      id: 'pin-marks',
      type: 'symbol',
      source: 'pins',
      filter: ['all', ['!', ['has', 'point_count']], ['==', ['get', 'kind'], 'overdue']],
      layout: { 'text-field': '!', 'text-size': 12, 'text-allow-overlap': true },
      paint: { 'text-color': p.casing },
    },
  ];
  return {
    ...style,
    sources: {
      ...style.sources,
      pins: {
        type: 'geojson',
        data: { type: 'FeatureCollection', features },
        cluster: true,
        clusterRadius: 36,
        clusterMaxZoom: 15,
        clusterProperties: {
          late: ['+', ['case', ['==', ['get', 'kind'], 'overdue'], 1, 0]],
          open: ['+', ['case', ['==', ['get', 'kind'], 'open'], 1, 0]],
        },
      },
    },
    layers: [...style.layers, ...(layers as Style['layers'])],
  };
}

const PICKED = ['pins', 'pin-groups'];

export default function LedgerMap(props: {
  asked: Asked;
  chosen: string | null;
  onOpen: (id: string) => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const p = usePalette();
  const now = useMinute();
  const list = useIncidents(props.asked, 'due', MOST);
  const [first] = list.data?.pages ?? [];
  const { chosen, onOpen } = props;
  const items = useMemo(() => first?.items ?? [], [first]);
  const overlay = useMemo(
    () => (style: Style) => withPins(unwashed(style), items, chosen, p, now),
    [items, chosen, p, now],
  );
  const pick = useMemo(
    () => ({ layers: PICKED, onPick: (one: Record<string, unknown>) => one.id && onOpen(String(one.id)) }),
    [onOpen],
  );
  const [unit, setUnit] = useState<string | null>(null);
  if (list.isError && first === undefined) return <Failed cause={list.error} retry={() => list.refetch()} />;
  if (first === undefined) return <Loading rows={8} />;
  const total = first.total ?? items.length;
  const unplaced = items.filter((one) => !one.point).length;
  const legend = [
    [p.incident, 'pinOpen'],
    [p.seal, 'pinOverdue'],
    [p.incidentClosed, 'pinClosed'],
  ] as const;
  return (
    <div className="board-map">
      <div>
        <UnitMap
          label={t('board.map')}
          chosen={unit}
          onChoose={(code) => setUnit(unit === code ? null : code)}
          overlay={overlay}
          pick={pick}
        />
        <ul className="admin-legend" aria-label={t('board.legend')}>
          {legend.map(([colour, name]) => (
            <li key={name}>
              <Swatch colour={colour} /> {t(`board.${name}`)}
              {name === 'pinOverdue' && ' (!)'}
            </li>
          ))}
          <li>{t('board.pinGroup')}</li>
        </ul>
        <p className="hint">
          {total > items.length
            ? t('board.mapOf', { shown: count(items.length, language), total: count(total, language) })
            : t('board.mapAll', { count: total })}{' '}
          {unplaced > 0 && t('board.unplaced', { count: unplaced })}
        </p>
      </div>
      <section className="board-column" aria-label={t('board.list')}>
        {items.length === 0 ? (
          <Nothing title={t('board.none')}>{t('board.noneHint')}</Nothing>
        ) : (
          <Rows label={t('board.list')} items={items} row={CARD} itemKey={(one) => one.id}>
            {(incident, button) => (
              <Card
                incident={incident}
                now={now}
                chosen={incident.id === chosen}
                onOpen={() => onOpen(incident.id)}
                button={button}
              />
            )}
          </Rows>
        )}
      </section>
    </div>
  );
}
