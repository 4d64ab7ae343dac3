// A waiver of a finding: why a rule may be broken here.
import { App, Button, Input, Tag } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useBench, useDesk } from './bench';
import { waive } from './server';
import type { Finding } from './types';

export function Waive({ finding }: { finding: Finding }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const { desk } = useBench();
  const plan = useDesk((state) => state.plan?.id ?? 0);
  const [asking, setAsking] = useState(false);
  const [reason, setReason] = useState('');
  const save = async (why: string | null) => {
    try {
      await waive(plan, finding.rule, finding.ordinal, why);
      setAsking(false);
      await desk.judge();
    } catch (cause) {
      message.error(cause instanceof Error ? cause.message : String(cause));
    }
  };
  if (finding.waiver) {
    return (
      <p className="soft">
        <Tag>{t('workshop.waived')}</Tag>
        {finding.waiver.reason} · {finding.waiver.by}{' '}
        <Button size="small" type="link" onClick={() => save(null)}>
          {t('workshop.unwaive')}
        </Button>
      </p>
    );
  }
  if (!finding.waivable) return null;
  if (!asking) {
    return (
      <Button size="small" onClick={() => setAsking(true)}>
        {t('workshop.waive')}
      </Button>
    );
  }
  return (
    <form
      className="desk-waive"
      onSubmit={(event) => {
        event.preventDefault();
        void save(reason.trim());
      }}
    >
      <Input
        size="small"
        autoFocus
        maxLength={500}
        aria-label={t('workshop.waiveReason')}
        placeholder={t('workshop.waiveReason')}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
      <Button size="small" type="primary" htmlType="submit" disabled={!reason.trim()}>
        {t('workshop.waive')}
      </Button>
      <Button size="small" onClick={() => setAsking(false)}>
        {t('common.cancel')}
      </Button>
    </form>
  );
}
