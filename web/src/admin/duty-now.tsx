// Who answers now, and why: the steps of the duty chain in words.
import { Collapse } from 'antd';
import { useTranslation } from 'react-i18next';
import { useLanguage, useTitle } from '../common/format';
import { Failed, Loading } from '../common/states';
import { type Duty, useDuty } from './duties';

/** DutyNow is for a unit, or for one kind of post in it. */
export function DutyNow({ unit, kind }: { unit: string; kind?: string }) {
  const duty = useDuty(unit, kind);
  if (duty.isError) return <Failed cause={duty.error} retry={() => duty.refetch()} />;
  if (!duty.data) return <Loading rows={1} />;
  return <Answers duty={duty.data} />;
}

/** Answers names who answers; the steps that led there can be opened. */
export function Answers({ duty }: { duty: Duty }) {
  const { t } = useTranslation();
  return (
    <Collapse
      ghost
      size="small"
      className="admin-duty"
      items={[
        {
          key: 'why',
          label: (
            <>
              {t('admin.duty.answers')} <strong>{useAnswerer()(duty)}</strong>{' '}
              <span className="soft">{t('admin.duty.why')}</span>
            </>
          ),
          children: <Steps duty={duty} />,
        },
      ]}
    />
  );
}

function Steps({ duty }: { duty: Duty }) {
  const english = useLanguage() === 'en';
  return (
    <ol className="admin-steps">
      {duty.steps.map((step) => (
        <li key={`${step.post}${step.unit}${step.rank}${step.state}`} data-state={step.state}>
          {english ? step.text_en : step.text_zh} {step.login && <span className="soft">{step.login}</span>}
        </li>
      ))}
    </ol>
  );
}

/** useAnswerer names who answers: login, post, unit. */
export function useAnswerer(): (duty: Duty) => string {
  const { t } = useTranslation();
  const title = useTitle();
  return (duty) => {
    if (duty.post === 0) return t('admin.duty.operator');
    const parts = [duty.login, title(duty, duty.kind), duty.unit_name || t('admin.everywhere')];
    if (duty.rank === 'B') parts.push(t('admin.rank.B'));
    if (duty.backstop) parts.push(t('admin.duty.backstop'));
    return parts.join(' · ');
  };
}
