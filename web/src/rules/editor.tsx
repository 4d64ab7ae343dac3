// A set's rules as a form: what is not right is said at the rule, before it is sent and
// by the server.
import { ArrowDownOutlined, ArrowUpOutlined, DeleteOutlined } from '@ant-design/icons';
import { App, Button, Checkbox, Input, InputNumber, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStaffing } from '../admin/duties';
import { asProblem } from '../api/client';
import { useLevels } from '../api/queries';
import { useLanguage, useTitle } from '../common/format';
import { overlays } from '../common/overlays';
import { Failed } from '../common/states';
import { BOUNDS, fresh, KINDS, sent, wrong } from './kinds';
import { type Need, type Rule, type RuleSet, save, useSetChange } from './queries';

/** A rule with a key of its own while it is edited. */
type Line = { key: number; rule: Rule };

export function Editor({ set }: { set: RuleSet }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const [zh, setZh] = useState(set.title_zh);
  const [en, setEn] = useState(set.title_en);
  const [lines, setLines] = useState<Line[]>(() => set.rules.map((rule, key) => ({ key, rule })));
  const [changed, setChanged] = useState(false);
  const store = useSetChange(
    () =>
      save(set.id, {
        title_zh: zh.trim(),
        title_en: en.trim(),
        rules: lines.map(({ rule }) => sent(rule)),
      }),
    () => {
      setChanged(false);
      message.success(t('rules.saved'));
    },
  );
  const problem = store.isError ? asProblem(store.error) : null;
  const edit = (next: Line[]) => {
    setLines(next);
    setChanged(true);
    store.reset();
  };
  const put = (index: number, rule: Rule) =>
    edit(lines.map((line, at) => (at === index ? { ...line, rule } : line)));
  const move = (index: number, by: number) => {
    const next = [...lines];
    const [line] = next.splice(index, 1);
    if (line) next.splice(index + by, 0, line);
    edit(next);
  };
  const said = (index: number) =>
    problem?.errors.find(
      ({ pointer }) => pointer === `/rules/${index}` || pointer.startsWith(`/rules/${index}/`),
    );
  const titled = (setTitle: (title: string) => void) => (event: { target: { value: string } }) => {
    setTitle(event.target.value);
    setChanged(true);
  };
  const good = zh.trim() !== '' && en.trim() !== '' && lines.every(({ rule }) => wrong(rule) === null);
  return (
    <form
      className="rules-form"
      onSubmit={(event) => {
        event.preventDefault();
        store.mutate(undefined);
      }}
    >
      <div className="rules-titles">
        <Input aria-label={t('rules.titleZh')} maxLength={100} value={zh} onChange={titled(setZh)} />
        <Input aria-label={t('rules.titleEn')} maxLength={100} value={en} onChange={titled(setEn)} />
      </div>
      {lines.length === 0 && <p className="soft">{t('rules.empty')}</p>}
      <ol className="rules-list">
        {lines.map(({ key, rule }, index) => (
          <li key={key} className="rules-edit">
            <Fields rule={rule} number={index + 1} onChange={(next) => put(index, next)} />
            <Faulty rule={rule} detail={said(index)?.detail} />
            <div className="rules-buttons">
              <Button
                size="small"
                icon={<ArrowUpOutlined aria-hidden="true" />}
                aria-label={t('rules.up', { number: index + 1 })}
                disabled={index === 0}
                onClick={() => move(index, -1)}
              />
              <Button
                size="small"
                icon={<ArrowDownOutlined aria-hidden="true" />}
                aria-label={t('rules.down', { number: index + 1 })}
                disabled={index === lines.length - 1}
                onClick={() => move(index, 1)}
              />
              <Button
                size="small"
                icon={<DeleteOutlined aria-hidden="true" />}
                aria-label={t('rules.drop', { number: index + 1 })}
                onClick={() => edit(lines.filter((line) => line.key !== key))}
              />
            </div>
          </li>
        ))}
      </ol>
      <div className="rules-begin">
        <Select
          aria-label={t('rules.addRule')}
          placeholder={t('rules.addRule')}
          getPopupContainer={overlays}
          value={null}
          options={KINDS.map((kind) => ({ value: kind, label: t(`rules.kind.${kind}`) }))}
          onChange={(kind: Rule['kind'] | null) =>
            kind &&
            edit([...lines, { key: Math.max(-1, ...lines.map((line) => line.key)) + 1, rule: fresh(kind) }])
          }
        />
        <Button type="primary" htmlType="submit" disabled={!changed || !good} loading={store.isPending}>
          {t('rules.save')}
        </Button>
        {changed && <span className="soft">{t('rules.unsaved')}</span>}
      </div>
      {problem && problem.code !== 'rules_wrong' && <Failed cause={store.error} />}
    </form>
  );
}

/** Faulty says what is not right about a rule: what the page knows, or what the server said. */
function Faulty({ rule, detail }: { rule: Rule; detail: string | undefined }) {
  const { t } = useTranslation();
  const why = wrong(rule);
  if (!why && !detail) return null;
  return (
    <p className="rules-wrong" role="alert">
      {why ? t(`rules.wrong.${why}`) : detail}
    </p>
  );
}

function Fields(props: { rule: Rule; number: number; onChange: (rule: Rule) => void }) {
  const { rule, number, onChange } = props;
  const { t } = useTranslation();
  const language = useLanguage();
  const titleOf = useTitle();
  const levels = useLevels().data ?? [];
  const has = BOUNDS[rule.kind];
  const set = (change: Partial<Rule>) => onChange({ ...rule, ...change });
  const bound = (which: 'min' | 'max') =>
    has[which] && (
      <span className="rules-bound">
        {t(`rules.${which}`)}
        <InputNumber<number>
          size="small"
          min={0}
          max={has.most}
          aria-label={t(`rules.${which}Of`, { number })}
          value={rule[which] ?? null}
          onChange={(value) => {
            const { [which]: _, ...rest } = rule;
            onChange(value === null ? rest : { ...rule, [which]: value });
          }}
        />
        {t(`rules.measure.${rule.kind as 'households'}`)}
      </span>
    );
  return (
    <div className="rules-fields">
      <div>
        <strong>
          {number}. {t(`rules.kind.${rule.kind}`)}
        </strong>
        {rule[language] && <span className="soft"> {rule[language]}</span>}
      </div>
      <div className="rules-line">
        <Select
          size="small"
          aria-label={t('rules.levelOf', { number })}
          getPopupContainer={overlays}
          value={rule.level ?? ''}
          options={[
            { value: '', label: t('rules.everyLevel') },
            ...levels.map((level) => ({ value: level.code, label: titleOf(level) })),
          ]}
          onChange={(level) => set({ level })}
        />
        <Select
          size="small"
          aria-label={t('rules.hardOf', { number })}
          getPopupContainer={overlays}
          value={rule.hard ? 'hard' : 'soft'}
          options={[
            { value: 'hard', label: t('workshop.hard') },
            { value: 'soft', label: t('workshop.soft') },
          ]}
          onChange={(value) => set({ hard: value === 'hard' })}
        />
        {rule.hard && (
          <Checkbox checked={rule.waivable} onChange={(event) => set({ waivable: event.target.checked })}>
            {t('rules.waivable')}
          </Checkbox>
        )}
        {bound('min')}
        {bound('max')}
        {(rule.kind === 'households' || rule.kind === 'split') && (
          <Checkbox
            checked={rule.occupied ?? false}
            onChange={(event) => set({ occupied: event.target.checked })}
          >
            {t('rules.occupied')}
          </Checkbox>
        )}
      </div>
      {rule.kind === 'staffing' && <Needs rule={rule} onChange={(needs) => set({ needs })} />}
      <div className="rules-texts">
        <Input
          size="small"
          maxLength={300}
          aria-label={t('rules.textZh', { number })}
          placeholder={t('rules.textZhHint')}
          value={rule.text_zh ?? ''}
          onChange={(event) => set({ text_zh: event.target.value })}
        />
        <Input
          size="small"
          maxLength={300}
          aria-label={t('rules.textEn', { number })}
          placeholder={t('rules.textEnHint')}
          value={rule.text_en ?? ''}
          onChange={(event) => set({ text_en: event.target.value })}
        />
        <Input
          size="small"
          maxLength={300}
          aria-label={t('rules.sourceOf', { number })}
          placeholder={t('rules.source')}
          value={rule.source ?? ''}
          onChange={(event) => set({ source: event.target.value })}
        />
      </div>
    </div>
  );
}

/** Needs are the lines of a staffing rule; without any it is the template of the unit's level. */
function Needs({ rule, onChange }: { rule: Rule; onChange: (needs: Need[]) => void }) {
  const { t } = useTranslation();
  const titleOf = useTitle();
  const kinds = useStaffing().data?.kinds ?? [];
  const needs = rule.needs ?? [];
  const put = (index: number, change: Partial<Need>) =>
    onChange(needs.map((need, at) => (at === index ? { ...need, ...change } : need)));
  return (
    <div className="rules-needs">
      {needs.length === 0 && <p className="soft">{t('rules.byTemplate')}</p>}
      {needs.map((need, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a need has no name of its own
        <div className="rules-line" key={index}>
          <Select
            size="small"
            mode="multiple"
            aria-label={t('rules.posts')}
            placeholder={t('rules.posts')}
            getPopupContainer={overlays}
            value={need.kinds}
            options={kinds.map((kind) => ({ value: kind.kind, label: titleOf(kind, kind.kind) }))}
            onChange={(value) => put(index, { kinds: value })}
          />
          <InputNumber<number>
            size="small"
            min={1}
            max={1000}
            precision={0}
            aria-label={t('rules.least')}
            value={need.min}
            onChange={(value) => put(index, { min: value ?? 1 })}
          />
          <Input
            size="small"
            maxLength={100}
            aria-label={t('rules.titleZh')}
            placeholder={t('rules.titleZh')}
            value={need.title_zh}
            onChange={(event) => put(index, { title_zh: event.target.value })}
          />
          <Input
            size="small"
            maxLength={100}
            aria-label={t('rules.titleEn')}
            placeholder={t('rules.titleEn')}
            value={need.title_en}
            onChange={(event) => put(index, { title_en: event.target.value })}
          />
          <Button
            size="small"
            icon={<DeleteOutlined aria-hidden="true" />}
            aria-label={t('rules.dropNeed')}
            onClick={() => onChange(needs.filter((_, at) => at !== index))}
          />
        </div>
      ))}
      <Button
        size="small"
        onClick={() => onChange([...needs, { kinds: [], min: 1, title_zh: '', title_en: '' }])}
      >
        {t('rules.addNeed')}
      </Button>
    </div>
  );
}
