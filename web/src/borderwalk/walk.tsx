// The walker's side of border walks, for a phone: the walks that wait, and one of them
// with its points in walking order on a map and in a list.
import './borderwalk.css';
import { ArrowLeftOutlined, DownloadOutlined } from '@ant-design/icons';
import { lazy, Suspense, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { useMay } from '../account/session';
import type { LonLat } from '../api/types';
import { length, useLanguage } from '../common/format';
import { Failed, Loading, Nothing } from '../common/states';
import { goToPlace } from '../map/camera';
import { Shell } from '../page/shell';
import { Give } from './give';
import { gpxAddress, type Point, useTasks, useWalk, type WholeWalk } from './queries';
import { StateTag, useNamesOf, usePinOf } from './words';

const BorderMap = lazy(() => import('./map'));

export default function WalkPage() {
  const id = Number(useParams().walk);
  return Number.isSafeInteger(id) && id > 0 ? <Opened key={id} id={id} /> : <Tasks />;
}

/** Tasks are the walks in which a point waits for the reader. */
function Tasks() {
  const { t } = useTranslation();
  const tasks = useTasks();
  const walks = useMemo(() => {
    const byWalk = new Map<number, Point[]>();
    for (const point of tasks.data ?? []) {
      byWalk.set(point.walk, [...(byWalk.get(point.walk) ?? []), point]);
    }
    return [...byWalk.values()];
  }, [tasks.data]);
  return (
    <Shell title={t('border.mine')} lead={t('border.mineLead')}>
      {tasks.isPending && <Loading />}
      {tasks.isError && <Failed cause={tasks.error} retry={() => tasks.refetch()} />}
      {tasks.data?.length === 0 && <Nothing title={t('border.noTasks')}>{t('border.noTasksHint')}</Nothing>}
      <ul className="border-tasks">
        {walks.map(([first, ...more]) => (
          <li key={first?.walk}>
            <Link to={`/border-walks/${first?.walk}`}>
              <strong>{first?.walk_name}</strong>
              <span className="figures">{t('border.waiting', { count: 1 + more.length })}</span>
            </Link>
          </li>
        ))}
      </ul>
    </Shell>
  );
}

function Opened({ id }: { id: number }) {
  const { t } = useTranslation();
  const walk = useWalk(id);
  return (
    <Shell title={walk.data?.name ?? t('border.title')} full>
      {walk.isPending && <Loading rows={8} />}
      {walk.isError && (
        <div className="page-notice">
          <Failed cause={walk.error} retry={() => walk.refetch()} />
        </div>
      )}
      {walk.data && <Walk walk={walk.data} />}
    </Shell>
  );
}

function Walk({ walk }: { walk: WholeWalk }) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState<number | null>(null);
  const [marking, setMarking] = useState(false);
  const [place, setPlace] = useState<LonLat | null>(null);
  const pinOf = usePinOf();
  const point = walk.places.find(({ id }) => id === chosen);
  const way = useMemo(() => walk.places.map(({ at }) => at), [walk.places]);
  const choose = (next: Point | undefined) => {
    setChosen(next?.id ?? null);
    setPlace(null);
    setMarking(false);
    if (next) goToPlace(next.at, 17.5);
  };
  const after = point && walk.places.find((one) => one.ordinal > point.ordinal && one.state === 'open');
  return (
    <div className="border border-walk">
      <div className="border-map">
        <Suspense fallback={<div className="map" />}>
          <BorderMap
            label={t('border.map')}
            placing={marking ? t('border.mark') : null}
            pins={walk.places.map((one) => pinOf(one, chosen))}
            way={way}
            place={place}
            onPin={(key) => choose(walk.places.find(({ id }) => String(id) === key))}
            onPick={(at) => marking && setPlace(at)}
          />
        </Suspense>
      </div>
      <aside className="border-side" aria-label={point ? t('border.found') : t('border.list')}>
        <div className="border-body">
          {point ? (
            <Give
              key={point.id}
              point={point}
              place={place}
              onPlace={setPlace}
              onMarking={setMarking}
              onBack={() => choose(undefined)}
              onNext={after ? () => choose(after) : undefined}
            />
          ) : (
            <List walk={walk} onChoose={choose} />
          )}
        </div>
      </aside>
    </div>
  );
}

function List({ walk, onChoose }: { walk: WholeWalk; onChoose: (point: Point) => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const namesOf = useNamesOf();
  const may = useMay();
  const answered = walk.places.filter(({ state }) => state !== 'open').length;
  return (
    <>
      <p>
        {may('plan') ? (
          <Link to={`/plans/${walk.plan}/border?tab=walks`}>
            <ArrowLeftOutlined aria-hidden="true" /> {t('border.tab.walks')}
          </Link>
        ) : (
          <Link to="/border-walks">
            <ArrowLeftOutlined aria-hidden="true" /> {t('border.mine')}
          </Link>
        )}
      </p>
      <h2>{walk.name}</h2>
      <p className="figures">
        {t('border.whole', {
          count: walk.places.length,
          answered,
          length: length(walk.metres, language),
        })}
      </p>
      <p>
        <a className="border-gpx" href={gpxAddress(walk.id)} download>
          <DownloadOutlined aria-hidden="true" /> {t('border.gpx')}
        </a>
      </p>
      <ol className="border-points" aria-label={t('border.list')}>
        {walk.places.map((point) => (
          <li key={point.id}>
            <button type="button" className="border-point" onClick={() => onChoose(point)}>
              <span className={`border-pin border-pin-${point.state}`} aria-hidden="true">
                {point.ordinal}
              </span>
              <span>
                <span className="border-question">{point.question}</span>
                <small className="soft">{t('border.between', { names: namesOf(point.names) })}</small>
              </span>
              <StateTag state={point.state} />
            </button>
          </li>
        ))}
      </ol>
    </>
  );
}
