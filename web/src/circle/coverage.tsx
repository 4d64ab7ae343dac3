// What the next run shall answer, the button that starts it, and the runs there are.
import { PlayCircleOutlined } from '@ant-design/icons';
import { Alert, Button, Checkbox, Input, InputNumber, Segmented, Select, Slider } from 'antd';
import { useEffect, useId, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../account/session';
import { useDrafts, useFunctions, usePlan, useStatus, useTiers, useUnit } from '../api/queries';
import { useTitle } from '../common/format';
import { overlays } from '../common/overlays';
import { Failed } from '../common/states';
import { useView } from '../view/url';
import { AgesSelect } from './ages';
import { choiceOf, differing, paramsOf, setChoice, useChoice } from './choice';
import { DemandSelect } from './demand';
import { useCompute, useComputeDraft, useStandards } from './queries';
import { Runs } from './runs';
import { useShown } from './shown';
import { changed, LONGEST, minutesOf, PROFILES, type Profile, SHORTEST } from './standard';
import type { Standard } from './types';
import { useCircleView } from './view';
import { useStandardText, WEEKDAYS } from './words';

export default function CoveragePanel() {
  const { t } = useTranslation();
  const [, setView] = useCircleView();
  const choice = useChoice();
  const { run, column } = useShown();
  const compute = useCompute((started) => setView({ run: started.id, column: 0, side: 'after' }));
  const joined = useComputeDraft((started) =>
    setView({ run: started.id, column: 0, before: null, side: 'difference', by: 'share' }),
  );
  const asking = choice.plan > 0 ? joined : compute;
  useChoiceOfRun();
  useDraftOfAddress();
  const differs = run ? differing(choice, run.params, column) : [];
  return (
    <>
      <form
        className="block circle-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (choice.plan > 0) joined.mutate(choice);
          else compute.mutate(paramsOf(choice, run?.params.before || null));
        }}
      >
        <What />
        <StandardFields />
        <Hours />
        <DraftSelect />
        <More />
        <div className="circle-go">
          {run && differs.length > 0 && (
            <Alert
              type="warning"
              showIcon
              title={t('circle.run.differs', {
                what: differs.map((one) => t(`circle.differs.${one}`)).join(t('circle.and')),
              })}
            />
          )}
          {asking.isError && <Failed cause={asking.error} />}
          <Button
            type="primary"
            htmlType="submit"
            block
            loading={asking.isPending}
            icon={<PlayCircleOutlined aria-hidden="true" />}
          >
            {t('circle.run.compute')}
          </Button>
        </div>
      </form>
      <Runs />
    </>
  );
}

/** useChoiceOfRun starts the choice from a run when it is opened. */
function useChoiceOfRun(): void {
  const { run, column } = useShown();
  const known = useRef<string | null>(null);
  useEffect(() => {
    if (!run) return;
    const key = `${run.id}/${column}`;
    if (known.current !== key) setChoice(choiceOf(run.params, column));
    known.current = key;
  }, [run, column]);
}

/** useDraftOfAddress chooses the draft that a link from the workshop names: ?plan=ID. */
function useDraftOfAddress(): void {
  useEffect(() => {
    const asked = Number(new URLSearchParams(location.search).get('plan'));
    if (Number.isSafeInteger(asked) && asked > 0) setChoice({ plan: asked });
  }, []);
}

/** What is looked for: functions, and points of which tiers. */
function What() {
  const { t } = useTranslation();
  const id = useId();
  const title = useTitle();
  const { functions, tiers } = useChoice();
  const known = useFunctions().data ?? [];
  const allTiers = useTiers().data ?? [];
  return (
    <>
      <div className="form-row">
        <label htmlFor={id}>{t('circle.choose.functions')}</label>
        <Select
          id={id}
          mode="multiple"
          getPopupContainer={overlays}
          value={[...functions]}
          onChange={(next) => setChoice({ functions: next })}
          placeholder={t('circle.choose.anyFunction')}
          optionFilterProp="label"
          options={known.map((one) => ({ value: one.code, label: title(one, one.code) }))}
        />
      </div>
      <fieldset className="form-row">
        <legend>{t('circle.choose.tiers')}</legend>
        <Checkbox.Group
          className="circle-tiers"
          value={tiers.length === 0 ? allTiers.map((tier) => tier.code) : [...tiers]}
          onChange={(next) => setChoice({ tiers: next.length === allTiers.length ? [] : next })}
          options={allTiers.map((tier) => ({ value: tier.code, label: title(tier, tier.code) }))}
        />
      </fieldset>
    </>
  );
}

/** StandardFields are the numbers of a standard, with the presets that have a name. */
export function StandardFields() {
  const { t } = useTranslation();
  const id = useId();
  const title = useTitle();
  const text = useStandardText();
  const { standard } = useChoice();
  const presets = useStandards().data ?? [];
  const change = (next: Partial<Standard>) => setChoice({ standard: changed(standard, next, presets) });
  const setMinutes = (typed: number | string | null) => {
    const minutes = minutesOf(typed);
    if (minutes !== null) change({ minutes });
  };
  return (
    <>
      <div className="form-row">
        <label htmlFor={`${id}s`}>{t('circle.standard.title')}</label>
        <Select
          id={`${id}s`}
          getPopupContainer={overlays}
          value={standard.code ?? ''}
          onChange={(code) => {
            const preset = presets.find((one) => one.code === code);
            if (preset) {
              const { minutes, metres, speed, profile, slope } = preset;
              setChoice({ standard: { code, minutes, metres, speed, profile, slope } });
            }
          }}
          options={[
            ...presets.map((one) => ({ value: one.code, label: title(one, one.code) })),
            { value: '', label: t('circle.standard.own'), disabled: true },
          ]}
        />
      </div>
      <fieldset className="form-row">
        <legend>{t('circle.profile.title')}</legend>
        <Segmented<Profile>
          block
          aria-label={t('circle.profile.title')}
          value={standard.profile as Profile}
          onChange={(profile) => change({ profile })}
          options={PROFILES.map((value) => ({ value, label: t(`circle.profile.${value}`) }))}
        />
      </fieldset>
      <fieldset className="form-row">
        <legend>{t('circle.standard.within')}</legend>
        <div className="circle-minutes">
          <Slider
            ariaLabelForHandle={t('circle.standard.within')}
            min={SHORTEST}
            max={LONGEST}
            value={standard.minutes}
            onChange={setMinutes}
            tooltip={{ open: false }}
          />
          <InputNumber
            aria-label={t('circle.standard.within')}
            mode="spinner"
            min={SHORTEST}
            max={LONGEST}
            step={1}
            changeOnBlur
            value={standard.minutes}
            onChange={setMinutes}
          />
        </div>
      </fieldset>
      <div className="circle-pair">
        <div className="form-row">
          <label htmlFor={`${id}m`}>{t('circle.standard.atMost')}</label>
          <InputNumber
            id={`${id}m`}
            min={0}
            max={20_000}
            step={100}
            value={standard.metres || null}
            placeholder={t('circle.standard.noMetres')}
            suffix="m"
            onChange={(metres) => change({ metres: metres ?? 0 })}
          />
        </div>
        <div className="form-row">
          <label htmlFor={`${id}v`}>{t('circle.standard.atSpeed')}</label>
          <InputNumber
            id={`${id}v`}
            min={0.5}
            max={15}
            step={0.1}
            value={standard.speed / 1000}
            suffix="km/h"
            onChange={(speed) => speed && change({ speed: Math.round(speed * 1000) })}
          />
        </div>
      </div>
      <p className="circle-standard figures">{text(standard)}</p>
    </>
  );
}

/** Hours is when the service must be open: at any hour, or at one hour of the week. */
function Hours() {
  const { t } = useTranslation();
  const { when, sessions, hoursKnown } = useChoice();
  return (
    <fieldset className="form-row">
      <legend>{t('circle.choose.hours')}</legend>
      <Segmented
        block
        aria-label={t('circle.choose.hours')}
        value={when ? 'at' : 'any'}
        onChange={(value) => setChoice({ when: value === 'at' ? { weekday: 1, time: '09:30' } : null })}
        options={[
          { value: 'any', label: t('circle.choose.anyHour') },
          { value: 'at', label: t('circle.choose.atHour') },
        ]}
      />
      {when ? (
        <div className="circle-when">
          <Select
            aria-label={t('circle.choose.weekday')}
            getPopupContainer={overlays}
            value={when.weekday}
            onChange={(weekday) => setChoice({ when: { ...when, weekday } })}
            options={WEEKDAYS.map((day, index) => ({ value: index + 1, label: t(`circle.weekday.${day}`) }))}
          />
          <input
            type="time"
            aria-label={t('circle.choose.time')}
            value={when.time}
            onChange={(event) =>
              event.target.value && setChoice({ when: { ...when, time: event.target.value } })
            }
          />
          <Checkbox
            checked={hoursKnown}
            onChange={(event) => setChoice({ hoursKnown: event.target.checked })}
          >
            {t('circle.choose.hoursKnown')}
          </Checkbox>
        </div>
      ) : (
        <Checkbox checked={sessions} onChange={(event) => setChoice({ sessions: event.target.checked })}>
          {t('circle.choose.sessions')}
        </Checkbox>
      )}
    </fieldset>
  );
}

/** More is what is rarely changed: date, area, who counts, how many points are kept. */
function More() {
  const { t } = useTranslation();
  const id = useId();
  const choice = useChoice();
  const today = useStatus().data?.today ?? '';
  const { standard } = choice;
  return (
    <details className="circle-more">
      <summary>{t('circle.choose.more')}</summary>
      <div className="circle-pair">
        <div className="form-row">
          <label htmlFor={`${id}d`}>{t('circle.choose.on')}</label>
          <input
            id={`${id}d`}
            type="date"
            value={choice.on ?? today}
            onChange={(event) =>
              setChoice({
                on: event.target.value && event.target.value !== today ? event.target.value : null,
              })
            }
          />
        </div>
        <div className="form-row">
          <label htmlFor={`${id}k`}>{t('circle.choose.k')}</label>
          <InputNumber
            id={`${id}k`}
            min={1}
            max={10}
            value={choice.k}
            onChange={(k) => k && setChoice({ k: Math.round(k) })}
          />
        </div>
      </div>
      <AreaSelect />
      <DemandSelect />
      <AgesSelect value={choice.ages} onChange={(ages) => setChoice({ ages })} />
      <Checkbox
        checked={standard.slope}
        onChange={(event) => setChoice({ standard: changed(standard, { slope: event.target.checked }) })}
      >
        {t('circle.standard.withSlope')}
      </Checkbox>
      <fieldset className="form-row">
        <legend>{t('circle.choose.measures')}</legend>
        <Checkbox.Group
          value={[...choice.measures]}
          onChange={(measures) => setChoice({ measures })}
          options={(['choices', 'catchment'] as const).map((value) => ({
            value,
            label: t(`circle.measure.${value}`),
          }))}
        />
      </fieldset>
      <div className="form-row">
        <label htmlFor={`${id}t`}>{t('circle.choose.name')}</label>
        <Input
          id={`${id}t`}
          maxLength={200}
          value={choice.title}
          onChange={(event) => setChoice({ title: event.target.value })}
        />
      </div>
    </details>
  );
}

/** DraftSelect is by which units is counted: those in force, or those of a draft, which are then compared with them. */
function DraftSelect() {
  const { t } = useTranslation();
  const id = useId();
  const may = useMay();
  const { plan } = useChoice();
  const drafts = useDrafts(may('plan')).data ?? [];
  const other = usePlan(plan > 0 && !drafts.some((one) => one.id === plan) ? plan : null).data;
  const known = other ? [other, ...drafts] : drafts;
  if (known.length === 0) return null;
  return (
    <div className="form-row">
      <label htmlFor={id}>{t('circle.choose.plan')}</label>
      <Select
        id={id}
        getPopupContainer={overlays}
        value={plan}
        onChange={(next) => setChoice({ plan: next })}
        options={[
          { value: 0, label: t('circle.choose.inForce') },
          ...known.map(({ id: value, name, revision }) => ({
            value,
            label: t('circle.choose.draft', { name, revision }),
          })),
        ]}
      />
      {plan > 0 && <p className="hint">{t('circle.choose.planHint')}</p>}
    </div>
  );
}

/** AreaSelect is whose households count: of the whole area of one's posts, or of the unit chosen on the map. */
function AreaSelect() {
  const { t } = useTranslation();
  const id = useId();
  const [view] = useView();
  const { unit } = useChoice();
  const chosen = useUnit(view.unit).data;
  const asked = useUnit(unit || null).data;
  const options = [
    { value: '', label: t('circle.choose.wholeArea') },
    ...(unit ? [{ value: unit, label: asked?.name ?? unit }] : []),
    ...(view.unit && view.unit !== unit ? [{ value: view.unit, label: chosen?.name ?? view.unit }] : []),
  ];
  return (
    <div className="form-row">
      <label htmlFor={id}>{t('circle.choose.area')}</label>
      <Select
        id={id}
        getPopupContainer={overlays}
        value={unit}
        onChange={(next) => setChoice({ unit: next })}
        options={options}
      />
      <p className="hint">{t('circle.choose.areaHint')}</p>
    </div>
  );
}
