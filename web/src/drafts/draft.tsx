// A draft: what is wrong with it, how to mend it, and publishing it.
import { AimOutlined, ArrowLeftOutlined, ToolOutlined } from '@ant-design/icons';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Alert, App, Button, Input, InputNumber, Modal, Pagination, Select } from 'antd';
import { useEffect, useId, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { answer, api, asProblem } from '../api/client';
import { useFaults, useLevels, usePlan, useStatus } from '../api/queries';
import type { Fault, FaultFeature, Plan } from '../api/types';
import { Figure } from '../card/card';
import { area, count, length, useLanguage, useTitle, useWords } from '../common/format';
import { overlays } from '../common/overlays';
import { Failed, Loading } from '../common/states';
import { asBounds, goToBounds } from '../map/camera';
import { usePage } from '../view/store';
import { useView } from '../view/url';
import {
  commonRepairs,
  filterFaults,
  needsCode,
  needsParent,
  needsReason,
  needsWords,
  placeOf,
  whatOf,
  within,
} from './faults';

const PAGE = 12;

export type Repair = {
  repair: string;
  fault_id?: string;
  kind?: string;
  reason?: string;
  max_area?: number;
  max_width?: number;
  args?: { code?: string; name?: string; parent?: string };
};

export default function DraftPanel({ id }: { id: number }) {
  const { t } = useTranslation();
  const [, setView] = useView();
  const map = usePage((page) => page.map);
  const plan = usePlan(id);
  const box = asBounds(plan.data?.bbox);
  const opened = plan.data?.id;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the camera moves when a draft opens, not when it changes
  useEffect(() => {
    if (map && box) goToBounds(box);
  }, [opened, map]);
  useEffect(() => () => usePage.setState({ fault: null }), []);
  return (
    <section className="draft" aria-label={t('draft.title')}>
      <Button
        className="back"
        type="text"
        size="small"
        icon={<ArrowLeftOutlined aria-hidden="true" />}
        onClick={() => setView({ plan: null })}
      >
        {t('draft.back')}
      </Button>
      {plan.isPending && <Loading rows={8} />}
      {plan.isError && <Failed cause={plan.error} retry={() => plan.refetch()} />}
      {plan.data && <Opened plan={plan.data} />}
    </section>
  );
}

function Opened({ plan }: { plan: Plan }) {
  const { t } = useTranslation();
  const levels = useLevels().data;
  const title = useTitle();
  const language = useLanguage();
  const level = title(
    levels?.find((one) => one.code === plan.level),
    plan.level,
  );
  const draft = plan.state === 'draft';
  return (
    <>
      <header className="block draft-head">
        <p className="eyebrow">
          {t('draft.of', { level })} · {t(`planState.${plan.state as 'draft'}`)}
        </p>
        <h2>{plan.name}</h2>
        <dl className="figures-grid">
          <Figure name={t('draft.units')} value={count(plan.units, language)} />
          <Figure
            name={t('draft.hard')}
            value={count(plan.faults.hard, language)}
            warn={plan.faults.hard > 0}
          />
          <Figure name={t('draft.soft')} value={count(plan.faults.soft, language)} />
          <Figure name={t('draft.repairs')} value={count(plan.repairs, language)} />
        </dl>
      </header>
      {plan.state === 'published' && (
        <Alert
          type="success"
          showIcon
          title={t('draft.publishedOn', { day: plan.effective_on ?? '' })}
          description={t('draft.publishedHint')}
        />
      )}
      {plan.state === 'abandoned' && <Alert type="info" showIcon title={t('draft.abandoned')} />}
      {draft && (
        <p className="block">
          <Link to={`/workshop/${plan.id}`}>{t('draft.workshop')}</Link>{' '}
          <Link to={`/plans/${plan.id}`}>{t('plan.course')}</Link>
        </p>
      )}
      {draft && <Faults plan={plan} />}
      {draft && <Publish plan={plan} />}
    </>
  );
}

/** usePlanChange does something to a draft; the answer is the draft afterwards. */
function usePlanChange<T>(change: (input: T) => Promise<Plan>, done?: (plan: Plan) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: (plan) => {
      client.setQueryData(['plans', plan.id], plan);
      client.invalidateQueries({ queryKey: ['plans'] });
      done?.(plan);
    },
    onError: (cause) => {
      if (asProblem(cause).status === 409) client.invalidateQueries({ queryKey: ['plans'] });
    },
  });
}

function Faults({ plan }: { plan: Plan }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const faults = useFaults(plan.id, plan.revision);
  const [kind, setKind] = useState<string | null>(null);
  const [page, setPage] = useState(1);
  const features = faults.data ?? [];
  const shown = useMemo(() => filterFaults(features, kind), [features, kind]);
  const kinds = useMemo(() => [...new Set(features.map((f) => f.properties.kind))].sort(), [features]);
  const chosen = kind !== null && kinds.includes(kind) ? kind : null;
  const repair = usePlanChange(
    (body: Repair) =>
      answer(
        api.POST('/plans/{id}/repairs', {
          params: { path: { id: plan.id } },
          body: { ...body, revision: plan.revision },
        }),
      ),
    (after) => message.success(t('draft.repaired', { count: after.faults.hard + after.faults.soft })),
  );
  useEffect(() => {
    if (kind !== null && chosen === null) setKind(null);
  }, [kind, chosen]);

  if (faults.isPending) return <Loading rows={6} />;
  if (faults.isError) return <Failed cause={faults.error} retry={() => faults.refetch()} />;
  if (features.length === 0) return <Alert type="success" showIcon title={t('draft.noFaults')} />;
  const pages = Math.max(1, Math.ceil(shown.length / PAGE));
  const at = Math.min(page, pages);
  return (
    <section className="block" aria-labelledby="faults-title">
      <h3 id="faults-title">{t('draft.faults')}</h3>
      <KindFilter plan={plan} kinds={kinds} chosen={chosen} onChange={setKind} />
      {chosen && <Bulk key={chosen} kind={chosen} features={features} repair={repair} />}
      {repair.isError && <Failed cause={repair.error} />}
      <ul className="faults" aria-busy={repair.isPending}>
        {shown.slice((at - 1) * PAGE, at * PAGE).map((feature) => (
          <FaultRow key={feature.properties.id} feature={feature} repair={repair} />
        ))}
      </ul>
      {pages > 1 && (
        <Pagination
          size="small"
          current={at}
          pageSize={PAGE}
          total={shown.length}
          showSizeChanger={false}
          onChange={setPage}
        />
      )}
    </section>
  );
}

function KindFilter(props: {
  plan: Plan;
  kinds: string[];
  chosen: string | null;
  onChange: (kind: string | null) => void;
}) {
  const { t } = useTranslation();
  const word = useWords();
  const total = props.plan.faults.hard + props.plan.faults.soft;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a group of toggles, not of form fields
    <div className="kinds" role="group" aria-label={t('draft.kinds')}>
      <button type="button" aria-pressed={props.chosen === null} onClick={() => props.onChange(null)}>
        {t('draft.allKinds')} <span className="figures">{total}</span>
      </button>
      {props.kinds.map((kind) => (
        <button
          key={kind}
          type="button"
          aria-pressed={props.chosen === kind}
          onClick={() => props.onChange(props.chosen === kind ? null : kind)}
        >
          {word('faultKind', kind)} <span className="figures">{props.plan.faults.by_kind[kind] ?? ''}</span>
        </button>
      ))}
    </div>
  );
}

type RepairMutation = {
  mutate: (repair: Repair) => void;
  isPending: boolean;
  variables?: Repair;
};

/** Bulk mends all faults of a kind that are small enough. */
function Bulk(props: { kind: string; features: FaultFeature[]; repair: RepairMutation }) {
  const { t } = useTranslation();
  const word = useWords();
  const language = useLanguage();
  const options = commonRepairs(props.features, props.kind);
  const [action, setAction] = useState(options[0] ?? '');
  const [limit, setLimit] = useState<number | null>(50);
  const [reason, setReason] = useState('');
  const hasArea = props.features.some((f) => f.properties.kind === props.kind && f.properties.area > 0);
  const hit = within(props.features, props.kind, action, { area: hasArea ? limit : null, width: null });
  if (options.length === 0) return null;
  const lacksReason = needsReason(action) && !reason.trim();
  return (
    <div className="bulk">
      <div className="bulk-line">
        <Select
          size="small"
          aria-label={t('draft.bulkRepair')}
          value={action}
          onChange={setAction}
          options={options.map((repair) => ({ value: repair, label: word('repair', repair) }))}
          popupMatchSelectWidth={false}
        />
        {hasArea && (
          <>
            <span>{t('draft.upTo')}</span>
            <InputNumber
              size="small"
              aria-label={t('draft.maxArea')}
              min={0}
              value={limit}
              onChange={setLimit}
              placeholder={t('draft.noLimit')}
              suffix="m²"
            />
          </>
        )}
      </div>
      {needsReason(action) && (
        <Input
          size="small"
          aria-label={t('common.reason')}
          placeholder={t('common.reason')}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
      )}
      <Button
        size="small"
        type="primary"
        icon={<ToolOutlined aria-hidden="true" />}
        disabled={hit.length === 0 || lacksReason}
        loading={props.repair.isPending && props.repair.variables?.kind === props.kind}
        onClick={() =>
          props.repair.mutate({
            kind: props.kind,
            repair: action,
            ...(hasArea && limit ? { max_area: limit } : {}),
            ...(needsReason(action) ? { reason: reason.trim() } : {}),
          })
        }
      >
        {t('draft.bulk', {
          count: hit.length,
          area: area(
            hit.reduce((sum, f) => sum + f.properties.area, 0),
            language,
          ),
        })}
      </Button>
    </div>
  );
}

function FaultRow({ feature, repair }: { feature: FaultFeature; repair: RepairMutation }) {
  const { t } = useTranslation();
  const word = useWords();
  const language = useLanguage();
  const fault = feature.properties;
  const chosen = usePage((page) => page.fault) === fault.id;
  const [asking, setAsking] = useState<string | null>(null);
  const box = placeOf(feature);
  const show = () => {
    usePage.setState({ fault: fault.id, drawer: false });
    if (box) goToBounds(box, 19);
  };
  const busy = repair.isPending && repair.variables?.fault_id === fault.id;
  return (
    <li className={chosen ? 'fault fault-chosen' : 'fault'}>
      <div className="fault-head">
        <span className={fault.hard ? 'severity severity-hard' : 'severity severity-soft'}>
          {t(fault.hard ? 'draft.hardShort' : 'draft.softShort')}
        </span>
        <strong>{word('faultKind', fault.kind)}</strong>
        <span className="figures soft">
          {[
            fault.area > 0 && area(fault.area, language),
            fault.width > 0 && t('draft.width', { width: length(fault.width, language) }),
          ]
            .filter(Boolean)
            .join(' · ')}
        </span>
        {box && (
          <Button
            size="small"
            type="text"
            icon={<AimOutlined aria-hidden="true" />}
            aria-label={t('draft.goToFault', { what: whatOf(fault) })}
            onClick={show}
          >
            {t('draft.goTo')}
          </Button>
        )}
      </div>
      <p className="fault-what figures">{whatOf(fault)}</p>
      {(fault.detail || fault.place) && (
        <p className="soft fault-detail">{[fault.place, fault.detail].filter(Boolean).join(' · ')}</p>
      )}
      {fault.neighbour && (
        <p className="soft fault-detail">{t('draft.neighbour', { unit: fault.neighbour })}</p>
      )}
      <div className="fault-repairs">
        {(fault.repairs ?? []).map((action, index) => (
          <Button
            key={action}
            size="small"
            type={index === 0 ? 'primary' : 'default'}
            ghost={index === 0}
            loading={busy && repair.variables?.repair === action}
            disabled={repair.isPending}
            onClick={() =>
              needsWords(action) ? setAsking(action) : repair.mutate({ fault_id: fault.id, repair: action })
            }
          >
            {word('repair', action)}
          </Button>
        ))}
        {(fault.repairs ?? []).length === 0 && <span className="soft">{t('draft.noRepair')}</span>}
      </div>
      {asking && (
        <AskWords
          fault={fault}
          action={asking}
          onClose={() => setAsking(null)}
          onDone={(words) => {
            setAsking(null);
            repair.mutate({ fault_id: fault.id, repair: asking, ...words });
          }}
        />
      )}
    </li>
  );
}

/** AskWords asks for what a repair needs: a reason, a new code and name, or a parent. */
function AskWords(props: {
  fault: Fault;
  action: string;
  onClose: () => void;
  onDone: (words: Pick<Repair, 'reason' | 'args'>) => void;
}) {
  const { t } = useTranslation();
  const word = useWords();
  const { action } = props;
  const [reason, setReason] = useState('');
  const [code, setCode] = useState(props.fault.codes?.[0] ?? '');
  const [name, setName] = useState('');
  const [parent, setParent] = useState(props.fault.parent ?? '');
  const id = useId();
  const lacks =
    (needsReason(action) && !reason.trim()) ||
    (needsCode(action) && !code.trim() && !name.trim()) ||
    (needsParent(action) && !parent.trim());
  const done = () =>
    props.onDone({
      ...(needsReason(action) ? { reason: reason.trim() } : {}),
      ...(needsCode(action) ? { args: { code: code.trim(), name: name.trim() } } : {}),
      ...(needsParent(action) ? { args: { parent: parent.trim() } } : {}),
    });
  return (
    <Modal
      getContainer={overlays}
      open
      title={word('repair', action)}
      okText={t('draft.repair')}
      cancelText={t('common.cancel')}
      okButtonProps={{ disabled: lacks }}
      onOk={done}
      onCancel={props.onClose}
    >
      {needsReason(action) && (
        <div className="form-row">
          <label htmlFor={`${id}r`}>{t('draft.reason')}</label>
          <Input.TextArea
            id={`${id}r`}
            autoFocus
            rows={3}
            maxLength={500}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        </div>
      )}
      {needsCode(action) && (
        <>
          <div className="form-row">
            <label htmlFor={`${id}c`}>{t('draft.newCode')}</label>
            <Input
              id={`${id}c`}
              value={code}
              maxLength={24}
              onChange={(event) => setCode(event.target.value)}
            />
          </div>
          <div className="form-row">
            <label htmlFor={`${id}n`}>{t('draft.newName')}</label>
            <Input
              id={`${id}n`}
              value={name}
              maxLength={200}
              onChange={(event) => setName(event.target.value)}
            />
          </div>
        </>
      )}
      {needsParent(action) && (
        <div className="form-row">
          <label htmlFor={`${id}p`}>{t('draft.newParent')}</label>
          <Input id={`${id}p`} value={parent} onChange={(event) => setParent(event.target.value)} />
        </div>
      )}
    </Modal>
  );
}

function Publish({ plan }: { plan: Plan }) {
  const { t } = useTranslation();
  const { modal, message } = App.useApp();
  const client = useQueryClient();
  const [, setView] = useView();
  const today = useStatus().data?.today ?? '';
  const [day, setDay] = useState('');
  const effective = day || today;
  const id = useId();
  const publish = usePlanChange(
    () =>
      answer(
        api.POST('/plans/{id}/publish', {
          params: { path: { id: plan.id } },
          body: { revision: plan.revision, ...(effective ? { effective_on: effective } : {}) },
        }),
      ),
    (after) => {
      for (const subject of ['status', 'levels', 'units', 'unit', 'place']) {
        client.invalidateQueries({ queryKey: [subject] });
      }
      setView({ level: after.level, at: effective > today ? effective : null });
      message.success(t('draft.publishedOn', { day: after.effective_on ?? effective }));
    },
  );
  const abandon = usePlanChange(
    () => answer(api.DELETE('/plans/{id}', { params: { path: { id: plan.id } } })),
    () => setView({ plan: null }),
  );
  const giveUp = () =>
    modal.confirm({
      getContainer: overlays,
      title: t('draft.abandonTitle'),
      content: t('draft.abandonHint'),
      okText: t('draft.abandon'),
      okButtonProps: { danger: true },
      cancelText: t('common.cancel'),
      onOk: () => abandon.mutateAsync(undefined),
    });
  const blocked = plan.faults.hard > 0;
  return (
    <footer className="draft-foot">
      {publish.isError && <Failed cause={publish.error} />}
      {abandon.isError && <Failed cause={abandon.error} />}
      <div className="draft-line">
        <div className="draft-day">
          <label htmlFor={id}>{t('draft.effective')}</label>
          <input id={id} type="date" value={effective} onChange={(event) => setDay(event.target.value)} />
        </div>
        <div className="draft-buttons">
          <Button danger type="text" onClick={giveUp}>
            {t('draft.abandon')}
          </Button>
          <Button
            type="primary"
            disabled={blocked}
            loading={publish.isPending}
            onClick={() => publish.mutate(undefined)}
          >
            {t('draft.publish')}
          </Button>
        </div>
      </div>
      {blocked && <p className="hint">{t('draft.blocked', { count: plan.faults.hard })}</p>}
    </footer>
  );
}
