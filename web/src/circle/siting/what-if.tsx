// What if: the suppositions of the next run, drawn on the map, and what they change.
import { DeleteOutlined, ExperimentOutlined, PlusOutlined } from '@ant-design/icons';
import { Alert, App, Button } from 'antd';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../account/session';
import { asProblem } from '../../api/client';
import { useFunctions } from '../../api/queries';
import type { LonLat } from '../../api/types';
import { Failed } from '../../common/states';
import { goToPlace } from '../../map/camera';
import { usePalette } from '../../theme/theme';
import { useView } from '../../view/url';
import { useChoice } from '../choice';
import { awaitPress, setOverlay, useExtras } from '../linked';
import { useCompute, usePoints, useRun } from '../queries';
import { useShown } from '../shown';
import type { Change, Run } from '../types';
import { setCircle } from '../view';
import { useAbout, useCounted, useDifference, useNumbers } from '../words';
import { drop, newPoint, offerOf, suppose, supposing } from './changes';
import { useKeepCandidate } from './queries';

export function WhatIf({ run }: { run: Run }) {
  const { t } = useTranslation();
  const choice = useChoice();
  const functions = useFunctions().data ?? [];
  const adding = useExtras((extras) => extras.awaited);
  useEffect(() => () => awaitPress(false), []);
  const compute = useCompute((started) =>
    setCircle({ run: started.id, before: null, side: 'difference', by: 'share' }),
  );
  usePlacing(adding, (at) => {
    const number = choice.changes.filter((change) => change.do === 'add').length + 1;
    suppose([newPoint(at, t('sites.addName', { number }), offerOf(run.params.columns, functions))]);
    awaitPress(false);
  });
  useDrawn(choice.changes);
  return (
    <section className="block sites-try" aria-labelledby="what-if">
      <h2 id="what-if">{t('sites.try')}</h2>
      <p className="hint">{t('sites.tryHint')}</p>
      <Gain run={run} />
      {adding ? (
        <Alert
          type="info"
          showIcon
          title={t('sites.adding')}
          action={
            <Button size="small" onClick={() => awaitPress(false)}>
              {t('sites.cancel')}
            </Button>
          }
        />
      ) : (
        <Button icon={<PlusOutlined aria-hidden="true" />} onClick={() => awaitPress(true)}>
          {t('sites.addHere')}
        </Button>
      )}
      <ClosePoint />
      {choice.changes.length === 0 && <p className="soft">{t('sites.none')}</p>}
      <ul className="sites-changes">
        {choice.changes.map((change) => (
          <ChangeRow key={JSON.stringify(change)} change={change} />
        ))}
      </ul>
      {compute.isError && <Failed cause={compute.error} />}
      <Button
        type="primary"
        block
        disabled={choice.changes.length === 0}
        loading={compute.isPending}
        icon={<ExperimentOutlined aria-hidden="true" />}
        onClick={() => compute.mutate(supposing(run, choice.changes))}
      >
        {t('sites.compute')}
      </Button>
    </section>
  );
}

/** Gain is what the suppositions of the run on the map change against the run before it. */
function Gain({ run }: { run: Run }) {
  const { t } = useTranslation();
  const numbers = useNumbers();
  const difference = useDifference();
  const about = useAbout();
  const counted = useCounted();
  const { column } = useShown();
  const before = useRun(run.params.before || null).data;
  const now = run.totals?.[column];
  const then = before?.totals?.[column];
  if (!now || !then || now.hidden || then.hidden || (run.params.changes ?? []).length === 0) return null;
  const households = now.covered - then.covered;
  const share = difference((now.share ?? 0) - (then.share ?? 0), 'share', now.rounded);
  // Rounded figures of one more point are often the same as before.
  if (now.rounded && households === 0) {
    return <Alert type="info" showIcon title={t('sites.gainNone', { run: before?.id })} />;
  }
  const said = (now.rounded ? about : numbers)(Math.abs(households));
  return (
    <Alert
      type={households >= 0 ? 'success' : 'warning'}
      showIcon
      title={counted(households >= 0 ? 'sites.gain' : 'sites.loss', {
        run: run.params.before ?? 0,
        households: said,
        share,
      })}
    />
  );
}

/** ClosePoint supposes that the point that is chosen on the map is closed. */
function ClosePoint() {
  const { t } = useTranslation();
  const [{ item }] = useView();
  const { run, column } = useShown();
  const points = usePoints(run, column).data;
  const point =
    item?.kind === 'service-point' ? points?.find((one) => String(one.point) === item.id) : undefined;
  if (!point) return null;
  return (
    <Button onClick={() => suppose([{ do: 'close', point: point.point, name: point.name }])}>
      {t('sites.closePoint')} · {point.name}
    </Button>
  );
}

function ChangeRow({ change }: { change: Change }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const may = useMay();
  const keep = useKeepCandidate();
  const [lon, lat] = change.at ?? [];
  const place: LonLat | null = lon !== undefined && lat !== undefined ? [lon, lat] : null;
  return (
    <li>
      <span className="circle-stamp">{t(`sites.change.${change.do}`)}</span>
      {place ? (
        <button type="button" className="unit-link" onClick={() => goToPlace(place)}>
          {change.name || `#${change.point}`}
        </button>
      ) : (
        <span>{change.name || `#${change.point}`}</span>
      )}
      {place && change.do === 'add' && !change.candidate && may('plan') && (
        <Button
          type="link"
          size="small"
          loading={keep.isPending}
          disabled={keep.isSuccess}
          onClick={() =>
            keep.mutate(
              { kind: 'place', name: change.name ?? '', point: place },
              {
                onSuccess: () => message.success(t('sites.kept')),
                onError: (cause) => message.error(asProblem(cause).message),
              },
            )
          }
        >
          {t('sites.keep')}
        </Button>
      )}
      <Button
        type="text"
        size="small"
        aria-label={t('sites.remove')}
        icon={<DeleteOutlined aria-hidden="true" />}
        onClick={() => drop(change)}
      />
    </li>
  );
}

/** usePlacing takes the next click on the map while a point is being added. */
function usePlacing(adding: boolean, put: (at: LonLat) => void): void {
  useEffect(() => {
    if (!adding) return;
    const pick = (at: LonLat) => {
      put(at);
      return true;
    };
    useExtras.setState({ pick });
    return () => useExtras.setState((extras) => (extras.pick === pick ? { pick: null } : extras));
  });
}

/** useDrawn marks the suppositions on the map; what is closed stands where its point does. */
function useDrawn(changes: readonly Change[]): void {
  const { run, column } = useShown();
  const points = usePoints(run, column).data;
  const palette = usePalette();
  useEffect(() => {
    const features = changes.flatMap((change) => {
      const at = change.at ?? points?.find((point) => point.point === change.point)?.at;
      if (!at) return [];
      return {
        type: 'Feature' as const,
        properties: { name: change.name ?? '', gone: change.do === 'close' },
        geometry: { type: 'Point' as const, coordinates: at },
      };
    });
    setOverlay('what-if', {
      sources: { 'what-if': { type: 'geojson', data: { type: 'FeatureCollection', features } } },
      layers: [
        {
          id: 'what-if',
          type: 'circle',
          source: 'what-if',
          paint: {
            'circle-radius': 8,
            'circle-color': ['case', ['get', 'gone'], palette.casing, palette.seal],
            'circle-stroke-color': ['case', ['get', 'gone'], palette.seal, palette.casing],
            'circle-stroke-width': 2.5,
          },
        },
      ],
    });
    return () => setOverlay('what-if', null);
  }, [changes, points, palette]);
}
