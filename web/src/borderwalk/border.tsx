// The planner's side of border walks: which places of a draft's new borders somebody
// looks at, who does it, and what was found, which comes back to the draft.
import './borderwalk.css';
import { lazy, Suspense, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { usePlan } from '../api/queries';
import type { LonLat, Plan } from '../api/types';
import { Failed, Loading } from '../common/states';
import { asBounds } from '../map/camera';
import { Shell } from '../page/shell';
import { useBorders } from '../plan/queries';
import { Answers } from './answers';
import { Choose, type Chosen, keyOf } from './choose';
import type { Pin } from './map';
import { MOST_POINTS, useFound, useSuggestions } from './queries';
import { TABS, useBorderOfHistory, useBorderView } from './view';
import { Walks } from './walks';
import { useNamesOf } from './words';

const BorderMap = lazy(() => import('./map'));

export default function BorderPage() {
  const { t } = useTranslation();
  useBorderOfHistory();
  const plan = usePlan(Number(useParams().plan));
  return (
    <Shell title={t('border.title')} full>
      {plan.isPending && <Loading rows={8} />}
      {plan.isError && (
        <div className="page-notice">
          <Failed cause={plan.error} retry={() => plan.refetch()} />
        </div>
      )}
      {plan.data && <Border key={plan.data.id} plan={plan.data} />}
    </Shell>
  );
}

function Border({ plan }: { plan: Plan }) {
  const { t } = useTranslation();
  const [{ tab }, setView] = useBorderView();
  const [chosen, setChosen] = useState<readonly Chosen[]>([]);
  const toggle = (one: Chosen) =>
    setChosen((before) =>
      before.some(({ key }) => key === one.key)
        ? before.filter(({ key }) => key !== one.key)
        : [...before, one].slice(0, MOST_POINTS),
    );
  const add = (at: LonLat) =>
    toggle({ key: keyOf(at), at, question: t('border.ownQuestion'), names: [], own: true });
  return (
    <div className="border">
      <div className="border-map">
        <Suspense fallback={<div className="map" />}>
          <PlanMap plan={plan} chosen={chosen} onToggle={toggle} onAdd={add} />
        </Suspense>
      </div>
      <aside className="border-side" aria-label={t('border.title')}>
        <p className="border-of">
          <Link to={`/plans/${plan.id}`}>{plan.name}</Link>
        </p>
        <nav className="tabs" aria-label={t('border.tabs')}>
          {TABS.map((one) => (
            <button
              key={one}
              type="button"
              aria-current={one === tab ? 'page' : undefined}
              onClick={() => setView({ tab: one, answer: null })}
            >
              {t(`border.tab.${one}`)}
            </button>
          ))}
        </nav>
        <div className="border-body">
          {tab === 'points' && <Choose plan={plan} chosen={chosen} onChosen={setChosen} onToggle={toggle} />}
          {tab === 'walks' && <Walks plan={plan} />}
          {tab === 'answers' && <Answers plan={plan} />}
        </div>
      </aside>
    </div>
  );
}

/** PlanMap shows what the open part is about: places to choose, or what was found. */
function PlanMap(props: {
  plan: Plan;
  chosen: readonly Chosen[];
  onToggle: (one: Chosen) => void;
  onAdd: (at: LonLat) => void;
}) {
  const { t } = useTranslation();
  const { plan, chosen } = props;
  const [{ tab, answer }, setView] = useBorderView();
  const borders = useBorders(plan).data;
  const suggestions = useSuggestions(plan).data;
  const found = useFound(plan.id).data;
  const namesOf = useNamesOf();
  const choosing = tab === 'points' && plan.state === 'draft';
  const offered = choosing
    ? (suggestions ?? []).filter(({ at }) => !chosen.some(({ key }) => key === keyOf(at)))
    : [];
  const pins: Pin[] = choosing
    ? [
        ...offered.map((one) => ({
          key: keyOf(one.at),
          at: one.at,
          text: '+',
          name: t('border.offered', { names: namesOf(one.names) }),
          state: 'offered' as const,
          chosen: false,
        })),
        ...chosen.map((one, index) => ({
          key: one.key,
          at: one.at,
          text: String(index + 1),
          name: t('border.point', { number: index + 1, names: namesOf(one.names) }),
          state: 'open' as const,
          chosen: true,
        })),
      ]
    : (found ?? []).map((one, index) => ({
        key: one.id,
        at: one.at,
        text: String(index + 1),
        name: `${one.question} ${t(`border.verdict.${one.verdict}`)}`,
        state: one.verdict,
        chosen: one.id === answer,
      }));
  const moves = useMemo(
    () =>
      choosing
        ? []
        : (found ?? []).flatMap(({ at, place }): [LonLat, LonLat][] => (place ? [[at, place]] : [])),
    [choosing, found],
  );
  const press = (key: string) => {
    if (!choosing) {
      setView({ tab: 'answers', answer: key });
      return;
    }
    const known = chosen.find((one) => one.key === key);
    const one = offered.find(({ at }) => keyOf(at) === key);
    if (known) props.onToggle(known);
    else if (one) props.onToggle({ key, at: one.at, question: one.question, names: one.names, own: false });
  };
  return (
    <BorderMap
      label={t('border.map')}
      placing={choosing ? t('border.placing') : null}
      borders={borders as never}
      pins={pins}
      moves={moves}
      bounds={asBounds(plan.bbox)}
      onPin={press}
      onPick={(at) => choosing && props.onAdd(at)}
    />
  );
}
