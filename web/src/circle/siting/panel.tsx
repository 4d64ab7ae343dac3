// Sites: suppose points and compute again; search the best ones among candidates; take
// over what was found. Nothing here changes the register of service points.
import './siting.css';
import { Alert } from 'antd';
import { useTranslation } from 'react-i18next';
import { Nothing } from '../../common/states';
import { useShown } from '../shown';
import { Searches } from './searches';
import { WhatIf } from './what-if';

export default function SitesPanel() {
  const { t } = useTranslation();
  const { run } = useShown();
  if (run?.state !== 'done') return <Nothing title={t('sites.needRun')} />;
  return (
    <>
      {run.stale && <Alert type="warning" showIcon title={t('circle.run.stale')} banner />}
      <WhatIf run={run} />
      <Searches run={run} />
    </>
  );
}
