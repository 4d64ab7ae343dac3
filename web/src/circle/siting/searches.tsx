// The search for sites: what is asked, the searches there are, and what one has found.
import { AimOutlined, SearchOutlined } from '@ant-design/icons';
import { App, Button, InputNumber, Segmented, Select } from 'antd';
import { useId, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFunctions, useJob } from '../../api/queries';
import Chart, { plainChart } from '../../common/chart';
import { overlays } from '../../common/overlays';
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
import {
  type Found,
  type FoundSite,
  KINDS,
  MODELS,
  type Search,
  type Siting,
  useCandidates,
  useSearch,
  useSiting,
  useSitings,
} from './queries';

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
                  {t(`sites.model.${one.params.model}`)} · {one.params.sites || ''}
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

function Form({ run, onStarted }: { run: Run; onStarted: (siting: Siting) => void }) {
  const { t } = useTranslation();
  const id = useId();
  const { column } = useShown();
  const search = useSearch(onStarted);
  const candidates = useCandidates(run.params.unit ?? '').data;
  const [asked, setAsked] = useState<Omit<Search, 'circle' | 'column'>>({
    model: 'mclp',
    sites: 3,
    existing: 'keep',
    weights: 'households',
    anywhere: false,
  });
  const change = (next: Partial<typeof asked>) => setAsked({ ...asked, ...next });
  const many = candidates?.next ? `${candidates.items.length}+` : String(candidates?.items.length ?? '…');
  return (
    <form
      className="block circle-form"
      aria-label={t('sites.search')}
      onSubmit={(event) => {
        event.preventDefault();
        search.mutate({ ...asked, circle: run.id, column });
      }}
    >
      <h2>{t('sites.search')}</h2>
      <div className="form-row">
        <label htmlFor={`${id}m`}>{t('sites.model.title')}</label>
        <Select
          id={`${id}m`}
          getPopupContainer={overlays}
          value={asked.model}
          onChange={(model) => change({ model })}
          options={MODELS.map((value) => ({ value, label: t(`sites.model.${value}`) }))}
        />
      </div>
      <fieldset className="form-row">
        <legend>{t('sites.from')}</legend>
        <Segmented
          block
          aria-label={t('sites.from')}
          value={asked.anywhere ? 'anywhere' : 'candidates'}
          onChange={(value) => change({ anywhere: value === 'anywhere' })}
          options={[
            { value: 'candidates', label: t('sites.fromCandidates') },
            { value: 'anywhere', label: t('sites.fromAnywhere') },
          ]}
        />
      </fieldset>
      {!asked.anywhere && (
        <>
          <p className="hint">
            {candidates?.items.length === 0
              ? t('sites.candidatesNone')
              : t('sites.candidatesCount', { count: many as never })}
          </p>
          <div className="form-row">
            <label htmlFor={`${id}k`}>{t('sites.kinds')}</label>
            <Select
              id={`${id}k`}
              mode="multiple"
              getPopupContainer={overlays}
              placeholder={t('circle.legend.all')}
              value={[...(asked.kinds ?? [])]}
              onChange={(kinds) => change({ kinds })}
              options={KINDS.map((value) => ({ value, label: t(`sites.kind.${value}`) }))}
            />
          </div>
        </>
      )}
      <div className="circle-pair">
        {asked.model !== 'lscp' && (
          <div className="form-row">
            <label htmlFor={`${id}n`}>{t('sites.count')}</label>
            <InputNumber
              id={`${id}n`}
              min={1}
              max={100}
              value={asked.sites}
              onChange={(sites) => sites && change({ sites: Math.round(sites) })}
            />
          </div>
        )}
        <div className="form-row">
          <label htmlFor={`${id}b`}>{t('sites.budget')}</label>
          <InputNumber
            id={`${id}b`}
            min={0}
            step={10_000}
            value={asked.budget ?? 0}
            onChange={(budget) => change({ budget: Math.round(budget ?? 0) })}
          />
        </div>
      </div>
      <fieldset className="form-row">
        <legend>{t('sites.existing.title')}</legend>
        <Segmented
          block
          aria-label={t('sites.existing.title')}
          value={asked.existing}
          onChange={(existing) => change({ existing, moves: existing === 'move' ? asked.sites : 0 })}
          options={(['keep', 'move', 'ignore'] as const).map((value) => ({
            value,
            label: t(`sites.existing.${value}`),
          }))}
        />
      </fieldset>
      <fieldset className="form-row">
        <legend>{t('sites.weights.title')}</legend>
        <Segmented
          block
          aria-label={t('sites.weights.title')}
          value={asked.weights}
          onChange={(weights) => change({ weights })}
          options={(['households', 'people'] as const).map((value) => ({
            value,
            label: t(`sites.weights.${value}`),
          }))}
        />
      </fieldset>
      {search.isError && <Failed cause={search.error} />}
      <Button
        type="primary"
        htmlType="submit"
        block
        loading={search.isPending}
        icon={<SearchOutlined aria-hidden="true" />}
      >
        {t('sites.run')}
      </Button>
    </form>
  );
}

function Result({ siting }: { siting: Siting }) {
  const { t } = useTranslation();
  const job = useJob(siting.job).data;
  if (isUnderWay(siting)) return job ? <JobProgress job={job} /> : <Loading rows={1} />;
  if (!siting.found) return <p>{t(`jobState.${siting.state}`)}</p>;
  return <Answer siting={siting} found={siting.found} />;
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
  const measure = (value: number) =>
    about(
      t(`sites.measure.${found.measure}`, { value: numbers(value, found.measure === 'minutes' ? 1 : 0) }),
    );
  const sites = found.sites ?? [];
  const chosen = sites.filter((site) => site.rank > 0);
  const higher = siting.params.model === 'mclp';
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
    { key: 'gain', title: t('sites.gains'), figures: true, cell: (site) => measure(site.gain) },
    { key: 'load', title: t('sites.nearest'), figures: true, cell: (site) => about(numbers(site.load)) },
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
