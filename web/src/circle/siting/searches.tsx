// The search for sites: the searches there are, and what one has found.
import { AimOutlined } from '@ant-design/icons';
import { App, Button } from 'antd';
import { useEffect, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useFunctions, useJob } from '../../api/queries';
import Chart, { plainChart } from '../../common/chart';
import { Failed, Loading } from '../../common/states';
import { type Column, DataTable } from '../../common/table';
import { JobProgress } from '../../jobs/progress';
import { goToPlace } from '../../map/camera';
import { usePalette } from '../../theme/theme';
import { isUnderWay } from '../queries';
import { useShown } from '../shown';
import type { Run } from '../types';
import { setCircle, useCircleView } from '../view';
import { useNumbers } from '../words';
import { offerOf, ofSites, suppose } from './changes';
import { Form } from './form';
import { type Found, type FoundSite, type Siting, useSiting, useSitings } from './queries';

export function Searches({ run }: { run: Run }) {
  const { t } = useTranslation();
  const [view, setView] = useCircleView();
  const list = useSitings(run.id);
  const siting = useSiting(view.siting).data;
  const show = (id: number) =>
    setView({
      siting: id,
      show: view.show.includes('candidates') ? view.show : [...view.show, 'candidates'],
    });
  return (
    <>
      <Form run={run} onStarted={(started) => show(started.id)} />
      <section className="block" aria-labelledby="sitings">
        <h2 id="sitings">{t('sites.list')}</h2>
        {list.isError && <Failed cause={list.error} retry={() => list.refetch()} />}
        {list.data?.length === 0 && <p className="soft">{t('sites.listNone')}</p>}
        <ul className="circle-runs">
          {list.data?.map((one) => (
            <li key={one.id} className={one.id === view.siting ? 'circle-run-chosen' : undefined}>
              <button
                type="button"
                className="circle-run"
                aria-current={one.id === view.siting ? 'true' : undefined}
                onClick={() => show(one.id)}
              >
                <span className="circle-run-name">
                  {[t(`sites.model.${one.params.model}`), one.params.sites || null]
                    .filter(Boolean)
                    .join(' · ')}
                </span>
                <small className="soft figures">
                  #{one.id} · {t(`jobState.${one.state}`)}
                </small>
              </button>
            </li>
          ))}
        </ul>
        {view.siting !== null && !siting && <Loading rows={2} />}
        {siting && siting.params.circle === run.id && <Result siting={siting} />}
      </section>
    </>
  );
}

function Result({ siting }: { siting: Siting }) {
  const { t } = useTranslation();
  const job = useJob(siting.job).data;
  const heading = useArrival(siting);
  if (isUnderWay(siting)) return job ? <JobProgress job={job} /> : <Loading rows={1} />;
  return (
    <>
      <h3 ref={heading} tabIndex={-1} className="sites-found">
        {t('sites.answer')}
      </h3>
      {siting.found ? (
        <Answer siting={siting} found={siting.found} />
      ) : (
        <p>{t(`jobState.${siting.state}`)}</p>
      )}
    </>
  );
}

/** useArrival brings the answer into view when the search that one waited for ends; it lies far below the form. */
function useArrival(siting: Siting) {
  const heading = useRef<HTMLHeadingElement>(null);
  const awaited = useRef<number | null>(null);
  const underWay = isUnderWay(siting);
  useEffect(() => {
    if (underWay) awaited.current = siting.id;
    else if (awaited.current === siting.id) {
      awaited.current = null;
      heading.current?.focus({ preventScroll: true });
      heading.current?.scrollIntoView({ block: 'start' });
    }
  }, [underWay, siting.id]);
  return heading;
}

/** Answer is what a search has found, with the bound that says how good it is. */
function Answer({ siting, found }: { siting: Siting; found: Found }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const numbers = useNumbers();
  const { asked } = useShown();
  const functions = useFunctions().data ?? [];
  if (found.hidden) return <p className="suppressed">{t('sites.hidden')}</p>;
  const about = (text: string) => (found.rounded ? t('circle.shown.about', { value: text }) : text);
  const plain = (value: number) => numbers(value, found.measure === 'minutes' ? 1 : 0);
  const measure = (value: number) => about(t(`sites.measure.${found.measure}`, { value: plain(value) }));
  const sites = found.sites ?? [];
  const chosen = sites.filter((site) => site.rank > 0);
  const higher = siting.params.model === 'mclp';
  const served: Column<FoundSite> = {
    key: 'served',
    title: t('sites.served'),
    figures: true,
    cell: (site) => (
      <>
        {about(numbers(site.served))}
        {site.overload > 0 && (
          <small className="soft"> {t('sites.overload', { over: about(numbers(site.overload)) })}</small>
        )}
      </>
    ),
  };
  const columns: Column<FoundSite>[] = [
    { key: 'rank', title: '#', figures: true, cell: (site) => site.rank || '–' },
    {
      key: 'site',
      title: t('sites.site'),
      cell: (site) => {
        const [lon, lat] = site.at ?? [];
        if (lon === undefined || lat === undefined) return site.name;
        return (
          <button type="button" className="unit-link" onClick={() => goToPlace([lon, lat])}>
            <span>{site.name || `${lon.toFixed(5)}, ${lat.toFixed(5)}`}</span>
          </button>
        );
      },
    },
    { key: 'gain', title: t('sites.gains'), figures: true, cell: (site) => about(plain(site.gain)) },
    { key: 'load', title: t('sites.nearest'), figures: true, cell: (site) => about(numbers(site.load)) },
    ...(siting.params.capacities ? [served] : []),
  ];
  return (
    <div className="sites-answer">
      <dl>
        <dt>{t('sites.value')}</dt>
        <dd className="figures">{measure(found.value)}</dd>
        <dt>{t(higher ? 'sites.bound' : 'sites.boundLow')}</dt>
        <dd className="figures">{measure(found.bound)}</dd>
      </dl>
      <p className="hint">
        {found.gap === 0 ? t('sites.proven') : t('sites.gap', { gap: `${numbers(found.gap * 100, 2)} %` })}
        {' · '}
        {t('sites.covered', { covered: about(numbers(found.covered)), total: about(numbers(found.total)) })}
        {(found.not_joined ?? []).length > 0 &&
          ` · ${t('sites.notJoined', { count: (found.not_joined ?? []).length })}`}
      </p>
      <DataTable<FoundSite>
        label={t('sites.search')}
        columns={columns}
        rows={chosen}
        rowKey={(site) => String(site.rank)}
        pageSize={20}
      />
      <Curve found={found} write={measure} />
      <Button
        block
        icon={<AimOutlined aria-hidden="true" />}
        disabled={chosen.length === 0}
        onClick={() => {
          suppose(ofSites(chosen, offerOf(asked ? [asked] : [], functions)));
          message.success(t('sites.adopted'));
          setCircle({ tab: 'sites' });
        }}
      >
        {t('sites.adopt')}
      </Button>
    </div>
  );
}

/** Curve is the value by number of new sites: where one more adds little, one sees it. */
function Curve({ found, write }: { found: Found; write: (value: number) => string }) {
  const { t } = useTranslation();
  const p = usePalette();
  const curve = found.curve ?? [];
  const option = useMemo(() => {
    const { axis, ...base } = plainChart(p);
    return {
      ...base,
      grid: { left: 56, right: 12, top: 12, bottom: 26 },
      xAxis: { ...axis, type: 'category', data: curve.map((_, index) => String(index)) },
      yAxis: { ...axis, type: 'value', scale: true, axisLabel: { color: p.inkSoft } },
      series: [
        {
          type: 'line',
          data: curve,
          symbolSize: 6,
          lineStyle: { color: p.accent },
          itemStyle: { color: p.accent },
        },
      ],
    };
  }, [p, curve]);
  if (curve.length < 2) return null;
  return (
    <figure className="sites-curve">
      <figcaption>{t('sites.curve')}</figcaption>
      <Chart
        option={option}
        className="sites-chart"
        label={t('sites.curveLabel', {
          list: curve.map((value, index) => `${index}: ${write(value)}`).join('; '),
        })}
      />
    </figure>
  );
}
