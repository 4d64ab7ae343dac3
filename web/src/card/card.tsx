// The card: what was clicked, and who is responsible for it.
import { CloseOutlined } from '@ant-design/icons';
import { Button, Tooltip } from 'antd';
import { lazy, type ReactNode, Suspense, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useMay } from '../account/session';
import { useLevels, usePlace, useUnit } from '../api/queries';
import type { AgeBands, Ancestor, LonLat, Place, UnitDetail } from '../api/types';
import { Counted } from '../common/counted';
import { area, count, length, useLanguage, useTitle } from '../common/format';
import { Failed, Loading } from '../common/states';
import { asBounds, goToBounds, goToPlace } from '../map/camera';
import { formatPlace } from '../map/coordinates';
import { useChosenLevel } from '../map/level';
import { useUnitTable } from '../panel/unit-table';
import { usePage } from '../view/store';
import { nothingSelected, useView } from '../view/url';
import { Copyable } from './copyable';
import { UnitState } from './unit-state';

const ItemCard = lazy(() => import('./item-card'));
const NewHousehold = lazy(() => import('./new-household'));

export function Card() {
  const { t } = useTranslation();
  const [view, setView] = useView();
  const shown = view.item
    ? `${view.item.kind}:${view.item.id}`
    : (view.unit ?? (view.place ? view.place.join() : null));
  const body = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another card starts at its top
  useEffect(() => {
    body.current?.scrollTo(0, 0);
  }, [shown]);
  if (shown === null) return null;
  return (
    <aside className="card" aria-label={t('card.title')}>
      <Tooltip title={t('card.close')}>
        <Button
          className="card-close"
          type="text"
          aria-label={t('card.close')}
          icon={<CloseOutlined aria-hidden="true" />}
          onClick={() => setView(nothingSelected)}
        />
      </Tooltip>
      <div className="card-body" ref={body}>
        {view.item ? (
          <Suspense fallback={<Loading />}>
            <ItemCard item={view.item} />
          </Suspense>
        ) : view.unit ? (
          <UnitCard code={view.unit} />
        ) : view.place ? (
          <PlaceCard place={view.place} />
        ) : null}
      </div>
    </aside>
  );
}

/** PlaceCard answers the question of the page: which grid is this, and who is above it? */
function PlaceCard({ place }: { place: LonLat }) {
  const { t } = useTranslation();
  const [view] = useView();
  const may = useMay();
  const found = usePlace(place, view.at);
  const level = useChosenLevel();
  if (found.isPending) return <Loading rows={6} />;
  if (found.isError) return <Failed cause={found.error} retry={() => found.refetch()} />;
  const chosen = found.data.ancestors.find((unit) => unit.level === level) ?? found.data.unit;
  return (
    <>
      <p className="eyebrow">{t('place.here')}</p>
      {found.data.unit === null || !chosen ? (
        <>
          <h2>{t('place.nobody')}</h2>
          <p className="soft">{t('place.nobodyHint')}</p>
        </>
      ) : (
        <UnitSummary code={chosen.code} chain={found.data.ancestors} />
      )}
      <PlaceFacts place={place} facts={found.data} />
      {may('record') && <AddHere place={place} />}
    </>
  );
}

function UnitSummary({ code, chain }: { code: string; chain: Ancestor[] }) {
  const [view] = useView();
  const unit = useUnit(code, view.at);
  if (unit.isError) return <Failed cause={unit.error} retry={() => unit.refetch()} />;
  if (!unit.data) return <Loading rows={5} />;
  return (
    <>
      <UnitHead unit={unit.data} />
      <Chain units={chain} current={code} />
      <Post unit={unit.data} />
      <UnitFigures unit={unit.data} />
    </>
  );
}

function UnitCard({ code }: { code: string }) {
  const { t } = useTranslation();
  const [view] = useView();
  const may = useMay();
  const found = useUnit(code, view.at);
  if (found.isPending) return <Loading rows={8} />;
  if (found.isError) return <Failed cause={found.error} retry={() => found.refetch()} />;
  const unit = found.data;
  const box = asBounds(unit.bbox);
  return (
    <>
      <UnitHead unit={unit} />
      <Chain units={[...unit.ancestors.filter((above) => above.code !== code), unit]} current={code} />
      <Post unit={unit} />
      <UnitFigures unit={unit} />
      <Ages ages={unit.residents?.people} />
      <div className="card-actions">
        {box && <Button onClick={() => goToBounds(box)}>{t('unit.zoom')}</Button>}
        {unit.children > 0 && <PartsButton unit={unit} />}
        {may('plan') && may('place') && (
          <Link to={`/proposals?base=${unit.code}`}>{t('workshop.propose')}</Link>
        )}
      </div>
      <Versions unit={unit} />
    </>
  );
}

function UnitHead({ unit }: { unit: UnitDetail }) {
  const [view] = useView();
  const level = useLevels(view.at).data?.find((one) => one.code === unit.level);
  const title = useTitle();
  return (
    <>
      <p className="eyebrow">
        {title(level, unit.level)} <UnitState state={unit.state} />
      </p>
      <h2>{unit.name}</h2>
      <Copyable text={unit.code} />
    </>
  );
}

/** Chain is the way down from the top unit; each can be chosen. */
function Chain({ units, current }: { units: Ancestor[]; current: string }) {
  const { t } = useTranslation();
  const [view, setView] = useView();
  const levels = useLevels(view.at).data;
  const title = useTitle();
  if (units.length === 0) return null;
  return (
    <nav aria-label={t('unit.chain')}>
      <ol className="chain">
        {units.map((unit) => {
          const level = levels?.find((one) => one.code === unit.level);
          return (
            <li key={unit.code}>
              <button
                type="button"
                aria-current={unit.code === current ? 'true' : undefined}
                onClick={() => setView({ ...nothingSelected, unit: unit.code })}
              >
                <span className="chain-level">{title(level, unit.level)}</span>
                <span className="chain-name">{unit.name}</span>
              </button>
            </li>
          );
        })}
      </ol>
    </nav>
  );
}

/** Post names the responsible post; who holds it stands on the page of posts. */
function Post({ unit }: { unit: UnitDetail }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const may = useMay();
  const post = (language === 'en' ? unit.post_en : unit.post_zh) || unit.post_zh;
  if (!post) return null;
  return (
    <p className="post">
      <span className="post-label">{t('unit.post')}</span>
      <span className="post-title">{post}</span>
      {may('post') && (
        <Link to={`/admin/posts?unit=${encodeURIComponent(unit.code)}`}>{t('unit.posts')}</Link>
      )}
    </p>
  );
}

function UnitFigures({ unit }: { unit: UnitDetail }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const n = (value: number | null | undefined) => count(value, language);
  return (
    <>
      <dl className="figures-grid">
        <Figure name={t('unit.households')} value={<Counted value={unit.households} />} />
        <Figure name={t('unit.occupied')} value={<Counted value={unit.residents?.occupied} />} />
        <Figure name={t('unit.incidents')} value={<Counted value={unit.incidents_open} />} />
        <Figure name={t('unit.servicePoints')} value={n(unit.service_points)} />
        <Figure name={t('unit.area')} value={area(unit.area, language)} />
        <Figure name={t('unit.parts')} value={n(unit.children)} />
        {unit.uncovered > 0 && (
          <Figure name={t('unit.uncovered')} value={area(unit.uncovered, language)} warn />
        )}
      </dl>
      {unit.residents?.published && <p className="hint">{t('suppressed.published')}</p>}
    </>
  );
}

export function Figure({ name, value, warn = false }: { name: string; value: ReactNode; warn?: boolean }) {
  return (
    <div className={warn ? 'figure figure-warn' : 'figure'}>
      <dt>{name}</dt>
      <dd className="figures">{value}</dd>
    </div>
  );
}

const bands: (keyof AgeBands)[] = ['age_0_2', 'age_3_6', 'age_7_17', 'age_18_59', 'age_60_79', 'age_80'];

/** Ages shows head counts by age band as bars with their numbers. */
export function Ages({ ages }: { ages: AgeBands | null | undefined }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const known = bands.filter((band) => typeof ages?.[band] === 'number');
  if (!ages || known.length === 0) return null;
  const most = Math.max(1, ...known.map((band) => ages[band] ?? 0));
  const total = known.reduce((sum, band) => sum + (ages[band] ?? 0), 0);
  return (
    <section className="ages" aria-label={t('ages.title')}>
      <h3>
        {t('ages.title')} <span className="figures soft">{t('ages.people', { count: total })}</span>
      </h3>
      <dl>
        {known.map((band) => (
          <div key={band}>
            <dt>{t(`ages.${band}`)}</dt>
            <dd>
              <meter min={0} max={most} value={ages[band] ?? 0} aria-hidden="true" />
              <span className="figures">{count(ages[band], language)}</span>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function PartsButton({ unit }: { unit: UnitDetail }) {
  const { t } = useTranslation();
  const [, setView] = useView();
  const setParent = useUnitTable((table) => table.setParent);
  return (
    <Button
      onClick={() => {
        setParent(unit.code);
        setView({ panel: 'units' });
        usePage.setState({ drawer: true });
      }}
    >
      {t('unit.showParts', { count: unit.children })}
    </Button>
  );
}

function Versions({ unit }: { unit: UnitDetail }) {
  const { t } = useTranslation();
  const [view, setView] = useView();
  const versions = unit.versions ?? [];
  if (versions.length === 0) return null;
  return (
    <section className="versions">
      <h3>{t('unit.versions')}</h3>
      <ol>
        {versions.map((version) => (
          <li key={`${version.valid_from}${version.plan_id}`}>
            <button
              type="button"
              onClick={() => setView({ at: version.valid_to ? version.valid_from : null })}
            >
              <span className="figures">
                {version.valid_from} – {version.valid_to ?? t('unit.untilChanged')}
              </span>
              <span>{version.name}</span>
              {isInForce(version, view.at) && <span className="tag">{t('unit.shown')}</span>}
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** isInForce reports whether a version holds on a day; no day means now. */
export function isInForce(
  version: { valid_from: string; valid_to: string | null },
  at: string | null,
): boolean {
  if (at === null) return version.valid_to === null;
  return version.valid_from <= at && (version.valid_to === null || at < version.valid_to);
}

function PlaceFacts({ place, facts }: { place: LonLat; facts: Place }) {
  const { t } = useTranslation();
  const language = useLanguage();
  return (
    <dl className="facts">
      {facts.street && <Fact name={t('place.street')}>{facts.street}</Fact>}
      {facts.border && (
        <Fact name={t('place.border')}>
          {t('place.borderHint', {
            distance: length(facts.border.distance, language),
            unit: facts.border.name,
          })}
        </Fact>
      )}
      <Fact name={t('place.coordinates')}>
        <Copyable text={formatPlace(place)} />
        <small className="soft">WGS 84 / CGCS2000</small>
      </Fact>
      <Fact name={t('place.cell')}>
        <Copyable text={facts.cell} />
      </Fact>
    </dl>
  );
}

/** AddHere records a household at the place that was clicked. */
function AddHere({ place }: { place: LonLat }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  return (
    <div className="card-actions">
      <Button onClick={() => setOpen(true)}>{t('household.add')}</Button>
      {open && (
        <Suspense fallback={null}>
          <NewHousehold place={place} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </div>
  );
}

export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** ShowOnMap brings a point into view. */
export function ShowOnMap({ point }: { point: number[] | null }) {
  const { t } = useTranslation();
  const [lon, lat] = point ?? [];
  if (lon === undefined || lat === undefined) return null;
  return <Button onClick={() => goToPlace([lon, lat])}>{t('card.showOnMap')}</Button>;
}
