// What a search for sites asks: the aim, from what to choose, how many and for whom.
import { SearchOutlined } from '@ant-design/icons';
import { Button, Checkbox, InputNumber, Segmented, Select } from 'antd';
import { type ReactNode, useDeferredValue, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { overlays } from '../../common/overlays';
import { Failed } from '../../common/states';
import { AgesSelect } from '../ages';
import { useShown } from '../shown';
import type { Run } from '../types';
import { type Asked, existingOf, FIRST, leastSites, searchOf, takes } from './asked';
import { KINDS, MODELS, type Siting, useCandidates, useSearch } from './queries';

type Part = { asked: Asked; change: (next: Partial<Asked>) => void };

export function Form({ run, onStarted }: { run: Run; onStarted: (siting: Siting) => void }) {
  const { t } = useTranslation();
  const id = useId();
  const { column } = useShown();
  const search = useSearch(onStarted);
  const [asked, setAsked] = useState(FIRST);
  const change = (next: Partial<Asked>) => setAsked((before) => ({ ...before, ...next }));
  const { model } = asked;
  return (
    <form
      className="block circle-form"
      aria-label={t('sites.search')}
      onSubmit={(event) => {
        event.preventDefault();
        search.mutate(searchOf(asked, run.id, column));
      }}
    >
      <h2>{t('sites.search')}</h2>
      <div className="form-row">
        <label htmlFor={`${id}m`}>{t('sites.model.title')}</label>
        <Select
          id={`${id}m`}
          getPopupContainer={overlays}
          value={model}
          onChange={(next) => change({ model: next })}
          options={MODELS.map((value) => ({ value, label: t(`sites.model.${value}`) }))}
        />
      </div>
      <OneOf
        title={t('sites.from')}
        value={asked.anywhere ? 'anywhere' : 'candidates'}
        onChange={(value) => change({ anywhere: value === 'anywhere' })}
        options={[
          { value: 'candidates', label: t('sites.fromCandidates') },
          { value: 'anywhere', label: t('sites.fromAnywhere') },
        ]}
      />
      {!asked.anywhere && <Candidates unit={run.params.unit ?? ''} asked={asked} change={change} />}
      <Limits asked={asked} change={change} />
      <OneOf
        title={t('sites.existing.title')}
        value={existingOf(model).find((one) => one === asked.existing) ?? 'keep'}
        onChange={(existing) => change({ existing })}
        options={existingOf(model).map((value) => ({ value, label: t(`sites.existing.${value}`) }))}
      />
      <OneOf
        title={t('sites.weights.title')}
        value={asked.weights}
        onChange={(weights) => change({ weights })}
        options={(['households', 'people'] as const).map((value) => ({
          value,
          label: t(`sites.weights.${value}`),
        }))}
      />
      {asked.weights === 'people' && <AgesSelect value={asked.ages} onChange={(ages) => change({ ages })} />}
      <Effort asked={asked} change={change} />
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

/** Candidates are which of them may be chosen. */
function Candidates({ unit, asked, change }: Part & { unit: string }) {
  const { t } = useTranslation();
  const id = useId();
  const all = useCandidates(unit).data;
  const [name, setName] = useState('');
  const found = useCandidates(unit, useDeferredValue(name.trim())).data?.items ?? [];
  const many = all?.next ? `${all.items.length}+` : String(all?.items.length ?? '…');
  return (
    <>
      <p className="hint">
        {all?.items.length === 0
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
          value={[...asked.kinds]}
          onChange={(kinds) => change({ kinds })}
          options={KINDS.map((value) => ({ value, label: t(`sites.kind.${value}`) }))}
        />
      </div>
      <div className="form-row">
        <label htmlFor={`${id}o`}>{t('sites.only')}</label>
        <Select
          id={`${id}o`}
          mode="multiple"
          labelInValue
          maxTagCount={6}
          getPopupContainer={overlays}
          placeholder={t('circle.legend.all')}
          value={[...asked.only]}
          onChange={(only: Asked['only']) =>
            change({ only: only.map(({ value, label }) => ({ value, label })) })
          }
          showSearch={{ filterOption: false, onSearch: setName }}
          options={found.map((one) => ({ value: one.id, label: one.name }))}
        />
      </div>
      <Checkbox checked={asked.stepFree} onChange={(event) => change({ stepFree: event.target.checked })}>
        {t('sites.stepFree')}
      </Checkbox>
    </>
  );
}

/** Limits are how many, for how much money, and whether a point can be full. */
function Limits({ asked, change }: Part) {
  const { t } = useTranslation();
  const taken = takes(asked);
  const moves = taken.sites && asked.existing === 'move';
  return (
    <>
      {taken.sites && (
        <div className="circle-pair">
          <Whole
            title={t('sites.count')}
            least={leastSites(asked)}
            most={100}
            value={asked.sites}
            onChange={(sites) => change({ sites })}
          />
          {moves && (
            <Whole
              title={t('sites.moves')}
              least={1}
              most={100}
              value={asked.moves}
              onChange={(next) => change({ moves: next })}
            />
          )}
          {taken.budget && (
            <Whole
              title={t('sites.budget')}
              least={0}
              step={10_000}
              value={asked.budget}
              onChange={(budget) => change({ budget })}
            />
          )}
        </div>
      )}
      {taken.capacities && (
        <Checkbox
          checked={asked.capacities}
          onChange={(event) => change({ capacities: event.target.checked })}
        >
          {t('sites.capacities')}
        </Checkbox>
      )}
    </>
  );
}

/** Effort is how long to search, and from where: the same seed finds the same. */
function Effort({ asked, change }: Part) {
  const { t } = useTranslation();
  return (
    <details className="circle-more">
      <summary>{t('sites.more')}</summary>
      <div className="circle-pair">
        <Whole
          title={t('sites.effort')}
          least={1}
          most={10}
          value={asked.effort}
          onChange={(effort) => change({ effort })}
        />
        <Whole title={t('sites.seed')} least={0} value={asked.seed} onChange={(seed) => change({ seed })} />
      </div>
      <p className="hint">{t('sites.effortHint')}</p>
    </details>
  );
}

/** Whole is a whole number; an empty field leaves it as it was. */
function Whole(props: {
  title: ReactNode;
  least: number;
  most?: number;
  step?: number;
  value: number;
  onChange: (value: number) => void;
}) {
  const id = useId();
  return (
    <div className="form-row">
      <label htmlFor={id}>{props.title}</label>
      <InputNumber
        id={id}
        min={props.least}
        max={props.most}
        step={props.step}
        precision={0}
        value={Math.max(props.least, props.value)}
        onChange={(value) => value !== null && props.onChange(value)}
      />
    </div>
  );
}

/** OneOf is a choice of which all answers are in view. */
function OneOf<T extends string>(props: {
  title: string;
  value: T;
  onChange: (value: T) => void;
  options: { value: T; label: string }[];
}) {
  const { title, ...more } = props;
  return (
    <fieldset className="form-row">
      <legend>{title}</legend>
      <Segmented block aria-label={title} {...more} />
    </fieldset>
  );
}
