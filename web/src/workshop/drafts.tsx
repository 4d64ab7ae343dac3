// The drafts: the list of them, a new one from the plan in force, and what is done with
// one as a whole.
import { PlusOutlined } from '@ant-design/icons';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Input, Modal, Select, Tag } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { answer, api } from '../api/client';
import { type List, useLevels, useSearch } from '../api/queries';
import type { Plan } from '../api/types';
import { count, moment, useLanguage } from '../common/format';
import { overlays } from '../common/overlays';
import { Failed, Loading, Nothing } from '../common/states';
import { Shell } from '../page/shell';
import { abandon, begin, rename, restore, server } from './server';
import type { DraftPlan } from './types';

const usePlans = () =>
  useQuery({
    queryKey: ['plans', 'all'],
    queryFn: ({ signal }) =>
      answer<List<Plan>>(api.GET('/plans', { signal, params: { query: { limit: 100 } } })),
    select: (list) => list.items as DraftPlan[],
  });

/** DraftsPage lists all plans; drafts open in the workshop. */
export function DraftsPage() {
  const { t } = useTranslation();
  const plans = usePlans();
  const [making, setMaking] = useState(() => new URLSearchParams(location.search).get('new'));
  return (
    <Shell title={t('workshop.title')} lead={t('workshop.lead')} wide>
      <div className="desk-begin">
        <Button type="primary" icon={<PlusOutlined aria-hidden="true" />} onClick={() => setMaking('')}>
          {t('workshop.begin')}
        </Button>
        <Link to="/proposals">{t('workshop.propose')}</Link>
        <Link to="/rules">{t('rules.title')}</Link>
      </div>
      {plans.isPending && <Loading rows={6} />}
      {plans.isError && <Failed cause={plans.error} retry={() => plans.refetch()} />}
      {plans.data?.length === 0 && (
        <Nothing title={t('workshop.noDrafts')}>{t('workshop.noDraftsHint')}</Nothing>
      )}
      {plans.data && plans.data.length > 0 && <Plans plans={plans.data} />}
      {making !== null && <NewDraft base={making} onClose={() => setMaking(null)} />}
    </Shell>
  );
}

function Plans({ plans }: { plans: DraftPlan[] }) {
  const { t } = useTranslation();
  const language = useLanguage();
  return (
    <ul className="rows desk-drafts">
      {plans.map((plan) => (
        <li className="row" key={plan.id}>
          <span className="unit-link">
            {plan.state === 'draft' ? (
              <Link to={`/workshop/${plan.id}`}>{plan.name}</Link>
            ) : (
              <Link to={`/plans/${plan.id}`}>{plan.name}</Link>
            )}
            <small className="soft">
              {[
                plan.base?.code,
                plan.note,
                t('data.draftUnits', { count: plan.units }),
                moment(plan.created_at, language),
              ]
                .filter(Boolean)
                .join(' · ')}
            </small>
          </span>
          {plan.state === 'draft' && <Link to={`/plans/${plan.id}`}>{t('plan.course')}</Link>}
          <Tag>{t(`planState.${plan.state as 'draft'}`)}</Tag>
          {plan.state === 'abandoned' && <Restore plan={plan} />}
        </li>
      ))}
    </ul>
  );
}

/** useChange does something to a plan and reads the plans again. */
function useChange<T>(change: (input: T) => Promise<DraftPlan>, done?: (plan: DraftPlan) => void) {
  const client = useQueryClient();
  const { message } = App.useApp();
  return useMutation({
    mutationFn: change,
    onSuccess: (plan) => {
      client.invalidateQueries({ queryKey: ['plans'] });
      done?.(plan);
    },
    onError: (cause) => void message.error(cause.message),
  });
}

function Restore({ plan }: { plan: DraftPlan }) {
  const { t } = useTranslation();
  const change = useChange(() => restore(plan.id));
  return (
    <Button size="small" loading={change.isPending} onClick={() => change.mutate(undefined)}>
      {t('workshop.restore')}
    </Button>
  );
}

/** NewDraft branches the plan in force of a unit. */
export function NewDraft({ base, onClose }: { base: string; onClose: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const id = useId();
  const [unit, setUnit] = useState(base);
  const [asked, setAsked] = useState(base);
  const [name, setName] = useState('');
  const [note, setNote] = useState('');
  const [level, setLevel] = useState<string>();
  const hits = (useSearch(asked.trim()).data ?? []).filter((hit) => hit.kind === 'unit');
  const levels = (useLevels().data ?? []).filter((one) => one.units > 0);
  const language = useLanguage();
  const client = useQueryClient();
  const make = useMutation({
    mutationFn: () => begin({ name: name.trim(), note: note.trim(), base: unit, level }),
    onSuccess: (plan) => {
      client.invalidateQueries({ queryKey: ['plans'] });
      navigate(`/workshop/${plan.id}`);
    },
  });
  return (
    <Modal
      getContainer={overlays}
      open
      title={t('workshop.begin')}
      okText={t('workshop.begin')}
      cancelText={t('common.cancel')}
      okButtonProps={{ disabled: !unit || !name.trim(), loading: make.isPending }}
      onOk={() => make.mutate()}
      onCancel={onClose}
    >
      <p className="soft">{t('workshop.beginHint')}</p>
      <div className="form-row">
        <label htmlFor={`${id}u`}>{t('workshop.base')}</label>
        <Select
          id={`${id}u`}
          showSearch={{ filterOption: false, onSearch: setAsked }}
          getPopupContainer={overlays}
          value={unit || undefined}
          placeholder={t('workshop.basePlaceholder')}
          notFoundContent={asked ? t('search.nothing', { text: asked }) : t('workshop.basePlaceholder')}
          options={hits.map((hit) => ({ value: hit.id, label: `${hit.title} ${hit.id}` }))}
          onChange={(code: string) => {
            setUnit(code);
            const hit = hits.find((one) => one.id === code);
            if (hit && !name) setName(t('workshop.nameOf', { unit: hit.title }));
          }}
        />
      </div>
      <div className="form-row">
        <label htmlFor={`${id}l`}>{t('workshop.level')}</label>
        <Select
          id={`${id}l`}
          allowClear
          getPopupContainer={overlays}
          value={level}
          placeholder={t('workshop.lowest')}
          options={levels.map((one) => ({
            value: one.code,
            label: language === 'zh' ? one.title_zh : one.title_en,
          }))}
          onChange={setLevel}
        />
      </div>
      <div className="form-row">
        <label htmlFor={`${id}n`}>{t('workshop.draftName')}</label>
        <Input id={`${id}n`} value={name} maxLength={200} onChange={(event) => setName(event.target.value)} />
      </div>
      <div className="form-row">
        <label htmlFor={`${id}t`}>{t('workshop.note')}</label>
        <Input.TextArea
          id={`${id}t`}
          rows={2}
          value={note}
          maxLength={2000}
          onChange={(event) => setNote(event.target.value)}
        />
      </div>
      {make.isError && <Failed cause={make.error} />}
    </Modal>
  );
}

/** DraftMenu is what is done with the draft as a whole. */
export function DraftMenu({ plan, onDone }: { plan: DraftPlan; onDone: () => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { modal } = App.useApp();
  const navigate = useNavigate();
  const id = useId();
  const [name, setName] = useState(plan.name);
  const [note, setNote] = useState(plan.note ?? '');
  const describe = useChange(() => rename(plan.id, { name: name.trim(), note: note.trim() }), onDone);
  const copy = useChange(
    () => server.duplicate(plan.id, t('workshop.conflict.copyOf', { name: plan.name })),
    (made) => navigate(`/workshop/${made.id}`),
  );
  const give = useChange(
    () => abandon(plan.id),
    () => navigate('/workshop'),
  );
  const giveUp = () =>
    modal.confirm({
      getContainer: overlays,
      title: t('draft.abandonTitle'),
      content: t('workshop.abandonHint'),
      okText: t('draft.abandon'),
      okButtonProps: { danger: true },
      cancelText: t('common.cancel'),
      onOk: () => give.mutateAsync(undefined),
    });
  return (
    <div className="desk-about">
      <p className="soft">
        {[plan.base?.code, `${count(plan.units, language)} ${t('draft.units')}`].filter(Boolean).join(' · ')}
      </p>
      <div className="form-row">
        <label htmlFor={`${id}n`}>{t('workshop.draftName')}</label>
        <Input id={`${id}n`} value={name} maxLength={200} onChange={(event) => setName(event.target.value)} />
      </div>
      <div className="form-row">
        <label htmlFor={`${id}t`}>{t('workshop.note')}</label>
        <Input.TextArea
          id={`${id}t`}
          rows={3}
          maxLength={2000}
          value={note}
          onChange={(event) => setNote(event.target.value)}
        />
      </div>
      <div className="desk-hint-buttons">
        <Button
          size="small"
          type="primary"
          disabled={!name.trim()}
          loading={describe.isPending}
          onClick={() => describe.mutate(undefined)}
        >
          {t('common.save')}
        </Button>
        <Button size="small" loading={copy.isPending} onClick={() => copy.mutate(undefined)}>
          {t('workshop.duplicate')}
        </Button>
        <Link to={`/plans/${plan.id}?tab=checks`}>{t('workshop.publish')}</Link>
        <Button size="small" danger type="text" onClick={giveUp}>
          {t('draft.abandon')}
        </Button>
      </div>
    </div>
  );
}
