// Divisions that the program works out: what is asked, how far it is, alternatives on the
// map and in a table, and why rules cannot be met. One that is adopted is a draft.
import '../compare/compare.css';
import './proposals.css';
import { lazy, type ReactNode, Suspense, useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation, useParams } from 'react-router';
import { today } from '../admin/common';
import { useStatus, useUnit } from '../api/queries';
import { moment, useLanguage } from '../common/format';
import { Failed, Loading } from '../common/states';
import { Swatch } from '../common/swatch';
import { useUnitsOf } from '../compare/queries';
import { asBounds } from '../map/camera';
import { Shell } from '../page/shell';
import { usePalette } from '../theme/theme';
import { Answer, RemoveButton, Words } from './answer';
import { Ask, useDivision } from './ask';
import { type Asked, askedOf, FIRST } from './asked';
import { useSpots } from './places';
import { useFirstUnit, useParts, useProposal, useProposals } from './queries';
import { Scores } from './scores';
import { ofParts, ofPresent } from './style';
import type { Params, Proposal } from './types';
import { useProposalsOfHistory, useProposalsView } from './view';

const ProposalsMap = lazy(() => import('./map'));

export default function ProposalsPage() {
  const { t } = useTranslation();
  useProposalsOfHistory();
  const id = Number(useParams().id);
  const { key } = useLocation();
  return (
    <Shell title={t('proposals.title')} full>
      {Number.isSafeInteger(id) && id > 0 ? <Opened key={id} id={id} /> : <Begin key={key} />}
    </Shell>
  );
}

/** Frame is the panel, the map, and below it what there is of figures. */
function Frame({ side, map, dock }: { side: ReactNode; map: ReactNode; dock?: ReactNode }) {
  const { t } = useTranslation();
  const status = useStatus();
  return (
    <div className={dock ? 'proposals' : 'proposals proposals-plain'}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and keys must reach it */}
      <section className="proposals-side" tabIndex={0} aria-label={t('proposals.side')}>
        {side}
      </section>
      <div className="proposals-map">
        {status.data ? (
          <Suspense fallback={<div className="map" />}>{map}</Suspense>
        ) : (
          <div className="map" />
        )}
      </div>
      {dock && (
        <section className="proposals-dock" aria-label={t('proposals.scores')}>
          {dock}
        </section>
      )}
    </div>
  );
}

/** Begin asks for a proposal, and lists those that there are. */
function Begin() {
  const { t } = useTranslation();
  const location = useLocation();
  const [view] = useProposalsView();
  const again = (location.state as { params?: Params } | null)?.params;
  const [asked, setAsked] = useState<Asked>(() => (again ? askedOf(again) : { ...FIRST, base: view.base }));
  const change = (some: Partial<Asked>) => setAsked((now) => ({ ...now, ...some }));
  const first = useFirstUnit().data?.code;
  useEffect(() => {
    if (first) setAsked((now) => (now.base ? now : { ...now, base: first }));
  }, [first]);
  const { base, units } = useDivision(asked);
  const tints = usePalette().tints.length;
  const division = useMemo(
    () => units && ofPresent(units, asked.locked, tints),
    [units, asked.locked, tints],
  );
  return (
    <Frame
      side={
        <>
          <p className="block proposals-lead">{t('proposals.lead')}</p>
          <Ask asked={asked} onChange={change} />
          <Earlier />
        </>
      }
      map={
        <ProposalsMap
          shown={{ name: t('proposals.present'), division }}
          around={asBounds(base?.bbox)}
          onUnit={(code) => {
            if (!asked.rebalance) return;
            const others = asked.locked.filter((one) => one !== code);
            change({ locked: others.length < asked.locked.length ? others : [...others, code] });
          }}
        />
      }
    />
  );
}

function Earlier() {
  const { t } = useTranslation();
  const proposals = useProposals();
  return (
    <section className="block" aria-labelledby="proposals-earlier">
      <h2 id="proposals-earlier">{t('proposals.earlier')}</h2>
      {proposals.isPending && <Loading rows={3} />}
      {proposals.isError && <Failed cause={proposals.error} retry={() => proposals.refetch()} />}
      {proposals.data?.length === 0 && <p className="soft">{t('proposals.none')}</p>}
      <ul className="rows">
        {proposals.data?.map((proposal) => (
          <Line key={proposal.id} proposal={proposal} />
        ))}
      </ul>
    </section>
  );
}

function Line({ proposal }: { proposal: Proposal }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const name = useUnit(proposal.params.base).data?.name ?? proposal.params.base;
  const broken = proposal.found?.alternatives[0]?.broken.length;
  const active = proposal.state === 'waiting' || proposal.state === 'running';
  return (
    <li className="row">
      <span className="proposals-said">
        <Link to={`/proposals/${proposal.id}`}>
          {name} #{proposal.id}
        </Link>
        <small className="soft">
          {moment(proposal.created_at, language)} · <Words params={proposal.params} />
        </small>
        <small>
          {proposal.state !== 'done'
            ? t(`jobState.${proposal.state}`)
            : broken
              ? t('proposals.brokenCount', { count: broken })
              : t('proposals.verdict.kept')}
        </small>
      </span>
      {!active && <RemoveButton proposal={proposal} name={name} bare />}
    </li>
  );
}

function Opened({ id }: { id: number }) {
  const { t } = useTranslation();
  const found = useProposal(id);
  const [view] = useProposalsView();
  const proposal = found.data;
  const alt = Math.min(view.alt, Math.max(1, proposal?.found?.alternatives.length ?? 1));
  const spots = useSpots(proposal, alt);
  if (found.isError) {
    return (
      <div className="page-notice">
        <Failed cause={found.error} retry={() => found.refetch()} />
        <Link to="/proposals">{t('proposals.all')}</Link>
      </div>
    );
  }
  return (
    <Frame
      side={proposal ? <Answer proposal={proposal} spots={spots} /> : <Loading rows={8} />}
      map={proposal ? <Shown proposal={proposal} alt={alt} spots={spots} /> : <div className="map" />}
      dock={proposal?.found && <Scores proposal={proposal} />}
    />
  );
}

/** Shown is the chosen alternative on the map, with another or the present division behind the divider. */
function Shown({
  proposal,
  alt,
  spots,
}: {
  proposal: Proposal;
  alt: number;
  spots: ReturnType<typeof useSpots>;
}) {
  const { t } = useTranslation();
  const [view] = useProposalsView();
  const { base, level = '', day } = proposal.params;
  const done = proposal.found !== undefined;
  const side = `date:${day || today()}`;
  const asked = base && level ? { base, level, before: side, after: side } : null;
  const present = useUnitsOf(!done || view.beside === 0 ? asked : null, 'before').data;
  const shown = useDrawn(proposal, done ? alt : null);
  const other = useDrawn(proposal, view.beside);
  const around = asBounds(useUnit(base).data?.bbox);
  const tints = usePalette().tints.length;
  const now = useMemo(() => present && ofPresent(present, NONE, tints), [present, tints]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is said changes with the language, which draws all anew
  const marks = useMemo(
    () =>
      spots.flatMap(({ number, at, short }) =>
        at ? [{ number, at, text: short, chosen: number === view.at }] : [],
      ),
    [spots.map(({ short, at }) => `${short}${at}`).join(), view.at],
  );
  const named = (number: number) => t('proposals.number', { number });
  const wrong = (proposal.found?.alternatives[alt - 1]?.broken.length ?? 0) > 0;
  return (
    <>
      <ProposalsMap
        shown={done ? { name: named(alt), division: shown } : { name: t('proposals.present'), division: now }}
        beside={
          !done || view.beside === null
            ? null
            : view.beside === 0
              ? { name: t('proposals.present'), division: now }
              : { name: named(view.beside), division: other }
        }
        marks={marks}
        around={around}
      />
      {done && wrong && <Legend />}
    </>
  );
}

const NONE: readonly string[] = [];

/** useDrawn is an alternative as the map draws it. */
function useDrawn(proposal: Proposal, alt: number | null) {
  const { t } = useTranslation();
  const parts = useParts(proposal, alt).data;
  const tints = usePalette().tints.length;
  const broken = proposal.found?.alternatives[(alt ?? 0) - 1]?.broken;
  return useMemo(
    () =>
      parts &&
      ofParts(
        parts,
        new Set(broken?.map(({ ordinal }) => ordinal)),
        (households) => t('proposals.homes', { count: households }),
        tints,
      ),
    [parts, broken, tints, t],
  );
}

function Legend() {
  const { t } = useTranslation();
  const palette = usePalette();
  return (
    <p className="compare-legend proposals-legend">
      <Swatch colour={palette.faultHard} /> {t('proposals.legend')}
    </p>
  );
}
