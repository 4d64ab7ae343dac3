// The rules that a draft is drawn by, chosen among the sets, and its waivers.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { moment, useLanguage, useTitle } from '../common/format';
import { overlays } from '../common/overlays';
import { Failed } from '../common/states';
import { useRuleSets } from '../rules/queries';
import { useBench, useDesk, useUnitName } from './bench';
import { judgeBy, waive, waiversOf } from './server';

/** Rules chooses the set by which the draft is judged. */
export function Rules() {
  const { t } = useTranslation();
  const titleOf = useTitle();
  const { message } = App.useApp();
  const { desk } = useBench();
  const plan = useDesk((state) => state.plan?.id ?? 0);
  const used = useDesk((state) => state.ruleSet);
  const sets = useRuleSets();
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const choose = async (set: number) => {
    setBusy(true);
    try {
      await judgeBy(plan, set);
      await Promise.all([
        desk.judge(),
        client.invalidateQueries({ queryKey: ['workshop', plan, 'waivers'] }),
      ]);
    } catch (cause) {
      message.error(cause instanceof Error ? cause.message : String(cause));
    } finally {
      setBusy(false);
    }
  };
  if (sets.isError) return <Failed cause={sets.error} retry={() => sets.refetch()} />;
  return (
    <div className="desk-rules">
      <Select
        size="small"
        loading={busy || sets.isPending}
        disabled={busy}
        showSearch={{ optionFilterProp: 'label' }}
        aria-label={t('rules.use')}
        getPopupContainer={overlays}
        value={used?.id}
        options={[
          { value: 0, label: t('rules.byHierarchy') },
          ...(sets.data ?? []).map((set) => ({ value: set.id, label: titleOf(set) })),
        ]}
        onChange={(set) => void choose(set)}
      />
      <Link to={used ? `/rules/${used.id}` : '/rules'}>{t('rules.open')}</Link>
    </div>
  );
}

/** Waivers are those of the draft, with why and who. */
export function Waivers() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { message } = App.useApp();
  const { desk } = useBench();
  const name = useUnitName();
  const plan = useDesk((state) => state.plan?.id ?? 0);
  const rows = useDesk((state) => state.rows);
  const rules = useDesk((state) => state.ruleSet?.rules);
  const findings = useDesk((state) => state.findings);
  const waivers = useQuery({
    queryKey: ['workshop', plan, 'waivers', findings.filter((finding) => finding.waiver).length],
    queryFn: () => waiversOf(plan),
    enabled: plan > 0,
    placeholderData: (before) => before,
  });
  if (waivers.isError) return <Failed cause={waivers.error} retry={() => waivers.refetch()} />;
  if (!waivers.data || waivers.data.length === 0) return null;
  const take = async (rule: number, unit: number) => {
    try {
      await waive(plan, rule, unit, null);
      await Promise.all([desk.judge(), waivers.refetch()]);
    } catch (cause) {
      message.error(cause instanceof Error ? cause.message : String(cause));
    }
  };
  return (
    <section className="desk-waivers" aria-label={t('rules.waivers')}>
      <h3>{t('rules.waivers')}</h3>
      <ul>
        {waivers.data.map((waiver) => (
          <li key={`${waiver.rule} ${waiver.ordinal}`}>
            <strong>{name(rows.get(waiver.ordinal), waiver.ordinal)}</strong>{' '}
            {rules?.find((rule) => rule.id === waiver.rule)?.[language]}
            <p>{waiver.reason}</p>
            <small className="soft">
              {waiver.by} · {moment(waiver.at, language)}
            </small>{' '}
            <Button size="small" type="link" onClick={() => void take(waiver.rule, waiver.ordinal)}>
              {t('workshop.unwaive')}
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
