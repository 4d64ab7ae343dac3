// The form: the unit, what shall be done, how many households, what is not crossed; the
// rest is folded away.
import { ThunderboltOutlined } from '@ant-design/icons';
import { Button, Checkbox, InputNumber, Segmented, Select } from 'antd';
import { type ReactNode, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { today } from '../admin/common';
import { asProblem } from '../api/client';
import { useLevels, useUnit } from '../api/queries';
import type { UnitDetail } from '../api/types';
import { useTitle } from '../common/format';
import { overlays } from '../common/overlays';
import { Failed } from '../common/states';
import { useBases, useUnitsOf } from '../compare/queries';
import { usedLevels } from '../map/level';
import { type Asked, type Bounds, boundsOf, paramsOf, usualBounds, WEIGHTS_USUAL, wrongIn } from './asked';
import { useAsk, useRuleSets } from './queries';
import { BARRIERS, type Barrier, WEIGHTS } from './types';

/** What most people think of as not to be crossed; the others are folded away. */
const COMMON: readonly Barrier[] = ['river', 'main_road', 'rail'];

/** useLevelsBelow are the levels that units of a division can have, and the one that is usual. */
function useLevelsBelow(base: UnitDetail | undefined) {
  const levels = useLevels().data ?? [];
  const rank = levels.find((level) => level.code === base?.level)?.rank;
  const below = rank === undefined ? [] : usedLevels(levels).filter((level) => level.rank > rank);
  const usual = below.find((level) => level.code === 'micro-grid') ?? below.at(-1);
  return { below, usual: usual?.code };
}

/** useDivision is the present division of what is asked about, and what goes without saying for it. */
export function useDivision(asked: Asked) {
  const base = useUnit(asked.base).data;
  const { below, usual } = useLevelsBelow(base);
  const level = asked.level ?? usual;
  const side = `date:${today()}`;
  const units = useUnitsOf(
    asked.base && level ? { base: asked.base, level, before: side, after: side } : null,
    'before',
  ).data;
  const sets = useRuleSets().data ?? [];
  const number = units?.features.length ?? 0;
  const mean = number > 0 && base?.households ? base.households / number : null;
  const bounds = usualBounds(sets, base?.preset, level, mean);
  return { base, below, level, units, sets, bounds };
}

export function Ask({ asked, onChange }: { asked: Asked; onChange: (change: Partial<Asked>) => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const id = useId();
  const title = useTitle();
  const { base, below, level, units, sets, bounds: usual } = useDivision(asked);
  const ask = useAsk((proposal) => navigate(`/proposals/${proposal.id}`));
  const bounds = asked.bounds ?? usual;
  const wrong = [
    ...wrongIn(asked, usual),
    ...(ask.isError ? asProblem(ask.error).errors : []).map(pointerOf),
  ];
  const wrongAt = (field: 'base' | 'min' | 'units' | 'locked') =>
    wrong.includes(field) && (
      <p className="proposals-wrong" role="alert">
        {t(`proposals.wrong.${field}`)}
      </p>
    );
  return (
    <form
      className="block proposals-ask"
      aria-labelledby={`${id}h`}
      onSubmit={(event) => {
        event.preventDefault();
        if (asked.base && wrongIn(asked, usual).length === 0)
          ask.mutate(paramsOf(asked, usual, level, today()));
      }}
    >
      <h2 id={`${id}h`}>{t('proposals.new')}</h2>
      <div className="form-row">
        <label htmlFor={`${id}u`}>{t('proposals.unit')}</label>
        <UnitChoice
          id={`${id}u`}
          unit={base}
          onChange={(code) => onChange({ base: code, level: undefined, bounds: undefined, locked: [] })}
        />
        {wrongAt('base')}
      </div>
      <Segmented<'divide' | 'rebalance'>
        block
        aria-label={t('proposals.task')}
        value={asked.rebalance ? 'rebalance' : 'divide'}
        onChange={(task) => onChange({ rebalance: task === 'rebalance' })}
        options={[
          { value: 'divide', label: t('proposals.divide') },
          { value: 'rebalance', label: t('proposals.rebalance'), disabled: units?.features.length === 0 },
        ]}
      />
      <p className="soft">{t(asked.rebalance ? 'proposals.rebalanceHint' : 'proposals.divideHint')}</p>
      <fieldset className="proposals-bounds">
        <legend>{t('proposals.bounds')}</legend>
        <Whole
          name={t('proposals.atLeast')}
          value={bounds.min}
          onChange={(min) => onChange({ bounds: { ...bounds, min } })}
        />
        <span aria-hidden="true">–</span>
        <Whole
          name={t('proposals.atMost')}
          value={bounds.max}
          onChange={(max) => onChange({ bounds: { ...bounds, max } })}
        />
        <span>{t('proposals.households')}</span>
      </fieldset>
      {wrongAt('min')}
      {wrongAt('units')}
      <fieldset className="proposals-hard">
        <legend>{t('proposals.notCrossed')}</legend>
        <Barriers among={COMMON} asked={asked} onChange={onChange} />
        <Checkbox checked={!asked.divide} onChange={(event) => onChange({ divide: !event.target.checked })}>
          {t('proposals.whole')}
        </Checkbox>
      </fieldset>
      {asked.rebalance && (
        <div className="form-row">
          <label htmlFor={`${id}k`}>{t('proposals.locked')}</label>
          <Select
            id={`${id}k`}
            mode="multiple"
            maxTagCount={6}
            getPopupContainer={overlays}
            value={[...asked.locked]}
            placeholder={t('proposals.lockedHint')}
            showSearch={{ optionFilterProp: 'label' }}
            options={units?.features.map(({ properties: { code, name } }) => ({
              value: code,
              label: `${name} ${code}`,
            }))}
            onChange={(locked: string[]) => onChange({ locked })}
          />
          {wrongAt('locked')}
        </div>
      )}
      <details className="proposals-more">
        <summary>{t('proposals.more')}</summary>
        <Field label={t('proposals.level')}>
          {(field) => (
            <Select
              id={field}
              getPopupContainer={overlays}
              value={level}
              placeholder={t('proposals.next')}
              options={below.map((one) => ({ value: one.code, label: title(one, one.code) }))}
              onChange={(code: string) => onChange({ level: code, bounds: undefined, locked: [] })}
            />
          )}
        </Field>
        <Field label={t('proposals.boundsOf')}>
          {(field) => (
            <Select
              id={field}
              getPopupContainer={overlays}
              value={null}
              placeholder={t('proposals.boundsOfHint')}
              notFoundContent={t('proposals.noBounds')}
              options={sets.flatMap((set) => {
                const some = boundsOf(set, level);
                return some
                  ? [{ value: set.id, label: `${title(set, set.code)} · ${range(some)}`, bounds: some }]
                  : [];
              })}
              onChange={(_: unknown, option) => {
                if (option && !Array.isArray(option)) onChange({ bounds: option.bounds });
              }}
            />
          )}
        </Field>
        <fieldset className="proposals-hard">
          <legend>{t('proposals.moreBarriers')}</legend>
          <Barriers
            among={BARRIERS.filter((one) => !COMMON.includes(one))}
            asked={asked}
            onChange={onChange}
          />
        </fieldset>
        <div className="proposals-numbers">
          <Numbered
            label={t('proposals.units')}
            hint={t('proposals.unitsHint')}
            value={asked.units}
            onChange={(number) => onChange({ units: number })}
          />
          <Numbered
            label={t('proposals.limit')}
            hint={t('proposals.limitHint')}
            value={asked.limit}
            onChange={(limit) => onChange({ limit })}
          />
          <Numbered
            label={t('proposals.alternatives')}
            value={asked.alternatives}
            least={1}
            most={10}
            onChange={(number) => onChange({ alternatives: number ?? 3 })}
          />
          <Numbered
            label={t('proposals.effort')}
            value={asked.effort}
            least={1}
            most={10}
            onChange={(effort) => onChange({ effort: effort ?? 1 })}
          />
          <Numbered
            label={t('proposals.seed')}
            value={asked.seed}
            onChange={(seed) => onChange({ seed: seed ?? 0 })}
          />
          {WEIGHTS.map((weight) => (
            <Numbered
              key={weight}
              label={t(`proposals.weight.${weight}`)}
              value={(asked.weights ?? WEIGHTS_USUAL)[weight]}
              part
              onChange={(value) =>
                onChange({ weights: { ...(asked.weights ?? WEIGHTS_USUAL), [weight]: value ?? 0 } })
              }
            />
          ))}
        </div>
        <p className="soft">{t('proposals.seedHint')}</p>
      </details>
      {ask.isError && <Failed cause={ask.error} />}
      <Button
        type="primary"
        block
        size="large"
        htmlType="submit"
        icon={<ThunderboltOutlined aria-hidden="true" />}
        disabled={!asked.base || wrongIn(asked, usual).length > 0}
        loading={ask.isPending}
      >
        {t('proposals.start')}
      </Button>
    </form>
  );
}

/** pointerOf is the field that an error of the server is about. */
const pointerOf = ({ pointer }: { pointer: string }) => pointer.replace(/^.*\//, '');

const range = ({ min, max }: Bounds) => `${min ?? '…'}–${max ?? '…'}`;

function UnitChoice(props: { id: string; unit: UnitDetail | undefined; onChange: (code: string) => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const found = useBases(text).data ?? [];
  const { unit } = props;
  const known = unit && !found.some((one) => one.code === unit.code) ? [unit, ...found] : found;
  return (
    <Select
      id={props.id}
      getPopupContainer={overlays}
      value={unit?.code}
      placeholder={t('proposals.unitHint')}
      showSearch={{ filterOption: false, onSearch: setText }}
      notFoundContent={t('search.nothing', { text })}
      onChange={props.onChange}
      options={known.map((one) => ({ value: one.code, label: `${one.name} ${one.code}` }))}
    />
  );
}

function Barriers(props: {
  among: readonly Barrier[];
  asked: Asked;
  onChange: (change: Partial<Asked>) => void;
}) {
  const { t } = useTranslation();
  const { barriers } = props.asked;
  return props.among.map((one) => (
    <Checkbox
      key={one}
      checked={barriers.includes(one)}
      onChange={(event) =>
        props.onChange({
          barriers: event.target.checked ? [...barriers, one] : barriers.filter((other) => other !== one),
        })
      }
    >
      {t(`proposals.barrier.${one}`)}
    </Checkbox>
  ));
}

function Whole(props: { name: string; value: number | null; onChange: (value: number | null) => void }) {
  return (
    <InputNumber
      aria-label={props.name}
      min={1}
      precision={0}
      value={props.value}
      placeholder={props.name}
      onChange={props.onChange}
    />
  );
}

function Field({ label, children }: { label: string; children: (id: string) => ReactNode }) {
  const id = useId();
  return (
    <div className="form-row">
      <label htmlFor={id}>{label}</label>
      {children(id)}
    </div>
  );
}

function Numbered(props: {
  label: string;
  hint?: string;
  value: number | null;
  least?: number;
  most?: number;
  /** It need not be whole. */
  part?: boolean;
  onChange: (value: number | null) => void;
}) {
  return (
    <Field label={props.label}>
      {(id) => (
        <InputNumber
          id={id}
          min={props.least ?? 0}
          max={props.most}
          precision={props.part ? undefined : 0}
          step={props.part ? 0.5 : 1}
          value={props.value}
          placeholder={props.hint}
          onChange={props.onChange}
        />
      )}
    </Field>
  );
}
