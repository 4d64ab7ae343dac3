// The card beside the map for what is chosen: a household with what it reaches, by
// which way and in how many minutes; a point with whom it serves.
import './reach.css';
import { CloseOutlined, EyeOutlined, NodeIndexOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { type ReactNode, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../account/session';
import { useTiers } from '../../api/queries';
import { useTitle, useWords } from '../../common/format';
import { Failed, Loading } from '../../common/states';
import { usePalette } from '../../theme/theme';
import { setView, useView } from '../../view/url';
import { setOverlay } from '../linked';
import { countsHouseholds, usePoints } from '../queries';
import { useShown } from '../shown';
import type { PointRow } from '../types';
import { setCircle } from '../view';
import { useColumnText, useNumbers } from '../words';
import { useAnswers } from './answers';
import { overlayOfWay, useReachChoice, useWay } from './questions';

export default function Card() {
  const [{ item }] = useView();
  const may = useMay();
  const { run } = useShown();
  if (!item || run?.state !== 'done') return null;
  if (item.kind === 'service-point') return <PointCard id={Number(item.id)} />;
  const listed = item.kind === 'household' && may('place') && countsHouseholds(run);
  return listed ? <HouseholdCard key={item.id} id={Number(item.id)} /> : null;
}

function Frame({ title, children }: { title: string; children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <aside className="circle-card" aria-label={title}>
      <header>
        <h3>{title}</h3>
        <Button
          type="text"
          size="small"
          aria-label={t('reach.close')}
          icon={<CloseOutlined aria-hidden="true" />}
          onClick={() => setView({ item: null })}
        />
      </header>
      {children}
    </aside>
  );
}

function PointCard({ id }: { id: number }) {
  const { t } = useTranslation();
  const title = useTitle();
  const tiers = useTiers().data ?? [];
  const { run, column } = useShown();
  const row = usePoints(run, column).data?.find((point) => point.point === id);
  if (!row) return null;
  const [lon, lat] = row.at;
  return (
    <Frame title={row.name}>
      <span className="soft">
        {title(
          tiers.find((tier) => tier.code === row.tier),
          row.tier,
        )}
      </span>
      {row.snapped ? <PointFigures row={row} /> : <p>{t('reach.pointNotSnapped')}</p>}
      {lon !== undefined && lat !== undefined && (
        <Button
          size="small"
          icon={<NodeIndexOutlined aria-hidden="true" />}
          onClick={() => {
            useReachChoice.setState({ direction: 'towards' });
            setView({ place: [lon, lat] });
            setCircle({ tab: 'reach' });
          }}
        >
          {t('reach.pointReach')}
        </Button>
      )}
    </Frame>
  );
}

function PointFigures({ row }: { row: PointRow }) {
  const { t } = useTranslation();
  const numbers = useNumbers();
  const write = (count: number) => {
    if (row.hidden) return <span className="suppressed">{t('circle.shown.hidden')}</span>;
    return row.rounded ? t('circle.shown.about', { value: numbers(count) }) : numbers(count);
  };
  const figures: [string, number | null][] = [
    [t('reach.pointServes'), row.households],
    [t('reach.pointPeople'), row.people],
    [t('reach.pointWithin'), row.within],
    [t('reach.pointLoad'), row.load],
  ];
  return (
    <dl>
      {figures
        .filter((figure): figure is [string, number] => figure[1] !== null)
        .map(([name, count]) => (
          <div key={name} style={{ display: 'contents' }}>
            <dt>{name}</dt>
            <dd className="figures">{write(count)}</dd>
          </div>
        ))}
      {row.capacity !== null && (
        <>
          <dt>{t('reach.pointCapacity')}</dt>
          <dd className="figures">{numbers(row.capacity)}</dd>
        </>
      )}
    </dl>
  );
}

/** HouseholdCard asks before it looks, for each look is recorded. */
function HouseholdCard({ id }: { id: number }) {
  const { t } = useTranslation();
  const word = useWords();
  const numbers = useNumbers();
  const text = useColumnText();
  const { run } = useShown();
  const [looking, setLooking] = useState(false);
  const [way, setWay] = useState<{ point: number; column: number } | null>(null);
  const answers = useAnswers(run, id, looking);
  const title = t('reach.household', { id });
  if (!looking) {
    return (
      <Frame title={title}>
        <p className="hint">{t('reach.householdRecorded')}</p>
        <Button icon={<EyeOutlined aria-hidden="true" />} onClick={() => setLooking(true)}>
          {t('reach.look')}
        </Button>
      </Frame>
    );
  }
  return (
    <Frame title={title}>
      {answers.isPending && <Loading />}
      {answers.isError && <Failed cause={answers.error} retry={() => answers.refetch()} />}
      {answers.data?.columns?.map((result) => {
        const asked = run?.params.columns[result.column];
        return (
          <section key={result.column}>
            <strong>{asked ? text(asked) : result.column}</strong>
            <p>
              {result.minutes === null ? '–' : t('reach.minutes', { minutes: numbers(result.minutes, 1) })}
              {' · '}
              {result.covered ? t('reach.covered') : t('reach.uncovered')}
              {result.reason && ` · ${word('circle.reason', result.reason)}`}
            </p>
            <ol>
              {result.nearest?.map((near) => {
                const open = way?.point === near.point && way.column === result.column;
                return (
                  <li key={`${near.point}/${near.stop}`}>
                    {near.name}{' '}
                    <span className="figures">
                      {t('reach.minutes', { minutes: numbers(near.minutes, 1) })}
                    </span>
                    {near.point > 0 && near.stop === 0 && (
                      <Button
                        type="link"
                        size="small"
                        aria-pressed={open}
                        onClick={() => setWay(open ? null : { point: near.point, column: result.column })}
                      >
                        {t(open ? 'reach.wayHide' : 'reach.way')}
                      </Button>
                    )}
                    {open && asked && <WayShown household={id} point={near.point} column={result.column} />}
                  </li>
                );
              })}
            </ol>
          </section>
        );
      })}
    </Frame>
  );
}

/** WayShown draws the way on the map and says what it leads along. */
function WayShown({ household, point, column }: { household: number; point: number; column: number }) {
  const { t } = useTranslation();
  const numbers = useNumbers();
  const palette = usePalette();
  const { run } = useShown();
  const standard = run?.params.columns[column]?.standard;
  const way = useWay(household, point, standard as never, standard !== undefined);
  const found = way.data?.found ? way.data : null;
  useEffect(() => {
    setOverlay('way', found ? overlayOfWay(found, palette.accent, palette.casing) : null);
    return () => setOverlay('way', null);
  }, [found, palette]);
  if (way.isPending) return <Loading rows={1} />;
  if (way.isError) return <Failed cause={way.error} retry={() => way.refetch()} />;
  if (!found) return <p>{t('reach.noWay')}</p>;
  const kinds = new Map<string, number>();
  for (const leg of found.legs ?? []) kinds.set(leg.kind, (kinds.get(leg.kind) ?? 0) + leg.metres);
  return (
    <p className="hint">
      {t('reach.wayFigures', { minutes: numbers(found.minutes, 1), metres: numbers(found.metres) })}
      {[...kinds].map(([kind, metres]) => (
        <span key={kind}>
          {' · '}
          {t('reach.leg', { kind: t(`reach.kind.${kind}` as 'reach.kind.road'), metres: numbers(metres) })}
        </span>
      ))}
    </p>
  );
}
