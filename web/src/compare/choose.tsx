// What is compared: the unit, the level below it, and two sides.
import { SwapOutlined } from '@ant-design/icons';
import { Button, Segmented, Select } from 'antd';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../account/session';
import { today } from '../admin/common';
import { useLevels, useUnit } from '../api/queries';
import { useTitle } from '../common/format';
import { overlays } from '../common/overlays';
import { usedLevels } from '../map/level';
import { useBases, usePlans } from './queries';
import { dayOf, MODES, type Mode, planOf, useCompareView } from './view';

export function Choose() {
  const { t } = useTranslation();
  const [view, setView] = useCompareView();
  const [text, setText] = useState('');
  const title = useTitle();
  const bases = useBases(text).data ?? [];
  const base = useUnit(view.base).data;
  const levels = usedLevels(useLevels().data ?? []);
  const rank = levels.find((level) => level.code === base?.level)?.rank;
  const below = rank === undefined ? [] : levels.filter((level) => level.rank > rank);
  useUsual(bases[0]?.code, below[below.length - 1]?.code);
  const known = base && !bases.some((unit) => unit.code === base.code) ? [base, ...bases] : bases;
  return (
    <form
      className="compare-choose"
      aria-label={t('compare.choose')}
      onSubmit={(event) => event.preventDefault()}
    >
      <div className="compare-field">
        <span aria-hidden="true">{t('compare.base')}</span>
        <Select
          aria-label={t('compare.base')}
          getPopupContainer={overlays}
          value={view.base}
          showSearch={{ filterOption: false, onSearch: setText }}
          onChange={(code) => setView({ base: code, below: null, change: null })}
          options={known.map((unit) => ({ value: unit.code, label: `${unit.name} ${unit.code}` }))}
        />
      </div>
      <div className="compare-field">
        <span aria-hidden="true">{t('compare.below')}</span>
        <Select
          aria-label={t('compare.below')}
          getPopupContainer={overlays}
          value={view.below}
          onChange={(code) => setView({ below: code, change: null })}
          options={below.map((level) => ({ value: level.code, label: title(level, level.code) }))}
        />
      </div>
      <Side side="before" />
      <Button
        className="compare-swap"
        size="small"
        icon={<SwapOutlined aria-hidden="true" />}
        aria-label={t('compare.swap')}
        onClick={() => setView({ before: view.after, after: view.before, change: null })}
      />
      <Side side="after" />
      <Segmented<Mode>
        aria-label={t('compare.mode.title')}
        value={view.mode}
        onChange={(mode) => setView({ mode })}
        options={MODES.map((value) => ({ value, label: t(`compare.mode.${value}`) }))}
      />
    </form>
  );
}

/** useUsual fills in what goes without saying: the whole area, its lowest units, and today. */
function useUsual(top: string | undefined, lowest: string | undefined) {
  const [view, setView] = useCompareView();
  const plans = usePlans().data;
  const level = plans?.find((plan) => plan.id === planOf(view.after))?.level;
  useEffect(() => {
    if (!view.base && top) setView({ base: top });
  }, [view.base, top, setView]);
  useEffect(() => {
    if (view.base && !view.below && lowest) setView({ below: level ?? lowest });
  }, [view.base, view.below, lowest, level, setView]);
  useEffect(() => {
    if (!view.before) setView({ before: `date:${today(new Date())}` });
  }, [view.before, setView]);
}

/** Side chooses a day or a plan. */
function Side({ side }: { side: 'before' | 'after' }) {
  const { t } = useTranslation();
  const [view, setView] = useCompareView();
  const may = useMay();
  const plans = usePlans().data ?? [];
  const chosen = view[side];
  const [drafted, setDrafted] = useState(chosen ? planOf(chosen) !== null : side === 'after' && may('plan'));
  const told = planOf(chosen) !== null;
  useEffect(() => {
    if (chosen) setDrafted(told);
  }, [chosen, told]);
  const name = t(`compare.${side}`);
  const plan = plans.find((one) => one.id === planOf(chosen));
  const options = plans
    .filter((one) => one.state !== 'abandoned' || one === plan)
    .map((one) => ({
      value: one.id,
      label: `${one.name} · ${t(`compare.state.${one.state}` as 'compare.state.draft', { defaultValue: one.state })} #${one.id}`,
    }));
  return (
    <fieldset className="compare-side">
      <legend>{name}</legend>
      {may('plan') && (
        <Segmented<'day' | 'plan'>
          aria-label={t('compare.sideIs', { side: name })}
          value={drafted ? 'plan' : 'day'}
          onChange={(kind) => setDrafted(kind === 'plan')}
          options={[
            { value: 'day', label: t('compare.day') },
            { value: 'plan', label: t('compare.plan') },
          ]}
        />
      )}
      {drafted ? (
        <Select
          aria-label={t('compare.planOf', { side: name })}
          getPopupContainer={overlays}
          value={plan?.id}
          placeholder={t('compare.choosePlan')}
          showSearch={{ optionFilterProp: 'label' }}
          onChange={(id) => setView({ [side]: `plan:${id}`, change: null })}
          options={options}
        />
      ) : (
        <input
          type="date"
          aria-label={t('compare.dayOf', { side: name })}
          value={dayOf(chosen) ?? ''}
          onChange={(event) =>
            event.target.value && setView({ [side]: `date:${event.target.value}`, change: null })
          }
        />
      )}
    </fieldset>
  );
}
