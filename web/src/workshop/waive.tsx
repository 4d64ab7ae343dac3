// A waiver of a finding: why a rule may be broken here.
import { Tag } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Finding } from './types';

export function Waive({ finding }: { finding: Finding }) {
  const { t } = useTranslation();
  if (!finding.waiver) return null;
  return (
    <p className="soft">
      <Tag>{t('workshop.waived')}</Tag>
      {finding.waiver.reason} · {finding.waiver.by}
    </p>
  );
}
